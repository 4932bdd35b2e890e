"""Reading the fields of a form and the JSON inside them, and the envelope of a list."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from .. import data, store
from ..documents import mask_cnpj, mask_cpf, normalize_document
from ..faults import Page
from ..store import Cursor, Row
from .errors import Answer, Refused

PAGE_SIZE = 100
MOMENT = "%d/%m/%Y %H:%M:%S"
Conditions = list[tuple[str, Any]]


@dataclass
class Fields:
    """What one call brought. ``given`` are the names that it had, ``values`` those not ignored by a fault."""

    given: frozenset[str]
    values: dict[str, str]
    body: bytes = b""
    base_url: str = ""
    page_size: int = PAGE_SIZE
    # The page that was read, for faults that shift it.
    page: Page | None = None

    def get(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def need(self, name: str) -> str:
        """A field that must be there. Raises Refused (10)."""
        if not self.get(name):
            raise Refused(10, f"O parâmetro {name} não foi informado")
        return self.get(name)

    def need_any(self, *names: str) -> None:
        if not any(
            self.values.get(name, "").strip() or name in self.given - set(self.values) for name in names
        ):
            raise Refused(10, f"Informe ao menos um dos parâmetros: {', '.join(names)}")

    def number(self, name: str) -> int | None:
        return read_int(self.get(name), name)

    def id(self, name: str = "id") -> int:
        self.need(name)
        return self.number(name) or 0

    def day(self, name: str) -> date | None:
        return read_day(self.get(name), name)

    def moment(self, name: str) -> datetime | None:
        """A day or a moment, both of São Paulo."""
        text = self.get(name)
        if not text:
            return None
        for form in (MOMENT, "%d/%m/%Y"):
            try:
                return datetime.strptime(text, form).replace(tzinfo=data.BRASILIA)
            except ValueError:
                continue
        raise Refused(31, f"O parâmetro {name} deve ser uma data válida")

    def json(self, name: str, wrapper: str) -> Any:
        """What stands behind ``wrapper`` in the JSON text of a field. Raises Refused (10, 3)."""
        return _unwrap(self.need(name), wrapper)

    def json_body(self, wrapper: str) -> Any:
        if not self.body.strip():
            raise Refused(10, "O corpo da requisição não foi informado")
        return _unwrap(self.body.decode("utf-8", "replace"), wrapper)


Work = Callable[[Cursor, Row, Fields], Answer]


@dataclass(frozen=True)
class Service:
    """One address of API v2."""

    work: Work
    # Counted against the few batch calls of a minute, with one record as with twenty.
    is_batch: bool = False
    # Parameters in the address, JSON as the body.
    has_raw_body: bool = False
    is_xml: bool = False
    # Refuses record by record.
    has_records: bool = field(default=False, kw_only=True)


def _unwrap(text: str, wrapper: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused(3) from None
    if not isinstance(value, dict) or wrapper not in value:
        raise Refused(3)
    return value[wrapper]


def answer(payload: Answer, processing: int | str = "3") -> Answer:
    return {"status_processamento": processing, "status": "OK", **payload}


def list_page(
    cursor: Cursor, account: Row, fields: Fields, table: str, conditions: Conditions
) -> tuple[list[Row], int, int]:
    """Rows of the page asked for, its number and how many there are. Raises Refused (20, 23)."""
    number = fields.number("pagina")
    number = 1 if number is None else number
    if number < 1:
        raise Refused(31, "O parâmetro pagina deve ser maior que zero")
    order = fields.get("sort").upper()
    if order not in ("", "ASC", "DESC"):
        raise Refused(31, "O parâmetro sort deve ser ASC ou DESC")
    page = Page(table, conditions, fields.page_size, (number - 1) * fields.page_size, order == "DESC")
    rows, total = store.list_rows(
        cursor, table, account["id"], conditions, page.limit, page.offset, descending=page.descending
    )
    fields.page = page
    _check_page(number, total, fields.page_size)
    return rows, number, math.ceil(total / fields.page_size)


def cut_page(fields: Fields, rows: Sequence[Any]) -> tuple[Sequence[Any], int, int]:
    """The same of rows that are in no table."""
    number = max(fields.number("pagina") or 1, 1)
    _check_page(number, len(rows), fields.page_size)
    start = (number - 1) * fields.page_size
    return rows[start : start + fields.page_size], number, math.ceil(len(rows) / fields.page_size)


def _check_page(number: int, total: int, size: int) -> None:
    if not total:
        raise Refused(20)
    if (number - 1) * size >= total:
        raise Refused(23)


# -- reading -------------------------------------------------------------------------------------------


def read_int(value: Any, name: str) -> int | None:
    text = text_of(value)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Refused(31, f"O campo {name} deve ser um número inteiro")
    return int(text)


def read_number(value: Any, name: str) -> float | None:
    """A number or its text, with a point. Raises Refused (31)."""
    text = text_of(value)
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Refused(31, f"O campo {name} deve ser um número")
    return number


def read_day(value: Any, name: str) -> date | None:
    """The day of a date or of a moment. Raises Refused (31)."""
    text = text_of(value)
    if not text:
        return None
    try:
        return datetime.strptime(text[:10], "%d/%m/%Y").replace(tzinfo=data.BRASILIA).date()
    except ValueError:
        raise Refused(31, f"O campo {name} deve ser uma data válida") from None


def text_of(value: Any) -> str:
    """A value as a form would have it; what holds others is nothing."""
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()


def part_of(body: Any, name: str) -> dict[str, Any]:
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, dict) else {}


def items_of(body: dict[str, Any], name: str, wrapper: str) -> list[dict[str, Any]]:
    """The records of a list whose items may be wrapped, as ``[{"item": {…}}]``."""
    value = body.get(name)
    rows = value if isinstance(value, list) else [value] if isinstance(value, dict) else []
    return [part_of(row, wrapper) or row for row in rows if isinstance(row, dict)]


# -- shapes --------------------------------------------------------------------------------------------


def show_day(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""


def show_moment(moment: datetime) -> str:
    return f"{moment.astimezone(data.BRASILIA):{MOMENT}}"


def show_money(value: float) -> str:
    return f"{round(value, 2):.2f}"


def show_document(text: str | None) -> str:
    """With its mask; what is no CPF or CNPJ stays as it is."""
    bare = normalize_document(text or "")
    if len(bare) == 11:
        return mask_cpf(bare)
    return mask_cnpj(bare) if len(bare) == 14 else text or ""


def show_address(endereco: dict[str, Any]) -> Answer:
    """v3 says município where v2 says cidade."""
    names = ("endereco", "numero", "complemento", "bairro", "cep")
    address = {name: endereco.get(name) or "" for name in names}
    return {**address, "cidade": endereco.get("municipio") or "", "uf": endereco.get("uf") or ""}


def show_person(pessoa: dict[str, Any]) -> Answer:
    """What customers of orders and of notas have in common."""
    return {
        "nome": pessoa.get("nome") or "",
        "tipo_pessoa": pessoa.get("tipoPessoa") or "",
        "cpf_cnpj": show_document(pessoa.get("cpfCnpj")),
        "ie": pessoa.get("inscricaoEstadual") or "",
        **show_address(pessoa.get("endereco") or {}),
        "fone": pessoa.get("telefone") or pessoa.get("celular") or "",
        "email": pessoa.get("email") or "",
    }


def show_delivery(endereco: dict[str, Any] | None) -> Answer:
    """``endereco_entrega``, which is there only where it differs from the customer's own."""
    if not endereco:
        return {}
    delivery = {
        "tipo_pessoa": endereco.get("tipoPessoa") or "",
        "cpf_cnpj": show_document(endereco.get("cpfCnpj")),
        **show_address(endereco),
        "fone": endereco.get("telefone") or "",
        "nome_destinatario": endereco.get("nomeDestinatario") or "",
        "ie": endereco.get("inscricaoEstadual") or "",
    }
    return {"endereco_entrega": delivery}


def show_vendedor(dados: dict[str, Any]) -> Answer:
    vendedor = dados.get("vendedor") or {}
    return {"id_vendedor": str(vendedor.get("id") or 0), "nome_vendedor": vendedor.get("nome") or ""}


def show_parcelas(parcelas: Sequence[dict[str, Any]], forma: str, meio: str) -> list[Answer]:
    return [
        {
            "parcela": {
                "dias": str(parcela["dias"]),
                "data": show_day(date.fromisoformat(parcela["data"][:10])),
                "valor": show_money(parcela["valor"]),
                "obs": parcela.get("observacoes") or "",
                "forma_pagamento": forma,
                "meio_pagamento": meio,
            }
        }
        for parcela in parcelas
    ]
