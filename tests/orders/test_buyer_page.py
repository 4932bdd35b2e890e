"""The page that a buyer reads of a parcel: what it says in each state, and what it tells nobody."""

from __future__ import annotations

import datetime as dt
import html
import io
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts import clock
from accounts.models import Organization, User
from accounts.tenancy import tenant
from contracts.tracking import ParcelState, TrackedEvent
from customers.models import Customer
from integrations.encryption import encrypt
from orders.buyer_page import (
    CLOSER_LEADS,
    EVENT_LABELS,
    LEADS,
    LONGEST_TEXT,
    TITLES,
    BuyerPage,
    clean_text,
    describe_parcel,
    read_link,
    write_city,
    write_code,
    write_first_name,
)
from orders.models import Order, OrderParcel
from tests.ui.test_static import contrast
from tracking.carriers import CARRIERS
from tracking.models import EndReason, Parcel, ParcelEvent, hash_key

NOW = dt.datetime(2026, 11, 20, 15, 0, tzinfo=dt.UTC)
KEY = "k" * 43
CODE = "AA123456785BR"
NFE_KEY = "41261111222333000181550010000000991123456780"
CPF = "52998224725"
HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "X-Content-Type-Options": "nosniff",
}
CSS = (Path(settings.BASE_DIR) / "static" / "buyer.css").read_text()
S = ParcelState

ORGANIZATION = Organization(
    pk=1,
    name="Casa Aurora Comércio Ltda",
    slug="casa-aurora",
    shop_name="Aurora Móveis",
    shop_colour="#8a3324",
    shop_whatsapp="41998764410",
    shop_phone="08001234567",
    shop_email="sac@aurora.test",
    shop_site="https://aurora.test/contato",
)
ADDRESS = {
    "street": "Rua das Flores",
    "number": "1234",
    "district": "Batel",
    "city": "Curitiba",
    "state": "PR",
    "zip_code": "80420000",
}


def hours_ago(hours: float) -> dt.datetime:
    return NOW - dt.timedelta(hours=hours)


def make_parcel(**values: Any) -> Parcel:
    """One that no database has; its page's key is of its number."""
    number = values.get("pk", 7)
    standard = {
        "pk": number,
        "organization_id": 1,
        "carrier_key": "correios",
        "confidence": "certain",
        "code": CODE,
        "state": S.IN_TRANSIT,
        "since_at": hours_ago(100),
        "key": encrypt(f"key-{number}", organization_id=1, field="key"),
    }
    return Parcel(**{**standard, **values})


def make_order(**values: Any) -> Order:
    customer = Customer(
        name="MARIA DE EXEMPLO", kind="PF", document=CPF, phone="41999990000", address=ADDRESS
    )
    standard: dict[str, Any] = {
        "number": 4711,
        "ecommerce_number": "UP-9",
        "status": "in_transit",
        "customer": customer,
    }
    return Order(**{**standard, **values})


def make_event(state: ParcelState, hours: float, **values: Any) -> ParcelEvent:
    told = TrackedEvent(occurred_at=hours_ago(hours), state=state, **values)
    return ParcelEvent(
        identity=told.identity,
        occurred_at=told.occurred_at,
        state=state,
        text=told.text,
        place=told.place,
        code=told.code,
        is_retraction=told.is_retraction,
    )


def describe(
    parcel: Parcel | None = None,
    *,
    events: Any = (),
    order: Order | None = None,
    volumes: Any = None,
    organization: Organization = ORGANIZATION,
) -> BuyerPage:
    parcel = parcel or make_parcel()
    return describe_parcel(
        parcel=parcel,
        events=list(events),
        order=order or make_order(),
        volumes=[parcel] if volumes is None else volumes,
        organization=organization,
        now=NOW,
    )


def render(page: BuyerPage) -> str:
    return render_to_string("buyer/parcel.html", {"page": page})


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


# --- what it says ---


