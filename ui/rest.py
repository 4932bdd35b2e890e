"""What every resource of the REST API shares: the JSON that it takes, and its problem details."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework.exceptions import APIException
from rest_framework.parsers import JSONParser
from rest_framework.response import Response

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """``code`` ends the problem's ``type`` and stays what it is; ``title`` is for people."""

    code: str
    status: int
    title: str


MALFORMED = ProblemKind("malformed-json", 400, "JSON inválido")
BAD_REQUEST = ProblemKind("bad-request", 400, "Requisição inválida")
INVALID_PARAMETER = ProblemKind("invalid-parameter", 400, "Parâmetro inválido")
INVALID_CURSOR = ProblemKind("invalid-cursor", 400, "Cursor inválido")
UNAUTHENTICATED = ProblemKind("unauthenticated", 401, "Token ausente ou inválido")
MISSING_SCOPE = ProblemKind("missing-scope", 403, "Permissão ausente")
NOT_FOUND = ProblemKind("not-found", 404, "Não encontrado")
METHOD_NOT_ALLOWED = ProblemKind("method-not-allowed", 405, "Método não permitido")
NOT_ACCEPTABLE = ProblemKind("not-acceptable", 406, "Formato de resposta não disponível")
TOO_LARGE = ProblemKind("too-large", 413, "Corpo grande demais")
UNSUPPORTED_MEDIA = ProblemKind("unsupported-media-type", 415, "Tipo de conteúdo não aceito")
INVALID_FIELDS = ProblemKind("invalid-fields", 422, "Campos inválidos")
INTERNAL = ProblemKind("internal-error", 500, "Erro do nosso lado")
UNAVAILABLE = ProblemKind("unavailable", 503, "Voltamos em instantes")

# What the framework raises, by its status.
_RAISED = {
    401: (UNAUTHENTICATED, "Envie um token de API válido no cabeçalho Authorization: Bearer ent_live_…"),
    404: (NOT_FOUND, "Não há nada neste endereço."),
    405: (METHOD_NOT_ALLOWED, "Os métodos deste endereço estão no cabeçalho Allow."),
    406: (NOT_ACCEPTABLE, "A API responde em application/json."),
    415: (UNSUPPORTED_MEDIA, "Envie o corpo em JSON, com Content-Type: application/json."),
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """``field`` is a name of the body or of the query, ``measures.height`` for one within another."""

    field: str
    message: str


class Problem(APIException):
    """An answer by RFC 9457. ``detail`` and the messages are in Portuguese, for whoever integrates."""

    def __init__(self, kind: ProblemKind, detail: str, errors: Iterable[FieldError] = ()) -> None:
        super().__init__(detail)
        self.kind = kind
        self.text = detail
        self.errors = list(errors)

    def as_json(self) -> dict[str, Any]:
        return {
            "type": f"urn:problem-type:entreposto:{self.kind.code}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.text,
            "errors": [asdict(error) for error in self.errors],
        }


def answer_problem(error: Exception, context: Mapping[str, Any]) -> Response:
    """The framework's exception handler: whatever happens, the answer is a problem in JSON."""
    headers = {}
    problem = _to_problem(error)
    if hasattr(error, "auth_header"):
        headers["WWW-Authenticate"] = error.auth_header
    if problem.kind is INTERNAL:
        logger.exception("%s failed", type(context.get("view")).__name__)
    if problem.kind is UNAVAILABLE:
        headers["Retry-After"] = "5"
    return Response(
        problem.as_json(),
        status=problem.kind.status,
        headers=headers,
        content_type="application/problem+json",
    )


def _to_problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, APIException):
        kind, detail = _RAISED.get(error.status_code, (BAD_REQUEST, "A requisição não pôde ser lida."))
        return Problem(kind, detail)
    if isinstance(error, Http404):
        return Problem(*_RAISED[404])
    if isinstance(error, RequestDataTooBig):
        return Problem(TOO_LARGE, f"O corpo passa de {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes.")
    if isinstance(error, SuspiciousOperation):
        return Problem(BAD_REQUEST, "A requisição não pôde ser lida.")
    if isinstance(error, OperationalError | InterfaceError):
        return Problem(UNAVAILABLE, "Tente de novo em alguns segundos.")
    return Problem(INTERNAL, "O erro ficou registrado. Tente de novo mais tarde.")


class StrictJSONParser(JSONParser):
    """One object, whose numbers keep all their digits; a name that stands twice is an error."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> dict[str, Any]:
        try:
            data = json.loads(
                stream.read(),
                parse_float=Decimal,
                parse_constant=_refuse_constant,
                object_pairs_hook=_read_object,
            )
        except json.JSONDecodeError as error:
            place = f"linha {error.lineno}, coluna {error.colno}"
            raise Problem(MALFORMED, f"O corpo não é JSON válido ({place}).") from None
        except (ValueError, ArithmeticError, RecursionError):
            raise Problem(MALFORMED, "O corpo não é JSON válido.") from None
        if not isinstance(data, dict):
            raise Problem(MALFORMED, "O corpo deve ser um objeto JSON.")
        return data


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Problem(MALFORMED, "O corpo tem um objeto em que o mesmo nome aparece duas vezes.")
    return found
