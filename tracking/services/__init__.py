"""Tracking: writes, inside the caller's ``tenant``, without HTTP."""

from tracking.services.accounts import (
    SUBJECT,
    keep_token,
    read_credentials,
    record_check,
    refuse_carrier_account,
    remove_carrier_account,
    request_check,
    save_carrier_account,
)
from tracking.services.following import (
    ask_now,
    follow_parcel,
    read_code,
    resume_following,
    stop_following,
    update_parcel,
)
from tracking.services.mapping import delete_mapping, remap_batch, save_mapping
from tracking.services.polling import channel_of, settle_schedule, settle_service
from tracking.services.recording import end_silent, record_failure, record_tracked, take_word

__all__ = [
    "SUBJECT",
    "ask_now",
    "channel_of",
    "delete_mapping",
    "end_silent",
    "follow_parcel",
    "keep_token",
    "read_code",
    "read_credentials",
    "record_check",
    "record_failure",
    "record_tracked",
    "refuse_carrier_account",
    "remap_batch",
    "remove_carrier_account",
    "request_check",
    "resume_following",
    "save_carrier_account",
    "save_mapping",
    "settle_schedule",
    "settle_service",
    "stop_following",
    "take_word",
    "update_parcel",
]
