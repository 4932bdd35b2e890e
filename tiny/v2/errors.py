"""``codigo_erro`` of API v2: what each one means for the job that met it.

Source: Tiny's table of return codes. The text beside the code often misleads, so the code decides; where it
is missing, two texts that cannot be mistaken do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.errors import (
    AlreadyExists,
    AuthenticationFailed,
    ErpError,
    NotFound,
    PermissionMissing,
    RateLimited,
    RejectedByErp,
    TemporaryError,
)

NO_RECORDS, PAST_THE_END, DUPLICATE, NOT_FOUND = 20, 23, 30, 32
TOKEN_INVALID, TOO_MANY_PER_MINUTE = 2, 6
# What they say to whoever asked for a list, and for a single record.
EMPTY = frozenset({NO_RECORDS, PAST_THE_END})
MISSING = EMPTY | {NOT_FOUND}


@dataclass(frozen=True, slots=True)
class Kind:
    """The class of the error, its code in our sentences, and for how long to keep away, in seconds."""

    error: type[ErpError]
    code: str
    wait_seconds: float = 0.0


# Over the minute Tiny refuses the whole account «for some minutes»; too many at once is over in a moment.
KINDS: Mapping[int, Kind] = {
    1: Kind(AuthenticationFailed, "tiny.v2_token_missing"),
    2: Kind(AuthenticationFailed, "tiny.v2_token_invalid"),
    3: Kind(RejectedByErp, "tiny.v2_malformed"),
    4: Kind(RejectedByErp, "tiny.v2_not_processed"),
    5: Kind(PermissionMissing, "tiny.v2_no_access"),
    6: Kind(RateLimited, "tiny.v2_too_many_per_minute", wait_seconds=90.0),
    7: Kind(TemporaryError, "tiny.v2_no_space"),
    8: Kind(AuthenticationFailed, "tiny.v2_company_blocked"),
    9: Kind(RejectedByErp, "tiny.v2_sequence_repeated"),
    10: Kind(RejectedByErp, "tiny.v2_parameter_missing"),
    11: Kind(RateLimited, "tiny.v2_too_many_at_once", wait_seconds=5.0),
    NO_RECORDS: Kind(NotFound, "tiny.v2_no_records"),
    21: Kind(RejectedByErp, "tiny.v2_too_many_records"),
    22: Kind(RejectedByErp, "tiny.v2_batch_too_large"),
    PAST_THE_END: Kind(NotFound, "tiny.v2_page_missing"),
    DUPLICATE: Kind(RejectedByErp, "tiny.v2_duplicate"),
    31: Kind(RejectedByErp, "tiny.v2_invalid"),
    NOT_FOUND: Kind(NotFound, "tiny.v2_not_found"),
    33: Kind(RejectedByErp, "tiny.v2_found_twice"),
    34: Kind(NotFound, "tiny.v2_invoice_not_authorized"),
    35: Kind(TemporaryError, "tiny.v2_unexpected"),
    99: Kind(TemporaryError, "tiny.v2_maintenance"),
}
UNKNOWN = Kind(RejectedByErp, "tiny.v2_unknown_error")
# To whoever makes an order, what is not found is something that the order names.
KINDS_FOR_NEW_ORDER: Mapping[int, Kind] = {
    **KINDS,
    **dict.fromkeys(MISSING, Kind(RejectedByErp, "tiny.order_names_missing")),
    DUPLICATE: Kind(AlreadyExists, "tiny.order_repeated"),
}


def code_of_text(text: str) -> int | None:
    """The code that a refusal without one stands for."""
    plain = text.casefold()
    if "api bloqueada" in plain or "excedido o número de acessos" in plain:
        return TOO_MANY_PER_MINUTE
    if "token inv" in plain:
        return TOKEN_INVALID
    return None


def make_error(code: int | None, *, module: str, reason: str, kinds: Mapping[int, Kind] = KINDS) -> ErpError:
    """The error to raise for ``codigo_erro``; ``reason`` is Tiny's text, already without personal data."""
    kind = kinds.get(-1 if code is None else code, UNKNOWN)
    shown = "não informado" if code is None else str(code)
    params = {"code": shown, "module": module, "reason": reason}
    if issubclass(kind.error, RateLimited):
        params["seconds"] = f"{kind.wait_seconds:.0f}"
        return kind.error(kind.code, params, retry_after=kind.wait_seconds)
    return kind.error(kind.code, {name: value for name, value in params.items() if value})
