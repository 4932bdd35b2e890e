"""Reading parameters and bodies as Tiny does, and the envelope of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from .. import data
from ..store import Cursor, Row
from ..web import Request, Response, json_response

PAGE_LIMIT = 100
INVALID = "Ocorreram erros de validação"

Answer = Callable[[Cursor, Row, Request], Response]
Route = tuple[str, str, Answer]
Conditions = list[tuple[str, Any]]


class ValidationFailed(Exception):
    """What Tiny refuses with 400: ``mensagem`` and the (campo, mensagem) pairs of ``detalhes``."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.details = [{"campo": field, "mensagem": text}]


def make_page(items: Sequence[Any], limit: int, offset: int, total: int) -> Response:
    return json_response({"itens": items, "paginacao": {"limit": limit, "offset": offset, "total": total}})


def read_int(request: Request, name: str) -> int | None:
    text = request.query.get(name, "")
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise ValidationFailed(name, f"O campo {name} deve ser um número inteiro") from None


def read_date(request: Request, name: str) -> date | None:
    """A day, or the day of a moment: only the day counts."""
    text = request.query.get(name, "")
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise ValidationFailed(name, f"O campo {name} deve ser uma data válida") from None


def read_moment(request: Request, name: str) -> datetime | None:
    """A day or a moment, both of Brasília."""
    text = request.query.get(name, "")
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=data.BRASILIA)
    except ValueError:
        raise ValidationFailed(name, f"O campo {name} deve ser uma data válida") from None


def moment_of(moment: datetime) -> str:
    return f"{moment.astimezone(data.BRASILIA):%Y-%m-%d %H:%M:%S}"


def read_paging(request: Request) -> tuple[int, int, bool]:
    limit = read_int(request, "limit")
    offset = read_int(request, "offset") or 0
    limit = PAGE_LIMIT if limit is None else limit
    if limit < 1:
        raise ValidationFailed("limit", "O campo limit deve ser maior que zero")
    if offset < 0:
        raise ValidationFailed("offset", "O campo offset não pode ser negativo")
    order = request.query.get("orderBy", "")
    if order not in ("", "asc", "desc"):
        raise ValidationFailed("orderBy", "O campo orderBy deve ser asc ou desc")
    return min(limit, PAGE_LIMIT), offset, order == "desc"


def read_number(body: dict[str, Any], name: str, *, is_required: bool = False) -> float | None:
    """A number that may be missing. Raises ValidationFailed."""
    value = body.get(name)
    if value is None and not is_required:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        text = "é obrigatório" if value is None else "deve ser um número"
        raise ValidationFailed(name, f"O campo {name} {text}")
    return value


def text_of(day: date | None) -> str:
    """A day as lists show it: a missing one is an empty text."""
    return "" if day is None else day.isoformat()
