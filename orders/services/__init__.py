"""Orders: writes, inside the caller's ``tenant``, without HTTP."""

from orders.services.backfill import (
    advance_import,
    cancel_import,
    finish_import,
    plan_import,
    record_plan,
    start_import,
)
from orders.services.completion import (
    complete_summaries,
    enqueue_awaiting_invoice,
    enqueue_completion,
    enqueue_missed,
    enqueue_some_details,
    mark_seen,
)
from orders.services.details import apply_details, mark_deleted_at_erp
from orders.services.importing import upsert_from_list
from orders.services.invoices import attach_invoices, give_up_invoices
from orders.services.lines import SUBJECT

__all__ = [
    "SUBJECT",
    "advance_import",
    "apply_details",
    "attach_invoices",
    "cancel_import",
    "complete_summaries",
    "enqueue_awaiting_invoice",
    "enqueue_completion",
    "enqueue_missed",
    "enqueue_some_details",
    "finish_import",
    "give_up_invoices",
    "mark_deleted_at_erp",
    "mark_seen",
    "plan_import",
    "record_plan",
    "start_import",
    "upsert_from_list",
]
