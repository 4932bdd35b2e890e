"""Orders: writes, inside the caller's ``tenant``, without HTTP."""

from orders.services.completion import (
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
    "apply_details",
    "attach_invoices",
    "enqueue_completion",
    "enqueue_missed",
    "enqueue_some_details",
    "give_up_invoices",
    "mark_deleted_at_erp",
    "mark_seen",
    "upsert_from_list",
]
