"""What no log may hold."""

from __future__ import annotations

import logging
import re

# As in accounts/urls.py, webhooks/api.py and orders/urls.py: whoever knows the last part sets somebody's
# password, posts as his ERP, or reads where his parcel is. A key may have been pasted without what stands
# before it.
_SECRET_ADDRESS = re.compile(r"(/convite/|/webhooks/|/r/)\S+")


class HideInvitations(logging.Filter):
    """Django names the address of a request that it refuses; of a secret one only its beginning stays."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if _SECRET_ADDRESS.search(message):
            record.msg, record.args = _SECRET_ADDRESS.sub(r"\1•••", message), None
        return True
