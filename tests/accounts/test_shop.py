"""«Sua loja»: what buyers are told of a company, who may say it, and what is refused."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts import services, shop
from accounts.forms import ShopForm
from accounts.models import AuditEntry, Organization, Perfil, User
from accounts.sentences import SHOP_FIELDS, tell
from accounts.tenancy import tenant

PAGE = "/o/casa-aurora/config/loja/"
SHOP = {
    "shop_name": "Aurora Móveis",
    "shop_colour": "#8A3324",
    "shop_whatsapp": "+55 41 99876-4410",
    "shop_phone": "0800 123 4567",
    "shop_email": "sac@aurora.test",
    "shop_site": "aurora.test/contato",
}
KEPT = {
    "shop_name": "Aurora Móveis",
    "shop_colour": "#8a3324",
    "shop_whatsapp": "41998764410",
    "shop_phone": "08001234567",
    "shop_email": "sac@aurora.test",
    "shop_site": "https://aurora.test/contato",
}

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.fixture
def panel(admin: User, client_of: Callable[[User], Client]) -> Client:
    """Of the Administrador Ana Souza."""
    return client_of(admin)


def kept(organization: Organization) -> dict[str, str]:
    with tenant(organization):
        row = Organization.objects.get(pk=organization.pk)
    return {name: getattr(row, name) for name in shop.FIELDS}


def deeds(organization: Organization) -> list[str]:
    with tenant(organization):
        return [tell(entry).text for entry in AuditEntry.objects.filter(code="shop.changed").order_by("id")]


def plain(response: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


@pytest.mark.django_db(transaction=True)
def test_what_is_saved_is_kept_for_this_company_only_and_told(
    panel: Client, organization: Organization, other_organization: Organization
) -> None:
    untouched = kept(other_organization)

    response = panel.post(PAGE, SHOP)

    assert (response.status_code, response.headers["Location"]) == (302, PAGE)
    assert kept(organization) == KEPT
    assert kept(other_organization) == untouched
    assert deeds(organization) == [
        "Ana Souza mudou em Sua loja: nome, cor, telefone, WhatsApp, e-mail, site."
    ]
    page = panel.get(PAGE)
    assert "Loja salva." in plain(page)
    assert 'fill="#8a3324"' in page.content.decode()
    assert 'value="(41) 99876-4410"' in page.content.decode()
    assert "Ana Souza mudou em Sua loja: nome, cor" in plain(page)


@pytest.mark.django_db(transaction=True)
def test_only_what_changed_is_told_and_nothing_is_no_deed(panel: Client, organization: Organization) -> None:
    untouched = {
        "shop_name": "Casa Aurora",
        "shop_colour": "#2b4acb",
        **dict.fromkeys(("shop_whatsapp", "shop_phone", "shop_email", "shop_site"), ""),
    }
    panel.post(PAGE, untouched)
    assert "Nada mudou." in plain(panel.get(PAGE))
    assert deeds(organization) == []

    panel.post(PAGE, untouched | {"shop_email": "sac@aurora.test"})

    assert deeds(organization) == ["Ana Souza mudou em Sua loja: e-mail."]
    with tenant(organization):
        # Neither the former value nor the new one.
        assert "aurora.test" not in str(AuditEntry.objects.get(code="shop.changed").params)
        assert shop.name_shop(Organization.objects.get(pk=organization.pk)) == "Casa Aurora"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("perfil", [Perfil.OPERATOR, Perfil.VIEWER])
def test_who_may_not_configure_finds_no_page_and_changes_nothing(
    organization: Organization, client_of: Callable[[User], Client], perfil: str
) -> None:
    member = services.add_member(
        organization=organization, email="olga@aurora.test", name="Olga", perfil=perfil
    )
    before = kept(organization)
    client = client_of(member.user)

    assert client.get(PAGE).status_code == 404
    assert client.post(PAGE, SHOP).status_code == 404
    assert "/config/loja/" not in client.get("/o/casa-aurora/pedidos/").content.decode()
    assert kept(organization) == before
    assert deeds(organization) == []


@pytest.mark.django_db(transaction=True)
def test_the_menu_leads_an_administrador_there(panel: Client, organization: Organization) -> None:
    page = panel.get("/o/casa-aurora/pedidos/").content.decode()
    assert page.count(f'href="{PAGE}"') == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"shop_name": "  "}, "Informe o nome da loja."),
        (
            {"shop_colour": "#ffcc00"},
            "Esta cor é clara demais: o nome da loja, em branco, não seria lido sobre ela. O contraste é 1,5 "
            "e precisa ser de ao menos 4,5. O mesmo tom, mais escuro, serve: #8f7200.",
        ),
        ({"shop_colour": "red"}, "Escreva a cor como #2b4acb."),
        ({"shop_colour": '"/><a>'}, "Escreva a cor como #2b4acb."),
        ({"shop_whatsapp": "99876-4410"}, "Escreva o WhatsApp com o DDD, como em (41) 99876-4410."),
        ({"shop_whatsapp": "0800 123 4567"}, "Escreva o WhatsApp com o DDD, como em (41) 99876-4410."),
        ({"shop_phone": "123"}, "Escreva o telefone com o DDD, como em (41) 3322-1100."),
        ({"shop_phone": "41 33221100 ramal 5"}, "Use só números, espaços, parênteses e hífen."),
        ({"shop_email": "sac"}, "Confira o e-mail: falta o @ ou o final, como em sac@loja.com.br."),
        *(
            (
                {"shop_site": site},
                "Confira o site: ele começa com https:// ou http://, como em https://loja.com.br.",
            )
            for site in (
                "javascript:alert(1)",
                "data:text/html,x",
                "ftp://aurora.test/",
                "https://aurora.test@vizinha.test/",
                "//aurora",
            )
        ),
    ],
)
def test_what_is_wrong_is_told_in_plain_words_and_nothing_is_kept(
    panel: Client, organization: Organization, changed: dict[str, str], told: str
) -> None:
    before = kept(organization)

    response = panel.post(PAGE, SHOP | changed)

    assert response.status_code == 422
    assert told in plain(response)
    assert kept(organization) == before
    assert deeds(organization) == []


@pytest.mark.parametrize(
    ("colour", "contrast"), [("#ffffff", 1.0), ("#000000", 21.0), ("#767676", 4.54), ("#777777", 4.48)]
)
def test_contrast_is_that_of_wcag(colour: str, contrast: float) -> None:
    assert round(shop.measure_contrast(colour), 2) == contrast


@given(colours)
def test_a_darker_tone_can_always_be_read_and_a_dark_one_stays(colour: str) -> None:
    darker = shop.darken(colour)
    assert shop.measure_contrast(darker) >= shop.LEAST_CONTRAST
    if shop.measure_contrast(colour) >= shop.LEAST_CONTRAST:
        assert darker == colour


@given(st.text(max_size=40) | colours)
def test_no_other_colour_than_a_dark_one_passes(text: str) -> None:
    form = ShopForm({**SHOP, "shop_colour": text})
    if form.is_valid():
        colour = form.cleaned_data["shop_colour"]
        assert re.fullmatch(r"#[0-9a-f]{6}", colour)
        assert shop.measure_contrast(colour) >= shop.LEAST_CONTRAST


@given(st.text(max_size=60) | st.from_regex(r"[a-z]{1,12}:(//)?[a-z@.:/]{1,30}", fullmatch=True))
def test_no_other_site_than_a_web_address_passes(text: str) -> None:
    form = ShopForm({**SHOP, "shop_site": text})
    if form.is_valid() and form.cleaned_data["shop_site"]:
        assert re.match(r"https?://[^@/\s]+(/|\?|#|$)", form.cleaned_data["shop_site"])


def test_every_field_has_its_name_for_the_record() -> None:
    assert set(SHOP_FIELDS) == set(shop.FIELDS) == set(ShopForm.base_fields)
