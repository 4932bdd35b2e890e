"""Correios: the SRO by the company's own contract, fifty codes a call.

Source: «API Token» and «API Rastro» of Correios Web Services. Not documented: how many codes one call takes,
and how often one may ask; both are set with care.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from contracts.errors import AuthenticationFailed, MappingError
from contracts.http import HttpResponse
from contracts.provider import CredentialField
from contracts.records import CheckStep, Explanation
from contracts.tracking import TrackedParcel, TrackerContext, TrackerToken
from tracking.trackers import correios_events
from tracking.trackers.answers import (
    SAO_PAULO,
    ask,
    parse,
    read_day,
    read_list,
    read_object,
    read_text,
)
from tracking.trackers.checking import make_checks, run_checks
from tracking.trackers.explanations import explain

KEY = "correios"
TOKEN_PATH = "/token/v1/autentica/cartaopostagem"  # noqa: S105
OBJECTS_PATH = "/srorastro/v1/objetos"
# A question that takes long must not end after its token.
TOKEN_MARGIN = dt.timedelta(minutes=5)
# Where the answer does not tell how long the token holds: the shortest that is known.
TOKEN_LIFETIME = dt.timedelta(minutes=30)
# Correios give QQ to no parcel: the code is right, and there is nothing to tell.
TEST_CODE = "QQ588651634BR"


class CorreiosTracker:
    key = KEY
    name = "Correios"
    carrier_keys: Sequence[str] = ("correios",)
    asks_by: Literal["code", "nfe_key"] = "code"
    batch_size = 50
    calls_per_minute = 60
    credential_fields: Sequence[CredentialField] = (
        CredentialField("user", "Usuário", "O do Meu Correios (idCorreios) da empresa."),
        CredentialField(
            "access_code",
            "Código de acesso às APIs",
            "Gerado em Correios Web Services > Gestão de acesso a APIs. Não é a senha do Meu Correios.",
            is_secret=True,
        ),
        CredentialField(
            "posting_card", "Cartão de postagem", "Os dez dígitos do cartão do contrato com que você posta."
        ),
    )
    checks: Sequence[tuple[str, str]] = make_checks("Contrato", "Rastreamento")

    def explain(self, code: str, params: Mapping[str, str]) -> Explanation | None:
        return explain(self.key, self.name, code, params)

    def check(self, context: TrackerContext) -> Iterator[CheckStep]:
        contract, tracking = self.checks
        return run_checks(
            self,
            (
                (contract, "Os Correios aceitaram o contrato.", lambda: self._renew(context)),
                (tracking, "O contrato dá acesso ao rastreamento.", lambda: self.track(context, [TEST_CODE])),
            ),
        )

    def track(self, context: TrackerContext, keys: Sequence[str]) -> list[TrackedParcel]:
        """One call, or more where the token had to be renewed."""
        wanted = [_plain(key) for key in keys]
        query = f"codigosObjetos={wanted[0]}" + (f",… ({len(wanted)})" if len(wanted) > 1 else "")
        token = context.kept_token()
        was_renewed = token is None or token.expires_at - context.now() < TOKEN_MARGIN
        if token is None or was_renewed:
            token = self._renew(context)

        def call(token: TrackerToken) -> HttpResponse:
            return ask(
                *(context, self.key, "GET", OBJECTS_PATH),
                query=query,
                headers={"Authorization": f"Bearer {token.value}"},
                params={"codigosObjetos": ",".join(wanted), "resultado": "T"},
            )

        response = call(token)
        if response.status == 401 and not was_renewed:
            response = call(self._renew(context))
        if response.status == 401:
            context.keep_token(None)
            raise AuthenticationFailed("correios.access_refused")
        if response.status != 200:
            raise MappingError("correios.unexpected_answer", {"status": str(response.status)})
        found = _read_objects(parse(response, self.key))
        return [_to_parcel(key, found.get(plain, {})) for key, plain in zip(keys, wanted, strict=True)]

    def _renew(self, context: TrackerContext) -> TrackerToken:
        credentials = context.credentials
        pair = f"{credentials.get('user', '')}:{credentials.get('access_code', '')}"
        response = ask(
            *(context, self.key, "POST", TOKEN_PATH),
            headers={"Authorization": "Basic " + base64.b64encode(pair.encode()).decode("ascii")},
            json_body={"numero": credentials.get("posting_card", "")},
        )
        if response.status == 401:
            raise AuthenticationFailed("correios.credentials_refused")
        if 400 <= response.status < 500:
            raise AuthenticationFailed("correios.card_refused", {"status": str(response.status)})
        answer = read_object(parse(response, self.key))
        value = answer.get("token")
        if not isinstance(value, str) or not value.isascii() or not value.strip():
            raise MappingError("correios.unexpected_answer", {"status": str(response.status)})
        token = TrackerToken(value.strip(), _read_expiry(answer, context.now()))
        context.keep_token(token)
        return token


def _read_expiry(answer: Mapping[str, Any], now: dt.datetime) -> dt.datetime:
    """``expiraEm`` has no zone, ``zoneOffset`` is its; one that has passed already was misread."""
    try:
        local = dt.datetime.fromisoformat(read_text(answer.get("expiraEm")))
        if local.tzinfo is None:
            offset = read_text(answer.get("zoneOffset"))
            zone = dt.datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").tzinfo
            local = local.replace(tzinfo=zone or SAO_PAULO)
        expires_at = local.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return now + TOKEN_LIFETIME
    return expires_at if expires_at > now else now + TOKEN_LIFETIME


def _read_objects(answer: Any) -> Mapping[str, Mapping[str, Any]]:
    """What was told of each code. Raises ``MappingError`` where no object can be told from the others."""
    objects = read_object(answer).get("objetos")
    if not isinstance(objects, list):
        raise MappingError("correios.unexpected_answer", {"status": "200"})
    found = {_plain(row.get("codObjeto")): row for row in map(read_object, objects)}
    if objects and not any(found):
        raise MappingError("correios.unexpected_answer", {"status": "200"})
    return found


def _to_parcel(key: str, row: Mapping[str, Any]) -> TrackedParcel:
    kind = read_object(row.get("tipoPostal"))
    events = map(correios_events.read_event, read_list(row.get("eventos")))
    return TrackedParcel(
        key=key,
        events=tuple(event for event in events if event is not None),
        expected_on=read_day(row.get("dtPrevista")),
        service=read_text(kind.get("categoria")) or read_text(kind.get("descricao")),
        note=read_text(row.get("mensagem")),
    )


def _plain(code: Any) -> str:
    return read_text(code).replace(" ", "").upper()
