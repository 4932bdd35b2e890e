"""OAuth2 as Keycloak's realm ``tiny`` speaks it: consent page, codes, rotating refresh tokens.

Lifetimes (4 h and 24 h), scope and client errors are documented or measured at Tiny; that a refresh token
is good for one use, and the texts for a used or revoked one, are stock Keycloak.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import uuid
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from . import faults, store
from .documents import mask_cnpj
from .html import html, message_page, page
from .store import Cursor, Row, Store
from .web import Request, Response, add_query, json_response, redirect

PREFIX = "/realms/tiny/protocol/openid-connect"
ACCESS_SECONDS = 14_400
REFRESH_SECONDS = 86_400
CODE_SECONDS = 60
SCOPE = "openid email offline_access"
ROLES = [
    f"{module}-{level}"
    for module in (
        "pedidos", "notas-fiscais", "contatos", "produtos", "estoque", "depositos", "expedicao", "separacao",
        "formas-envio", "formas-pagamento", "intermediadores", "info",
    )
    for level in ("leitura", "escrita")
]  # fmt: skip


class OAuthError(Exception):
    """The token endpoint refuses; becomes the JSON of RFC 6749 §5.2."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


class OAuth:
    """The routes of the realm."""

    def __init__(self, database: Store) -> None:
        self._store = database
        with database.transaction() as cursor:
            self._signing_key = store.get_setting(cursor, "signing_key").encode()

    # -- authorization ---------------------------------------------------------------------------------

    def show_consent(self, request: Request) -> Response:
        """The page where a person allows the app; errors the way Keycloak shows or redirects them."""
        values = request.query
        with self._store.transaction() as cursor:
            app, refusal = self._check_authorization(cursor, values)
        if app is None or refusal is not None:
            return refusal or message_page("Ocorreu um erro", "Client not found.")
        fields = [
            html('<input type="hidden" name="{name}" value="{value}">', name=name, value=values.get(name, ""))
            for name in ("client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge",
                         "code_challenge_method")
        ]  # fmt: skip
        content = html(
            CONSENT,
            app=app["name"],
            company=app["razao_social"],
            cnpj=mask_cnpj(app["cnpj"]),
            action=f"{PREFIX}/auth",
            fields=fields,
        )
        target = urlsplit(app["redirect_uri"])
        return page(f"Autorizar {app['name']}", content, form_target=f"{target.scheme}://{target.netloc}")

    def decide_consent(self, request: Request) -> Response:
        """«Autorizar» or «Negar»: back to the app, with a code or with access_denied."""
        values = request.form
        if values.get("decisao") != "autorizar":
            with self._store.transaction() as cursor:
                app, refusal = self._check_authorization(cursor, values)
            if app is None or refusal is not None:
                return refusal or message_page("Ocorreu um erro", "Client not found.")
            return redirect(_denied(values), 302)
        with self._store.transaction(durable=True) as cursor:
            app, refusal = self._check_authorization(cursor, values)
            if app is None or refusal is not None:
                return refusal or message_page("Ocorreu um erro", "Client not found.")
            return redirect(self._grant(cursor, app, values, app["account_id"], request.base_url), 302)

    def authorize(self, cursor: Cursor, values: dict[str, str], base_url: str, account_id: int | None) -> str:
        """What pressing «Autorizar» would answer: the address with the code. ValueError if refused."""
        app, refusal = self._check_authorization(cursor, {"response_type": "code", **values})
        if app is None or refusal is not None:
            raise ValueError("client_id, redirect_uri or code_challenge_method refused")
        return self._grant(cursor, app, values, account_id or app["account_id"], base_url)

    def _check_authorization(
        self, cursor: Cursor, values: dict[str, str]
    ) -> tuple[Row | None, Response | None]:
        app = store.get_app(cursor, values.get("client_id", ""))
        if app is None:
            return None, message_page("Ocorreu um erro", "Client not found.")
        if values.get("redirect_uri") != app["redirect_uri"]:
            return None, message_page("Ocorreu um erro", "Invalid parameter: redirect_uri")
        if values.get("response_type") != "code":
            return app, _refused(values, "unsupported_response_type", "")
        method = values.get("code_challenge_method", "")
        if values.get("code_challenge") and method != "S256":
            return app, _refused(values, "invalid_request", "Invalid parameter: code challenge method")
        return app, None

    def _grant(self, cursor: Cursor, app: Row, values: dict[str, str], account_id: int, base_url: str) -> str:
        code, session_id = store.add_code(
            cursor,
            app["client_id"],
            account_id,
            values["redirect_uri"],
            values.get("code_challenge", ""),
            CODE_SECONDS,
        )
        answer = {"session_state": session_id, "iss": f"{base_url}/realms/tiny", "code": code}
        if values.get("state"):
            answer = {"state": values["state"], **answer}
        return add_query(values["redirect_uri"], answer)

    # -- tokens ----------------------------------------------------------------------------------------

    def answer_token(self, request: Request) -> Response:
        """The token endpoint; each call is counted by client, grant and outcome."""
        form = request.form
        client_id, client_secret = _client_credentials(request)
        grant_type = form.get("grant_type", "")
        with self._store.transaction() as cursor:
            app = store.get_app(cursor, client_id)
            struck = faults.claim(cursor, app["account_id"] if app else None, "POST /token")
        struck.wait()
        if struck.answer is not None:
            with self._store.transaction() as cursor:
                outcome = f"fault {struck.answer.status}"
                store.add_token_call(cursor, client_id, grant_type, outcome, struck.answer.status)
            if struck.drops_answer:
                request.drop_connection()
            return struck.change(struck.answer)
        with self._store.transaction(durable=True) as cursor:
            try:
                if app is None or not hmac.compare_digest(
                    client_secret.encode(), str(app["client_secret"]).encode()
                ):
                    raise OAuthError(
                        "unauthorized_client", "Invalid client or Invalid client credentials", 401
                    )
                session = self._redeem(cursor, client_id, grant_type, form)
                answer = self._issue(cursor, session, request.base_url)
            except OAuthError as error:
                store.add_token_call(cursor, client_id, grant_type, error.description, error.status)
                body = {"error": error.error, "error_description": error.description}
                response = json_response(body, error.status, {"Cache-Control": "no-store"})
            else:
                store.add_token_call(cursor, client_id, grant_type, "ok", 200)
                response = json_response(answer, 200, {"Cache-Control": "no-store", "Pragma": "no-cache"})
        if struck.drops_answer:
            request.drop_connection()
        return struck.change(response)

    def _redeem(self, cursor: Cursor, client_id: str, grant_type: str, form: dict[str, str]) -> Row:
        if grant_type == "authorization_code":
            return self._redeem_code(cursor, client_id, form)
        if grant_type == "refresh_token":
            return self._redeem_refresh_token(cursor, client_id, form)
        if not grant_type:
            raise OAuthError("invalid_request", "Missing form parameter: grant_type")
        raise OAuthError("unsupported_grant_type", "Unsupported grant_type")

    def _redeem_code(self, cursor: Cursor, client_id: str, form: dict[str, str]) -> Row:
        if not form.get("code"):
            raise OAuthError("invalid_request", "Missing parameter: code")
        code = store.lock_code(cursor, form["code"])
        if code is None or code["client_id"] != client_id:
            raise OAuthError("invalid_grant", "Code not valid")
        if code["used_at"] is not None:
            # Somebody may have stolen the code: what the first use opened is closed too (RFC 6749 §4.1.2).
            store.revoke_session(cursor, code["session_id"])
            raise OAuthError("invalid_grant", "Code not valid")
        store.mark_code_used(cursor, form["code"])
        if code["is_expired"]:
            raise OAuthError("invalid_grant", "Code is expired")
        if form.get("redirect_uri") != code["redirect_uri"]:
            raise OAuthError("invalid_grant", "Incorrect redirect_uri")
        if code["code_challenge"]:
            verifier = form.get("code_verifier", "")
            if not verifier:
                raise OAuthError("invalid_grant", "PKCE code verifier not specified")
            if not hmac.compare_digest(_challenge(verifier), code["code_challenge"]):
                raise OAuthError("invalid_grant", "PKCE verification failed: Code mismatch")
        return code

    def _redeem_refresh_token(self, cursor: Cursor, client_id: str, form: dict[str, str]) -> Row:
        if not form.get("refresh_token"):
            raise OAuthError("invalid_request", "No refresh token")
        token = store.lock_refresh_token(cursor, form["refresh_token"])
        if token is None or token["client_id"] != client_id:
            raise OAuthError("invalid_grant", "Invalid refresh token")
        if token["is_expired"]:
            raise OAuthError("invalid_grant", "Token is not active")
        if token["is_revoked"]:
            raise OAuthError("invalid_grant", "Session not active")
        if token["used_at"] is not None:
            raise OAuthError("invalid_grant", "Stale token")
        store.mark_token_used(cursor, form["refresh_token"])
        return token

    def _issue(self, cursor: Cursor, session: Row, base_url: str) -> dict[str, Any]:
        session_id = str(session["session_id"])
        issued_at = int(store.get_now(cursor).timestamp())
        claims = {
            "iat": issued_at,
            "iss": f"{base_url}/realms/tiny",
            "sub": str(uuid.uuid5(uuid.NAMESPACE_URL, f"account/{session['account_id']}")),
            "azp": session["client_id"],
            "sid": session_id,
        }
        access = self._sign(
            {
                **claims,
                "exp": issued_at + ACCESS_SECONDS,
                "jti": str(uuid.uuid4()),
                "aud": "tiny-api",
                "typ": "Bearer",
                "resource_access": {"tiny-api": {"roles": ROLES}},
                "scope": SCOPE,
            }
        )
        refresh = self._sign(
            {
                **claims,
                "exp": issued_at + REFRESH_SECONDS,
                "jti": str(uuid.uuid4()),
                "aud": claims["iss"],
                "typ": "Offline",
                "scope": SCOPE,
            }
        )
        identity = self._sign(
            {
                **claims,
                "exp": issued_at + ACCESS_SECONDS,
                "jti": str(uuid.uuid4()),
                "aud": session["client_id"],
                "typ": "ID",
            }
        )
        store.add_tokens(
            cursor,
            session_id,
            {"access": (access, ACCESS_SECONDS), "refresh": (refresh, REFRESH_SECONDS)},
        )
        return {
            "access_token": access,
            "expires_in": ACCESS_SECONDS,
            "refresh_expires_in": REFRESH_SECONDS,
            "refresh_token": refresh,
            "token_type": "Bearer",
            "id_token": identity,
            "not-before-policy": 0,
            "session_state": session_id,
            "scope": SCOPE,
        }

    def _sign(self, claims: dict[str, Any]) -> str:
        head = _encode(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "simulator"}).encode())
        body = _encode(json.dumps(claims).encode())
        signature = hmac.new(self._signing_key, f"{head}.{body}".encode(), hashlib.sha256).digest()
        return f"{head}.{body}.{_encode(signature)}"

    def describe(self, request: Request) -> Response:
        """The discovery document, as far as it holds here."""
        base = f"{request.base_url}{PREFIX}"
        return json_response(
            {
                "issuer": f"{request.base_url}/realms/tiny",
                "authorization_endpoint": f"{base}/auth",
                "token_endpoint": f"{base}/token",
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "response_types_supported": ["code"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            }
        )


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _challenge(verifier: str) -> str:
    return _encode(hashlib.sha256(verifier.encode()).digest())


def _client_credentials(request: Request) -> tuple[str, str]:
    """From the form or from Basic, whose two halves are form-encoded (RFC 6749 §2.3.1)."""
    scheme, _, encoded = request.header("Authorization").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return unquote_plus(client_id), unquote_plus(secret)
    return request.form.get("client_id", ""), request.form.get("client_secret", "")


def _refused(values: dict[str, str], error: str, description: str) -> Response:
    answer = {"error": error}
    if description:
        answer["error_description"] = description
    if values.get("state"):
        answer["state"] = values["state"]
    return redirect(add_query(values["redirect_uri"], answer), 302)


def _denied(values: dict[str, str]) -> str:
    answer = {"error": "access_denied"}
    if values.get("state"):
        answer["state"] = values["state"]
    return add_query(values["redirect_uri"], answer)


CONSENT = """
<section class="card narrow consent">
  <p class="eyebrow">Conta Olist simulada</p>
  <h1>{app} quer acessar o ERP</h1>
  <p class="lead">Ao autorizar, o aplicativo poderá ler e alterar dados desta conta:</p>
  <p class="who"><strong>{company}</strong><span class="mono">{cnpj}</span></p>
  <ul class="perms">
    <li>Pedidos e notas fiscais</li><li>Contatos</li><li>Produtos e estoque</li>
    <li>Formas de envio e expedição</li><li>Informações da conta</li>
  </ul>
  <form method="post" action="{action}" class="actions">{fields}
    <button class="button primary" name="decisao" value="autorizar">Autorizar</button>
    <button class="button" name="decisao" value="negar">Negar</button>
  </form>
</section>
"""
