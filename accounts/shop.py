"""«Sua loja»: what the buyers of an organization are told of it, on the page of their parcel."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.db import transaction

from accounts import audit
from accounts.models import Membership, Organization

COLOUR = re.compile(r"#[0-9a-f]{6}")
# WCAG 2.2, 1.4.3: the shop's name stands in white on its colour.
LEAST_CONTRAST = 4.5
FIELDS = ("shop_name", "shop_colour", "shop_phone", "shop_whatsapp", "shop_email", "shop_site")


@transaction.atomic
def save_shop(*, organization: Organization, values: Mapping[str, str], person: Membership) -> bool:
    """Keep what buyers are told, ``values`` by the names of ``FIELDS``; whether anything changed."""
    current = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    former = {name: getattr(current, name) for name in FIELDS} | {"shop_name": name_shop(current)}
    changed = [name for name in FIELDS if former[name] != values[name]]
    if not changed:
        return False
    for name in changed:
        setattr(current, name, values[name])
    current.save(update_fields=changed)
    # What it was and what it is stand on no record: a telephone may be a person's own.
    audit.record("shop.changed", person=person, subject=current, fields=changed)
    return True


def name_shop(organization: Organization) -> str:
    """The name that buyers know."""
    return organization.shop_name or organization.name


def measure_contrast(colour: str) -> float:
    """How well white is read on ``#rrggbb``: from 1 (not at all) to 21."""
    return 1.05 / (_measure_luminance(_split(colour)) + 0.05)


def darken(colour: str) -> str:
    """The same tone, just as dark as it must be for white to be read on it."""
    parts = _split(colour)
    for step in range(100, -1, -1):
        darker = "#" + "".join(f"{round(part * step / 100):02x}" for part in parts)
        if measure_contrast(darker) >= LEAST_CONTRAST:
            return darker
    raise AssertionError("white is read on black")


def _split(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _measure_luminance(parts: tuple[int, int, int]) -> float:
    red, green, blue = (
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
