"""Trackers by key. The only place, with the settings, where one is found by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from contracts.records import Explanation
from contracts.tracking import Tracker
from jobs import reasons
from tracking.sentences import explain_failure


@cache
def get_tracker(key: str) -> Tracker:
    """Raises ``KeyError`` for one that is not installed."""
    return cast(Tracker, import_string(settings.TRACKERS[key])())


def list_trackers() -> list[Tracker]:
    return [get_tracker(key) for key in settings.TRACKERS]


def find_tracker(carrier_key: str, *, code: str, nfe_key: str, carrier_name: str = "") -> Tracker | None:
    """Who can ask for such a parcel, if anybody can.

    A carrier that is named and that nobody knows may be one of the many that share a system: there the key
    of the nota tells whether it is.
    """
    for tracker in list_trackers():
        if carrier_key in tracker.carrier_keys and (code if tracker.asks_by == "code" else nfe_key):
            return tracker
    if carrier_key or not carrier_name.strip() or not nfe_key:
        return None
    return next((tracker for tracker in list_trackers() if tracker.asks_by == "nfe_key"), None)


def explain(code: str, params: Mapping[str, str], tracker_key: str = "") -> Explanation:
    """What the panel says about ``code``: the tracker's sentence, else ours."""
    for key in (code.partition(".")[0], tracker_key):
        if key in settings.TRACKERS:
            explanation = get_tracker(key).explain(code, params)
            if explanation is not None:
                return explanation
    return explain_failure(code, params) or reasons.explain(code, params)
