"""API tokens: shown once, kept as a hash, and who they let in."""

from __future__ import annotations

import datetime as dt
import hashlib
import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import api_tokens, clock, services
from accounts.api_tokens import TokenRefused, authenticate_token, create_token
from accounts.models import ApiToken, Membership, Organization, Perfil, User
from accounts.tenancy import tenant

pytestmark = pytest.mark.django_db(transaction=True)

BASE = "/o/casa-aurora/usuarios/"


@pytest.fixture
def system(organization: Organization, admin: User) -> Membership:
    return services.add_member(
        organization=organization, email="tiny@aurora.test", name="Integração Tiny", perfil=Perfil.INTEGRATION
    )


@pytest.fixture
def panel(admin: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(admin)


def make(
    system: Membership, days: int | None = 90, name: str = "Loja", **values: Any
) -> tuple[ApiToken, str]:
    with tenant(system.organization_id):
        person = Membership.objects.get(perfil=Perfil.ADMIN)
        values = {"scopes": ["orders:read"], **values}
        return create_token(membership=system, name=name, days=days, person=person, **values)


def generate(panel: Client, system: Membership, **changes: Any) -> Any:
    values = {"name": "Loja", "scopes": ["orders:read", "stock:write"], "days": "90", **changes}
    return panel.post(f"{BASE}{system.pk}/tokens/novo/", values)


def shown(response: Any) -> str:
    found = re.search(r'value="(ent_live_[a-z0-9]{8}_[\w-]{43})"', response.content.decode())
    assert found
    return found[1]


def plain(response: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def row(system: Membership) -> ApiToken:
    with tenant(system.organization_id):
        return ApiToken.objects.get()


# --- generated, shown once ---


def test_a_token_is_shown_once_and_kept_as_its_hash(
    panel: Client,
    system: Membership,
    owner_sql: Callable[..., list[tuple[Any, ...]]],
    process_database: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    response = generate(panel, system)

    token = shown(response)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert "Copie agora. Este token não será exibido de novo." in plain(response)
    kept = row(system)
    assert kept.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert (kept.name, kept.scopes, kept.prefix) == ("Loja", ["orders:read", "stock:write"], token[9:17])
    assert kept.expires_at == kept.created_at + dt.timedelta(days=90)
    secret = token[18:]
    for table in process_database.tables:
        rows = owner_sql(f"SELECT t::text FROM {table} t")
        assert not [text for (text,) in rows if secret in text], table
    later = panel.get(f"{BASE}{system.pk}/")
    assert secret not in later.content.decode()
    page = plain(later)
    assert f"ent_live_{kept.prefix}… Loja · Ler pedidos, Escrever estoque e preço" in page
    assert f"Ana Souza gerou o token ent_live_{kept.prefix}… para Integração Tiny." in page
    assert secret not in caplog.text


@pytest.mark.parametrize(("days", "expected"), [("30", 30), ("365", 365), ("0", None)])
def test_a_token_ends_when_it_was_said(
    panel: Client, system: Membership, days: str, expected: int | None
) -> None:
    generate(panel, system, days=days)

    kept = row(system)
    end = None if expected is None else kept.created_at + dt.timedelta(days=expected)
    assert kept.expires_at == end


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scopes": []}, "Marque ao menos uma permissão."),
        ({"scopes": ["orders:read", "all"]}, "Faça uma escolha válida."),
        ({"days": "7"}, "Faça uma escolha válida."),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_is_kept(
    panel: Client, system: Membership, changes: dict[str, Any], message: str
) -> None:
    response = generate(panel, system, **changes)

    assert response.status_code == 422
    assert message in plain(response)
    assert 'value="Loja"' in response.content.decode()
    with tenant(system.organization_id):
        assert list(ApiToken.objects.all()) == []


def test_a_user_has_ten_working_tokens_at_most(
    panel: Client, system: Membership, move_clock: Callable[[dt.timedelta], None]
) -> None:
    """One that was revoked or has ended counts no more."""
    for _ in range(9):
        make(system, days=365)
    make(system, days=30)

    response = generate(panel, system)

    refusal = "Este usuário já tem 10 tokens ativos. Revogue um antes de gerar outro."
    assert response.status_code == 422
    assert refusal in plain(response)
    assert refusal in plain(panel.get(f"{BASE}{system.pk}/"))
    move_clock(dt.timedelta(days=30))
    assert generate(panel, system).status_code == 200


def test_people_and_inactive_systems_get_no_token(
    panel: Client, organization: Organization, system: Membership
) -> None:
    olga = services.add_member(
        organization=organization, email="olga@aurora.test", name="Olga", perfil=Perfil.OPERATOR
    )
    assert generate(panel, olga).status_code == 404
    with pytest.raises(TokenRefused):
        make(olga)
    panel.post(f"{BASE}{system.pk}/desativar/")
    assert generate(panel, system).status_code == 422
    with tenant(organization):
        assert list(ApiToken.objects.all()) == []


# --- whom it lets in ---


def test_a_token_names_its_user_in_its_organization(
    system: Membership, other_organization: Organization
) -> None:
    services.add_member(
        organization=other_organization, email="t@v.test", name="Outro", perfil=Perfil.INTEGRATION
    )
    kept, token = make(system, scopes=["orders:read", "orders:write"])

    found = authenticate_token(token)

    assert found is not None
    membership, api_token = found
    assert (membership, membership.organization_id) == (system, system.organization_id)
    assert membership.user.name == "Integração Tiny"
    assert (api_token, api_token.scopes) == (kept, ["orders:read", "orders:write"])


def test_a_second_token_leaves_the_first_alone(system: Membership) -> None:
    (_, first), (_, second) = make(system), make(system)

    assert first != second
    assert authenticate_token(first)
    assert authenticate_token(second)


@pytest.mark.parametrize(
    "change",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: f"{token} ",
        lambda token: token.upper(),
        lambda token: hashlib.sha256(token.encode()).hexdigest(),
        lambda token: "ent_live_\x00ÿ",
    ],
)
def test_what_is_not_the_token_opens_nothing(system: Membership, change: Callable[[str], str]) -> None:
    _, token = make(system)

    assert authenticate_token(change(token)) is None
    assert row(system).last_used_at is None


def test_a_token_opens_nothing_after_its_end(
    system: Membership, move_clock: Callable[[dt.timedelta], None]
) -> None:
    _, token = make(system, days=30)
    _, endless = make(system, days=None)
    move_clock(dt.timedelta(days=30, seconds=-60))
    assert authenticate_token(token)

    move_clock(dt.timedelta(seconds=60))

    assert authenticate_token(token) is None
    assert authenticate_token(endless)


def test_a_revoked_token_opens_nothing_at_once(panel: Client, system: Membership) -> None:
    kept, token = make(system)
    _, other = make(system)
    address = f"{BASE}{system.pk}/tokens/{kept.pk}/revogar/"
    assert f"Revogar o token ent_live_{kept.prefix}… ?" in plain(panel.get(address))
    assert authenticate_token(token)

    response = panel.post(address)
    panel.post(address)

    assert (response.status_code, response["Location"]) == (302, f"{BASE}{system.pk}/")
    assert authenticate_token(token) is None
    assert authenticate_token(other)
    page = plain(panel.get(f"{BASE}{system.pk}/"))
    assert page.count(f"Ana Souza revogou o token ent_live_{kept.prefix}…") == 1
    assert "Revogado" in page


def test_a_token_of_one_user_is_not_revoked_through_another(
    panel: Client, organization: Organization, system: Membership
) -> None:
    kept, token = make(system)
    other = services.add_member(
        organization=organization, email="l@aurora.test", name="Loja", perfil=Perfil.INTEGRATION
    )

    assert panel.post(f"{BASE}{other.pk}/tokens/{kept.pk}/revogar/").status_code == 404
    assert authenticate_token(token)


@pytest.mark.parametrize("is_everywhere", [False, True])
def test_a_token_sleeps_while_its_user_is_inactive(system: Membership, is_everywhere: bool) -> None:
    _, token = make(system)

    def set_active(is_active: bool) -> None:
        if is_everywhere:
            User.objects.filter(pk=system.user_id).update(is_active=is_active)
        else:
            with tenant(system.organization_id):
                Membership.objects.filter(pk=system.pk).update(is_active=is_active)

    set_active(False)
    assert authenticate_token(token) is None
    set_active(True)
    assert authenticate_token(token)


def test_the_last_use_is_written_once_a_minute(
    panel: Client, system: Membership, move_clock: Callable[[dt.timedelta], None]
) -> None:
    _, token = make(system)
    before = clock.now()
    authenticate_token(token, address="203.0.113.7")
    first = row(system)
    assert first.last_used_at is not None
    assert before <= first.last_used_at <= clock.now()
    assert first.last_used_address == "203.0.113.7"

    move_clock(dt.timedelta(seconds=30))
    authenticate_token(token, address="203.0.113.8")
    assert (row(system).last_used_at, row(system).last_used_address) == (first.last_used_at, "203.0.113.7")

    move_clock(api_tokens.LAST_USE_EVERY)
    authenticate_token(token, address="2001:db8::1")
    later = row(system)
    assert later.last_used_at is not None
    assert later.last_used_at >= first.last_used_at + api_tokens.LAST_USE_EVERY
    assert "2001:db8::1" in plain(panel.get(f"{BASE}{system.pk}/"))
    assert "Último uso do token agora" in plain(panel.get(BASE, {"visao": "integracao"}))


def test_a_token_is_no_password(client: Client, system: Membership) -> None:
    _, token = make(system)

    response = client.post("/entrar/", {"username": system.user.email, "password": token})

    assert response.status_code == 422