@pytest.mark.parametrize(
    ("state", "tone", "title"),
    [
        (S.PENDING, "info", "Seu pedido foi enviado"),
        (S.POSTED, "info", "Seu pedido foi postado"),
        (S.IN_TRANSIT, "info", "Seu pedido está a caminho"),
        (S.OUT_FOR_DELIVERY, "info", "Seu pedido saiu para entrega"),
        (S.DELIVERY_FAILED, "warn", "A entrega não deu certo desta vez"),
        (S.AVAILABLE_FOR_PICKUP, "warn", "Seu pedido está pronto para retirada"),
        (S.DELIVERED, "ok", "Seu pedido foi entregue"),
        (S.RETURNING, "warn", "Seu pedido está voltando para a loja"),
        (S.RETURNED, "err", "Seu pedido voltou para a loja"),
        (S.LOST, "err", "Seu pedido não foi localizado"),
        (S.EXCEPTION, "warn", "Houve um problema no caminho"),
        (S.CANCELLED, "mute", "Este envio foi cancelado"),
        (S.EXPIRED, "warn", "Não há notícias novas deste envio"),
    ],
)
def test_each_state_has_its_sentence(state: ParcelState, tone: str, title: str) -> None:
    page = describe(make_parcel(state=state))

    assert (page.tone, page.title) == (tone, title)
    assert page.lead
    assert f"<title>{title} · Aurora Móveis</title>" in render(page)


def test_no_state_is_forgotten() -> None:
    assert set(TITLES) == set(LEADS) == set(EVENT_LABELS) == set(ParcelState)
    assert {state for state, _ in CLOSER_LEADS} <= set(ParcelState)


def test_before_it_is_posted_it_is_being_prepared_and_no_carrier_is_guessed() -> None:
    parcel = make_parcel(state=S.PENDING, carrier_key="", code="")
    page = describe(parcel, order=make_order(status="invoiced"))

    assert page.title == "Seu pedido está sendo preparado"
    assert page.lead == "Quando a transportadora receber o pacote, o caminho dele aparece aqui."
    assert [(stage.label, stage.state) for stage in page.stages] == [
        ("Preparando", "now"),
        ("Postado", "todo"),
        ("A caminho", "todo"),
        ("Saiu para entrega", "todo"),
        ("Entregue", "todo"),
    ]
    assert (page.carrier, page.code, page.carrier_url, list(page.lines)) == ("", "", "", [])
    assert "Transportadora Ainda não informada" in plain(render(page))
    assert "Código de rastreio" not in render(page)


def test_the_five_stages_have_the_day_on_which_each_began() -> None:
    events = [
        make_event(S.POSTED, 90),
        make_event(S.IN_TRANSIT, 70, place="Curitiba/PR"),
        make_event(S.IN_TRANSIT, 40, place="São Paulo/SP"),
        make_event(S.OUT_FOR_DELIVERY, 4, place="São Paulo/SP"),
    ]
    page = describe(make_parcel(state=S.OUT_FOR_DELIVERY, posted_at=hours_ago(90)), events=events)

    assert [(stage.label, stage.state, stage.day) for stage in page.stages] == [
        ("Preparando", "done", ""),
        ("Postado", "done", "16/11"),
        ("A caminho", "done", "17/11"),
        ("Saiu para entrega", "now", "20/11"),
        ("Entregue", "todo", ""),
    ]
    assert [(line.label, line.place) for line in page.lines] == [
        ("Saiu para entrega", "São Paulo/SP"),
        ("A caminho", "São Paulo/SP"),
        ("A caminho", "Curitiba/PR"),
        ("Postado", ""),
    ]
    shown = render(page)
    assert shown.count('aria-current="step"') == 1
    assert 'datetime="2026-11-20T08:00:00-03:00"' in shown
    assert "20/11/2026 às 08:00" in shown


def test_what_the_code_was_used_for_before_is_not_told() -> None:
    events = [make_event(S.DELIVERED, 24 * 400), make_event(S.IN_TRANSIT, 30)]
    page = describe(make_parcel(counts_from=NOW.date() - dt.timedelta(days=30)), events=events)
    assert [line.label for line in page.lines] == ["A caminho"]


def test_a_charge_of_the_customs_is_told_by_whom_it_can_be() -> None:
    values = {"state": S.EXCEPTION, "substate": "customs_payment"}
    assert describe(make_parcel(**values)).lead.endswith("A página da transportadora diz como.")
    page = describe(make_parcel(**values, confidence="likely"))
    assert (page.carrier_url, page.lead) == (
        "",
        "Há um valor a pagar para que o pacote seja liberado. Fale com a loja para saber como.",
    )


