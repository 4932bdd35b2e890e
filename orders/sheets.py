"""Orders as a CSV file, one line per item: text, then lines, then what the API would take.

What a value may be is decided by ``orders.serializers``, as for the API; here it is only found in its column,
and turned from how a spreadsheet writes it in Brazil (``1.234,56``, ``18/11/2026``) into how JSON does.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.order_status import OrderStatus
from orders.serializers import read_new_order
from orders.services import Placement
from ui.rest import FieldError, Problem

LARGEST_FILE = 5_000_000
MOST_LINES = 5_000
_NOT_A_CSV = "O arquivo não parece um CSV. Na planilha, salve como CSV."
_AMOUNT = re.compile(r"(\d{1,3}(\.\d{3})+|\d+),\d+|\d{1,3}(\.\d{3}){2,}|\d+(\.\d+)?", re.ASCII)
_UNCLEAR = re.compile(r"[1-9]\d{0,2}\.\d{3}", re.ASCII)
# The point of an amount as the API writes it, such as 19.90.
_JSON_MONEY = re.compile(r"(?<=\d)\.(?=\d\d\b)")
_INSTALLMENTS_EXAMPLE = "30/11/2026=1.239,51 + 30/12/2026=1.239,51"


class SheetRefused(ValueError):
    """The file as a whole cannot be used; the text is for the person."""


class _CellRefused(ValueError):
    pass


# --- what stands in a cell ---


def _read_amount(text: str) -> str:
    bare = re.sub(r"^R\$\s*", "", text)
    if _UNCLEAR.fullmatch(bare):
        whole = bare.replace(".", "")
        raise _CellRefused(f"Escreva {whole} ou {bare.replace('.', ',')}: o ponto deixa dúvida.")
    if not _AMOUNT.fullmatch(bare):
        raise _CellRefused("Informe um número como 1.234,56, sem sinal.")
    is_brazilian = "," in bare or bare.count(".") > 1
    plain = bare.replace(".", "").replace(",", ".") if is_brazilian else bare
    # So that 19,9 and 19,90 are one value on two lines of an order.
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _read_day(text: str) -> str:
    for form in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            day = dt.datetime.strptime(text, form).date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            continue
        return day.isoformat()
    raise _CellRefused("Informe uma data como 18/11/2026.")


def _read_installments(text: str) -> list[dict[str, str | None]]:
    """``30/11/2026=100,00 + 30/12/2026=100,00``; one without its day is an amount alone."""
    installments = []
    for position, part in enumerate(text.split("+"), start=1):
        day, has_day, amount = part.rpartition("=")
        try:
            due_on = _read_day(day.strip()) if has_day else None
            installments.append({"due_on": due_on, "amount": _read_amount(amount.strip())})
        except _CellRefused as error:
            words = f"Na parcela {position}: {error} Escreva como {_INSTALLMENTS_EXAMPLE}."
            raise _CellRefused(words) from None
    return installments


def _read_status(text: str) -> str:
    for status in OrderStatus:
        if _fold(text) in (_fold(status.label), status.value):
            return status.value
    raise _CellRefused(f"Use um destes: {', '.join(status.label for status in OrderStatus)}.")


def _read_text(text: str) -> str:
    if text.startswith("="):
        raise _CellRefused("A célula tem uma fórmula. Deixe só o valor.")
    return text


# --- the columns ---


@dataclass(frozen=True, slots=True)
class Column:
    """``path`` leads to the value in the API's order, or in one of its items. ``example`` is for people."""

    heading: str
    path: str
    example: str = ""
    is_needed: bool = False
    is_of_item: bool = False
    read: Callable[[str], Any] = _read_text

    @property
    def title(self) -> str:
        return self.heading[:1].upper() + self.heading[1:]


