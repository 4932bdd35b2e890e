"""That what arrives is read, and that the reading misses nothing."""

from __future__ import annotations

from django.db import connection

from accounts.gateways import ReceiptIds
from accounts.tenancy import tenant
from jobs import queue
from jobs.queue import Priority
from webhooks.models import WebhookReceipt

# Each POST holds one of them shared until its commit (accounts.gateways.accept_webhook).
ARRIVAL_LOCKS = 7_260_012


def channel_of(integration_id: int) -> str:
    """The jobs' channel in which receipts are read: it runs on while the ERP's own is paused."""
    return f"webhooks:{integration_id}"


def request_reading(*, integration_id: int) -> None:
    """Have the unread receipts read, as each POST does by itself."""
    queue.enqueue(
        "read_receipts",
        channel=channel_of(integration_id),
        key=str(integration_id),
        lock="read_receipts",
        priority=Priority.NOTIFICATION,
    )


def await_arrivals(*, integration_id: int) -> None:
    """Wait, for milliseconds, until every POST is committed that found its reading queued already.

    A reading calls it before its first look, and sees all of them: a later POST has queued another one.
    """
    with connection.cursor() as cursor:
        key = [ARRIVAL_LOCKS, integration_id]
        cursor.execute("SELECT pg_advisory_lock(%s, %s), pg_advisory_unlock(%s, %s)", [*key, *key])


def keep_answer(*, receipt: ReceiptIds, answer: bytes) -> None:
    """What the sender was told, where that is more than that it arrived. UTF-8."""
    with tenant(receipt.organization_id):
        WebhookReceipt.objects.filter(pk=receipt.receipt_id).update(answer=answer.decode())
