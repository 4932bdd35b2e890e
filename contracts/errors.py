"""What can go wrong at an ERP, as the job runner understands it.

Each error carries a ``code`` (dotted: ``"tiny.order_not_found"``; the part before the dot is the provider's
key, and its ``explain`` turns it into a sentence) and ``params``, plain strings without secrets or
personal data. The class decides what happens by itself; the code decides what a person reads.
"""

from __future__ import annotations

from collections.abc import Mapping


class ErpError(Exception):
    """Base of all errors at an ERP."""

    def __init__(self, code: str, params: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.params: dict[str, str] = dict(params or {})


class TemporaryError(ErpError):
    """The ERP or the way to it fails now; trying later can work. Never parks a job."""


class RateLimited(TemporaryError):
    """The ERP asked to wait ``retry_after`` seconds."""

    def __init__(self, code: str, params: Mapping[str, str] | None = None, *, retry_after: float) -> None:
        super().__init__(code, params)
        self.retry_after = retry_after


class AuthenticationFailed(ErpError):
    """The ERP no longer accepts the credential: only a person can connect again."""


class PermissionMissing(ErpError):
    """The credential is good, yet the account or the application may not do this."""


class NotFound(ErpError):
    """The record does not exist at the ERP (any more)."""


class MappingError(ErpError):
    """An answer has a shape that we cannot read; guessing could do harm."""


class RejectedByErp(ErpError):
    """The ERP understood the request and refused it."""


class AlreadyExists(RejectedByErp):
    """The ERP says that it has such a record already, and not which one it is."""


class CustomerUnknown(RejectedByErp):
    """The ERP does not know (any more) the customer that the record names by his identifier."""


class UnsupportedFeature(ErpError):
    """This ERP or protocol cannot do what was asked."""


class AuthorizationRefused(ErpError):
    """The OAuth2 authorisation did not come about (code used, secret wrong, redirect mismatch, ...)."""