# The API has it in each installment; here it is one for all of an order.
_METHOD = Column("forma de pagamento", "method", "Boleto")
COLUMNS: Sequence[Column] = (
    Column("número do pedido", "number", "MKT-1001", is_needed=True),
    Column("canal", "channel", "Loja própria"),
    Column("status", "status", "Pagamento aprovado", read=_read_status),
    Column("data", "placed_on", "18/11/2026", is_needed=True, read=_read_day),
    Column("previsão", "expected_on", "25/11/2026", read=_read_day),
    Column("cliente", "customer.name", "Maria de Exemplo", is_needed=True),
    Column("CPF/CNPJ", "customer.document", "111.444.777-35"),
    Column("e-mail", "customer.email", "maria@exemplo.com.br"),
    Column("telefone", "customer.phone", "(41) 99999-0000"),
    Column("endereço", "customer.address.street", "Rua das Flores"),
    Column("número", "customer.address.number", "123"),
    Column("complemento", "customer.address.complement", "Apto 4"),
    Column("bairro", "customer.address.district", "Centro"),
    Column("cidade", "customer.address.city", "Curitiba"),
    Column("UF", "customer.address.state", "PR"),
    Column("CEP", "customer.address.zip_code", "80010-000"),
    Column("país", "customer.address.country", "Brasil"),
    Column("destinatário", "delivery_address.recipient", "José de Exemplo"),
    Column("endereço de entrega", "delivery_address.street", "Avenida Central"),
    Column("número de entrega", "delivery_address.number", "45"),
    Column("complemento de entrega", "delivery_address.complement", "Sala 2"),
    Column("bairro de entrega", "delivery_address.district", "Batel"),
    Column("cidade de entrega", "delivery_address.city", "Curitiba"),
    Column("UF de entrega", "delivery_address.state", "PR"),
    Column("CEP de entrega", "delivery_address.zip_code", "80420-000"),
    Column("país de entrega", "delivery_address.country", "Brasil"),
    Column("SKU", "sku", "LUM-01", is_needed=True, is_of_item=True),
    Column("descrição", "description", "Luminária de mesa", is_needed=True, is_of_item=True),
    Column("unidade", "unit", "UN", is_of_item=True),
    Column("quantidade", "quantity", "2", is_needed=True, is_of_item=True, read=_read_amount),
    Column("preço unitário", "unit_price", "1.234,56", is_needed=True, is_of_item=True, read=_read_amount),
    Column("frete", "freight", "19,90", read=_read_amount),
    Column("desconto", "discount", "10,00", read=_read_amount),
    Column("parcelas", "installments", _INSTALLMENTS_EXAMPLE, read=_read_installments),
    _METHOD,
    Column("vendedor", "seller.name", "João Lima"),
    Column("observações", "notes", "Entregar à tarde"),
)
_NUMBER, _CHANNEL = COLUMNS[0], COLUMNS[1]


def _fold(text: str) -> str:
    """Headings and labels are the same with and without accents, capitals and the asterisk of the model."""
    bare = "".join(
        each for each in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(each)
    )
    return " ".join(bare.replace("*", " ").split())


# The whole line first.
_TITLES = ("", *(column.title for column in COLUMNS))
_BY_HEADING: Mapping[str, Column] = {_fold(column.heading): column for column in COLUMNS}
_BY_PATH: Mapping[tuple[bool, str], Column] = {(column.is_of_item, column.path): column for column in COLUMNS}


# --- what was read ---


@dataclass(frozen=True, slots=True)
class SheetLine:
    """``number`` counts from 1 with the line of the headings, as a spreadsheet shows it."""

    number: int
    cells: Mapping[Column, str]


@dataclass(frozen=True, slots=True)
class LineProblem:
    """``column`` is empty when it is the whole line that is wrong."""

    line: int
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class SheetOrder:
    lines: tuple[int, ...]
    placement: Placement


@dataclass(frozen=True, slots=True)
class Sheet:
    """``orders`` can be placed; ``problems`` is all that is wrong, and each takes its whole order out.

    ``unused`` are headings that mean nothing here.
    """

    line_count: int
    orders: Sequence[SheetOrder]
    problems: Sequence[LineProblem]
    unused: Sequence[str] = ()

    @property
    def good_lines(self) -> int:
        return sum(len(order.lines) for order in self.orders)


@dataclass(slots=True)
class _Group:
    """The lines of one order. ``wrong`` has one text for a cell, by line and column."""

    lines: list[SheetLine] = field(default_factory=list)
    wrong: dict[tuple[int, str], str] = field(default_factory=dict)


def decode(content: bytes) -> str:
    """The text of a file in UTF-8, with or without BOM, or Windows-1252. Raises ``SheetRefused``."""
    if not content.strip():
        raise SheetRefused("O arquivo está vazio.")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise SheetRefused(_NOT_A_CSV)


def read_sheet(text: str) -> Sheet:
    """Raises ``SheetRefused``."""
    lines, problems, unused = _read_lines(text)
    groups: dict[tuple[str, str], _Group] = {}
    # One that is wrong as a whole still belongs to its order, and takes it out.
    refused = {problem.line for problem in problems}
    former = ("", "")
    for line in lines:
        number = line.cells.get(_NUMBER, "")
        if not number:
            problems.append(LineProblem(line.number, _NUMBER.title, "Preencha este campo."))
            continue
        # What all lines of an order share may stand on its first one only.
        channel = line.cells.get(_CHANNEL) or (former[0] if former[1] == number else "")
        former = (channel, number)
        groups.setdefault(former, _Group()).lines.append(line)
    orders = []
    for group in groups.values():
        placement = _read_order(group)
        problems += [LineProblem(line, column, words) for (line, column), words in group.wrong.items()]
        if placement is not None and not any(line.number in refused for line in group.lines):
            orders.append(SheetOrder(tuple(line.number for line in group.lines), placement))
    problems.sort(key=lambda problem: (problem.line, _TITLES.index(problem.column)))
    return Sheet(len(lines), orders, problems, unused)


def write_model() -> bytes:
    """The headings alone, for a spreadsheet to open."""
    out = io.StringIO(newline="")
    headings = [f"{column.heading}{'*' if column.is_needed else ''}" for column in COLUMNS]
    csv.writer(out, delimiter=";").writerow(headings)
    return out.getvalue().encode("utf-8-sig")


