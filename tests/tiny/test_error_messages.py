from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

import contracts.http
import tiny
from tiny.error_messages import EXPLANATIONS, explain

CODE = re.compile(r"(tiny|http)\.[a-z0-9_]+")
HERE = Path(tiny.__file__).parent


def codes_in(path: Path) -> set[str]:
    strings = (node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
    return {value for value in strings if isinstance(value, str) and CODE.fullmatch(value)}


def raised_codes() -> set[str]:
    paths = [
        path
        for path in HERE.rglob("*.py")
        if "simulator" not in path.parts and path.name != "error_messages.py"
    ]
    paths.append(Path(contracts.http.__file__))
    return set().union(*map(codes_in, paths))


def test_every_code_that_is_raised_has_its_sentences_and_no_other() -> None:
    assert {"tiny.unstable", "tiny.row_without_id", "http.timeout"} <= raised_codes()
    assert raised_codes() == set(EXPLANATIONS)


@pytest.mark.parametrize("code", sorted(EXPLANATIONS))
def test_the_sentences_keep_the_house_s_form(code: str) -> None:
    explanation = EXPLANATIONS[code]
    said = explanation.detail
    if not said.startswith("Não conseguimos "):
        # Then the title says what failed, and the detail does not say it again.
        said = f"{explanation.title}. {said}"
    assert said.startswith("Não conseguimos ")
    assert said.endswith(".")
    assert len(re.findall(r"[.»](?: |$)", said)) >= 3
    assert not explanation.title.endswith(".")
    assert explanation.owner in {"you", "erp", "limit", "us"}
    assert explanation.action in {"", "connect", "retry", "edit_credentials", "open_erp"}
    # What goes on by itself has no button; what waits for a person has one.
    assert (explanation.action == "") == (explanation.owner in {"erp", "limit"})
    for banned in ("!", "Ops", "inválid", "erro 5"):
        assert banned not in explanation.title + explanation.detail


@pytest.mark.parametrize("code", sorted(EXPLANATIONS))
def test_no_place_stays_empty(code: str) -> None:
    template = EXPLANATIONS[code]
    fields = {
        name
        for text in (template.title, template.detail)
        for _, name, _, _ in string.Formatter().parse(text)
        if name
    }
    shown = explain(code, {field: f"<{field}>" for field in fields})
    assert shown is not None
    for field in fields:
        assert f"<{field}>" in shown.title + shown.detail
    assert "{" not in shown.title + shown.detail
    assert explain(code, {}) is not None


def test_what_came_from_tiny_is_no_template() -> None:
    shown = explain("tiny.rejected", {"reason": "{0} {x} %s"})
    assert shown is not None
    assert "«{0} {x} %s»" in shown.detail


def test_a_reason_that_tiny_did_not_give() -> None:
    shown = explain("tiny.rejected", {"status": "400"})
    assert shown is not None
    assert "«sem motivo»" in shown.detail


def test_a_code_of_somebody_else() -> None:
    assert explain("integration.other_account", {}) is None
