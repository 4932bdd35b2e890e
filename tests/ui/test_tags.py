"""Filters and tags as a template uses them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.template import Context, Template

NOW = dt.datetime(2026, 11, 21, 17, 32, 5, tzinfo=dt.UTC)


def render(text: str, **context: Any) -> str:
    return Template(text).render(Context(context))


def test_when_says_it_relatively_and_exactly() -> None:
    moment = dt.datetime(2026, 11, 21, 17, 30, 4, tzinfo=dt.UTC)
    assert render("{% when moment %}", moment=moment, now=NOW) == (
        '<time datetime="2026-11-21T14:30:04-03:00" '
        'title="21/11/2026 às 14:30:04, horário de Brasília">há 2 min</time>'
    )


def test_when_writes_a_date_as_a_day() -> None:
    assert (
        render("{% when day 'short' %}", day=dt.date(2026, 11, 18))
        == '<time datetime="2026-11-18">18/11</time>'
    )


def test_when_of_nothing_is_a_dash() -> None:
    assert render("{% when moment %}", moment=None) == "—"


def test_unknown_money_is_a_dash() -> None:
    assert render("{{ a|brl }} {{ b|brl }}", a=None, b=Decimal("0")) == "— R$\u00a00,00"


def test_identifiers_are_not_grouped() -> None:
    assert render("{{ number|bare }}", number=104829) == "104829"


@pytest.mark.parametrize(
    ("address", "followed"),
    [
        ("https://rastreio.example/1", "https://rastreio.example/1"),
        ("HTTP://rastreio.example/1", "HTTP://rastreio.example/1"),
        ("javascript:alert(1)", ""),
        (" data:text/html,x", ""),
        ("//rastreio.example", ""),
        ("", ""),
    ],
)
def test_only_web_addresses_become_links(address: str, followed: str) -> None:
    assert render("{{ address|web_address }}", address=address) == followed


@pytest.mark.parametrize(
    ("name", "letters"), [("Aurora Casa", "AC"), ("Zoe", "ZO"), ("", "?"), ("a b c", "AC")]
)
def test_initials(name: str, letters: str) -> None:
    assert render("{{ name|initials }}", name=name) == letters


def test_an_icon_points_into_the_sprite() -> None:
    assert render("{% icon 'truck' 's' %}") == (
        '<svg class="i s" aria-hidden="true"><use href="/static/icons.svg#truck"/></svg>'
    )


def test_what_comes_from_outside_is_escaped() -> None:
    assert "<script>" not in render("{% chip label %}", label="<script>")


class Sample(forms.Form):
    name = forms.CharField(label="Nome", help_text="Como você a chama.")
    boxes = forms.MultipleChoiceField(
        label="Caixas", choices=[("1", "Um"), ("2", "Dois")], widget=forms.CheckboxSelectMultiple
    )
    secret = forms.CharField(label="Segredo", widget=forms.PasswordInput(), required=False)


def test_a_field_ties_label_help_and_errors_to_its_control() -> None:
    html = render("{% field form.name %}", form=Sample({"name": ""}))
    assert '<label for="id_name">Nome</label>' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_name_error id_name_help"' in html
    assert 'id="id_name_error"' in html
    assert '<p class="help" id="id_name_help">Como você a chama.</p>' in html


def test_a_checklist_is_one_group_with_a_legend() -> None:
    html = render("{% checklist form.boxes %}", form=Sample(initial={"boxes": ["2"]}))
    assert html.count('type="checkbox"') == 2
    assert html.count("checked") == 1
    assert "<legend>Caixas</legend>" in html


def test_a_stored_secret_shows_its_tail_and_no_value() -> None:
    form = Sample(initial={"secret": "never-shown"})
    template = '{% include "components/secret.html" with bound=form.secret tail=tail %}'
    stored = render(template, form=form, tail="7be0")
    assert "7be0" in stored and "Substituir" in stored and "Manter o atual" in stored
    assert "never-shown" not in stored
    assert "Substituir" not in render(template, form=form, tail="")


def test_the_error_summary_leads_to_the_fields() -> None:
    html = render('{% include "components/form_errors.html" %}', form=Sample({"name": ""}))
    assert "Para salvar, corrija 2 campos:" in html
    assert '<a href="#id_name">Nome</a>: ' in html
    assert '<a href="#id_boxes">Caixas</a>: ' in html