def test_what_a_carrier_took_back_is_not_told() -> None:
    events = [
        make_event(S.IN_TRANSIT, 30),
        make_event(S.DELIVERED, 20, code="BDE 01"),
        make_event(S.IN_TRANSIT, 10, code="EST 01", is_retraction=True),
    ]
    page = describe(events=events)
    assert [line.label for line in page.lines] == ["A caminho"]
    assert [stage.state for stage in page.stages] == ["done", "done", "now", "todo", "todo"]


@pytest.mark.parametrize(
    ("promised", "told", "is_late", "sentence"),
    [
        (None, None, False, ""),
        (None, dt.date(2026, 11, 26), False, "Previsão de entrega: 26/11/2026."),
        (dt.date(2026, 11, 20), None, False, "Previsão de entrega: hoje."),
        (dt.date(2026, 11, 24), dt.date(2026, 11, 23), False, "Previsão de entrega: 23/11/2026."),
        (
            dt.date(2026, 11, 24),
            dt.date(2026, 11, 26),
            True,
            "Pode chegar depois do previsto. Nova previsão: 26/11/2026.",
        ),
        (dt.date(2026, 11, 19), None, True, "A entrega está atrasada. A previsão era 19/11/2026."),
        (None, dt.date(2026, 11, 18), True, "A entrega está atrasada. A previsão era 18/11/2026."),
    ],
)
def test_the_expected_day_is_told_and_its_delay(
    promised: dt.date | None, told: dt.date | None, is_late: bool, sentence: str
) -> None:
    page = describe(make_parcel(expected_on=told), order=make_order(expected_on=promised))
    assert (page.is_late, page.expected) == (is_late, sentence)
    assert page.tone == ("warn" if is_late else "info")


@pytest.mark.parametrize("state", [S.DELIVERED, S.RETURNED, S.LOST, S.AVAILABLE_FOR_PICKUP, S.CANCELLED])
def test_what_is_not_expected_any_more_is_not_late(state: ParcelState) -> None:
    page = describe(make_parcel(state=state, expected_on=dt.date(2026, 11, 1)))
    assert (page.is_late, page.expected) == (False, "")


def test_a_failed_attempt_says_what_to_do() -> None:
    def lead(substate: str) -> str:
        return describe(make_parcel(state=S.DELIVERY_FAILED, substate=substate)).lead

    assert lead("retry").startswith("A transportadora costuma tentar de novo no próximo dia útil.")
    assert lead("address") == "O endereço está errado ou incompleto. Fale com a loja para conferir."
    assert "unidade de retirada" in lead("pickup_follows")
    stage = describe(make_parcel(state=S.DELIVERY_FAILED)).stages[3]
    assert (stage.label, stage.state) == ("Tentativa sem sucesso", "warn")


def test_a_parcel_to_pick_up_says_where_and_with_what() -> None:
    parcel = make_parcel(state=S.AVAILABLE_FOR_PICKUP, last_place="Curitiba/PR")
    assert describe(parcel).lead == (
        "Está na unidade da transportadora em Curitiba/PR. Leve um documento com foto e o código abaixo. "
        "O prazo para retirar é curto: depois dele o pacote volta para a loja."
    )
    without = make_parcel(state=S.AVAILABLE_FOR_PICKUP, code="")
    assert "e o número do pedido." in describe(without).lead


def test_a_delivered_one_says_when() -> None:
    parcel = make_parcel(state=S.DELIVERED, delivered_at=hours_ago(2), ended_at=hours_ago(2))
    page = describe(parcel)
    assert page.lead.startswith("Em 20/11/2026 às 10:00. ")
    assert [stage.state for stage in page.stages] == ["done"] * 5
    assert page.stages[4].day == "20/11"


def test_one_that_comes_back_ends_at_the_shop() -> None:
    page = describe(make_parcel(state=S.RETURNED, state_at=hours_ago(3)))
    assert [(stage.label, stage.state) for stage in page.stages][3:] == [
        ("Voltando para a loja", "done"),
        ("Devolvido à loja", "warn"),
    ]


@pytest.mark.parametrize("state", [S.LOST, S.CANCELLED, S.EXPIRED])
def test_what_leads_nowhere_has_no_stages(state: ParcelState) -> None:
    assert list(describe(make_parcel(state=state)).stages) == []


def test_a_cancelled_order_says_so_unless_the_parcel_is_there() -> None:
    order = make_order(status="cancelled", expected_on=dt.date(2026, 11, 1))
    page = describe(order=order, events=[make_event(S.POSTED, 90)])
    assert (page.title, page.tone, page.expected, page.carrier_url) == (
        "Este pedido foi cancelado",
        "mute",
        "",
        "",
    )
    assert list(page.stages) == []
    assert describe(make_parcel(state=S.DELIVERED), order=order).title == "Seu pedido foi entregue"


