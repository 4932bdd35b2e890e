"""Tracking: reads, inside ``tenant(...)``."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from contracts.tracking import Tracker
from tracking.identification import MappingRule
from tracking.models import AccountState, CarrierAccount, CarrierMapping, Parcel


def list_rules() -> list[MappingRule]:
    """The company's de-para, as ``identify`` takes it."""
    rows = CarrierMapping.objects.values_list("kind", "text", "carrier_key", "service")
    return [MappingRule(*row) for row in rows]


def public_key(parcel: Parcel) -> str:
    """What opens the parcel's page to the buyer. Whoever has it sees the page: it is in no log."""
    return parcel.get_secret("key")


def find_account(tracker_key: str) -> CarrierAccount | None:
    """The company's contract, unless it was removed."""
    found: CarrierAccount | None = (
        CarrierAccount.objects.filter(tracker=tracker_key).exclude(state=AccountState.DISCONNECTED).first()
    )
    return found


def list_refused() -> QuerySet[CarrierAccount]:
    """The contracts whose credentials the carrier refuses: a person must correct them."""
    return CarrierAccount.objects.filter(state=AccountState.FAILING).order_by("failing_since", "id")


def list_due(tracker_key: str, now: dt.datetime) -> QuerySet[Parcel]:
    """The parcels to ask this tracker for, the longest due first."""
    return Parcel.objects.filter(tracker=tracker_key, next_ask_at__lte=now).order_by("next_ask_at", "id")


def asked_key(tracker: Tracker, parcel: Parcel) -> str:
    """By what this tracker finds the parcel."""
    return parcel.code if tracker.asks_by == "code" else parcel.nfe_key
