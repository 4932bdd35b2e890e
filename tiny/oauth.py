"""Tiny's OAuth2 (Keycloak, realm ``tiny``): authorisation code with PKCE S256, and explicit renewal.

Source: Tiny's page «Autenticação e autorização». requests-oauthlib builds the addresses and bodies and reads
the tokens; the call itself goes through ``contracts.http``, which has a total deadline, a size limit, no
redirects and no proxy. Failures are told apart by OAuth2's ``error`` (RFC 6749 §5.2), because Keycloak's
texts change with its version.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from requests_oauthlib import OAuth2Session

from contracts.errors import AuthenticationFailed, AuthorizationRefused, MappingError, TemporaryError
from contracts.http import HttpClient
from contracts.provider import Endpoints, OAuthApp
from contracts.records import TokenGrant
from tiny.values import read_number

SCOPE = "openid"
# The credential's row is locked meanwhile.
DEADLINE_SECONDS = 20.0
MAX_ANSWER_BYTES = 256 * 1024
DEFAULT_ACCESS_SECONDS = 4 * 3600
DEFAULT_REFRESH_SECONDS = 24 * 3600

# At DEBUG it writes client secret, code and tokens into the log.
logging.getLogger("requests_oauthlib").setLevel(logging.INFO)

_CLIENT_ERRORS = ("unauthorized_client", "invalid_client")


class TinyOAuth:
    """An ``OAuthFlow``. Plain http is allowed for this machine's own addresses only."""

    def __init__(self, endpoints: Endpoints) -> None:
        base = endpoints.accounts_url.rstrip("/")
        self._authorize_address = _checked(f"{base}/auth")
        self._token_address = _checked(f"{base}/token")

    def authorize_url(self, app: OAuthApp, *, state: str, code_verifier: str) -> str:
        """Where the seller's browser goes. ``code_verifier`` stays here; its SHA-256 goes (RFC 7636)."""
        challenge = urlsafe_b64encode(hashlib.sha256(code_verifier.encode("ascii")).digest())
        session = OAuth2Session(app.client_id, redirect_uri=app.redirect_uri, scope=SCOPE)
        address, _ = session.authorization_url(
            _as_https(self._authorize_address),
            state=state,
            code_challenge=challenge.decode("ascii").rstrip("="),
            code_challenge_method="S256",
        )
        query = address.partition("?")[2]
        return f"{self._authorize_address}?{query}"

    def exchange(self, app: OAuthApp, *, code: str, code_verifier: str) -> TokenGrant:
        """Tokens for the code that came back from Tiny. The code dies with this call, whatever its end."""
        session = _TokenSession(self._token_address, app)
        try:
            session.fetch_token(
                _as_https(self._token_address),
                code=code,
                include_client_id=True,
                client_secret=app.client_secret,
                code_verifier=code_verifier,
            )
        except _TokenRefused as refusal:
            # Keycloak has no error of its own for this one: «invalid_grant: Incorrect redirect_uri».
            if "redirect_uri" in refusal.description:
                raise AuthorizationRefused("tiny.oauth_redirect_mismatch") from None
            if refusal.error in _CLIENT_ERRORS:
                raise AuthorizationRefused("tiny.oauth_client_rejected") from None
            if refusal.error == "invalid_grant":
                raise AuthorizationRefused("tiny.oauth_code_used") from None
            raise AuthorizationRefused("tiny.oauth_refused", {"error": refusal.error}) from None
        return _to_grant(session.answer)

    def refresh(self, app: OAuthApp, *, refresh_token: str) -> TokenGrant:
        """A new pair. An error that proves nothing about the connection is temporary, so that it lives on."""
        session = _TokenSession(self._token_address, app)
        try:
            session.refresh_token(
                _as_https(self._token_address),
                refresh_token=refresh_token,
                client_id=app.client_id,
                client_secret=app.client_secret,
            )
        except _TokenRefused as refusal:
            if refusal.error in _CLIENT_ERRORS:
                raise AuthenticationFailed("tiny.oauth_client_rejected") from None
            if refusal.error == "invalid_grant":
                raise AuthenticationFailed("tiny.refresh_refused", {"error": refusal.error}) from None
            raise TemporaryError("tiny.unstable", {"status": str(refusal.status)}) from None
        return _to_grant(session.answer)