def test_several_parcels_lead_to_each_other() -> None:
    first, second = make_parcel(pk=7), make_parcel(pk=8, code="BB123456785BR")
    page = describe(first, volumes=[first, second])

    assert page.title == "Este volume está a caminho"
    assert [(volume.label, volume.path, volume.is_here) for volume in page.volumes] == [
        ("Volume 1 de 2", "/r/key-7/", True),
        ("Volume 2 de 2", "/r/key-8/", False),
    ]
    assert list(describe(first).volumes) == []


def test_a_replaced_code_leads_to_the_new_one() -> None:
    former = make_parcel(end_reason=EndReason.CODE_REPLACED, ended_at=hours_ago(5))
    page = describe(former, volumes=[make_parcel(pk=8)], events=[make_event(S.POSTED, 90)])

    assert page.title == "O código de rastreio mudou"
    assert [(volume.label, volume.path) for volume in page.volumes] == [
        ("Ver o caminho do pacote", "/r/key-8/")
    ]
    assert (page.code, page.carrier_url, list(page.lines), list(page.stages)) == ("", "", [], [])


def test_the_carriers_own_page_is_linked_and_no_address_that_was_told() -> None:
    trusted = next(each for each in CARRIERS.values() if each.public_url)
    page = describe(make_parcel(carrier_key=trusted.key, code='A"<1>', url="https://evil.test/?q=1"))

    assert page.carrier == trusted.name
    assert page.carrier_url == trusted.public_url.replace("{code}", "A%22%3C1%3E")
    assert page.carrier_url.startswith("https://")
    shown = render(page)
    assert f'href="{html.escape(page.carrier_url)}" rel="noopener noreferrer"' in shown
    assert "evil.test" not in shown
    for without in ({"code": ""}, {"code": NFE_KEY}, {"confidence": "likely"}, {"carrier_key": "nobody"}):
        page = describe(make_parcel(**{"carrier_key": trusted.key, "code": CODE, **without}))
        assert page.carrier_url == "", without


def test_a_guess_is_told_as_such() -> None:
    page = describe(make_parcel(confidence="likely"))
    assert page.carrier == "Provavelmente Correios"
    assert describe(make_parcel(carrier_key="", confidence="none")).carrier == ""


def test_the_shop_is_spoken_to_in_its_own_ways() -> None:
    assert [(contact.label, contact.text, contact.url) for contact in describe().contacts] == [
        ("WhatsApp", "(41) 99876-4410", "https://wa.me/5541998764410?text=Pedido%20UP-9"),
        ("Telefone", "08001234567", "tel:08001234567"),
        ("E-mail", "sac@aurora.test", "mailto:sac@aurora.test?subject=Pedido%20UP-9"),
        ("Site", "aurora.test/contato", "https://aurora.test/contato"),
    ]
    nobody = Organization(pk=1, name="Casa Aurora", slug="casa-aurora")
    shown = plain(render(describe(organization=nobody)))
    assert "Fale com Casa Aurora pelo lugar onde você comprou, e diga o número do pedido." in shown


def test_the_shops_colour_needs_no_style() -> None:
    shown = render(describe())
    assert 'fill="#8a3324"' in shown
    assert re.search(r"<style|\sstyle=|<script|\son[a-z]+=", shown) is None
    assert re.findall(r'(?:src|href)="([^"]*)"', shown)[:2] == ["data:,", "/static/buyer.css"]


# --- what it tells nobody ---


def test_only_a_first_name_and_a_city_are_told() -> None:
    shown = render(describe(make_parcel(nfe_key=NFE_KEY)))
    assert "Maria, em Curitiba/PR" in shown
    for secret in (
        "MARIA DE",
        "Exemplo",
        CPF,
        "999990000",
        "Flores",
        "1234<",
        "Batel",
        "80420",
        NFE_KEY,
        "R$",
    ):
        assert secret not in shown


def test_a_delivery_to_somebody_else_tells_his_name_and_city() -> None:
    order = make_order(
        delivery_address={**ADDRESS, "recipient": "João Lima", "city": "Recife", "state": "pe"}
    )
    assert "João, em Recife/PE" in render(describe(order=order))


