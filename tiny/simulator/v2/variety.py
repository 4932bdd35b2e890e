"""The inconsistencies of real answers, the same ones for the same seed, service and record.

Seed 0 leaves the form of the documentation's samples. With another, by a coin per field and record: numbers
as texts and texts as numbers, decimals with ten places, four forms of nothing, a list of one as its element,
one record as a list, empty lists left out, other labels, errors that stand in a record.
"""

from __future__ import annotations

import random
import re
from typing import Any

from .errors import OF_A_RECORD, Answer, Refused, fail_records
from .notas import Xml
from .words import OTHER_LABELS

# Texts of digits that are numbers too; others (CEP, document, NF number) would lose their zeros.
NUMBERS = frozenset(
    {
        "id", "id_produto", "id_componente", "id_venda", "id_nota_fiscal", "id_vendedor", "id_forma_envio",
        "id_forma_frete", "id_natureza_operacao", "id_lista_preco", "id_fornecedor", "idNotaFiscal",
        "idProdutoPai", "pagina", "numero_paginas", "status_processamento", "codigo_erro", "dias",
        "saldoReservado",
    }
)  # fmt: skip
# Where there is nothing, these hold any of its forms.
NOTHINGS = ("", None, "0", 0)
TEXTS = frozenset(
    {
        "numero_ecommerce", "complemento", "email", "fone", "ie", "rg", "im", "obs", "obs_interna",
        "codigo_rastreamento", "url_rastreamento", "data_prevista", "data_envio", "data_entrega",
        "data_faturamento", "nome_vendedor", "nome_transportador", "meio_pagamento", "numero_ordem_compra",
    }
)  # fmt: skip
DECIMAL = re.compile(r"-?\d+\.\d\d")


def vary(seed: int, service: str, retorno: Answer) -> Answer:
    """``retorno`` in one of the forms that real accounts have sent; 0 changes nothing."""
    if not seed:
        return retorno
    varied: Answer = _Variety(f"{seed}/{service}").change(retorno)
    return varied


def describe_refusal(seed: int, service: str, refusal: Refused) -> Answer:
    """An error as ``retorno``; with a seed, some stand in a record and have no code at the top."""
    retorno = refusal.describe()
    if (
        seed
        and refusal.code in OF_A_RECORD
        and _toss(f"{seed}/{service}/{refusal.code}/record").random() < 0.5
    ):
        retorno = fail_records(refusal.describe_record())
    return retorno


def _toss(key: str) -> random.Random:
    return random.Random(key)  # noqa: S311


class _Variety:
    def __init__(self, key: str) -> None:
        self._key = key

    def change(self, retorno: Answer) -> Any:
        return self._change(retorno, "", self._key)

    def _change(self, value: Any, name: str, key: str) -> Any:
        toss = _toss(key)
        if isinstance(value, dict):
            return self._change_object(value, name, key, toss)
        if isinstance(value, list):
            changed = [self._change(item, name, f"{key}/{place}") for place, item in enumerate(value)]
            # Only what holds records: a single address of a picture is no object.
            is_alone = len(changed) == 1 and isinstance(changed[0], dict) and toss.random() < 0.5
            return changed[0] if is_alone else changed
        return _change_scalar(value, name, toss)

    def _change_object(self, value: Answer, name: str, key: str, toss: random.Random) -> Any:
        # The same record is shown the same way on every page.
        own = f"{self._key}/{name}/{value['id']}" if value.get("id") else key
        changed: Answer = {}
        for field, inner in value.items():
            if inner == [] and _toss(f"{own}/{field}/left").random() < 0.5:
                continue
            # An error's code beside an OK comes and goes.
            if field == "codigo_erro" and value.get("status") == "OK" and toss.random() < 0.5:
                continue
            changed[field] = self._change(inner, field, f"{own}/{field}")
        if name == "registros" and "registro" in value and key.endswith("/registros"):
            return [changed] if toss.random() < 0.5 else changed
        return changed


def _change_scalar(value: Any, name: str, toss: random.Random) -> Any:
    if isinstance(value, bool | Xml):
        return value
    if name in NUMBERS and value in NOTHINGS:
        return toss.choice(NOTHINGS)
    if name in TEXTS and value in ("", None):
        return toss.choice(("", None))
    if name == "situacao" and value in OTHER_LABELS:
        return toss.choice(OTHER_LABELS[value])
    if isinstance(value, int):
        return toss.choice((value, str(value)))
    if isinstance(value, str) and name in NUMBERS and value.isdecimal():
        return toss.choice((value, int(value)))
    if isinstance(value, float):
        # A weight has more decimals than a price, and none of them is lost.
        cents = f"{value:.2f}"
        return toss.choice((value, f"{value:.10f}", cents if float(cents) == value else str(value)))
    if isinstance(value, str) and DECIMAL.fullmatch(value):
        return toss.choice((value, f"{value}00000000", float(value)))
    return value
