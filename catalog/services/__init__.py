"""Products: writes, inside the caller's ``tenant``, without HTTP."""

from catalog.services.criteria import enqueue_reapplying, reapply, save_criteria
from catalog.services.details import apply_details, mark_deleted, mark_unreadable
from catalog.services.importing import (
    advance_details,
    advance_list,
    begin_details,
    cancel_import,
    enqueue_details,
    enqueue_list_prices,
    finish_import,
    follow_changes,
    forget_unseen,
    learn_warehouses,
    plan_import,
    recheck_oldest,
    record_plan,
    refresh_product,
    start_import,
)
from catalog.services.lines import SUBJECT
from catalog.services.linking import (
    Linked,
    LinkRefused,
    create_and_link,
    ignore_problems,
    link,
    unlink,
)
from catalog.services.receiving import (
    UNLINKED,
    apply_list_prices,
    forget_list_prices,
    upsert_from_list,
)
from catalog.services.saving import (
    Saved,
    SaveRefused,
    enqueue_export,
    find_target,
    give_up_export,
    record_export,
    save_product,
)
from catalog.services.waiting import release_waiting

__all__ = [
    "SUBJECT",
    "UNLINKED",
    "LinkRefused",
    "Linked",
    "SaveRefused",
    "Saved",
    "advance_details",
    "advance_list",
    "apply_details",
    "apply_list_prices",
    "begin_details",
    "cancel_import",
    "create_and_link",
    "enqueue_details",
    "enqueue_export",
    "enqueue_list_prices",
    "enqueue_reapplying",
    "find_target",
    "finish_import",
    "follow_changes",
    "forget_list_prices",
    "forget_unseen",
    "give_up_export",
    "ignore_problems",
    "learn_warehouses",
    "link",
    "mark_deleted",
    "mark_unreadable",
    "plan_import",
    "reapply",
    "recheck_oldest",
    "record_export",
    "record_plan",
    "refresh_product",
    "release_waiting",
    "save_criteria",
    "save_product",
    "start_import",
    "unlink",
    "upsert_from_list",
]
