"""«Enviar notificação de teste»: an empty POST to our own public address, as an ERP sends it to try one.

No ERP is asked, and no transaction is open meanwhile: the address is served by this very platform.
"""

from __future__ import annotations

from dataclasses import dataclass

from contracts.errors import ErpError
from contracts.http import HttpClient
from webhooks.models import WebhookReceipt

# Kept with the receipt, as every header is.
MARK = "X-Entreposto-Teste"
DEADLINE_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Trial:
    """``status`` is 0 where nobody answered in time."""

    status: int
    duration_ms: int = 0


def try_address(url: str) -> Trial:
    try:
        response = HttpClient(deadline=DEADLINE_SECONDS).request("POST", url, headers={MARK: "1"})
    except ErpError:
        return Trial(0)
    return Trial(response.status, response.duration_ms)


def is_own(receipt: WebhookReceipt) -> bool:
    """Whether it is one of these: nothing came, and it is marked."""
    return not receipt.body and MARK in receipt.headers
