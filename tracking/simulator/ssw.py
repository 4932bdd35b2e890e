"""SSW: tracking by the key of the nota («trackingdanfe»), which asks for no credential."""

from __future__ import annotations

import datetime as dt
from typing import Any

from .web import Answer, Request, json_answer
from .world import SAO_PAULO, Fault, Happening, World

PATH = "/api/trackingdanfe"


def answer(world: World, request: Request, faults: list[Fault]) -> Answer:
    if request.method != "POST" or request.path != PATH:
        return json_answer({"success": False, "message": "Rota inexistente"}, 404)
    kinds = {fault.kind for fault in faults}
    key = str(request.json().get("chave_nfe", ""))
    if len(key) != 44:
        return json_answer({"success": False, "message": "Chave da NF-e inválida"})
    parcel = world.find("ssw", key)
    if parcel is None or "unknown_object" in kinds:
        return json_answer({"success": False, "message": f"Nenhum documento localizado para a chave {key}"})
    happenings = sorted(parcel.happenings, key=lambda each: each.at, reverse="newest_first" in kinds)
    if "new_code" in kinds and happenings:
        latest = max(each.at for each in happenings) + dt.timedelta(minutes=1)
        happenings.append(Happening("777", "OCORRENCIA QUE NINGUEM DOCUMENTOU", latest, "LONDRINA/PR"))
    if "twice" in kinds:
        happenings = [each for each in happenings for _ in range(2)]
    rows = [] if "no_events" in kinds else [_event(each, kinds) for each in happenings]
    return json_answer(
        {
            "success": True,
            "message": "Documento localizado com sucesso",
            "documento": {
                "header": {
                    "remetente": "AURORA CASA LTDA",
                    "destinatario": "JOANA PRADO DE TESTE",
                    "nro_nf": key[25:34],
                    "pedido": "",
                },
                "tracking": rows,
            },
        }
    )


def route_of(request: Request) -> str:
    return "track"


def _event(happening: Happening, kinds: set[str]) -> dict[str, Any]:
    local = happening.at.astimezone(SAO_PAULO)
    moment = f"{local:%Y-%m-%dT%H:%M:%S}"
    if "zoned_dates" in kinds:
        moment = local.isoformat()
    if "brazilian_dates" in kinds:
        moment = f"{local:%d/%m/%Y %H:%M:%S}"
    is_delivery = happening.code == "01"
    said = "Recebido por JOANA PRADO DE TESTE, documento 52998224725." if is_delivery else happening.detail
    return {
        "data_hora": moment,
        "dominio": "AUR",
        "filial": "MTZ",
        "cidade": happening.place.replace("/", " / "),
        "ocorrencia": f"{happening.text} ({happening.code})",
        "descricao": said,
        "tipo": "Entrega" if is_delivery else "Informativo",
        "data_hora_efetiva": moment,
        "nome_recebedor": "JOANA PRADO DE TESTE" if is_delivery else "",
        "nro_doc_recebedor": "52998224725" if is_delivery else "",
        "codigo_ssw": happening.code,
    }
