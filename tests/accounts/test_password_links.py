"""One-time links: single use, an end, one person, and no trace of the token."""

from __future__ import annotations

import datetime as dt
import io
import logging
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts import password_links, services
from accounts.models import Membership, Organization, PasswordLink, Perfil, User
from accounts.password_links import LinkUnusable, find_link, use_link
from accounts.tenancy import tenant
from tests.accounts.test_members import somebody_waits_for_us
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "uma senha bem longa"
UNUSABLE = "Este link já foi usado ou venceu. Peça outro a um administrador."


@pytest.fixture
def olga(organization: Organization, admin: User) -> Membership:
    return services.add_member(
        organization=organization, email="olga@aurora.test", name="Olga Prado", perfil=Perfil.OPERATOR
    )


@pytest.fixture
def link(olga: Membership, admin: User) -> str:
    return make_link(olga, admin)


def make_link(member: Membership, admin: User) -> str:
    """The path of a new link, as a browser asks for it."""
    with tenant(member.organization_id):
        person = Membership.objects.get(user=admin)
        address = password_links.create_link(membership=member, person=person)
    return address[address.index("/convite/") :]


def token_of(link: str) -> str:
    return link.rstrip("/").rpartition("/")[2]


def answer(client: Client, link: str, password: str = PASSWORD, repeated: str | None = None) -> Any:
    return client.post(link, {"password": password, "repeated": password if repeated is None else repeated})


def has_password(member: Membership) -> bool:
    return User.objects.get(pk=member.user_id).has_usable_password()


def assert_unusable(client: Client, link: str) -> None:
    for response in (client.get(link), answer(client, link)):
        assert response.status_code == 404
        assert UNUSABLE in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_the_link_says_for_whom_it_is_and_tells_nobody_else(client: Client, link: str) -> None:
    response = client.get(link)

    page = response.content.decode()
    assert response.status_code == 200
    assert "Olga Prado, este é o seu acesso a Casa Aurora, com o perfil Operador." in page
    assert 'value="olga@aurora.test"' in page
    assert token_of(link) not in page
    assert response["Referrer-Policy"] == "strict-origin"
    assert response["X-Robots-Tag"] == "noindex"
    assert "no-store" in response["Cache-Control"]


def test_a_password_lets_in_once(client: Client, link: str, olga: Membership) -> None:
    response = answer(client, link)

    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.get("/o/casa-aurora/pedidos/").status_code == 200
    assert User.objects.get(pk=olga.user_id).check_password(PASSWORD)
    with tenant(olga.organization_id):
        assert list(PasswordLink.objects.all()) == []
    assert_unusable(Client(), link)
    assert User.objects.get(pk=olga.user_id).check_password(PASSWORD)


def test_a_forgotten_password_ends_the_sessions_of_before(
    client: Client, olga: Membership, admin: User
) -> None:
    olga.user.set_password("a senha que esqueci")
    olga.user.save()
    elsewhere = Client()
    assert elsewhere.login(username=olga.user.email, password="a senha que esqueci")
    link = make_link(olga, admin)
    assert "Defina uma nova senha" in client.get(link).content.decode()
    assert elsewhere.get("/o/casa-aurora/pedidos/").status_code == 200

    answer(client, link)

    assert elsewhere.get("/o/casa-aurora/pedidos/").status_code == 302
    assert client.get("/o/casa-aurora/pedidos/").status_code == 200


def test_a_link_ends_after_48_hours(
    client: Client, link: str, olga: Membership, move_clock: Callable[[dt.timedelta], None]
) -> None:
    move_clock(dt.timedelta(hours=47, minutes=59))
    assert client.get(link).status_code == 200

    move_clock(dt.timedelta(minutes=1))

    assert_unusable(client, link)
    assert not has_password(olga)


def test_a_new_link_ends_the_former(client: Client, link: str, olga: Membership, admin: User) -> None:
    newer = make_link(olga, admin)

    assert_unusable(client, link)
    assert client.get(newer).status_code == 200


@pytest.mark.parametrize("token", ["nunca-existiu", "0" * 43, "%00", "ç", "x" * 4000])
def test_an_unknown_token_is_as_good_as_a_used_one(client: Client, link: str, token: str) -> None:
    answer(Client(), link)
    used = client.get(link)

    unknown = client.get(f"/convite/{token}/")

    assert (unknown.status_code, unknown.content) == (404, used.content)


def shut_out(member: Membership) -> None:
    with tenant(member.organization_id):
        Membership.objects.filter(pk=member.pk).update(is_active=False)


def shut_out_everywhere(member: Membership) -> None:
    User.objects.filter(pk=member.user_id).update(is_active=False)


def join_another_organization(member: Membership) -> None:
    another = services.create_organization(name="Outra", slug="outra")
    services.add_member(organization=another, email=member.user.email, name="", perfil=Perfil.ADMIN)


