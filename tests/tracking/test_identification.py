"""Which carrier has a parcel: labelled carriages, the order of the clues, and what may never happen."""

from __future__ import annotations

import csv
from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.carriers import CARRIERS, VOCABULARY
from tracking.identification import (
    NAME_FIELDS,
    Clues,
    Confidence,
    Identification,
    MappingRule,
    Reason,
    identify,
    normalize_text,
    read_address,
)

LABELLED = Path(__file__).parent / "labelled.csv"


# --- labelled carriages ---


def read_labelled() -> list[tuple[str, str, Clues]]:
    """Carrier and service that a person gave each carriage, ``""`` where nobody could tell, and its clues."""
    with LABELLED.open(encoding="utf-8", newline="") as file:
        return [(row.pop("carrier"), row.pop("service"), Clues(**row)) for row in csv.DictReader(file)]


def test_no_labelled_carriage_gets_a_wrong_carrier_and_few_get_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Labelled before the code saw them: as ERPs, gateways, marketplaces and sellers write, and attackers.

    Precision: of those that were given a carrier, how many got the right one. Recall: of those whose carrier
    a person can tell, how many were given it.
    """
    labelled = read_labelled()
    found = [(carrier, service, clues, identify(clues)) for carrier, service, clues in labelled]
    known = [each for each in found if each[0]]
    given_one = [each for each in found if each[3].carrier_key]
    right = [each for each in given_one if each[3].carrier_key == each[0]]
    with_service = [each for each in right if each[3].service == each[1]]
    with capsys.disabled():
        print(
            f"\n{len(found)} labelled, {len(known)} of a known carrier: "
            f"precision {len(right) / len(given_one):.3f}, recall {len(right) / len(known):.3f}, "
            f"services right {len(with_service)} of {len(right)}"
        )

    assert [each for each in given_one if each[3].carrier_key != each[0]] == []
    assert (len(found), len(known), len(given_one), len(right)) == (500, 371, 360, 360)
    # The service is told or left out, never another.
    assert [(each[1], each[3].service) for each in right if each[3].service != each[1]] == [("SEDEX", "")]
    assert {
        each[2].freight_method or each[2].tracking_code or each[2].tracking_url
        for each in known
        if not each[3].carrier_key
    } == {
        "CorreiosPAC",
        "P.A.C.",
        "S E D E X",
        "Coreios",
        "Sedex (entrega em até 3 dias - motoboy não disponível)",
        "AD778124948",
        "https://www.linkcorreios.com.br/?id=AD778124948BR",
        "J e T Express",
        "ML Flex",
        "Entrega pelo vendedor",
        "Tray PAC",
    }


def test_the_labelled_carriages_differ() -> None:
    labelled = [clues for _, _, clues in read_labelled()]

    assert len(set(labelled)) == len(labelled)


# --- the order of the clues ---


def test_the_company_s_de_para_wins_over_everything() -> None:
    clues = Clues(
        type_code="C",
        freight_method="SEDEX",
        carrier_name="Entregas do João",
        shipping_method="Correios",
        tracking_code="QQ588651634BR",
        tracking_url="https://rastreamento.correios.com.br/",
    )
    rule = MappingRule("carrier_name", "entregas do joao", "own_fleet", "Moto")

    assert identify(clues, [rule]) == Identification(
        "own_fleet",
        "Moto",
        Confidence.MAPPED,
        Reason.MAPPED,
        {"source": "carrier_name", "text": "Entregas do João"},
        (),
    )
    # Another text, or the same text in another place, is not what the company spoke of.
    assert identify(clues, [replace(rule, kind="shipping_method")]).carrier_key == "correios"
    assert identify(clues, [replace(rule, text="entregas")]).carrier_key == "correios"
    # Neither is a carrier that we no longer know.
    assert identify(clues, [replace(rule, carrier_key="retired")]).carrier_key == "correios"


def test_of_several_rules_the_one_for_the_most_particular_text_holds() -> None:
    clues = Clues(freight_method="Rápida", carrier_name="Log X", shipping_method="Loja")
    rules = [
        MappingRule("shipping_method", "loja", "loggi"),
        MappingRule("carrier_name", "log x", "patrus"),
        MappingRule("freight_method", "rapida", "jadlog"),
    ]

    assert identify(clues, rules).carrier_key == "jadlog"
    assert identify(clues, rules[:2]).carrier_key == "patrus"
    assert identify(clues, rules[:1]).carrier_key == "loggi"


def test_a_rule_without_a_service_leaves_it_to_the_texts() -> None:
    rule = MappingRule("shipping_method", "minha forma", "correios")

    found = identify(Clues(shipping_method="Minha  FORMA", freight_method="03298"), [rule])

    assert (found.carrier_key, found.service) == ("correios", "PAC")


def test_a_rule_for_a_sign_is_for_that_sign_only() -> None:
    rule = MappingRule("freight_method", normalize_text("🚚"), "own_fleet")

    assert identify(Clues(freight_method=" 🚚 "), [rule]).carrier_key == "own_fleet"
    assert identify(Clues(freight_method="✈"), [rule]).carrier_key == ""
    assert identify(Clues(freight_method=""), [replace(rule, text="")]).carrier_key == ""


@pytest.mark.parametrize(
    ("clues", "confidence", "reason", "params"),
    [
        (
            Clues(freight_method="SEDEX", carrier_name="CORREIOS", shipping_method="Correios", type_code="C"),
            Confidence.CERTAIN,
            Reason.NAMED,
            {"source": "freight_method", "text": "SEDEX"},
        ),
        (
            Clues(
                freight_method="Normal", carrier_name="CORREIOS", shipping_method="Correios", type_code="C"
            ),
            Confidence.CERTAIN,
            Reason.NAMED,
            {"source": "carrier_name", "text": "CORREIOS"},
        ),
        (
            Clues(freight_method="Normal", shipping_method="Correios", type_code="C"),
            Confidence.CERTAIN,
            Reason.NAMED,
            {"source": "shipping_method", "text": "Correios"},
        ),
        (Clues(shipping_method="Minha forma", type_code="v3:1"), Confidence.CERTAIN, Reason.BY_TYPE, {}),
        (Clues(tracking_code="QQ588651634BR"), Confidence.CERTAIN, Reason.BY_CODE, {}),
        (Clues(tracking_code="QQ588651635BR"), Confidence.LIKELY, Reason.BY_CODE, {}),
        (Clues(tracking_url="https://www.correios.com.br/"), Confidence.LIKELY, Reason.BY_URL, {}),
        (
            Clues(freight_method="PAC"),
            Confidence.CERTAIN,
            Reason.NAMED,
            {"source": "freight_method", "text": "PAC"},
        ),
    ],
)
def test_who_it_is_comes_with_why(
    clues: Clues, confidence: Confidence, reason: Reason, params: dict[str, str]
) -> None:
    found = identify(clues)

    assert (found.carrier_key, found.confidence, found.reason, found.params) == (
        "correios",
        confidence,
        reason,
        params,
    )


def test_a_gateway_yields_to_whoever_carries_and_is_no_fact() -> None:
    alone = identify(Clues(shipping_method="Melhor Envio", type_code="v3:10"))

    assert (alone.carrier_key, alone.confidence, alone.reason, alone.params) == (
        "melhor_envio",
        Confidence.LIKELY,
        Reason.HIDDEN,
        {"name": "Melhor Envio"},
    )
    assert identify(Clues(freight_method="Melhor Envio - Loggi Express")).carrier_key == "loggi"


def test_two_who_are_named_equally_are_nobody() -> None:
    found = identify(Clues(freight_method="Correios ou Jadlog"))

    assert found == Identification(
        "", "", Confidence.NONE, Reason.CONTRADICTION, {"names": "Correios, Jadlog"}, ()
    )


def test_the_code_tells_apart_two_who_are_named() -> None:
    clues = Clues(freight_method="Correios ou Jadlog", tracking_code="QQ588651634BR")

    assert identify(clues).carrier_key == "correios"
    assert identify(replace(clues, tracking_code="QQ588651635BR")).carrier_key == ""
    # A third one's code tells nothing apart.
    assert identify(replace(clues, tracking_code="TXAQ485921993tx")).carrier_key == ""


def test_a_marketplace_yields_to_a_code_of_the_correios() -> None:
    clues = Clues(type_code="SHOPEE_ENVIOS", shipping_method="Shopee Envios", freight_method="Shopee Xpress")

    assert identify(clues).carrier_key == "shopee_xpress"
    assert identify(replace(clues, tracking_code="QQ588651634BR")).carrier_key == "correios"
    # With a wrong digit it proves nothing.
    assert identify(replace(clues, tracking_code="QQ588651635BR")).carrier_key == "shopee_xpress"


def test_a_weak_name_counts_alone_and_not_beside_words_that_are_somebody_else_s() -> None:
    alone = identify(Clues(freight_method="Jet"))

    assert (alone.carrier_key, alone.confidence) == ("jt", Confidence.LIKELY)
    assert identify(Clues(freight_method="Jet", tracking_code="888030851683872")).confidence == (
        Confidence.CERTAIN
    )
    assert identify(Clues(freight_method="Jet Turismo")).carrier_key == ""
    assert identify(Clues(freight_method="Jet", carrier_name="Turismo Ltda")).carrier_key == ""


@pytest.mark.parametrize("type_code", ["v3:32", "v3:999", "v3:", "v3:-1", "32", "ZZ", "NOVA", "v4:1", "🚚"])
def test_a_type_that_we_do_not_know_says_nothing(type_code: str) -> None:
    assert identify(Clues(type_code=type_code)).reason == Reason.NOT_NAMED
    assert identify(Clues(type_code=type_code, freight_method="SEDEX")).carrier_key == "correios"


# --- warnings ---


def test_a_wrong_digit_is_a_warning_and_no_refusal() -> None:
    named = identify(Clues(type_code="C", tracking_code="AA123456789BR"))

    assert (named.carrier_key, named.confidence) == ("correios", Confidence.CERTAIN)
    assert named.warnings == ("code.wrong_digit",)
    assert identify(Clues(tracking_code="AA123456789BR")).warnings == ("code.wrong_digit",)
    assert identify(Clues(tracking_code="AA123456785BR")).warnings == ()
    # Melhor Envio numbers in that shape without a digit.
    assert identify(Clues(shipping_method="Melhor Envio", tracking_code="ME123456789BR")).warnings == ()


def test_a_code_of_another_shape_is_a_warning() -> None:
    found = identify(Clues(type_code="C", tracking_code="TINY90831920321BR"))

    assert (found.carrier_key, found.warnings) == ("correios", ("code.foreign_shape",))
    assert identify(Clues(type_code="J", tracking_code="TINY90831920321BR")).warnings == ()
    assert identify(Clues(type_code="C", tracking_code="aguardando")).warnings == ()


def test_a_key_of_a_nota_that_does_not_hold_is_a_warning() -> None:
    key = "35260712ABC34501DE35550010000123451123456788"

    assert identify(Clues(type_code="C", nfe_key=key)).warnings == ()
    assert identify(Clues(type_code="C", nfe_key=f"{key[:-1]}9")).warnings == ("nfe_key.wrong",)
    # The key alone says that there is a nota, not who carries.
    assert identify(Clues(nfe_key=key)).reason == Reason.NOT_NAMED


def test_a_code_that_looks_wrong_warns_under_a_rule_as_well() -> None:
    rule = MappingRule("freight_method", "normal", "correios")

    found = identify(Clues(freight_method="Normal", tracking_code="AA123456789BR"), [rule])

    assert (found.confidence, found.warnings) == (Confidence.MAPPED, ("code.wrong_digit",))


# --- hostile addresses ---


@pytest.mark.parametrize(
    "url",
    [
        "https://correios.com.br.evil.com/",
        "https://evil-correios.com.br/",
        "https://correios.com.br@evil.com/",
        "https://evil.com@correios.com.br/",
        "https://user:secret@correios.com.br/",
        "https://correios.com.br:443/",
        "https://correios.com.br:80@evil.com/",
        "https://correios.com.br:/",
        "https://xn--correios-x1a.com.br/",
        "https://xn--x.correios.com.br/",
        "https://corre\u0456os.com.br/",
        "https://correios\uff0ecom\uff0ebr/",
        "https://correios.com.br\\@evil.com/",
        "https://evil.com\\.correios.com.br/",
        "https://evil.com/.correios.com.br",
        "https://evil.com?.correios.com.br",
        "https://evil.com#.correios.com.br",
        "https://evil.com/\n.correios.com.br",
        "https://corr\teios.com.br/",
        "ht\ntps://correios.com.br/",
        "https://correios.com.br\x00.evil.com/",
        "https://correios%2Ecom.br/",
        "https://.correios.com.br/",
        "https://correios..com.br/",
        "https://correios.com.br./",
        "https://-.correios.com.br/",
        "https://[::1]/correios.com.br",
        "https://[correios.com.br]/",
        "https://2130706433/",
        "https://localhost/correios.com.br",
        "https://",
        "https:///correios.com.br",
        "https:correios.com.br",
        "//correios.com.br/",
        "correios.com.br",
        "ftp://correios.com.br/",
        "file://correios.com.br/",
        "javascript://correios.com.br/%0aalert(1)",
        "data:text/html,https://correios.com.br/",
        f"https://correios.com.br/{'a' * 3000}",
    ],
)
def test_an_address_that_pretends_names_nobody(url: str) -> None:
    found = identify(Clues(tracking_url=url))

    assert (found.carrier_key, found.reason) == ("", Reason.NOT_NAMED)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://www.correios.com.br", ("www.correios.com.br", "")),
        (" HTTP://Rastreamento.Correios.com.br/App?x=1#y ", ("rastreamento.correios.com.br", "/App")),
        ("https://a-b.correios.com.br/@evil.com", ("a-b.correios.com.br", "/@evil.com")),
    ],
)
def test_a_plain_address_is_read(url: str, address: tuple[str, str]) -> None:
    assert read_address(url) == address


# --- what may never happen ---


def pieces() -> st.SearchStrategy[str]:
    """Anything, and what is nearly a name, a code or an address."""
    names = [alias for carrier in CARRIERS.values() for alias in (*carrier.aliases, *carrier.weak_aliases)]
    codes = [
        example for carrier in CARRIERS.values() for shape in carrier.codes for example in shape.examples
    ]
    urls = [f"https://{domain}/" for carrier in CARRIERS.values() for domain in carrier.domains]
    words = [*VOCABULARY.plain_words, *VOCABULARY.negations, *VOCABULARY.not_names]
    return st.lists(
        st.one_of(st.text(max_size=20), st.sampled_from([*names, *codes, *urls, *words])), max_size=4
    ).map(" ".join)


ANY_CLUES = st.builds(Clues, **{each.name: pieces() for each in fields(Clues)})
ANY_RULES = st.lists(
    st.builds(
        MappingRule,
        st.sampled_from([*NAME_FIELDS, "other"]),
        pieces().map(normalize_text),
        st.sampled_from([*CARRIERS, "", "retired"]),
        st.text(max_size=10),
    ),
    max_size=3,
)


@given(ANY_CLUES, ANY_RULES)
def test_anything_is_answered_and_always_alike(clues: Clues, rules: list[MappingRule]) -> None:
    found = identify(clues, rules)

    assert found == identify(Clues(**asdict(clues)), list(rules))
    assert found.carrier_key in {"", *CARRIERS}
    assert (found.carrier_key == "") == (found.confidence == Confidence.NONE)
    assert (found.confidence == Confidence.MAPPED) == (found.reason == Reason.MAPPED)
    assert found.carrier_key or not found.service
    assert all(isinstance(value, str) for value in found.params.values())


@given(st.from_regex(r"[0-9 ./-]{0,60}", fullmatch=True))
def test_digits_alone_name_nobody(digits: str) -> None:
    assert identify(Clues(tracking_code=digits)).reason == Reason.NOT_NAMED
    assert identify(Clues(freight_method=digits)).reason == Reason.NOT_NAMED
    assert identify(Clues(type_code=digits)).reason == Reason.NOT_NAMED
    assert identify(Clues(nfe_key=digits)).reason == Reason.NOT_NAMED


@given(ANY_CLUES, st.from_regex(r"[0-9]{1,44}", fullmatch=True))
def test_digits_never_change_whose_a_parcel_is(clues: Clues, digits: str) -> None:
    """Beside a name they may make sure of it, and spoil the link to a carrier that numbers otherwise."""
    without = identify(replace(clues, tracking_code=""))
    found = identify(replace(clues, tracking_code=digits))

    assert (
        found.carrier_key == without.carrier_key
        or without.reason
        in (
            Reason.BY_URL,
            Reason.CONTRADICTION,
        )
        or "correios.com.br" in clues.tracking_url.lower()
    )


@given(st.sampled_from([each for each in read_labelled() if each[0]]), st.data())
def test_case_accents_and_spaces_change_nothing(
    labelled: tuple[str, str, Clues], data: st.DataObject
) -> None:
    _, _, clues = labelled
    found = identify(clues)
    for name in NAME_FIELDS:
        change = data.draw(st.sampled_from([str.upper, str.lower, str.title, lambda text: f"  {text}\t"]))
        clues = replace(clues, **{name: change(getattr(clues, name))})

    assert identify(clues).carrier_key == found.carrier_key
    assert identify(clues).service == found.service
