"""How the REST API tells machines of itself: each method of a resource comes with its ``Operation``.

Shapes are JSON Schema, as OpenAPI 3.1 has it. Where a ``Shape`` stands within another one, the document
refers to it by name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentIdentity, ComponentRegistry, ResolvedComponent

from ui import rest
from ui.revisions import LIMIT, MOST

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """An object with a name of its own in the document."""

    name: str
    schema: Schema


Fields = Mapping[str, Schema | Shape]


@dataclass(frozen=True, slots=True)
class Parameter:
    """``where`` is query, header or path."""

    name: str
    where: str
    schema: Schema
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """What a method of a resource takes and answers. ``answers`` go by status.

    ``problems`` are those of its own; what any call may meet is added. Each variable of the address needs its
    parameter.
    """

    summary: str
    answers: Mapping[int, Shape]
    body: Shape | None = None
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[rest.ProblemKind, ...] = ()
    description: str = ""


# --- shapes ---

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
WHOLE: Schema = {"type": "integer"}
DAY: Schema = {"type": "string", "format": "date", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
MOMENT: Schema = {"type": "string", "format": "date-time", "examples": ["2026-11-18T12:00:00.000000Z"]}
MONEY: Schema = {"type": "string", "pattern": r"^[0-9]+\.[0-9]{2,4}$", "examples": ["50.25"]}
QUANTITY: Schema = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,4})?$", "examples": ["12", "0.25"]}


def text(most: int, *, is_needed: bool = False) -> Schema:
    return {"type": "string", "maxLength": most, **({"minLength": 1} if is_needed else {})}


def one_of(values: Iterable[str]) -> Schema:
    return {"type": "string", "enum": [str(value) for value in values]}


def amount(*, digits: int, places: int = 4) -> Schema:
    """A figure that is sent: as text, or as a number of JSON."""
    pattern = rf"^[0-9]{{1,{digits}}}(\.[0-9]{{1,{places}}})?$"
    return {"anyOf": [{"type": "string", "pattern": pattern}, {"type": "number", "minimum": 0}]}


def rows(items: Schema | Shape, *, least: int = 0, most: int | None = None) -> Schema:
    limits = {"minItems": least, "maxItems": most} if most is not None else {}
    return {"type": "array", "items": items, **limits}


def nullable(schema: Schema | Shape) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def record(fields: Fields, *, needed: Iterable[str] | None = None) -> Schema:
    """An object of just these fields, all of them unless ``needed`` names the ones that must be there."""
    return {
        "type": "object",
        "properties": dict(fields),
        "required": list(fields if needed is None else needed),
        "additionalProperties": False,
    }


def page_of(shape: Shape) -> Shape:
    """A page of ``ui.revisions.list_since``."""
    schema = record({"results": rows(shape, most=MOST), "next": nullable(TEXT), "since": TEXT})
    return Shape(f"{shape.name}Page", schema)


PAGING = (
    Parameter(
        "limit", "query", {**WHOLE, "minimum": 1, "maximum": MOST, "default": LIMIT}, "Linhas por página."
    ),
    Parameter("cursor", "query", TEXT, "A página seguinte: o `next` da resposta anterior."),
    Parameter("since", "query", TEXT, "O que mudou depois: o `since` da última resposta da vez anterior."),
)
PROBLEM = Shape(
    "Problem",
    {
        **record(
            {
                "type": {"type": "string", "pattern": "^urn:problem-type:entreposto:[a-z-]+$"},
                "title": TEXT,
                "status": WHOLE,
                "detail": TEXT,
                "errors": rows(record({"field": TEXT, "message": TEXT})),
            }
        ),
        "description": "RFC 9457. `type` não muda; os textos são para pessoas.",
    },
)

_ALWAYS = (
    rest.BAD_REQUEST,
    rest.UNAUTHENTICATED,
    rest.MISSING_SCOPE,
    rest.NOT_ACCEPTABLE,
    rest.INTERNAL,
    rest.UNAVAILABLE,
)
_WITH_BODY = (rest.MALFORMED, rest.TOO_LARGE, rest.UNSUPPORTED_MEDIA, rest.INVALID_FIELDS)


def _list_problems(operation: Operation) -> dict[int, list[rest.ProblemKind]]:
    kinds = [*_ALWAYS, *operation.problems]
    places = {parameter.where for parameter in operation.parameters}
    if operation.body is not None:
        kinds += _WITH_BODY
    if "path" in places:
        kinds.append(rest.NOT_FOUND)
    if places & {"query", "header"}:
        kinds.append(rest.INVALID_PARAMETER)
    if operation.parameters[: len(PAGING)] == PAGING:
        kinds.append(rest.INVALID_CURSOR)
    by_status = defaultdict(list)
    for kind in kinds:
        by_status[kind.status].append(kind)
    return dict(sorted(by_status.items()))


# --- the document ---


class OperationSchema(AutoSchema):
    """Writes the ``operation`` and ``scope`` that ``token_method`` left on the method; guesses nothing."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> dict[str, Any]:
        self.registry = registry
        handler = getattr(self.view, method.lower())
        operation, scope = handler.operation, handler.scope
        variables = set(re.findall(r"{(\w+)}", path))
        told = {parameter.name for parameter in operation.parameters if parameter.where == "path"}
        if variables != told:
            raise TypeError(f"{method} {path}: {sorted(variables ^ told)} needs a parameter")
        words = path.removeprefix("/api/v1/")
        result: dict[str, Any] = {
            "operationId": "_".join([method.lower(), *re.findall(r"\w+", words)]),
            "summary": operation.summary,
            "description": f"Permissão: `{scope}` ({scope.label}). {operation.description}".strip(),
            "tags": [words.partition("/")[0]],
            "security": [{"token": [scope.value]}],
            "parameters": [
                {
                    "name": parameter.name,
                    "in": parameter.where,
                    "required": parameter.where == "path",
                    "description": parameter.description,
                    "schema": parameter.schema,
                }
                for parameter in operation.parameters
            ],
            "responses": self._write_answers(operation),
        }
        if operation.body is not None:
            content = {"application/json": {"schema": self._refer(operation.body)}}
            result["requestBody"] = {"required": True, "content": content}
        return result

    def _write_answers(self, operation: Operation) -> dict[str, Any]:
        answers: dict[str, Any] = {}
        for status, shape in operation.answers.items():
            answers[str(status)] = {
                "description": "Criado." if status == 201 else "Feito.",
                "content": {"application/json": {"schema": self._refer(shape)}},
            }
            if status == 201:
                header = {"description": "O endereço do que foi criado.", "schema": TEXT}
                answers["201"]["headers"] = {"Location": header}
        for status, kinds in _list_problems(operation).items():
            answers[str(status)] = {
                "description": "; ".join(f"`{kind.code}`: {kind.title}" for kind in kinds),
                "content": {"application/problem+json": {"schema": self._refer(PROBLEM)}},
            }
        return answers

    def _refer(self, node: Any) -> Any:
        """``node`` with references where shapes stand in it; they become components."""
        if isinstance(node, Shape):
            identity = ComponentIdentity(node)
            component = ResolvedComponent(node.name, ResolvedComponent.SCHEMA, object=identity)
            if component not in self.registry:
                self.registry.register(component)
                component.schema = self._refer(node.schema)
            return component.ref
        if isinstance(node, Mapping):
            return {name: self._refer(value) for name, value in node.items()}
        if isinstance(node, list | tuple):
            return [self._refer(value) for value in node]
        return node


@cache
def describe_api() -> dict[str, Any]:
    """The OpenAPI document of all routes."""
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return document
