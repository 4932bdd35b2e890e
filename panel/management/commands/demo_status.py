from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

COUNTS = {
    "organizations": "SELECT count(*) FROM accounts_organization",
    "orders": "SELECT count(*) FROM orders_order",
    "orders_with_customer": "SELECT count(*) FROM orders_order WHERE customer_id IS NOT NULL",
    "orders_with_nfe_key": """SELECT count(DISTINCT order_id) FROM orders_invoice
        WHERE state = 'authorized' AND access_key <> ''""",
    "orders_with_tracking": "SELECT count(*) FROM orders_ordershipment WHERE tracking_code <> ''",
    "jobs_pending": "SELECT count(*) FROM jobs_job WHERE status = 'pending'",
    "jobs_parked": "SELECT count(*) FROM jobs_job WHERE status = 'parked'",
    "oldest_pending_seconds": """SELECT coalesce(extract(epoch FROM clock_now() - min(not_before)), 0)::int
        FROM jobs_job WHERE status = 'pending' AND not_before <= clock_now()""",
}


class Command(BaseCommand):
    """Reads across companies, so ``manage.py`` runs it as the staff role, which may only read."""

    help = "Counts over all organizations: is the platform alive, and does work flow?"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        status: dict[str, Any] = {}
        with connection.cursor() as cursor:
            for name, query in COUNTS.items():
                cursor.execute(query)
                (status[name],) = cursor.fetchone()
            cursor.execute("SELECT state, count(*) FROM integrations_integration GROUP BY state")
            status["integrations"] = dict(cursor.fetchall())
        if options["json"]:
            self.stdout.write(json.dumps(status))
        else:
            for name, value in status.items():
                self.stdout.write(f"{name}: {value}")