def test_a_company_is_not_called_by_its_first_word() -> None:
    order = make_order(customer=Customer(name="Padaria do João Ltda", kind="PJ", address=ADDRESS))
    assert describe(order=order).buyer == ""
    assert describe(order=make_order(customer=None)).city == ""


def test_who_received_it_is_not_told() -> None:
    events = [make_event(S.DELIVERED, 2, text="Entregue a JOSE DA SILVA, CPF 529.982.247-25")]
    shown = render(describe(make_parcel(state=S.DELIVERED), events=events))
    assert "JOSE" not in shown and "529" not in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Objeto em trânsito", "Objeto em trânsito"),
        ("CPF 529.982.247-25 ok", "CPF ••• ok"),
        ("fone (41) 99876-4410.", "fone (•••."),
        ("CEP 80420-000", "CEP •••"),
        (f"nota {NFE_KEY}", "nota •••"),
        ("ana@loja.test avisada", "••• avisada"),
        ("até 20/11/2026 14:30", "até 20/11/2026 14:30"),
        ("de 20/11/2026 a 22/11/2026", "de 20/11/2026 a 22/11/2026"),
        ("a\u202eb\u200bc\x00d\r\n e", "abcd e"),
        ("x" * 28 + " " + "y" * 28 + " " + "z" * 28 + " " + "w" * 28, None),
    ],
)
def test_a_carriers_text_is_cleaned(text: str, shown: str | None) -> None:
    cleaned = clean_text(text, LONGEST_TEXT)
    if shown is None:
        assert len(cleaned) <= LONGEST_TEXT and cleaned.endswith("…")
    else:
        assert cleaned == shown


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("MARIA DA SILVA", "Maria"),
        ("maria", "Maria"),
        ("João Pedro", "João"),
        ("McArthur Lima", "Mcarthur"),
        ("52998224725 Maria", ""),
        ("529.982.247-25", ""),
        ("ana@loja.test", ""),
        ("<b>Ana</b>", ""),
        ("A", ""),
        ("", ""),
    ],
)
def test_a_first_name_is_a_name(name: str, first: str) -> None:
    assert write_first_name(name) == first


