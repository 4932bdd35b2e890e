"""Rules about our own files that no other tool checks."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from tests.database import ROOT

CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
PACKAGES = CONFIGURATION["importlinter"]["root_packages"]
# They have clocks of their own: the launcher runs without a database, simulators play foreign servers.
OTHER_CLOCKS = ("launcher/", "tiny/simulator/", "tracking/simulator/")


def committed_files(*patterns: str) -> list[str]:
    """Paths that git knows, and new ones that it would take."""
    found = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted({path for path in found.stdout.split("\0") if path and (ROOT / path).is_file()})


def lines_of(*patterns: str) -> Iterator[tuple[str, int, str]]:
    for path in committed_files(*patterns):
        try:
            text = (ROOT / path).read_text()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            yield path, number, line


def is_in(path: str, folders: tuple[str, ...]) -> bool:
    return path.startswith(folders)


# --- one clock ---


def readings_of_a_clock(source: str) -> list[int]:
    """Lines that take the time from anything but ``accounts.clock``."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value)
            if (owner.split(".")[-1], node.attr) in {
                ("timezone", "now"),
                ("timezone", "localtime"),
                ("timezone", "localdate"),
                ("datetime", "now"),
                ("datetime", "today"),
                ("datetime", "utcnow"),
                ("date", "today"),
                ("time", "time"),
                ("functions", "Now"),
            }:
                found.append(node.lineno)
        elif isinstance(node, ast.keyword) and node.arg in ("auto_now", "auto_now_add"):
            found.append(node.value.lineno)
        elif isinstance(node, ast.ImportFrom) and node.module == "django.db.models.functions":
            found += [node.lineno for alias in node.names if alias.name == "Now"]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            sql = re.search(
                r"\b(now\(\)|current_timestamp|clock_timestamp\(\)|current_date)", node.value, re.I
            )
            if sql and re.search(r"\b(SELECT|UPDATE|INSERT|DELETE|CREATE)\b", node.value):
                found.append(node.lineno)
    return found


@pytest.mark.parametrize(
    "source",
    [
        "timezone.now()",
        "dt.datetime.now(dt.UTC)",
        "datetime.date.today()",
        "time.time()",
        "f(models.functions.Now())",
        "from django.db.models.functions import Now",
        "DateTimeField(auto_now=True)",
        "DateTimeField(auto_now_add=True)",
        "sql = 'SELECT now()'",
        "sql = 'UPDATE t SET at = CURRENT_TIMESTAMP'",
    ],
)
def test_a_foreign_clock_is_noticed(source: str) -> None:
    assert readings_of_a_clock(source) == [1]


def test_the_right_clock_is_not_noticed() -> None:
    assert readings_of_a_clock("clock.now(); 'SELECT clock_now()'; time.monotonic(); dt.timezone.utc") == []


def test_there_is_one_clock() -> None:
    allowed = {"accounts/migrations/0002_walls.py"}
    found = [
        f"{path}:{line}"
        for path in committed_files("*.py")
        if path.split("/")[0] in PACKAGES and not is_in(path, OTHER_CLOCKS) and path not in allowed
        for line in readings_of_a_clock((ROOT / path).read_text())
    ]

    assert found == []


# --- words ---


@pytest.mark.parametrize("word", ["situacao", "situacoes"])
def test_the_vendors_words_stay_in_its_folder(word: str) -> None:
    """Elsewhere the ERP's state is ``situation``. Tests drive Tiny; pages and addresses speak Portuguese."""
    elsewhere = ("tiny/", "tests/", "templates/", "static/", "benchmarks/", "docs/", "orders/urls.py")
    found = [
        f"{path}:{number}"
        for path, number, line in lines_of("*.py", "*.toml", "Makefile")
        if not is_in(path, elsewhere) and re.search(word, line, re.I)
    ]

    assert found == []


def paths_of_a_machine(path: str, line: str) -> list[str]:
    """Somebody's home, the place of this checkout, and what lies beside it."""
    absolute = re.compile(r"(?<![\w.-])/(?:home|root|Users)/\w[^\s\"']*")
    found = absolute.findall(line)
    # A clone in the folder for temporary files says nothing: its own path is in nobody's text.
    place = ROOT.parent
    if place != place.parent and not place.is_relative_to(tempfile.gettempdir()):
        found += re.findall(rf"(?<![\w.-]){re.escape(str(place))}/\w[^\s\"']*", line)
    for relative in re.findall(r"(?<![\w./])(?:\.\./)+[\w.-]+", line):
        target = Path(os.path.normpath(ROOT / Path(path).parent / relative))
        if not target.is_relative_to(ROOT):
            found.append(relative)
    return found


def test_a_path_of_a_machine_is_noticed() -> None:
    for line in ("open('/home/ana/x')", "cd /root/x"):
        assert paths_of_a_machine("docs/a.md", line) != []
    assert paths_of_a_machine("docs/a.md", "[x](../README.md)") == []
    assert paths_of_a_machine("docs/a.md", "[x](../../other/README.md)") == ["../../other"]


