"""Tracking as its own pages show it: reads, inside ``tenant(...)``."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q

from tracking.carriers import find_carrier
from tracking.identification import Confidence, normalize_text
from tracking.models import CarrierMapping, MappingKind, Parcel
from tracking.sentences import UNREADABLE, UNSTORABLE

# A text that no parcel of so long ago had says nothing of what is to come.
SEEN_WITHIN = dt.timedelta(days=180)


def name_carrier(key: str) -> str:
    """``""`` for one that nobody knows, or no longer."""
    carrier = find_carrier(key)
    return carrier.name if carrier is not None else ""


@dataclass(slots=True)
class SeenText:
    """A text with which the ERP named the carriage: of how many parcels, and what those are here.

    ``label`` is how it was seen, ``text`` the same normalised. ``carriers`` counts the parcels by the key of
    their carrier, ``""`` for those of which nobody knows it; of ``guessed`` of them it is only likely.
    """

    kind: MappingKind
    text: str
    label: str
    mapping: CarrierMapping | None = None
    carriers: dict[str, int] = field(default_factory=dict)
    guessed: int = 0

    @property
    def count(self) -> int:
        return sum(self.carriers.values())

    @property
    def unidentified(self) -> int:
        return self.carriers.get("", 0)

    @property
    def kind_label(self) -> str:
        return str(self.kind.label)

    @property
    def carrier(self) -> str:
        """The name of the one carrier that it is, ``""`` if it is none or several."""
        known = [key for key in self.carriers if key]
        if self.mapping is not None:
            return name_carrier(self.mapping.carrier_key)
        return name_carrier(known[0]) if len(known) == 1 else ""

    @property
    def several(self) -> str:
        """Which carriers it is, where that depends on the parcel."""
        known = sorted((-count, name_carrier(key)) for key, count in self.carriers.items() if key)
        return ", ".join(f"{name} ({-count})" for count, name in known)


def list_seen(now: dt.datetime) -> list[SeenText]:
    """The texts of the last time's parcels and the lines of the de-para; what needs a person first."""
    seen: dict[tuple[str, str], SeenText] = {
        (mapping.kind, mapping.text): SeenText(
            MappingKind(mapping.kind), mapping.text, mapping.label, mapping=mapping
        )
        for mapping in CarrierMapping.objects.all()
    }
    parcels = Parcel.objects.filter(since_at__gte=now - SEEN_WITHIN).order_by()
    for kind in MappingKind:
        counts: Any = parcels.exclude(**{kind.value: ""}).values_list(kind.value, "carrier_key", "confidence")
        for label, carrier_key, confidence, count in counts.annotate(count=Count("pk")):
            text = normalize_text(label)
            row = seen.setdefault((kind.value, text), SeenText(kind, text, label))
            row.carriers[carrier_key] = row.carriers.get(carrier_key, 0) + count
            row.guessed += count if confidence == Confidence.LIKELY else 0
    return sorted(
        seen.values(),
        key=lambda row: (row.mapping is not None, -row.unidentified - row.guessed, -row.count, row.label),
    )


def list_texts_of(parcel: Parcel) -> list[SeenText]:
    """What a parcel's ERP said of its carriage, each with its line of the de-para if there is one."""
    texts = [
        SeenText(kind, normalize_text(label), label)
        for kind in MappingKind
        if (label := getattr(parcel, kind.value))
    ]
    wanted = Q()
    for row in texts:
        wanted |= Q(kind=row.kind, text=row.text)
    found = {(each.kind, each.text): each for each in CarrierMapping.objects.filter(wanted)} if texts else {}
    for row in texts:
        row.mapping = found.get((row.kind.value, row.text))
    return texts


def count_followed(kind: str, text: str) -> int:
    """How many parcels with a normalised text are on their way."""
    followed = Parcel.objects.filter(ended_at=None).exclude(**{kind: ""}).order_by()
    counts = followed.values_list(kind).annotate(count=Count("pk"))
    return sum(count for label, count in counts if normalize_text(label) == text)


def find_failing(tracker_key: str) -> Parcel | None:
    """A followed parcel for which this tracker gave no answer the last time, the latest, if there is one."""
    followed = Parcel.objects.filter(tracker=tracker_key, ended_at=None)
    unanswered = followed.exclude(failing_code__in=["", UNREADABLE, UNSTORABLE])
    found: Parcel | None = unanswered.order_by("-next_ask_at", "-pk").first()
    return found


def count_followed_by_tracker() -> dict[str, int]:
    """How many parcels are followed, by the key of the tracker that asks for them."""
    followed = Parcel.objects.filter(ended_at=None).exclude(tracker="").order_by()
    return dict(followed.values_list("tracker").annotate(count=Count("pk")))
