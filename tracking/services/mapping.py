"""The company's de-para: which carrier a text of the ERP's means."""

from __future__ import annotations

import hashlib

from django.db import transaction

from accounts import clock
from jobs import queue
from jobs.queue import Priority
from tracking.carriers import CARRIERS
from tracking.identification import normalize_text
from tracking.models import CarrierMapping, MappingKind, Parcel
from tracking.selectors import list_rules
from tracking.services.following import identify_parcel
from tracking.services.polling import CHANNEL

BATCH = 200


@transaction.atomic
def save_mapping(
    *, kind: MappingKind, text: str, label: str, carrier_key: str, service: str = "", by: str
) -> CarrierMapping:
    """Parcels with this text are of this carrier from now on, those that are on their way too.

    Raises ``KeyError`` for a carrier that does not exist.
    """
    if carrier_key not in CARRIERS:
        raise KeyError(carrier_key)
    mapping: CarrierMapping
    mapping, _ = CarrierMapping.objects.update_or_create(
        kind=kind,
        text=normalize_text(text),
        defaults={
            "label": label,
            "carrier_key": carrier_key,
            "service": service,
            "made_by": by,
            "made_at": clock.now(),
        },
    )
    _remap(mapping)
    return mapping


@transaction.atomic
def delete_mapping(*, mapping: CarrierMapping) -> None:
    """Parcels with its text are of the carrier that the other clues name, or of none."""
    CarrierMapping.objects.filter(pk=mapping.pk).delete()
    _remap(mapping)


@transaction.atomic
def remap_batch(*, kind: str, text: str, after: int) -> int | None:
    """Identify anew the followed parcels with this text, of the next ones after the id ``after``.

    The last id that was looked at, or ``None`` when there are no more.
    """
    followed = Parcel.objects.filter(ended_at=None, pk__gt=after).exclude(**{MappingKind(kind).value: ""})
    rows = list(followed.order_by("pk").values_list("pk", MappingKind(kind).value)[:BATCH])
    wanted = [pk for pk, label in rows if normalize_text(label) == text]
    rules = list_rules()
    now = clock.now()
    for parcel in Parcel.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk"):
        if parcel.ended_at is None:
            identify_parcel(parcel, rules, now)
            parcel.save()
    return int(rows[-1][0]) if rows else None


def _remap(mapping: CarrierMapping) -> None:
    name = hashlib.sha256(mapping.text.encode()).hexdigest()[:32]
    queue.enqueue(
        "remap_parcels",
        channel=CHANNEL,
        key=f"{mapping.kind}:{name}",
        payload={"kind": mapping.kind, "text": mapping.text},
        priority=Priority.PERSON,
    )
