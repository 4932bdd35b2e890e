"""Orders: writes, inside the caller's ``tenant``, without HTTP."""

from orders.services.backfill import (
    advance_import,
    cancel_import,
    finish_import,
    plan_import,
    record_plan,
    start_import,
)
from orders.services.changing import ChangeRefused, StatusRefused, change_order, change_status
from orders.services.completion import (
    complete_summaries,
    enqueue_awaiting_invoice,
    enqueue_completion,
    enqueue_missed,
    enqueue_some_details,
    mark_seen,
)
from orders.services.details import apply_details, is_as_asked, mark_deleted_at_erp
from orders.services.following import follow_erp
from orders.services.forwarding import (
    ForwardingRefused,
    choose_integration,
    leave_out,
    send_anyway,
    send_offered,
)
from orders.services.importing import HELD, forget_passed_over, release_held, upsert_from_list
from orders.services.invoices import attach_invoices, give_up_invoices
from orders.services.lines import SUBJECT
from orders.services.mapping import (
    MapRefused,
    apply_to_orders,
    hear_again,
    release_ruled,
    save_status_map,
    start_applying,
    undo_status_map,
)
from orders.services.parcels import (
    apply_carriage,
    follow_order,
    give_word,
    note_methods_asked,
    record_methods,
)
from orders.services.placing import (
    KEY_REUSED,
    NUMBER_TAKEN,
    Placed,
    PlacedItem,
    Placement,
    PlacementRefused,
    place_order,
)
from orders.services.sending import (
    Sent,
    begin_attempt,
    end_attempt,
    record_change,
    record_export,
    record_situation,
    record_situation_kept,
)
from orders.services.tracking_codes import (
    TrackingCodeRefused,
    find_draft,
    record_tracking_written,
    set_tracking_code,
)

__all__ = [
    "HELD",
    "KEY_REUSED",
    "NUMBER_TAKEN",
    "SUBJECT",
    "ChangeRefused",
    "ForwardingRefused",
    "MapRefused",
    "Placed",
    "PlacedItem",
    "Placement",
    "PlacementRefused",
    "Sent",
    "StatusRefused",
    "TrackingCodeRefused",
    "advance_import",
    "apply_carriage",
    "apply_details",
    "apply_to_orders",
    "attach_invoices",
    "begin_attempt",
    "cancel_import",
    "change_order",
    "change_status",
    "choose_integration",
    "complete_summaries",
    "end_attempt",
    "enqueue_awaiting_invoice",
    "enqueue_completion",
    "enqueue_missed",
    "enqueue_some_details",
    "find_draft",
    "finish_import",
    "follow_erp",
    "follow_order",
    "forget_passed_over",
    "give_up_invoices",
    "give_word",
    "hear_again",
    "is_as_asked",
    "leave_out",
    "mark_deleted_at_erp",
    "mark_seen",
    "note_methods_asked",
    "place_order",
    "plan_import",
    "record_change",
    "record_export",
    "record_methods",
    "record_plan",
    "record_situation",
    "record_situation_kept",
    "record_tracking_written",
    "release_held",
    "release_ruled",
    "save_status_map",
    "send_anyway",
    "send_offered",
    "set_tracking_code",
    "start_applying",
    "start_import",
    "undo_status_map",
    "upsert_from_list",
]
