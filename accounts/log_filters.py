"""What no log may hold."""

from __future__ import annotations

import logging
import re

# As in accounts/urls.py: whoever knows the last part sets somebody's password.
_INVITATION = re.compile(r"(/convite/)[^/\s]+")


class HideInvitations(logging.Filter):
    """Django names the address of a request that it refuses; of an invitation only its beginning stays."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if _INVITATION.search(message):
            record.msg, record.args = _INVITATION.sub(r"\1•••", message), None
        return True
