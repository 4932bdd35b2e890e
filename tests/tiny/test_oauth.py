from __future__ import annotations

import json
import logging
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from contracts.errors import AuthenticationFailed, AuthorizationRefused, ErpError, TemporaryError
from contracts.provider import Endpoints, OAuthApp
from contracts.records import TokenGrant
from tests.tiny.context import ENDPOINTS
from tiny.oauth import TinyOAuth

TOKEN_ADDRESS = f"{ENDPOINTS.accounts_url}/token"
APP = OAuthApp(
    client_id="tiny-api-0123-1790000000",
    client_secret="s+e&c=r%t ção",
    redirect_uri="http://127.0.0.1:8000/integracoes/tiny/oauth/retorno/",
)
# The example of RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

GRANT = {
    "access_token": "eyJ.access.1",
    "expires_in": 14400,
    "refresh_expires_in": 86400,
    "refresh_token": "eyJ.refresh.2",
    "token_type": "Bearer",
    "id_token": "eyJ.id.3",
    "not-before-policy": 0,
    "session_state": "00000000-0000-4000-8000-000000000000",
    "scope": "openid email offline_access",
}


@pytest.fixture
def flow() -> TinyOAuth:
    return TinyOAuth(ENDPOINTS)


def exchange(flow: TinyOAuth) -> TokenGrant:
    return flow.exchange(APP, code="co/de+1", code_verifier=VERIFIER)


def refresh(flow: TinyOAuth) -> TokenGrant:
    return flow.refresh(APP, refresh_token="eyJ.refresh.1")


def sent_form() -> dict[str, str]:
    assert len(responses.calls) == 1
    body = responses.calls[0].request.body
    return {name: values[0] for name, values in parse_qs(str(body), strict_parsing=True).items()}


def without(*names: str, **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**GRANT, **changes}.items() if name not in names}


def test_the_address_where_the_seller_authorises(flow: TinyOAuth) -> None:
    address = flow.authorize_url(APP, state="sta/te+1", code_verifier=VERIFIER)
    base, _, query = address.partition("?")
    assert base == f"{ENDPOINTS.accounts_url}/auth"
    assert parse_qs(query, strict_parsing=True) == {
        "response_type": ["code"],
        "client_id": [APP.client_id],
        "redirect_uri": [APP.redirect_uri],
        "scope": ["openid"],
        "state": ["sta/te+1"],
        "code_challenge": [CHALLENGE],
        "code_challenge_method": ["S256"],
    }


@responses.activate
def test_a_code_is_exchanged(flow: TinyOAuth) -> None:
    responses.post(TOKEN_ADDRESS, json=GRANT)
    assert exchange(flow) == TokenGrant("eyJ.access.1", "eyJ.refresh.2", 14400, 86400)
    assert sent_form() == {
        "grant_type": "authorization_code",
        "client_id": APP.client_id,
        "client_secret": APP.client_secret,
        "code": "co/de+1",
        "redirect_uri": APP.redirect_uri,
        "code_verifier": VERIFIER,
    }
    headers = responses.calls[0].request.headers
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in headers


@responses.activate
def test_a_token_is_renewed(flow: TinyOAuth) -> None:
    responses.post(TOKEN_ADDRESS, json=GRANT)
    assert refresh(flow) == TokenGrant("eyJ.access.1", "eyJ.refresh.2", 14400, 86400)
    assert sent_form() == {
        "grant_type": "refresh_token",
        "client_id": APP.client_id,
        "client_secret": APP.client_secret,
        "refresh_token": "eyJ.refresh.1",
    }
    assert "Authorization" not in responses.calls[0].request.headers


@responses.activate
def test_no_new_refresh_token_means_that_the_old_one_holds(flow: TinyOAuth) -> None:
    responses.post(TOKEN_ADDRESS, json=without("refresh_token"))
    assert refresh(flow).refresh_token == ""


