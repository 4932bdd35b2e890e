"""What can go wrong with notifications on Tiny's side: lost, doubled, late, out of order, silent or garbled.

A fault strikes a share of the notifications that it is laid for, always the same ones for the same seed. It
strikes when a notification is queued, so that what is sent again is as wrong as it was the first time.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from psycopg2.extras import Json

from .documents import complete_cnpj
from .store import Cursor, Row
from .web import BadRequest

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
# Nobody's, though its check digits are right.
OTHER_CNPJ = complete_cnpj("998887770001")
OTHER_ECOMMERCE = 999_999
UNKNOWN_TIPO = "lancamento_novo"
ACTIONS = {
    "drop": "Perde",
    "double": "Envia duas vezes",
    "hold": "Segura até soltar",
    "delay": "Atrasa (segundos)",
    "shuffle": "Atrasa ao acaso (até tantos segundos)",
    "stop": "Para de enviar sem avisar",
    "wrong_cnpj": "CNPJ de outra empresa",
    "wrong_ecommerce": "idEcommerce de outra integração",
    "no_tipo_estoque": "Estoque sem tipoEstoque",
    "unknown_tipo": "Tipo desconhecido",
    "broken_json": "JSON cortado no meio",
    "latin1": "Texto em latin-1",
    "form": "Formulário em vez de JSON",
    "text_dados": "dados como texto JSON",
    "comma": "Vírgula nos decimais",
}
# These want a value, in seconds of the simulator's clock.
TIMED = ("delay", "shuffle")


def strike(cursor: Cursor, told: Sequence[Row], now: datetime) -> list[Row]:
    """Rows of the queue for envelopes with their addresses, as the faults that are laid make them."""
    cursor.execute(
        "SELECT * FROM sender_fault WHERE account_id IS NULL OR account_id = ANY(%s) ORDER BY id FOR UPDATE",
        (list({row["account_id"] for row in told}),),
    )
    faults = [dict(row) for row in cursor.fetchall()]
    rows = [row for one in told for row in _queue_one(one, _claim(faults, one), now)]
    for fault in faults:
        cursor.execute(
            "UPDATE sender_fault SET seen = %(seen)s, struck = %(struck)s WHERE id = %(id)s", fault
        )
    return rows


def _claim(faults: Sequence[Row], told: Row) -> dict[str, float]:
    """Actions that strike a notification, with a chance of each of its own; every fault counts it."""
    struck: dict[str, float] = {}
    for fault in faults:
        if fault["account_id"] not in (None, told["account_id"]):
            continue
        if fault["integration_id"] not in (None, told["integration_id"]):
            continue
        if fault["kinds"] and told["kind"] not in fault["kinds"]:
            continue
        rng = random.Random(f"{fault['seed']}/{fault['seen']}")  # noqa: S311
        fault["seen"] += 1
        if rng.random() < fault["share"]:
            fault["struck"] += 1
            is_random = fault["action"] == "shuffle"
            struck[fault["action"]] = fault["value"] * (rng.random() if is_random else 1)
    return struck


def _queue_one(told: Row, struck: dict[str, float], now: datetime) -> list[Row]:
    envelope = _spoil(told["envelope"], struck)
    body, content_type = _encode(envelope, struck)
    state = next(
        (
            state
            for name, state in (("stop", "stopped"), ("drop", "dropped"), ("hold", "held"))
            if name in struck
        ),
        "waiting",
    )
    row = {
        "account_id": told["account_id"],
        "integration_id": told["integration_id"],
        "kind": told["kind"],
        "tipo": str(envelope["tipo"]),
        "url": told["url"],
        "body": body,
        "content_type": content_type,
        "state": state,
        "queued_at": now,
        "due_at": now + timedelta(seconds=sum(struck.get(name, 0) for name in TIMED)),
        "is_copy": False,
    }
    is_doubled = "double" in struck and state in ("waiting", "held")
    return [row, {**row, "is_copy": True}] if is_doubled else [row]


def _spoil(envelope: Row, struck: Iterable[str]) -> Row:
    envelope, dados = dict(envelope), dict(envelope["dados"])
    if "wrong_cnpj" in struck:
        envelope["cnpj"] = OTHER_CNPJ
    if "wrong_ecommerce" in struck and "idEcommerce" in envelope:
        envelope["idEcommerce"] = OTHER_ECOMMERCE
    if "no_tipo_estoque" in struck:
        dados.pop("tipoEstoque", None)
    if "unknown_tipo" in struck:
        envelope["tipo"] = UNKNOWN_TIPO
    if "comma" in struck:
        dados |= {
            name: _with_comma(dados[name]) for name in ("saldo", "preco", "precoPromocional") if name in dados
        }
    envelope["dados"] = json.dumps(dados, ensure_ascii=False) if "text_dados" in struck else dados
    return envelope


def _with_comma(value: Any) -> str:
    text = f"{value:.2f}" if isinstance(value, int | float) else str(value)
    return text.replace(".", ",")


def _encode(envelope: Row, struck: Iterable[str]) -> tuple[bytes, str]:
    if "form" in struck:
        fields = {
            name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in envelope.items()
        }
        return urlencode(fields).encode(), FORM_TYPE
    text = json.dumps(envelope, ensure_ascii=False)
    if "broken_json" in struck:
        text = text[: len(text) // 2]
    return (text.encode("latin-1", "replace") if "latin1" in struck else text.encode()), JSON_TYPE


# -- laying them ---------------------------------------------------------------------------------------


def add(
    cursor: Cursor,
    action: str,
    *,
    account_id: int | None = None,
    integration_id: int | None = None,
    kinds: Sequence[str] = (),
    value: float = 0,
    share: float = 1,
    seed: str = "",
) -> int:
    """Lay a fault of ``ACTIONS`` until it is taken away; its id. Raises BadRequest."""
    if action not in ACTIONS:
        raise BadRequest(f"action must be one of {', '.join(ACTIONS)}")
    if not 0 <= share <= 1:
        raise BadRequest("share must be 0 to 1")
    if action in TIMED and not 0 < value <= 1e6:
        raise BadRequest("value must be the seconds")
    cursor.execute(
        "INSERT INTO sender_fault (account_id, integration_id, kinds, action, value, share, seed)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id",
        (account_id, integration_id, Json(list(kinds)), action, value, share, seed),
    )
    row = cursor.fetchone()
    assert row is not None  # noqa: S101
    return int(row["id"])


def list_laid(cursor: Cursor, account_id: int | None = None) -> list[Row]:
    """Every fault, or those that an account can be struck by."""
    cursor.execute(
        "SELECT * FROM sender_fault WHERE %(id)s IS NULL OR account_id IS NULL OR account_id = %(id)s"
        " ORDER BY id",
        {"id": account_id},
    )
    return [dict(row) for row in cursor.fetchall()]


def remove(cursor: Cursor, fault_id: int | None) -> int:
    """Take one away, or all (None); how many there were."""
    cursor.execute("DELETE FROM sender_fault WHERE %(id)s IS NULL OR id = %(id)s", {"id": fault_id})
    return cursor.rowcount
