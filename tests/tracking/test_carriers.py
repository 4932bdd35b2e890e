"""The data of the carriers: its shape, and that each of its own words and examples says what it should."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import tracking
from tracking.carriers import (
    CARRIERS,
    VOCABULARY,
    Carrier,
    CarrierKind,
    CodeStrength,
    find_carrier,
    list_choices,
    public_url,
)
from tracking.codes import has_valid_s10_digit, is_s10, normalize_code
from tracking.identification import Clues, Confidence, Identification, Reason, identify, normalize_text

DATA: dict[str, Any] = json.loads(
    (Path(tracking.__file__).parent / "data" / "carriers.json").read_text(encoding="utf-8")
)

WORDS = [str]
REQUIRED = {"key": str, "name": str, "kind": str, "aliases": WORDS}
OPTIONAL = {
    "weak_aliases": WORDS,
    "raw_names": WORDS,
    "services": [{"name": str, "words": WORDS}],
    "type_codes": WORDS,
    "codes": [dict],
    "has_only_these_codes": bool,
    "domains": WORDS,
    "url_parts": dict,
    "public_url": str,
}
CODE = {"pattern": str, "strength": str, "examples": WORDS}
CODE_OPTIONAL = {"digit": str, "strength_if_wrong": str}

carriers = pytest.mark.parametrize("carrier", CARRIERS.values(), ids=lambda carrier: carrier.key)


# --- schema ---


def find_faults(value: Any, schema: Any, place: str) -> list[str]:
    """What of ``value`` is not as ``schema`` has it; a list of words is never empty and repeats nothing."""
    if isinstance(schema, list):
        if not isinstance(value, list) or not value:
            return [f"{place}: a list with something in it"]
        faults = [
            f for index, each in enumerate(value) for f in find_faults(each, schema[0], f"{place}.{index}")
        ]
        if schema == WORDS and not faults and len({word.casefold() for word in value}) < len(value):
            faults.append(f"{place}: repeats itself")
        return faults
    if isinstance(schema, dict):
        if not isinstance(value, dict):
            return [f"{place}: an object"]
        if value.keys() != schema.keys():
            return [f"{place}: {sorted(value.keys() ^ schema.keys())}"]
        return [f for name in schema for f in find_faults(value[name], schema[name], f"{place}.{name}")]
    if not isinstance(value, schema):
        return [f"{place}: {schema.__name__}"]
    if schema is str and value != value.strip():
        return [f"{place}: spaces around"]
    return []


def find_optional_faults(value: dict[str, Any], required: Any, optional: Any, place: str) -> list[str]:
    return find_faults(value, required | {name: optional[name] for name in optional if name in value}, place)


def test_the_check_of_the_schema_finds_what_is_wrong() -> None:
    good = {"key": "x", "name": "X", "kind": "carrier", "aliases": ["x"]}

    assert find_optional_faults(good, REQUIRED, OPTIONAL, "x") == []
    assert find_optional_faults(good | {"colour": "red"}, REQUIRED, OPTIONAL, "x") == ["x: ['colour']"]
    assert find_optional_faults(good | {"aliases": []}, REQUIRED, OPTIONAL, "x") == [
        "x.aliases: a list with something in it"
    ]
    assert find_optional_faults(good | {"aliases": ["A", "a"]}, REQUIRED, OPTIONAL, "x") == [
        "x.aliases: repeats itself"
    ]
    assert find_optional_faults(good | {"name": " X"}, REQUIRED, OPTIONAL, "x") == ["x.name: spaces around"]


def test_the_data_have_their_shape() -> None:
    assert DATA.keys() == {"hiding_type_codes", "not_names", "negations", "plain_words", "carriers"}
    faults = [f for name in DATA.keys() - {"carriers"} for f in find_faults(DATA[name], WORDS, name)]
    for each in DATA["carriers"]:
        faults += find_optional_faults(each, REQUIRED, OPTIONAL, each["key"])
        for code in each.get("codes", ()):
            faults += find_optional_faults(code, CODE, CODE_OPTIONAL, f"{each['key']}.codes")

    assert faults == []


def test_nothing_is_said_twice() -> None:
    keys = [each["key"] for each in DATA["carriers"]]
    names = [each["name"] for each in DATA["carriers"]]
    aliases = [
        normalize_text(alias)
        for carrier in CARRIERS.values()
        for alias in (*carrier.aliases, *carrier.weak_aliases)
    ]
    aliases += [normalize_text(phrase) for phrase in VOCABULARY.not_names]
    types = [code.upper() for carrier in CARRIERS.values() for code in carrier.type_codes]

    assert len(set(keys)) == len(keys)
    assert len({name.casefold() for name in names}) == len(names)
    assert len(set(aliases)) == len(aliases)
    assert len({*types, *VOCABULARY.hiding_type_codes}) == len(types) + len(VOCABULARY.hiding_type_codes)


@carriers
def test_what_a_carrier_says_holds_together(carrier: Carrier) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", carrier.key)
    assert len(carrier.key) <= 40
    for domain in carrier.domains:
        assert re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", domain)
    for part, key in carrier.url_parts.items():
        assert part == part.casefold()
        assert carrier.kind == CarrierKind.GATEWAY
        assert CARRIERS[key].kind == CarrierKind.CARRIER
    if carrier.public_url:
        assert carrier.public_url.startswith("https://")
        assert carrier.public_url.count("{code}") == 1
    if carrier.has_only_these_codes:
        assert carrier.codes
    if carrier.kind in (CarrierKind.OWN, CarrierKind.NONE):
        assert not (carrier.codes or carrier.domains or carrier.public_url)
    assert all(len(service.name) <= 80 for service in carrier.services)


@carriers
def test_each_shape_of_a_code_has_examples_that_fit_it(carrier: Carrier) -> None:
    for shape in carrier.codes:
        assert [each for each in shape.examples if not shape.pattern.fullmatch(normalize_code(each))] == []
        if shape.has_s10_digit:
            assert [each for each in shape.examples if not has_valid_s10_digit(each)] == []
        assert (shape.strength_if_wrong is None) or shape.has_s10_digit
        if shape.strength != CodeStrength.SUPPORTS:
            assert [each for each in shape.examples if re.fullmatch(r"[\d-]+", each)] == []


# --- each of its words, alone ---


def identify_name(text: str) -> list[Identification]:
    return [
        identify(Clues(freight_method=text)),
        identify(Clues(carrier_name=text)),
        identify(Clues(shipping_method=text)),
    ]


@carriers
def test_every_alias_names_its_carrier_however_it_is_written(carrier: Carrier) -> None:
    for alias in (*carrier.aliases, *carrier.weak_aliases, *carrier.raw_names):
        for text in (alias, alias.upper(), f"  {alias.title()} "):
            assert [found.carrier_key for found in identify_name(text)] == [carrier.key] * 3, text
    for alias in (*carrier.aliases, *carrier.weak_aliases):
        assert identify(Clues(freight_method=f"({normalize_text(alias)}) 5 dias")).carrier_key == carrier.key


@carriers
def test_every_alias_is_a_whole_word(carrier: Carrier) -> None:
    words = [normalize_text(alias) for alias in (*carrier.aliases, *carrier.weak_aliases)]
    for word in words:
        # One of several words is a name as well.
        if " " not in word:
            assert [found.carrier_key for found in identify_name(f"x{word}")] == [""] * 3, word
            assert [found.carrier_key for found in identify_name(f"{word}x")] == [""] * 3, word


@carriers
def test_every_type_code_names_its_carrier(carrier: Carrier) -> None:
    for code in carrier.type_codes:
        for text in (code, code.lower(), f" {code} "):
            found = identify(Clues(type_code=text))
            assert (found.carrier_key, found.reason) == (
                carrier.key,
                Reason.HIDDEN if carrier.kind == CarrierKind.GATEWAY else Reason.BY_TYPE,
            )


@carriers
def test_every_service_is_told_once_the_carrier_is(carrier: Carrier) -> None:
    for service in carrier.services:
        for word in service.words:
            found = identify(Clues(freight_method=f"{carrier.aliases[0]} {word}"))
            assert (found.carrier_key, found.service) == (carrier.key, service.name), word


@carriers
def test_every_example_of_a_code_is_of_its_carrier(carrier: Carrier) -> None:
    """Alone if it can prove or hint; else it never speaks against the carrier, and alone names nobody."""
    for shape in carrier.codes:
        for example in shape.examples:
            alone = identify(Clues(tracking_code=example))
            named = identify(Clues(tracking_code=example, freight_method=carrier.aliases[0]))
            assert named.carrier_key == carrier.key
            assert named.warnings == ()
            if shape.strength == CodeStrength.SUPPORTS:
                assert (alone.carrier_key, alone.reason) == ("", Reason.NOT_NAMED)
            else:
                assert alone.carrier_key == carrier.key
            if shape.strength == CodeStrength.PROOF:
                assert (alone.confidence, alone.reason) == (Confidence.CERTAIN, Reason.BY_CODE)


@carriers
def test_every_domain_is_of_its_carrier(carrier: Carrier) -> None:
    for domain in carrier.domains:
        for url in (f"https://{domain}/", f"http://rastreio.{domain}/x?y=1", f"HTTPS://WWW.{domain.upper()}"):
            assert identify(Clues(tracking_url=url)).carrier_key == carrier.key
    for part, key in carrier.url_parts.items():
        found = identify(Clues(tracking_url=f"https://{carrier.domains[-1]}/app/{part}/x"))
        assert found.carrier_key == key


@pytest.mark.parametrize("code", VOCABULARY.hiding_type_codes)
def test_a_type_that_hides_the_carrier_looks_further(code: str) -> None:
    assert identify(Clues(type_code=code)).carrier_key == ""
    assert identify(Clues(type_code=code, freight_method="Jadlog .Package")).carrier_key == "jadlog"
    assert identify(Clues(type_code=code, carrier_name="BRASPRESS")).carrier_key == "braspress"
    assert identify(Clues(type_code=code, tracking_code="QQ588651634BR")).carrier_key == "correios"


@pytest.mark.parametrize("phrase", VOCABULARY.not_names)
def test_what_names_nobody_names_nobody(phrase: str) -> None:
    assert [found.carrier_key for found in identify_name(phrase)] == [""] * 3


@pytest.mark.parametrize("word", VOCABULARY.plain_words)
def test_a_plain_word_names_nobody(word: str) -> None:
    assert [found.carrier_key for found in identify_name(word)] == [""] * 3


# --- asking for one ---


def test_a_carrier_is_found_by_its_key_only() -> None:
    found = find_carrier("correios")

    assert found is not None
    assert (found.name, found.kind) == ("Correios", CarrierKind.CARRIER)
    assert find_carrier("") is None
    assert find_carrier("Correios") is None
    assert find_carrier("retired_carrier") is None


def test_the_page_of_a_parcel() -> None:
    assert (
        public_url("correios", "QQ588651634BR")
        == "https://rastreamento.correios.com.br/app/index.php?objetos=QQ588651634BR"
    )
    assert public_url("shopee_xpress", "BR261114662447B") == "https://spx.com.br/track?BR261114662447B"
    # What a code holds never leads elsewhere.
    assert public_url("loggi", "../@evil.com/?x#y") == (
        "https://www.loggi.com/rastreador/..%2F%40evil.com%2F%3Fx%23y"
    )
    # No page of theirs is known to work with a code alone.
    assert public_url("jadlog", "614554609") == ""
    assert public_url("correios", "") == ""
    assert public_url("", "QQ588651634BR") == ""


def test_a_person_may_choose_every_carrier_by_name() -> None:
    choices = list_choices()

    assert len(choices) == len(CARRIERS)
    assert ("correios", "Correios") in choices
    assert [name for _, name in choices] == sorted((name for _, name in choices), key=str.casefold)


def test_only_s10_has_a_digit_of_s10() -> None:
    shapes = [shape for carrier in CARRIERS.values() for shape in carrier.codes if shape.has_s10_digit]

    assert len(shapes) == 2
    assert all(is_s10(example) for shape in shapes for example in shape.examples)