def _read_lines(text: str) -> tuple[list[SheetLine], list[LineProblem], list[str]]:
    head = text.lstrip().partition("\n")[0]
    delimiter = ";" if ";" in head else ","
    # Lenient, it would take all the lines after a quote that nobody closed for one cell.
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[Column | None] = []
    unused: list[str] = []
    lines: list[SheetLine] = []
    problems: list[LineProblem] = []
    try:
        for number, row in enumerate(rows, start=1):
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if not columns:
                columns, unused = _read_headings(cells)
                continue
            if any(cells[len(columns) :]):
                words = f"Há mais células que no cabeçalho. O texto que tem «{delimiter}» vai entre aspas."
                problems.append(LineProblem(number, "", words))
            named = zip(columns, cells, strict=False)
            lines.append(SheetLine(number, {column: cell for column, cell in named if column and cell}))
            if len(lines) > MOST_LINES:
                raise SheetRefused(f"O arquivo passa de {MOST_LINES} linhas. Divida em partes.")
    except csv.Error:
        raise SheetRefused(
            f"Não conseguimos ler a partir da linha {rows.line_num} do arquivo: confira as aspas,"
            " ou salve de novo como CSV."
        ) from None
    if not columns:
        raise SheetRefused("O arquivo está vazio.")
    if not lines:
        raise SheetRefused("O arquivo só tem o cabeçalho. Preencha uma linha por item.")
    return lines, problems, unused


def _read_headings(row: Sequence[str]) -> tuple[list[Column | None], list[str]]:
    columns = [_BY_HEADING.get(_fold(heading)) for heading in row]
    found = [column for column in columns if column]
    if not found:
        raise SheetRefused(
            "A primeira linha não tem os nomes das colunas. Comece pelo modelo, e salve como CSV."
        )
    missing = [column.title for column in COLUMNS if column.is_needed and column not in found]
    if missing:
        lead = "Falta a coluna" if len(missing) == 1 else "Faltam as colunas"
        raise SheetRefused(f"{lead} {', '.join(missing)}.")
    twice = [column.title for column in COLUMNS if found.count(column) > 1]
    if twice:
        raise SheetRefused(f"A coluna {twice[0]} aparece mais de uma vez.")
    return columns, [name for name, column in zip(row, columns, strict=True) if name and not column]


def _read_order(group: _Group) -> Placement | None:
    """``None``: ``group.wrong`` says why."""
    body: dict[str, Any] = {"customer": {}, "items": []}
    said_on: dict[str, int] = {}
    for line in group.lines:
        item: dict[str, Any] = {}
        for column, text in line.cells.items():
            value = _read_cell(group, line, column, text)
            if column.is_of_item:
                item[column.path] = value
            elif column.path not in said_on:
                said_on[column.path] = line.number
                _put(body, column.path, value)
            elif value != _get(body, column.path):
                words = f"Difere da linha {said_on[column.path]}, que é do mesmo pedido."
                group.wrong.setdefault((line.number, column.title), words)
        body["items"].append(item)
    _share_method(group, body, said_on)
    try:
        placement = read_new_order(body)
    except Problem as problem:
        for error in problem.errors:
            place, words = _locate(error, group.lines, said_on)
            group.wrong.setdefault(place, words)
        return None
    return None if group.wrong else placement


def _share_method(group: _Group, body: dict[str, Any], said_on: Mapping[str, int]) -> None:
    method = body.pop(_METHOD.path, None)
    installments = body.get("installments")
    if method and installments is None:
        group.wrong[said_on[_METHOD.path], _METHOD.title] = "Preencha também a coluna Parcelas."
    elif method and isinstance(installments, list):
        for installment in installments:
            installment["method"] = method


def _read_cell(group: _Group, line: SheetLine, column: Column, text: str) -> Any:
    try:
        return column.read(_read_text(text))
    except _CellRefused as error:
        group.wrong[line.number, column.title] = str(error)
        return text


def _put(body: dict[str, Any], path: str, value: Any) -> None:
    *outer, name = path.split(".")
    for part in outer:
        body = body.setdefault(part, {})
    body[name] = value


def _get(body: dict[str, Any], path: str) -> Any:
    value: Any = body
    for part in path.split("."):
        value = value[part]
    return value


def _locate(
    error: FieldError, lines: Sequence[SheetLine], said_on: Mapping[str, int]
) -> tuple[tuple[int, str], str]:
    """The line and the column of an error of the API, which names a value by its path."""
    words = _JSON_MONEY.sub(",", error.message)
    of_item = re.fullmatch(r"items\[(\d+)\]\.(\w+)", error.field)
    if of_item:
        column = _BY_PATH.get((True, of_item[2]))
        return (lines[int(of_item[1])].number, column.title if column else ""), words
    path = error.field
    if path.startswith("installments["):
        path = _METHOD.path if path.endswith(".method") else "installments"
    column = _BY_PATH.get((False, path))
    line = said_on.get(path, lines[0].number)
    return (line, column.title if column else ""), words
