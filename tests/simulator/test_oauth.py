"""The realm answers as Keycloak does: pages, redirects, codes and rotating refresh tokens."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import requests

from tests.simulated_tiny import SimulatedTiny
from tests.simulator.conftest import REDIRECT_URI, App


def get_query(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def press(app: App, decision: str) -> requests.Response:
    form = app.auth_query() | {"decisao": decision}
    return requests.post(app.auth_address, data=form, allow_redirects=False, timeout=10)


def test_consent_names_app_and_account(app: App) -> None:
    page = requests.get(app.auth_address, params=app.auth_query(), timeout=10)
    assert page.status_code == 200
    assert "CASA AROEIRA LTDA" in page.text
    assert "11.222.333/0001-81" in page.text
    assert ">Autorizar</button>" in page.text
    assert ">Negar</button>" in page.text


def test_authorizing_redirects_with_code_and_state(app: App) -> None:
    answer = press(app, "autorizar")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(REDIRECT_URI + "?")
    query = get_query(answer.headers["Location"])
    assert set(query) == {"state", "session_state", "iss", "code"}
    assert query["state"] == "s-1"
    assert app.redeem(query["code"]).status_code == 200


def test_denying_redirects_with_access_denied(app: App) -> None:
    answer = press(app, "negar")
    assert answer.status_code == 302
    assert get_query(answer.headers["Location"]) == {"error": "access_denied", "state": "s-1"}


def test_another_redirect_uri_gets_a_page_and_no_redirect(app: App) -> None:
    query = app.auth_query(redirect_uri=REDIRECT_URI.rstrip("/"))
    page = requests.get(app.auth_address, params=query, allow_redirects=False, timeout=10)
    assert page.status_code == 400
    assert "Invalid parameter: redirect_uri" in page.text


def test_unknown_client_gets_a_page(app: App) -> None:
    query = app.auth_query(client_id="tiny-api-nobody")
    page = requests.get(app.auth_address, params=query, allow_redirects=False, timeout=10)
    assert page.status_code == 400
    assert "Client not found." in page.text


def test_other_response_type_is_told_to_the_client(app: App) -> None:
    query = app.auth_query(response_type="token")
    answer = requests.get(app.auth_address, params=query, allow_redirects=False, timeout=10)
    assert answer.status_code == 302
    assert get_query(answer.headers["Location"]) == {"error": "unsupported_response_type", "state": "s-1"}


def test_token_answer_has_keycloaks_fields(app: App) -> None:
    tokens = app.connect()
    random = {"access_token", "refresh_token", "id_token", "session_state"}
    assert random < set(tokens)
    assert {name: value for name, value in tokens.items() if name not in random} == {
        "expires_in": 14400,
        "refresh_expires_in": 86400,
        "token_type": "Bearer",
        "not-before-policy": 0,
        "scope": "openid email offline_access",
    }
    payload = tokens["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["aud"] == "tiny-api"
    assert "pedidos-leitura" in claims["resource_access"]["tiny-api"]["roles"]


def test_client_may_authenticate_with_basic(app: App) -> None:
    answer = requests.post(
        f"{app.simulator.accounts_url}/token",
        data={
            "grant_type": "authorization_code",
            "code": app.authorize(code_challenge=None),
            "redirect_uri": REDIRECT_URI,
        },
        auth=(app.client_id, app.client_secret),
        timeout=10,
    )
    assert answer.status_code == 200


def test_wrong_secret_is_unauthorized_client(app: App) -> None:
    answer = app.redeem(app.authorize(), client_secret="wrong")
    assert answer.status_code == 401
    assert answer.json() == {
        "error": "unauthorized_client",
        "error_description": "Invalid client or Invalid client credentials",
    }


def test_unknown_client_is_unauthorized_client(app: App) -> None:
    answer = app.redeem(app.authorize(), client_id="tiny-api-nobody")
    assert answer.status_code == 401
    assert answer.json()["error"] == "unauthorized_client"


def assert_invalid_grant(answer: requests.Response, description: str) -> None:
    assert answer.status_code == 400
    assert answer.json() == {"error": "invalid_grant", "error_description": description}


def test_code_is_good_once_and_its_reuse_ends_the_session(app: App) -> None:
    code = app.authorize()
    tokens = app.redeem(code).json()
    assert_invalid_grant(app.redeem(code), "Code not valid")
    assert_invalid_grant(app.refresh(tokens["refresh_token"]), "Session not active")


def test_code_needs_its_redirect_uri_and_verifier(app: App) -> None:
    assert_invalid_grant(
        app.redeem(app.authorize(), redirect_uri="http://127.0.0.1:1/"), "Incorrect redirect_uri"
    )
    assert_invalid_grant(app.redeem(app.authorize(), code_verifier=""), "PKCE code verifier not specified")
    assert_invalid_grant(
        app.redeem(app.authorize(), code_verifier="another"), "PKCE verification failed: Code mismatch"
    )


def test_code_of_another_client_is_not_valid(app: App, simulator: SimulatedTiny) -> None:
    answer = simulator.control("POST", f"accounts/{app.account_id}/apps", {"redirect_uri": REDIRECT_URI})
    other = App(simulator, app.account_id, answer["client_id"], answer["client_secret"])
    assert_invalid_grant(other.redeem(app.authorize()), "Code not valid")


def test_refresh_token_rotates_and_the_old_one_is_stale(app: App) -> None:
    first = app.connect()
    second = app.refresh(first["refresh_token"])
    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]
    assert_invalid_grant(app.refresh(first["refresh_token"]), "Stale token")
    assert app.refresh(second.json()["refresh_token"]).status_code == 200


def test_of_eight_refreshes_at_once_one_wins(app: App) -> None:
    refresh_token = app.connect()["refresh_token"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(app.refresh, [refresh_token] * 8))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    assert app.count_token_calls() == {
        "authorization_code": {"ok": 1},
        "refresh_token": {"ok": 1, "Stale token": 7},
    }


def test_expired_refresh_token_is_not_active(app: App) -> None:
    tokens = app.connect()
    app.simulator.control("POST", "tokens", {"client_id": app.client_id, "action": "expire_refresh"})
    assert_invalid_grant(app.refresh(tokens["refresh_token"]), "Token is not active")


def test_revoked_session_ends_both_tokens(app: App) -> None:
    tokens = app.connect()
    app.simulator.control("POST", "tokens", {"client_id": app.client_id, "action": "revoke"})
    assert_invalid_grant(app.refresh(tokens["refresh_token"]), "Session not active")
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert requests.get(f"{app.simulator.api_url}/info", headers=headers, timeout=10).status_code == 401


def test_expired_access_token_is_refused_until_refreshed(app: App) -> None:
    tokens = app.connect()
    app.simulator.control("POST", "tokens", {"client_id": app.client_id, "action": "expire_access"})
    address = f"{app.simulator.api_url}/info"
    refused = requests.get(address, headers={"Authorization": f"Bearer {tokens['access_token']}"}, timeout=10)
    assert (refused.status_code, refused.content) == (401, b"")
    fresh = app.refresh(tokens["refresh_token"]).json()["access_token"]
    assert requests.get(address, headers={"Authorization": f"Bearer {fresh}"}, timeout=10).status_code == 200


def test_authorizing_for_another_account_reads_that_account(app: App, simulator: SimulatedTiny) -> None:
    other = simulator.add_account("12ABC34501DE35", name="OUTRA LTDA")
    token = app.redeem(app.authorize(account_id=other.id)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    info = requests.get(f"{simulator.api_url}/info", headers=headers, timeout=10).json()
    assert info["cpfCnpj"] == "12.ABC.345/01DE-35"


def test_missing_and_unknown_grant_types(app: App) -> None:
    assert app.call_token().json() == {
        "error": "invalid_request",
        "error_description": "Missing form parameter: grant_type",
    }
    assert app.call_token(grant_type="password").json()["error"] == "unsupported_grant_type"