def test_no_file_names_a_path_of_a_machine() -> None:
    found = [
        f"{path}:{number}: {name}"
        for path, number, line in lines_of()
        if path != "tests/architecture/test_sources.py"
        for name in paths_of_a_machine(path, line)
    ]

    assert found == []


def test_no_file_holds_what_git_should_not() -> None:
    assert committed_files("var", ".venv", "*.pyc", "*.sqlite3", "*.env", ".env", "*.log") == []


# --- pages ---


INLINE = re.compile(
    r"<style|<script(?![^>]*\bsrc=)|\sstyle\s*=|\son[a-z]+\s*=|javascript:|\bhx-on\b|\bhx-vals=[\"']js:", re.I
)
FOREIGN = re.compile(r"(src|href|action)\s*=\s*[\"'](https?:)?//", re.I)


@pytest.mark.parametrize(
    "line",
    [
        "<style>p{}</style>",
        "<script>alert(1)</script>",
        '<p style="color: red">',
        '<a onclick="f()">',
        '<a href="javascript:f()">',
        '<a hx-on:click="f()">',
    ],
)
def test_inline_code_is_noticed(line: str) -> None:
    assert INLINE.search(line)


def test_no_page_has_code_or_style_of_its_own() -> None:
    """The Content-Security-Policy would not run it."""
    found = [
        f"{path}:{number}: {line.strip()[:80]}"
        for path, number, line in lines_of("templates/*.html")
        if INLINE.search(line)
    ]

    assert found == []


def test_no_page_takes_anything_from_another_site() -> None:
    found = [
        f"{path}:{number}: {line.strip()[:80]}"
        for path, number, line in lines_of("templates/*.html")
        if FOREIGN.search(line)
    ]

    assert found == []


def test_no_page_leaves_escaping() -> None:
    found = [
        f"{path}:{number}"
        for path, number, line in lines_of("templates/*.html")
        if re.search(r"\|\s*safe\b|\{%\s*autoescape off", line)
    ]

    assert found == []


# --- the wiring ---


def test_every_wired_path_can_be_imported_and_is_checked_by_import_linter() -> None:
    paths = [*settings.ERP_PROVIDERS.values(), *settings.JOB_HANDLERS.values()]

    assert [path for path in paths if not callable(import_string(path))] == []
    assert {path.split(".")[0] for path in paths} <= set(PACKAGES)
    assert {app for app in settings.INSTALLED_APPS if (ROOT / app.split(".")[0]).is_dir()} <= set(PACKAGES)


def test_an_app_of_ours_is_no_app_of_somebody_else() -> None:
    local = {path.parent.name for path in ROOT.glob("*/apps.py")}

    assert local == set(settings.INSTALLED_APPS) & set(PACKAGES)


# --- what is decided about code ---


def test_only_the_gateways_ask_the_gateway() -> None:
    found = [
        f"{path}:{number}"
        for path, number, line in lines_of("*.py")
        if path.split("/")[0] in PACKAGES
        and "/migrations/" not in path
        and path not in ("accounts/gateways.py", "accounts/rls.py")
        and re.search(r"\bgateway_[a-z]+", line)
    ]

    assert found == []


def test_the_loud_way_out_is_used_nowhere() -> None:
    """Each use must be argued for here."""
    found = [
        f"{path}:{number}"
        for path, number, line in lines_of("*.py")
        if path.split("/")[0] in PACKAGES and "all_tenants" in line
    ]

    assert [place.split(":")[0] for place in found] == ["accounts/tenancy.py"]


def test_a_person_inside_a_row_of_a_company_is_a_membership() -> None:
    """``accounts.Membership`` itself is the one tie to a user."""
    from accounts.models import Membership, User
    from tests.accounts.schema import TENANT_MODELS

    tied = {
        model
        for model in TENANT_MODELS
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model is User
    }
    assert tied == {Membership}


MONEY = re.compile(r"total|price|amount|freight|discount|expense|value|cost")


def test_names_of_times_days_and_money() -> None:
    """Times end in ``_at``, ``_until``, ``_since``; days in ``_on``, ``_from``, ``_to``; no float money."""
    from django.db import models

    from tests.accounts.schema import TENANT_MODELS

    wrong = []
    for model in TENANT_MODELS:
        for field in model._meta.concrete_fields:
            place = f"{model._meta.db_table}.{field.name}"
            if isinstance(field, models.FloatField) and MONEY.search(field.name):
                wrong.append(place)
            if isinstance(field, models.DateTimeField):
                is_named = field.name == "at" or field.name.endswith(("_at", "_until", "_since"))
                if not is_named and place != "jobs_job.not_before":
                    wrong.append(place)
            elif isinstance(field, models.DateField) and not field.name.endswith(("_on", "_from", "_to")):
                wrong.append(place)

    assert wrong == []


def test_no_module_is_a_catch_all() -> None:
    names = {"core", "utils", "util", "helpers", "helper", "common", "misc", "lib", "base"}
    found = [
        path
        for path in committed_files("*.py")
        if path.split("/")[0] in PACKAGES
        and names & {Path(part).stem for part in path.split("/")}
        and "/migrations/" not in path
    ]

    assert found == []
