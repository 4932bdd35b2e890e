"""Calls and time of importing a backlog: ``make bench ARGS="-k import"``, BENCH_ORDERS (default 10,000).

Prints one line for docs/PERFORMANCE.md. The counter is the simulator's.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from accounts.tenancy import tenant
from orders.models import Invoice, Order
from tests.flows.conftest import Company

ORDERS = int(os.environ.get("BENCH_ORDERS", "10000"))
LIST, NOTES, DETAIL = "GET /pedidos", "GET /notas", "GET /pedidos/{id}"


def test_import_of_a_backlog_with_notas(company: Company, run_jobs: Callable[[], int]) -> None:
    company.account.add_orders(count=ORDERS, with_invoices=True)
    company.connect_quietly()
    company.account.clear_calls()
    started = time.monotonic()
    run_jobs()
    seconds = time.monotonic() - started
    calls = company.account.count_calls()
    with tenant(company.organization):
        imported = Order.objects.count()
        with_key = Invoice.objects.exclude(access_key="").values("order_id").distinct().count()
    assert (imported, with_key) == (ORDERS, ORDERS)
    listed = calls[LIST] + calls[NOTES]
    print(
        f"\n{ORDERS} orders with nota: {calls[LIST]} list + {calls[NOTES]} notas calls = "
        f"{listed / ORDERS:.4f} calls an order; details in the background: {calls.get(DETAIL, 0)}; "
        f"{seconds:.1f} s here, {ORDERS / seconds:.0f} orders/s"
    )
