"""A plug-in with a mistake in it, as one may be released some day."""

from __future__ import annotations

from django.db import connection

from contracts.notifications import ErpNotification
from tiny.provider import TinyProvider


class BreakingTiny(TinyProvider):
    def read_notification(self, body: bytes) -> ErpNotification:
        if b"poison" in body:
            raise ZeroDivisionError(f"a bug that quotes {body.decode()}")
        return super().read_notification(body)


class LeavingTiny(TinyProvider):
    """PostgreSQL goes away once the notification is kept, and before it is answered."""

    def read_notification(self, body: bytes) -> ErpNotification:
        connection.close()
        connection.settings_dict["PORT"] = "1"
        return super().read_notification(body)
