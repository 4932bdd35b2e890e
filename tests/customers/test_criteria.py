"""The criteria of customers: who goes to the ERP, what of him, and that PostgreSQL counts alike."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import clock
from accounts.models import Organization
from accounts.tenancy import tenant
from customers import selectors
from customers.criteria import (
    Criteria,
    decide_customer,
    decide_filling,
    decide_insertion,
    decide_writing,
)
from customers.models import Customer
from customers.sentences import OUTSIDE
from customers.values import FIELDS

CPF, CNPJ = "52998224725", "11222333000181"
EMAILS = ["", "a@b.co", "sem-arroba", "a@b", "a@b.co; c@d.co", "á@b.co", "a@b.co\n", "x" * 250 + "@b.co"]
CRITERIA = st.builds(
    Criteria,
    sends_companies=st.booleans(),
    sends_people=st.booleans(),
    needs_valid_email=st.booleans(),
    only_updates=st.booleans(),
)
BUYERS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["", "PF", "PJ"]),
        "document": st.sampled_from(["", CPF, CNPJ]),
        "email": st.sampled_from(EMAILS),
    }
)
ADDRESSES = st.sampled_from(
    [{}, {"country": "Brasil"}, {"city": "Curitiba"}, {"city": "Palmas", "state": "PR"}]
)
TEXTS = st.sampled_from(["", "1", "Ana 2", "ana3@x.test"])
VALUES = st.fixed_dictionaries(
    {name: ADDRESSES if name == "address" else TEXTS for name in FIELDS if name != "kind"}
)


@pytest.mark.parametrize(
    ("buyer", "choices", "code"),
    [
        ({"document": CPF}, {}, ""),
        ({"document": CNPJ}, {}, ""),
        ({"kind": ""}, {}, ""),
        ({"document": CPF}, {"sends_people": False}, "customer.outside_person"),
        ({"document": CNPJ}, {"sends_people": False}, ""),
        ({"document": CNPJ}, {"sends_companies": False}, "customer.outside_company"),
        ({"kind": "PJ"}, {"sends_companies": False}, "customer.outside_company"),
        # The document knows better than what was said.
        ({"kind": "PJ", "document": CPF}, {"sends_companies": False}, ""),
        # Nobody asked for one who may be what was left out.
        ({"kind": ""}, {"sends_people": False}, "customer.outside_kind"),
        ({"kind": ""}, {"sends_companies": False}, "customer.outside_kind"),
        ({"document": CPF}, {"needs_valid_email": True}, "customer.outside_email"),
        ({"document": CPF, "email": "ana@x"}, {"needs_valid_email": True}, "customer.outside_email"),
        ({"document": CPF, "email": "ana@x.test"}, {"needs_valid_email": True}, ""),
        ({"document": CPF}, {"only_updates": True}, ""),
    ],
)
def test_who_goes_to_the_erp(buyer: dict[str, str], choices: dict[str, bool], code: str) -> None:
    assert decide_customer(buyer, Criteria(**choices)).code == code


@given(buyer=BUYERS, criteria=CRITERIA)
def test_every_reason_has_its_words_and_no_choice_lets_less_pass_by_allowing_more(
    buyer: dict[str, str], criteria: Criteria
) -> None:
    decision = decide_customer(buyer, criteria)
    assert decision.passes == (decision.code not in OUTSIDE)
    everybody = Criteria(needs_valid_email=criteria.needs_valid_email)
    assert decide_customer(buyer, everybody).passes or not decision.passes
    assert decide_customer(buyer, Criteria()).passes


@given(criteria=CRITERIA, is_forced=st.booleans())
def test_only_updates_makes_nobody_unless_a_person_says_so(criteria: Criteria, is_forced: bool) -> None:
    expected = "customers.unknown_at_erp" if criteria.only_updates and not is_forced else ""
    assert decide_insertion(criteria, is_forced=is_forced).code == expected


@given(ours=VALUES, theirs=VALUES, changed=st.sets(st.sampled_from(sorted(FIELDS))))
def test_only_what_was_changed_here_overwrites(
    ours: dict[str, Any], theirs: dict[str, Any], changed: set[str]
) -> None:
    writing = decide_writing(ours, theirs, changed)

    assert writing.changes.keys().isdisjoint(writing.kept)
    assert changed.isdisjoint(writing.kept)
    for name, (before, after) in writing.changes.items():
        assert (before, after) == (theirs[name], ours[name])
        assert before != after
        assert name in changed or before in ("", {}, {"country": "Brasil"})
    for name, pair in writing.kept.items():
        assert pair == (theirs[name], ours[name])
        assert "" not in pair
    for name in ours.keys() - writing.changes.keys() - writing.kept.keys():
        assert ours[name] in ("", {}, {"country": "Brasil"}) or ours[name] == theirs[name]


@given(ours=VALUES, changed=st.sets(st.sampled_from(sorted(FIELDS))))
def test_nothing_but_changes_is_written_blindly(ours: dict[str, Any], changed: set[str]) -> None:
    writing = decide_writing(ours, None, changed)
    assert writing.kept == {}
    assert writing.changes.keys() <= changed


def test_the_same_written_otherwise_is_no_difference() -> None:
    ours = {
        "name": "Ana  Lima",
        "phone": "41998764410",
        "email": "ana@x.test",
        "address": {"street": "Rua A", "zip_code": "80420000"},
    }
    theirs = {
        "name": "ANA LIMA",
        "phone": "+55 (41) 99876-4410",
        "email": "Ana@X.test",
        "address": {"street": "rua a", "zip_code": "80420-000", "country": "Brasil", "complement": ""},
    }
    writing = decide_writing(ours, theirs, set(FIELDS))
    assert (writing.changes, writing.kept) == ({}, {})


def test_an_order_fills_what_is_empty_and_keeps_the_rest_beside_it() -> None:
    ours = {"name": "Ana", "email": "", "address": {"city": "Curitiba"}}
    told = {"name": "Ana Lima", "email": "ana@x.test", "phone": "", "address": {"city": "Londrina"}}
    filling = decide_filling(ours, told)
    assert filling.changes == {"email": ("", "ana@x.test")}
    assert filling.kept == {
        "name": ("Ana", "Ana Lima"),
        "address": ({"city": "Curitiba"}, {"city": "Londrina"}),
    }


def test_postgresql_leaves_out_the_same_ones(organization: Organization) -> None:
    now = clock.now()
    buyers = [
        {"kind": kind, "document": document, "email": email}
        for kind in ("", "PF", "PJ")
        for document in ("", "CPF", "CNPJ")
        for email in EMAILS
    ]
    # One document, one customer: what counts of it is its length.
    lengths = {"": 0, "CPF": 11, "CNPJ": 14}
    for number, buyer in enumerate(buyers):
        length = lengths[buyer["document"]]
        buyer["document"] = f"{number:0{length}}" if length else ""
    with tenant(organization):
        Customer.objects.bulk_create(Customer(created_at=now, updated_at=now, **buyer) for buyer in buyers)
        for bits in range(8):
            criteria = Criteria(bool(bits & 1), bool(bits & 2), bool(bits & 4))
            outside = set(selectors.list_outside(criteria).values_list("kind", "document", "email"))
            assert outside == {
                (one["kind"], one["document"], one["email"])
                for one in buyers
                if not decide_customer(one, criteria).passes
            }
            unique = Customer.objects.filter(pk__in=selectors.list_outside(criteria)).count()
            assert selectors.count_effect(criteria) == (len(buyers) - unique, len(buyers))
