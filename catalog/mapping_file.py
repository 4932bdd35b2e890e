"""The de-para of products as a CSV file: read, checked line by line, and written."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from catalog.models import Product, ProductReference

OURS, THEIRS, THEIR_ID = "sku_aqui", "sku_tiny", "id_tiny"
MOST_LINES = 5_000
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class FileRefused(ValueError):
    """The file as a whole cannot be used; the text is for the person."""


@dataclass(frozen=True, slots=True)
class MappingLine:
    """``number`` counts from 1 with the line of the columns, as a spreadsheet shows it."""

    number: int
    ours: str
    theirs: str
    their_id: str


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """A link to be made (``reference_id``), or what is wrong with the line (``problem``).

    Neither: nobody wrote which product of ours it is. ``is_linked``: it says what is so already.
    """

    line: MappingLine
    reference_id: int | None = None
    problem: str = ""
    is_linked: bool = False


def read_file(content: bytes) -> list[MappingLine]:
    """Lines of a CSV in UTF-8, with or without BOM, by ``;`` or ``,``. Raises ``FileRefused``."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileRefused("O arquivo não está em UTF-8. Na planilha, salve como CSV UTF-8.") from None
    if "\0" in text:
        raise FileRefused("O arquivo não parece um CSV. Na planilha, salve como CSV UTF-8.")
    head = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",")
    try:
        columns = [name.strip().casefold() for name in next(rows, [])]
        if OURS not in columns or not {THEIRS, THEIR_ID} & set(columns):
            raise FileRefused(f"A primeira linha precisa ter as colunas {OURS} e {THEIRS}, ou {THEIR_ID}.")
        lines = []
        for cells in rows:
            values = {
                name: _unguard(cell.strip())
                for name, cell in zip(columns, cells, strict=False)
                if cell.strip()
            }
            if values:
                found = (values.get(name, "") for name in (OURS, THEIRS, THEIR_ID))
                lines.append(MappingLine(rows.line_num, *found))
    except csv.Error:
        raise FileRefused("O arquivo não parece um CSV. Na planilha, salve como CSV UTF-8.") from None
    if len(lines) > MOST_LINES:
        raise FileRefused(f"O arquivo tem {len(lines)} linhas. Divida em partes de até {MOST_LINES}.")
    return lines


def check_lines(lines: Sequence[MappingLine]) -> list[CheckedLine]:
    """What each line would do, in the caller's ``tenant``. Nothing is written."""
    ours = dict(Product.objects.filter(sku__in={line.ours for line in lines}).values_list("sku", "pk"))
    by_sku: dict[str, list[ProductReference]] = {}
    by_id: dict[str, list[ProductReference]] = {}
    there = ProductReference.objects.filter(deleted_at=None).order_by("id")
    for reference in there.filter(sku__in={line.theirs for line in lines} - {""}):
        by_sku.setdefault(reference.sku, []).append(reference)
    for reference in there.filter(external_id__in={line.their_id for line in lines} - {""}):
        by_id.setdefault(reference.external_id, []).append(reference)
    used: dict[tuple[str, int], int] = {}
    checked = []
    for line in lines:
        if not line.ours:
            checked.append(CheckedLine(line))
            continue
        found = by_id.get(line.their_id, []) if line.their_id else by_sku.get(line.theirs, [])
        problem = _find_problem(line, ours, found)
        if problem:
            checked.append(CheckedLine(line, problem=problem))
            continue
        [reference] = found
        keys = (("ours", ours[line.ours]), ("theirs", reference.pk))
        former = next((used[key] for key in keys if key in used), None)
        if former is not None:
            checked.append(CheckedLine(line, problem=f"Repete um produto da linha {former}."))
            continue
        used.update(dict.fromkeys(keys, line.number))
        checked.append(CheckedLine(line, reference.pk, is_linked=reference.product_id == ours[line.ours]))
    return checked


def _find_problem(line: MappingLine, ours: dict[str, int], found: Sequence[ProductReference]) -> str:
    if not line.theirs and not line.their_id:
        return f"Falta o {THEIRS} ou o {THEIR_ID}."
    if line.ours not in ours:
        return f"Não há produto com o SKU {line.ours} aqui."
    if not found:
        return (
            f"Não há produto com o id {line.their_id} no Tiny."
            if line.their_id
            else f"Não há produto com o SKU {line.theirs} no Tiny."
        )
    if len(found) > 1:
        return f"Mais de um produto do Tiny tem o SKU {line.theirs}. Use a coluna {THEIR_ID}."
    return ""


def write_file(references: Iterable[ProductReference]) -> bytes:
    """Every product of the ERP with ours, as ``read_file`` reads it and a spreadsheet opens it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow([OURS, THEIRS, THEIR_ID, "produto_tiny", "integracao"])
    for one in references:
        ours = one.product.sku if one.product else ""
        cells = (ours, one.sku, one.external_id, str(one.values.get("name", "")), one.integration.name)
        writer.writerow([_guard(cell) for cell in cells])
    return out.getvalue().encode("utf-8-sig")


def _guard(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _unguard(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