@pytest.mark.parametrize(
    ("answer", "lifetime", "warnings"),
    [
        (without("expires_in"), 14400, ("tiny.token_lifetime_missing",)),
        (without(expires_in=0), 14400, ("tiny.token_lifetime_missing",)),
        (without(expires_in=None), 14400, ("tiny.token_lifetime_missing",)),
        (without(expires_in="soon"), 14400, ("tiny.token_lifetime_missing",)),
        (without(expires_in=-1), 14400, ("tiny.token_lifetime_missing",)),
        (without(expires_in={"s": 1}), 14400, ("tiny.token_lifetime_missing",)),
        (without(expires_in="3600"), 3600, ()),
        (without(expires_in=3600.0), 3600, ()),
        (without("token_type", "scope"), 14400, ()),
    ],
)
@responses.activate
def test_a_lifetime_that_is_missing_is_the_documented_one(
    flow: TinyOAuth, answer: dict[str, Any], lifetime: int, warnings: tuple[str, ...]
) -> None:
    responses.post(TOKEN_ADDRESS, json=answer)
    grant = refresh(flow)
    assert (grant.expires_in, grant.warnings) == (lifetime, warnings)
    assert (grant.access_token, grant.refresh_token) == ("eyJ.access.1", "eyJ.refresh.2")


@pytest.mark.parametrize(
    ("value", "lifetime"), [(1800, 1800), ("1800", 1800), (0, 86400), (None, 86400), ("x", 86400)]
)
@responses.activate
def test_the_lifetime_of_a_refresh_token(flow: TinyOAuth, value: Any, lifetime: int) -> None:
    responses.post(TOKEN_ADDRESS, json=without(refresh_expires_in=value))
    assert exchange(flow).refresh_expires_in == lifetime


def refuse(status: int, error: str, description: str) -> None:
    responses.post(TOKEN_ADDRESS, status=status, json={"error": error, "error_description": description})


@pytest.mark.parametrize(
    ("status", "error", "description", "code", "params"),
    [
        (400, "invalid_grant", "Code not valid", "tiny.oauth_code_used", {}),
        (400, "invalid_grant", "PKCE verification failed", "tiny.oauth_code_used", {}),
        (400, "invalid_grant", "Incorrect redirect_uri", "tiny.oauth_redirect_mismatch", {}),
        (400, "invalid_request", "Missing parameter: redirect_uri", "tiny.oauth_redirect_mismatch", {}),
        (
            401,
            "unauthorized_client",
            "Invalid client or Invalid client credentials",
            "tiny.oauth_client_rejected",
            {},
        ),
        (401, "invalid_client", "", "tiny.oauth_client_rejected", {}),
        (400, "invalid_request", "x", "tiny.oauth_refused", {"error": "invalid_request"}),
        (403, "Ação <b>", "x", "tiny.oauth_refused", {"error": "unknown"}),
        (200, "access_denied", "x", "tiny.oauth_refused", {"error": "access_denied"}),
    ],
)
@responses.activate
def test_a_refused_code_says_why(
    flow: TinyOAuth, status: int, error: str, description: str, code: str, params: dict[str, str]
) -> None:
    refuse(status, error, description)
    with pytest.raises(AuthorizationRefused) as caught:
        exchange(flow)
    assert (caught.value.code, caught.value.params) == (code, params)


@pytest.mark.parametrize(
    ("status", "error", "description", "code", "params"),
    [
        (400, "invalid_grant", "Token is not active", "tiny.refresh_refused", {"error": "invalid_grant"}),
        (400, "invalid_grant", "Stale token", "tiny.refresh_refused", {"error": "invalid_grant"}),
        (401, "unauthorized_client", "Invalid client", "tiny.oauth_client_rejected", {}),
        (401, "invalid_client", "Invalid client", "tiny.oauth_client_rejected", {}),
    ],
)
@responses.activate
def test_a_refused_renewal_ends_the_connection(
    flow: TinyOAuth, status: int, error: str, description: str, code: str, params: dict[str, str]
) -> None:
    refuse(status, error, description)
    with pytest.raises(AuthenticationFailed) as caught:
        refresh(flow)
    assert (caught.value.code, caught.value.params) == (code, params)


@pytest.mark.parametrize("error", ["invalid_request", "server_error", "temporarily_unavailable"])
@responses.activate
def test_a_renewal_error_that_proves_nothing_is_temporary(flow: TinyOAuth, error: str) -> None:
    refuse(400, error, "x")
    with pytest.raises(TemporaryError) as caught:
        refresh(flow)
    assert (caught.value.code, caught.value.params) == ("tiny.unstable", {"status": "400"})