@pytest.mark.parametrize("change", [shut_out, shut_out_everywhere, join_another_organization])
def test_a_link_that_would_open_too_much_opens_nothing(
    client: Client, link: str, olga: Membership, change: Callable[[Membership], None]
) -> None:
    change(olga)

    assert_unusable(client, link)
    assert not has_password(olga)


def test_the_administrador_of_one_company_gets_nobody_of_two(
    client_of: Callable[[User], Client], admin: User, organization: Organization, stranger: User
) -> None:
    """With the link one would get into the other company as that person."""
    bruno = services.add_member(
        organization=organization, email=stranger.email, name="", perfil=Perfil.VIEWER
    )

    response = client_of(admin).post(f"/o/casa-aurora/usuarios/{bruno.pk}/link/", follow=True)

    page = response.content.decode()
    assert "Por segurança, um administrador não pode trocá-la." in page
    assert "/convite/" not in page
    with tenant(organization):
        assert list(PasswordLink.objects.all()) == []


def test_a_link_belongs_to_the_company_that_made_it(
    link: str, organization: Organization, other_organization: Organization
) -> None:
    with tenant(other_organization):
        assert list(PasswordLink.objects.all()) == []
        # Found through its gateway, whatever scope one is in.
        assert find_link(token_of(link)).organization_id == organization.pk


@pytest.mark.parametrize(
    ("password", "repeated", "message"),
    [
        ("", "", "Informe a senha."),
        ("curta", "curta", "Esta senha é muito curta. Ela precisa conter pelo menos 10 caracteres."),
        ("1234567890", "1234567890", "Esta senha é muito comum."),
        (PASSWORD, "", "Repita a senha."),
        (PASSWORD, "outra senha bem longa", "As duas senhas são diferentes."),
    ],
)
def test_a_password_that_will_not_do_keeps_the_link(
    client: Client, link: str, olga: Membership, password: str, repeated: str, message: str
) -> None:
    response = answer(client, link, password, repeated)

    page = response.content.decode()
    assert response.status_code == 422
    assert message in page
    assert response["Referrer-Policy"] == "strict-origin"
    assert 'type="password" name="password" autocomplete' in page
    assert f'value="{password}"' not in page
    assert not has_password(olga)
    assert "_auth_user_id" not in client.session
    assert answer(client, link).status_code == 302


def test_the_form_needs_its_own_token_too(link: str, olga: Membership) -> None:
    assert answer(Client(enforce_csrf_checks=True), link).status_code == 403
    assert not has_password(olga)


def test_of_two_who_use_a_link_at_once_one_sets_the_password(link: str, olga: Membership) -> None:
    refused: list[bool] = []

    def use_second() -> None:
        try:
            use_link(token=token_of(link), password="a segunda senha longa")
        except LinkUnusable:
            refused.append(True)
        finally:
            connection.close()

    second = threading.Thread(target=use_second)
    with transaction.atomic():
        use_link(token=token_of(link), password=PASSWORD)
        second.start()
        wait_until(somebody_waits_for_us)
    second.join()

    assert refused == [True]
    assert User.objects.get(pk=olga.user_id).check_password(PASSWORD)


def test_only_the_hash_of_the_token_is_kept(
    client: Client,
    client_of: Callable[[User], Client],
    admin: User,
    olga: Membership,
    owner_sql: Callable[..., list[tuple[Any, ...]]],
    process_database: Any,
) -> None:
    """In no table, that of the sessions included, whatever one does with the link."""
    panel = client_of(admin)
    page = panel.post(f"/o/casa-aurora/usuarios/{olga.pk}/link/").content.decode()
    found = re.search(r'value="[^"]*(/convite/[\w-]+/)"', page)
    assert found
    link = found[1]
    client.get(link)
    answer(client, link, "curta")

    for table in process_database.tables:
        rows = owner_sql(f"SELECT t::text FROM {table} t")
        assert not [row for (row,) in rows if token_of(link) in row], table
    assert owner_sql("SELECT length(token_hash) FROM accounts_passwordlink") == [(64,)]
    assert token_of(link) not in panel.get(f"/o/casa-aurora/usuarios/{olga.pk}/").content.decode()


@pytest.fixture
def console() -> Iterator[io.StringIO]:
    """What the process writes into its log."""
    handler = next(each for each in logging.getLogger().handlers if each.get_name() == "console")
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    former = handler.setStream(written)
    yield written
    handler.setStream(former)


def test_no_log_tells_the_token(client: Client, link: str, console: io.StringIO) -> None:
    """Django logs the address of every request that it answers with 4xx."""
    answer(client, link, "curta")
    Client(enforce_csrf_checks=True).post(link)
    client.put(link)
    answer(client, link)
    client.get(link)

    log = console.getvalue()
    assert log.count("/convite/•••") >= 4
    assert token_of(link) not in log