class _TokenRefused(Exception):
    """The token endpoint understood the request and answered with an OAuth2 error."""

    def __init__(self, status: int, answer: Mapping[str, Any]) -> None:
        error = str(answer.get("error"))
        self.status = status
        self.error = error if re.fullmatch(r"[a-z_]{1,40}", error) else "unknown"
        self.description = str(answer.get("error_description", ""))
        super().__init__(self.error)


class _TokenSession(OAuth2Session):  # type: ignore[misc]  # the library ships no types
    """An ``OAuth2Session`` for one call to the token endpoint, sent by ``HttpClient``.

    ``answer`` is the JSON object that came back, with access token.
    """

    def __init__(self, token_address: str, app: OAuthApp) -> None:
        # No scope: Tiny grants more than was asked for, which the library takes for an attack.
        super().__init__(app.client_id, redirect_uri=app.redirect_uri)
        self._token_address = token_address
        self.answer: Mapping[str, Any] = {}

    def request(self, method: str, url: str, **options: Any) -> SimpleNamespace:
        """Overrides the library's transport; returns what it reads of a ``requests.Response``."""
        client = HttpClient()
        try:
            response = client.request(
                method,
                self._token_address,
                headers={"Accept": "application/json"},
                form=options["data"],
                deadline=DEADLINE_SECONDS,
                max_bytes=MAX_ANSWER_BYTES,
            )
            answer = response.json()
        except (MappingError, ValueError, ArithmeticError, RecursionError) as error:
            raise TemporaryError("tiny.unstable") from error
        finally:
            client.close()
        if response.status >= 500 or not isinstance(answer, dict):
            raise TemporaryError("tiny.unstable", {"status": str(response.status)})
        if "error" in answer:
            raise _TokenRefused(response.status, answer)
        if response.status != 200 or not _is_token(answer.get("access_token")):
            raise TemporaryError("tiny.unstable", {"status": str(response.status)})
        self.answer = answer
        # The library stumbles over odd lifetimes, after the server has already spent the refresh token.
        tokens = {key: answer[key] for key in ("access_token", "refresh_token") if _is_token(answer.get(key))}
        sent = SimpleNamespace(url=self._token_address, headers={}, body="")
        return SimpleNamespace(status_code=response.status, headers={}, text=json.dumps(tokens), request=sent)


def _to_grant(answer: Mapping[str, Any]) -> TokenGrant:
    expires_in = read_number(answer.get("expires_in")) or 0
    refresh_expires_in = read_number(answer.get("refresh_expires_in")) or 0
    refresh_token = answer.get("refresh_token")
    return TokenGrant(
        access_token=answer["access_token"],
        refresh_token=refresh_token if _is_token(refresh_token) else "",
        expires_in=expires_in if expires_in > 0 else DEFAULT_ACCESS_SECONDS,
        # Keycloak sends 0 for tokens that do not expire; Tiny's documentation says one day.
        refresh_expires_in=refresh_expires_in if refresh_expires_in > 0 else DEFAULT_REFRESH_SECONDS,
        warnings=() if expires_in > 0 else ("tiny.token_lifetime_missing",),
    )


def _is_token(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and bool(re.fullmatch(r"[\x21-\x7e]+", value))


def _checked(address: str) -> str:
    """``address`` if it is https, or http to this very machine. Raises ``ValueError`` otherwise."""
    parts = urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return address
    raise ValueError("Tiny's accounts address must be https, unless it is on this machine")


def _is_loopback(host: str) -> bool:
    """RFC 6761: names under .localhost are this machine's (the containers' simulator has one)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _as_https(address: str) -> str:
    """The form of a checked address that oauthlib accepts: its only switch for http is process-wide."""
    return "https:" + address.partition(":")[2]