@pytest.mark.parametrize("call", [exchange, refresh])
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, ""),
        (502, "<html>Bad gateway</html>"),
        (503, '{"error": "invalid_grant"}'),
        (200, "<html>Manutenção</html>"),
        (200, '{"access_token": "eyJ'),
        (200, "[]"),
        (200, "null"),
        (200, "{}"),
        (200, '{"access_token": ""}'),
        (200, '{"access_token": 7}'),
        (200, '{"access_token": "a\\r\\nb"}'),
        (200, "access_token=a&token_type=bearer"),
        (302, ""),
        (404, ""),
        (429, ""),
    ],
)
@responses.activate
def test_trouble_at_the_token_address_is_temporary(
    flow: TinyOAuth, call: Any, status: int, body: str
) -> None:
    responses.post(
        TOKEN_ADDRESS,
        status=status,
        body=body,
        headers={"Location": "https://elsewhere.example/token"} if status == 302 else {},
    )
    with pytest.raises(TemporaryError) as caught:
        call(flow)
    assert caught.value.code == "tiny.unstable"
    assert len(responses.calls) == 1


@pytest.mark.parametrize("call", [exchange, refresh])
@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (requests.ReadTimeout("late"), "http.timeout"),
        (requests.ConnectTimeout("late"), "http.unreachable"),
        (requests.ConnectionError("broken"), "http.interrupted"),
    ],
)
@responses.activate
def test_no_answer_is_temporary(flow: TinyOAuth, call: Any, trouble: Exception, code: str) -> None:
    responses.post(TOKEN_ADDRESS, body=trouble)
    with pytest.raises(TemporaryError) as caught:
        call(flow)
    assert caught.value.code == code


@responses.activate
def test_an_answer_without_end_is_temporary(flow: TinyOAuth) -> None:
    responses.post(TOKEN_ADDRESS, body=json.dumps({**GRANT, "id_token": "x" * 300_000}))
    with pytest.raises(TemporaryError) as caught:
        refresh(flow)
    assert caught.value.code == "tiny.unstable"


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9000/realms",
        "http://localhost:9000/r",
        "http://simulator.localhost:9000/r",
        "http://[::1]:9000/r",
    ],
)
@responses.activate
def test_plain_http_on_this_machine(address: str) -> None:
    flow = TinyOAuth(Endpoints(api_url="", accounts_url=address))
    assert flow.authorize_url(APP, state="s", code_verifier=VERIFIER).startswith(f"{address}/auth?")
    responses.post(f"{address}/token", json=GRANT)
    assert exchange(flow).access_token == "eyJ.access.1"
    assert refresh(flow).access_token == "eyJ.access.1"
    assert [urlsplit(str(call.request.url)).scheme for call in responses.calls] == ["http", "http"]


@pytest.mark.parametrize(
    "address",
    [
        "http://accounts.tiny.com.br/realms",
        "http://10.0.0.1/realms",
        "http://127.0.0.1.evil.example/realms",
        "http://localhost.evil.example/realms",
        "http://127.0.0.1@evil.example/realms",
        "ftp://127.0.0.1/realms",
        "//127.0.0.1/realms",
        "",
    ],
)
def test_plain_http_elsewhere_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    with pytest.raises(ValueError, match="must be https"):
        TinyOAuth(Endpoints(api_url="", accounts_url=address))


@pytest.mark.parametrize("call", [exchange, refresh])
@responses.activate
def test_no_secret_reaches_a_log_or_an_error(
    flow: TinyOAuth, call: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    responses.post(TOKEN_ADDRESS, json=GRANT)
    responses.post(
        TOKEN_ADDRESS, status=400, json={"error": "invalid_grant", "error_description": "eyJ.leak"}
    )
    call(flow)
    with pytest.raises(ErpError) as caught:
        call(flow)
    written = caplog.text + repr(caught.value) + str(caught.value.params) + repr(APP)
    for secret in (APP.client_secret, "s%2Be%26c", "eyJ", "co/de", VERIFIER):
        assert secret not in written