@pytest.mark.parametrize(
    ("address", "city"),
    [
        ({"city": "São José dos Pinhais", "state": "pr"}, "São José dos Pinhais/PR"),
        ({"city": "Santa Bárbara d'Oeste", "state": "SP"}, "Santa Bárbara d'Oeste/SP"),
        ({"city": "Curitiba", "state": ""}, "Curitiba"),
        ({"city": "Rua das Flores, 123", "state": "PR"}, ""),
        ({"city": "80420-000", "state": "PR"}, ""),
        ({"city": None}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_a_city_is_a_city(address: Any, city: str) -> None:
    assert write_city(address) == city


def test_the_key_of_a_nota_is_no_code() -> None:
    assert write_code(NFE_KEY) == write_code(" ".join(NFE_KEY[i : i + 4] for i in range(0, 44, 4))) == ""
    assert write_code(CODE) == CODE


# --- whatever comes in ---


@given(
    text=st.text(max_size=300),
    place=st.text(max_size=120),
    code=st.text(max_size=100),
    name=st.text(max_size=60),
    city=st.text(max_size=60),
    url=st.text(max_size=80),
)
def test_hostile_text_makes_no_markup(
    text: str, place: str, code: str, name: str, city: str, url: str
) -> None:
    def count(text: str, place: str, code: str, name: str, city: str, url: str) -> tuple[BuyerPage, str]:
        parcel = make_parcel(code=code, url=url)
        order = make_order(
            customer=Customer(name=name, kind="PF", address={"city": city, "state": "PR"}),
            ecommerce_number=place,
        )
        page = describe_parcel(
            parcel=parcel,
            events=[make_event(S.IN_TRANSIT, 5, text=text, place=place)],
            order=order,
            volumes=[parcel],
            organization=ORGANIZATION,
            now=NOW,
        )
        return page, render(page)

    page, shown = count(text, place, code, name, city, url)
    # The same tags as of harmless text: what differs is text.
    allowed = {"<strong>", "<span>", "<small>", "<dt>", "<dd>", '<dd class="code">', "<p>"}
    _, harmless = count("x", "y", "z", "Ana", "Recife", "")
    opened = {tag for tag in re.findall(r"<[a-z][^>]*>", shown) if "href" not in tag}
    known = {tag for tag in re.findall(r"<[a-z][^>]*>", harmless) if "href" not in tag}
    assert opened - known - allowed == set()
    for target in re.findall(r'href="([^"]*)"', shown):
        assert re.match(r"data:,$|/static/|/r/|https://|mailto:|tel:", html.unescape(target)), target
    for cleaned in (line.text + line.place for line in page.lines):
        assert not re.search(r"[\u202a-\u202e\u2066-\u2069\x00-\x1f]", cleaned)
        assert not re.search(r"(?<!\d)\d{11}(?!\d)", cleaned)


def test_the_heaviest_page_weighs_less_than_30_kilobytes() -> None:
    worst = "'" * 2_000
    linked = next(each.key for each in CARRIERS.values() if each.public_url)
    parcels = [make_parcel(pk=number, code=worst[:100], carrier_key=linked) for number in range(1, 60)]
    organization = Organization(
        pk=1,
        name="x",
        slug="x",
        shop_name=worst[:80],
        shop_whatsapp="41998764410",
        shop_phone="4133221100",
        shop_email=f"{worst[:60]}@{'a' * 60}.test",
        shop_site=f"https://aurora.test/{worst[:180]}",
    )
    events = [make_event(S.IN_TRANSIT, number, text=worst, place=worst) for number in range(200)]
    order = make_order(ecommerce_number=worst[:80], delivery_address={**ADDRESS, "recipient": "João"})
    page = describe(parcels[0], events=events, order=order, volumes=parcels, organization=organization)

    assert page.lines_left_out == 185
    assert "Há mais 185 passos antes destes." in render(page)
    assert len(render(page).encode()) + len(CSS.encode()) < 30_000


# --- how it looks ---


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_everything_can_be_read(is_dark: bool) -> None:
    light, dark = (
        dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", part)) for part in CSS.split("@media")[:2]
    )
    tokens = light | (dark if is_dark else {})
    texts = ("text", "text-2", "link", "ok", "warn", "err")
    pale = [
        (first, second, round(contrast(tokens[first], tokens[second]), 2))
        for firsts, least in ((texts, 4.5), (("track", "info", "mute"), 3.0))
        for first in firsts
        for second in ("bg", "surface")
        if contrast(tokens[first], tokens[second]) < least
    ]
    assert pale == []


# --- the address ---


def ship(organization: Organization, key: str = KEY, number: int = 4711, **values: Any) -> Parcel:
    """A parcel of an order of Maria's, with one event, whose page opens with ``key``."""
    with tenant(organization):
        now = clock.now()
        order = Order.objects.filter(number=number).first()
        if order is None:
            customer = Customer.objects.create(
                name="MARIA DE EXEMPLO", kind="PF", address=ADDRESS, created_at=now, updated_at=now
            )
            order = Order.objects.create(
                number=number,
                origin="erp",
                status="in_transit",
                customer=customer,
                total="1284.90",
                created_at=now,
                updated_at=now,
            )
        parcel = Parcel(
            **{
                "carrier_key": "correios",
                "confidence": "certain",
                "code": CODE,
                "state": S.IN_TRANSIT,
                "since_at": now - dt.timedelta(days=4),
                "last_event_at": now,
                "nfe_key": NFE_KEY,
                "key_hash": hash_key(key),
                **values,
            }
        )
        parcel.set_secret("key", key)
        parcel.save()
        event = make_event(S.IN_TRANSIT, 3, text="Chegou na unidade", place="Curitiba/PR")
        event.parcel, event.learnt_at = parcel, now
        event.save()
        OrderParcel.objects.create(order=order, parcel=parcel, added_by="erp", added_at=now)
        return parcel


def seen(response: Any) -> tuple[int, dict[str, str], str]:
    return response.status_code, dict(response.items()), response.content.decode()


@pytest.mark.django_db(transaction=True)
def test_whoever_has_the_link_reads_the_page(
    organization: Organization, other_organization: Organization
) -> None:
    parcel = ship(organization)
    ship(other_organization, key="o" * 43, code="BB123456785BR")
    with tenant(organization):
        link = read_link(parcel)
    assert link == f"{settings.PUBLIC_URL}/r/{KEY}/"

    response = Client().get(f"/r/{KEY}/")

    assert response.status_code == 200
    assert {name: response.headers[name] for name in HEADERS} == HEADERS
    page = plain(response.content.decode())
    assert "Casa Aurora Seu pedido está a caminho" in page
    assert "A caminho Chegou na unidade 20/11/2026 às 09:00 · Curitiba/PR" in page
    assert f"Código de rastreio {CODE} Pedido 4711 Para Maria, em Curitiba/PR" in page
    for secret in (NFE_KEY, "Flores", "1284", "1.284", KEY, "Vizinha", "BB123456785BR"):
        assert secret not in response.content.decode()


@pytest.mark.django_db(transaction=True)
def test_nobody_is_recognised_and_nothing_is_set(
    organization: Organization, admin: User, client_of: Callable[[User], Client]
) -> None:
    ship(organization)
    for client in (Client(), client_of(admin)):
        former = dict(client.cookies)
        response = client.get(f"/r/{KEY}/")
        assert "Set-Cookie" not in response.headers and not response.cookies
        assert "Cookie" not in response.headers.get("Vary", "")
        assert dict(client.cookies) == former
        assert "Ana Souza" not in response.content.decode()
    assert Client().head(f"/r/{KEY}/").status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_it_can_only_be_read(organization: Organization, method: str) -> None:
    ship(organization)
    response = getattr(Client(), method)(f"/r/{KEY}/")
    assert response.status_code == 405
    assert {name: response.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", ["x", "k" * 42, "K" * 43, "k" * 5_000, "%00", "é" * 43, "casa-aurora", "1"])
def test_a_key_that_opens_nothing_looks_like_any_other(organization: Organization, key: str) -> None:
    ship(organization)
    client = Client()
    response = client.get(f"/r/{key}/")

    assert response.status_code == 404
    assert seen(response) == seen(client.get("/r/never-made/"))
    assert "Não encontramos esta página" in response.content.decode()
    assert "Aurora" not in response.content.decode()
    assert {name: response.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.django_db(transaction=True)
def test_ninety_days_after_delivery_it_tells_nothing_any_more(
    organization: Organization, move_clock: Callable[[dt.timedelta], None]
) -> None:
    now = clock.now()
    ship(organization, state=S.DELIVERED, delivered_at=now, ended_at=now)
    move_clock(dt.timedelta(days=90, minutes=-5))
    assert Client().get(f"/r/{KEY}/").status_code == 200

    move_clock(dt.timedelta(minutes=10))

    response = Client().get(f"/r/{KEY}/")
    assert response.status_code == 410
    assert {name: response.headers[name] for name in HEADERS} == HEADERS
    page = response.content.decode()
    assert "Este acompanhamento terminou" in page
    for word in ("Aurora", "Maria", "Curitiba", CODE, "Correios"):
        assert word not in page


@pytest.mark.django_db(transaction=True)
def test_the_order_of_another_company_has_no_volume_here(
    organization: Organization, other_organization: Organization
) -> None:
    ship(organization)
    ship(organization, key="second", code="BB123456785BR", since_at=clock.now())
    ship(organization, key="former", end_reason=EndReason.CODE_REPLACED, ended_at=clock.now())
    ship(organization, key="of-another-order", number=4712)
    ship(other_organization, key="of-another-company")

    page = Client().get(f"/r/{KEY}/").content.decode()

    assert re.findall(r'href="(/r/[^"]*)"( aria-current="page")?>([^<]*)', page) == [
        (f"/r/{KEY}/", ' aria-current="page"', "Volume 1 de 2"),
        ("/r/second/", "", "Volume 2 de 2"),
    ]
    former = Client().get("/r/former/").content.decode()
    assert "O código de rastreio mudou" in former
    assert re.findall(r'href="(/r/[^"]*)"', former) == [f"/r/{KEY}/", "/r/second/"]


@pytest.mark.django_db(transaction=True)
def test_no_log_tells_the_key(organization: Organization) -> None:
    """Django logs the address of every request that it answers with 4xx."""
    ship(organization)
    handler = next(each for each in logging.getLogger().handlers if each.get_name() == "console")
    assert isinstance(handler, logging.StreamHandler)
    console, former = io.StringIO(), handler.stream
    handler.setStream(console)
    try:
        Client().post(f"/r/{KEY}/")
        Client().get(f"/r/{KEY}x/")
        Client().get(f"/r/{KEY}/mais/")
    finally:
        handler.setStream(former)
    assert console.getvalue().count("/r/•••") == 3
    assert KEY not in console.getvalue()
