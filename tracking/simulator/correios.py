"""Correios: «API Token» (cartão de postagem) and «API Rastro»."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from typing import Any

from .stories import CORREIOS
from .web import Answer, Request, json_answer
from .world import SAO_PAULO, Fault, Happening, Parcel, World

TOKEN = "/token/v1/autentica/cartaopostagem"  # noqa: S105
OBJECTS = "/srorastro/v1/objetos"
MOST_CODES = 50
NEW_CODE = ("ZZZ 77", "Objeto em etapa que ninguém documentou")


def answer(world: World, request: Request, faults: list[Fault]) -> Answer:
    path = request.path
    if request.method == "POST" and path == TOKEN:
        return _give_token(world, request)
    if request.method == "GET" and (path == OBJECTS or path.startswith(OBJECTS + "/")):
        return _track(world, request, {fault.kind for fault in faults})
    return _refuse(404, "Recurso não encontrado")


def route_of(request: Request) -> str:
    return "token" if request.path == TOKEN else "track"


def _give_token(world: World, request: Request) -> Answer:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        user, _, access_code = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user = access_code = ""
    known = [c for c in world.contracts if (c.user, c.access_code) == (user, access_code)]
    if scheme != "Basic" or not known:
        return _refuse(401, "Usuário ou código de acesso inválido")
    card = str(request.json().get("numero", ""))
    for contract in known:
        if contract.posting_card == card:
            token, expires_at = world.give_token(contract)
            return json_answer(
                {
                    "ambiente": "PRODUCAO",
                    "id": user,
                    "perfil": "PJ",
                    "cnpj": "11222333000181",
                    "cartaoPostagem": {"numero": card, "contrato": "9912345678", "dr": 72},
                    "emissao": f"{_local(expires_at):%Y-%m-%dT%H:%M:%S}",
                    "expiraEm": f"{_local(expires_at):%Y-%m-%dT%H:%M:%S}",
                    "zoneOffset": "-03:00",
                    "token": token,
                },
                201,
            )
    return _refuse(400, "Cartão de postagem não encontrado para o usuário")


def _track(world: World, request: Request, kinds: set[str]) -> Answer:
    contract = world.find_token(request.headers.get("Authorization", "").removeprefix("Bearer "))
    if contract is None:
        return _refuse(401, "Token inválido ou expirado")
    if not contract.may_track:
        return _refuse(403, "Contrato sem acesso à API Rastro")
    single = request.path.removeprefix(OBJECTS).strip("/")
    codes = [single] if single else [c for c in request.query.get("codigosObjetos", "").split(",") if c]
    if not codes or len(codes) > MOST_CODES:
        return _refuse(400, f"Informe de 1 a {MOST_CODES} objetos")
    which = request.query.get("resultado", "T")
    rows = [_describe(code, world.find("correios", code), which, kinds) for code in codes]
    return json_answer(
        {"versao": "1.2.0", "quantidade": len(rows), "objetos": rows, "resultado": "Todos os Eventos"}
    )


def _describe(code: str, parcel: Parcel | None, which: str, kinds: set[str]) -> dict[str, Any]:
    if parcel is None or "unknown_object" in kinds:
        return {
            "codObjeto": code,
            "mensagem": "SRO-020: Objeto não encontrado na base de dados dos Correios.",
        }
    row: dict[str, Any] = {
        "codObjeto": code,
        "tipoPostal": {"sigla": code[:2], "descricao": "ETIQUETA LOGICA SEDEX", "categoria": "SEDEX"},
        "modalidade": "F",
    }
    if parcel.expected_on:
        row["dtPrevista"] = f"{parcel.expected_on}T23:59:59"
    if parcel.message:
        row["mensagem"] = parcel.message
    happenings = sorted(parcel.happenings, key=lambda each: each.at, reverse="oldest_first" not in kinds)
    if "new_code" in kinds and happenings:
        latest = max(each.at for each in happenings) + dt.timedelta(minutes=1)
        happenings.insert(0, Happening(*NEW_CODE, latest, "LONDRINA/PR"))
    if "twice" in kinds:
        happenings = [each for each in happenings for _ in range(2)]
    if which == "U":
        happenings = happenings[:1]
    row["eventos"] = [] if "no_events" in kinds else [_event(each, kinds) for each in happenings]
    return row


def _event(happening: Happening, kinds: set[str]) -> dict[str, Any]:
    code, _, kind = happening.code.partition(" ")
    event: dict[str, Any] = {
        "codigo": code,
        "tipo": kind,
        "dtHrCriado": _moment(happening.at, kinds),
        "descricao": happening.text or dict(CORREIOS.values()).get(happening.code, ""),
        "unidade": _unit(happening.place),
    }
    if happening.detail:
        event["detalhe"] = happening.detail
    if happening.to:
        event["unidadeDestino"] = _unit(happening.to)
    return event


def _unit(place: str) -> dict[str, Any]:
    city, _, state = place.partition("/")
    return {"tipo": "Unidade de Distribuição", "nome": "", "endereco": {"cidade": city, "uf": state}}


def _moment(at: dt.datetime, kinds: set[str]) -> str:
    local = _local(at)
    if "zoned_dates" in kinds:
        return local.isoformat()
    if "brazilian_dates" in kinds:
        return f"{local:%d/%m/%Y %H:%M:%S}"
    return f"{local:%Y-%m-%dT%H:%M:%S}"


def _local(at: dt.datetime) -> dt.datetime:
    return at.astimezone(SAO_PAULO)


def _refuse(status: int, text: str) -> Answer:
    return json_answer({"msgs": [text], "causa": text}, status)
