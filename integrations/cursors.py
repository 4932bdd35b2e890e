from __future__ import annotations

from typing import Any

from accounts import clock
from integrations.models import Cursor


def read_cursor(integration_id: int, name: str) -> dict[str, Any]:
    """The stored value, ``{}`` when nothing was read yet."""
    cursor = Cursor.objects.filter(integration_id=integration_id, name=name).first()
    return dict(cursor.value) if cursor else {}


def write_cursor(integration_id: int, name: str, value: dict[str, Any]) -> None:
    Cursor.objects.update_or_create(
        integration_id=integration_id, name=name, defaults={"value": value, "updated_at": clock.now()}
    )
