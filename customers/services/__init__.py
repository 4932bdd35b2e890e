"""Customers: writes, inside the caller's ``tenant``, without HTTP."""

from customers.services.criteria import save_criteria
from customers.services.lines import SUBJECT, lock_of
from customers.services.receiving import discard_own_record, upsert_from_erp, upsert_many
from customers.services.saving import (
    Buyer,
    DocumentTaken,
    Saved,
    SaveRefused,
    save_customer,
    show_customer,
    take_buyer,
)
from customers.services.sending import (
    begin_attempt,
    end_attempt,
    enqueue_export,
    forget_reference,
    give_up_export,
    link_at_erp,
    record_export,
    send_anyway,
    send_offered,
)

__all__ = [
    "SUBJECT",
    "Buyer",
    "DocumentTaken",
    "SaveRefused",
    "Saved",
    "begin_attempt",
    "discard_own_record",
    "end_attempt",
    "enqueue_export",
    "forget_reference",
    "give_up_export",
    "link_at_erp",
    "lock_of",
    "record_export",
    "save_criteria",
    "save_customer",
    "send_anyway",
    "send_offered",
    "show_customer",
    "take_buyer",
    "upsert_from_erp",
    "upsert_many",
]
