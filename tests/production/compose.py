"""docker-compose.yml as an engine would read it, and the variables that our code reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from tests.database import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text()
RAW: dict[str, Any] = yaml.safe_load(TEXT)

# A variable without a further one inside, so that the innermost is replaced first.
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<mark>[?+-])(?P<text>[^${}]*))?\}")


class MissingVariable(Exception):
    """Compose refuses the file; the text is what it says."""


def interpolate(text: str, environment: Mapping[str, str]) -> str:
    def replace(match: re.Match[str]) -> str:
        value = environment.get(match["name"], "")
        match match["mark"]:
            case "?" if not value:
                raise MissingVariable(match["name"])
            case "-":
                return value or match["text"]
            case "+":
                return match["text"] if value else ""
        return value

    dollars = text.replace("$$", "\0")
    while "${" in dollars:
        dollars, count = _VARIABLE.subn(replace, dollars)
        assert count, f"cannot be read: {dollars}"
    return dollars.replace("\0", "$")


def services(environment: Mapping[str, str]) -> dict[str, Any]:
    """The services with all variables replaced. Raises ``MissingVariable``."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: walk(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner) for inner in value]
        return interpolate(value, environment) if isinstance(value, str) else value

    found: dict[str, Any] = walk(RAW["services"])
    return found


def read_variables(*paths: str) -> set[str]:
    """Names in capitals that the sources take from the environment, by whatever call or subscript."""
    names = set()
    for path in paths:
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            names.update(_names_of(node))
    return names


def _names_of(node: ast.AST) -> Iterator[str]:
    values: list[ast.expr] = []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
        called = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
        if re.fullmatch(r"env\.\w+|os\.environ\.(get|setdefault)|_secret|_is_set|.*given\.(get|pop)", called):
            values = node.args[:1]
    elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
        values = [node.slice]
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
        values = node.value.elts
    elif isinstance(node, ast.For | ast.comprehension) and isinstance(node.iter, ast.Tuple):
        values = node.iter.elts
    for value in values:
        if isinstance(value, ast.Constant) and re.fullmatch(r"[A-Z][A-Z0-9_]+", str(value.value)):
            yield str(value.value)
