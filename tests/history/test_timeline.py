from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from history.models import HistoryEntry, Source
from history.selectors import list_entries
from history.services import record
from history.timeline import Sentence, build_days
from integrations.sentences import HISTORY as INTEGRATION_HISTORY
from orders.sentences import HISTORY as ORDER_HISTORY

# 01:30 in UTC is still the day before in São Paulo.
NOW = dt.datetime(2026, 11, 22, 1, 30, tzinfo=dt.UTC)
SENTENCES = {"sold": Sentence("Vendido a {who}", "Por {price}", icon="cart", tone="ok", how="consulta")}


def entry(code: str = "sold", at: dt.datetime = NOW, **params: str) -> HistoryEntry:
    return HistoryEntry(code=code, at=at, params=params, source=Source.ERP)


def test_days_are_those_of_sao_paulo_with_today_and_yesterday() -> None:
    entries = [entry(at=NOW - dt.timedelta(hours=hours)) for hours in (0, 20, 24, 48)]
    days = build_days(entries, SENTENCES, NOW)
    assert [(day.label, len(day.entries)) for day in days] == [
        ("Hoje, 21/11/2026", 2),
        ("Ontem, 20/11/2026", 1),
        ("19/11/2026", 1),
    ]


def test_line_is_its_sentence_with_the_parameters() -> None:
    ((line,),) = [day.entries for day in build_days([entry(who="Ana", price="R$ 1")], SENTENCES, NOW)]
    assert (line.title, line.detail, line.icon, line.tone, line.how, line.source) == (
        "Vendido a Ana",
        "Por R$ 1",
        "cart",
        "ok",
        "consulta",
        "Tiny",
    )


def test_missing_parameter_is_empty_and_braces_of_a_parameter_are_text() -> None:
    ((line,),) = [day.entries for day in build_days([entry(who="{price}{0}")], SENTENCES, NOW)]
    assert (line.title, line.detail) == ("Vendido a {price}{0}", "Por")


def test_code_without_a_sentence_is_shown_as_it_is() -> None:
    ((line,),) = [day.entries for day in build_days([entry("lost.code")], SENTENCES, NOW)]
    assert line.title == "lost.code"


@pytest.mark.parametrize("sentences", [ORDER_HISTORY, INTEGRATION_HISTORY])
def test_every_sentence_can_be_written_without_parameters(sentences: dict[str, Sentence]) -> None:
    days = build_days([entry(code) for code in sentences], sentences, NOW)
    assert len(days[0].entries) == len(sentences)
    for line in days[0].entries:
        assert "{" not in line.title + line.detail


def test_entries_of_one_subject_newest_first(
    organization: Organization, other_organization: Organization
) -> None:
    with tenant(other_organization):
        record(subject_kind="order", subject_id=1, code="elsewhere")
    with tenant(organization):
        for number, code in enumerate(["first", "second", "third"]):
            record(subject_kind="order", subject_id=1, code=code, at=NOW + dt.timedelta(seconds=number // 2))
        record(subject_kind="order", subject_id=2, code="other order")
        record(subject_kind="integration", subject_id=1, code="other kind")
        assert [row.code for row in list_entries("order", 1)] == ["third", "second", "first"]
        assert [row.code for row in list_entries("order", 1, limit=1)] == ["third"]
        named = record(subject_kind="order", subject_id=3, code="x", person="Ana Souza", source=Source.PERSON)
        assert named is None or named.person == "Ana Souza"
        assert list_entries("order", 3)[0].person == "Ana Souza"
