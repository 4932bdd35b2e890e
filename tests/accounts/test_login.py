"""Entrar, sair and the choice of the organization, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import services
from accounts.models import Organization, Perfil, User
from accounts.tenancy import tenant

pytestmark = pytest.mark.django_db

PASSWORD = "uma senha bem longa"
REFUSAL = "E-mail ou senha não conferem. Verifique e tente de novo."


@pytest.fixture
def person(organization: Organization) -> User:
    return add(organization, "ana@aurora.test")


def add(organization: Organization, email: str, perfil: str = Perfil.ADMIN) -> User:
    return services.add_member(
        organization=organization, email=email, name="Ana Souza", perfil=perfil, password=PASSWORD
    ).user


def log_in(client: Client, email: str = "ana@aurora.test", password: str = PASSWORD, **data: Any) -> Any:
    return client.post("/entrar/", {"username": email, "password": password, **data})


def is_logged_in(client: Client) -> bool:
    return client.get("/organizacoes/").status_code == 200


@pytest.mark.parametrize("email", ["ana@aurora.test", " ANA@Aurora.test "])
def test_the_right_password_leads_to_the_orders(client: Client, person: User, email: str) -> None:
    response = log_in(client, email)

    assert (response.status_code, response["Location"]) == (302, "/")
    home = client.get("/")
    assert (home.status_code, home["Location"]) == (302, "/o/casa-aurora/pedidos/")
    assert client.get(home["Location"]).status_code == 200


def refuse_wrong_password(organization: Organization) -> tuple[str, str]:
    return "ana@aurora.test", "outra senha bem longa"


def refuse_unknown(organization: Organization) -> tuple[str, str]:
    return "ninguem@aurora.test", PASSWORD


def refuse_system(organization: Organization) -> tuple[str, str]:
    add(organization, "erp@aurora.test", Perfil.INTEGRATION)
    return "erp@aurora.test", PASSWORD


def refuse_inactive(organization: Organization) -> tuple[str, str]:
    User.objects.filter(pk=add(organization, "ex@aurora.test").pk).update(is_active=False)
    return "ex@aurora.test", PASSWORD


def refuse_without_password(organization: Organization) -> tuple[str, str]:
    services.add_member(organization=organization, email="sem@aurora.test", name="S", perfil=Perfil.ADMIN)
    return "sem@aurora.test", "None"


@pytest.mark.parametrize(
    "make",
    [refuse_wrong_password, refuse_unknown, refuse_system, refuse_inactive, refuse_without_password],
)
def test_every_refusal_is_the_same_page(
    client: Client, organization: Organization, person: User, make: Callable[[Organization], tuple[str, str]]
) -> None:
    response = log_in(client, *make(organization))

    page = response.content.decode()
    assert response.status_code == 422
    assert page.count(REFUSAL) == 1
    assert page.count('role="alert"') == 1
    assert PASSWORD not in page
    assert not is_logged_in(client)


def test_empty_fields_say_what_is_missing(client: Client, db: None) -> None:
    response = log_in(client, "", "")

    page = response.content.decode()
    assert response.status_code == 422
    assert "Informe o seu e-mail." in page
    assert "Informe a sua senha." in page


def test_the_refused_login_of_a_system_is_logged(
    client: Client, organization: Organization, caplog: pytest.LogCaptureFixture
) -> None:
    user = add(organization, "erp@aurora.test", Perfil.INTEGRATION)
    log_in(client, "erp@aurora.test", "errada errada")
    assert [record.name for record in caplog.records if record.name.startswith("accounts")] == []

    log_in(client, "erp@aurora.test")

    messages = [
        (record.levelname, record.message) for record in caplog.records if record.name == "accounts.services"
    ]
    assert messages == [("WARNING", f"login refused: user {user.pk} is of perfil Integração")]


def test_the_login_goes_back_to_where_it_was_asked_for(client: Client, person: User) -> None:
    response = client.get("/o/casa-aurora/pedidos/?q=4711")
    assert response["Location"] == "/entrar/?next=/o/casa-aurora/pedidos/%3Fq%3D4711"

    assert (
        'name="next" value="/o/casa-aurora/pedidos/?q=4711"'
        in client.get(response["Location"]).content.decode()
    )
    assert (
        log_in(client, next="/o/casa-aurora/pedidos/?q=4711")["Location"] == "/o/casa-aurora/pedidos/?q=4711"
    )


@pytest.mark.parametrize(
    "address", ["https://evil.test/", "//evil.test/", "javascript:alert(1)", "\\\\evil.test"]
)
def test_the_login_leads_to_no_other_site(client: Client, person: User, address: str) -> None:
    assert log_in(client, next=address)["Location"] == "/"
    assert client.get(f"/entrar/?next={address}")["Location"] == "/"


def test_a_new_session_begins_with_the_login(client: Client, person: User) -> None:
    """A session that somebody planted before must not become that of the person."""
    session = client.session
    session["planted"] = "x"
    session.save()
    planted = session.session_key

    log_in(client)

    assert client.session.session_key != planted


def test_the_form_needs_its_token(person: User) -> None:
    client = Client(enforce_csrf_checks=True)

    response = log_in(client)

    assert response.status_code == 403
    assert not is_logged_in(client)


def test_somebody_who_is_in_already_goes_on(client: Client, person: User) -> None:
    log_in(client)

    response = client.get("/entrar/")

    assert (response.status_code, response["Location"]) == (302, "/")


def test_leaving_is_a_post(client: Client, person: User) -> None:
    log_in(client)
    assert client.get("/sair/").status_code == 405
    assert is_logged_in(client)

    response = client.post("/sair/")

    assert (response.status_code, response["Location"]) == (302, "/entrar/")
    assert not is_logged_in(client)


def test_somebody_of_several_companies_chooses(
    client: Client, person: User, organization: Organization, other_organization: Organization
) -> None:
    add(other_organization, person.email, Perfil.VIEWER)
    log_in(client)

    assert client.get("/")["Location"] == "/organizacoes/"
    page = client.get("/organizacoes/").content.decode()
    assert page.index("Casa Aurora") < page.index("Loja Vizinha Ltda")
    for text in ("/o/casa-aurora/pedidos/", "/o/loja-vizinha/pedidos/", "11.222.333/0001-81", "Consulta"):
        assert text in page
    for slug in ("casa-aurora", "loja-vizinha"):
        assert client.get(f"/o/{slug}/pedidos/").status_code == 200


def test_two_tabs_hold_two_companies(
    client: Client, person: User, organization: Organization, other_organization: Organization
) -> None:
    """The company is in the address, so no tab changes the other's."""
    add(other_organization, person.email, Perfil.VIEWER)
    log_in(client)

    for slug, name, other in (
        ("casa-aurora", "Casa Aurora", "Loja Vizinha"),
        ("loja-vizinha", "Loja Vizinha", "Casa Aurora"),
        ("casa-aurora", "Casa Aurora", "Loja Vizinha"),
    ):
        page = client.get(f"/o/{slug}/integracoes/erp/nativos/").content.decode()
        assert name in page
        assert other not in page
    assert client.get("/o/casa-aurora/erros/").status_code == 200
    assert client.get("/o/loja-vizinha/erros/").status_code == 404


def test_a_membership_that_ends_ends_every_page(
    client: Client, person: User, organization: Organization
) -> None:
    log_in(client)
    assert client.get("/o/casa-aurora/pedidos/").status_code == 200
    with tenant(organization):
        person_membership = services.Membership.objects.get(user=person)
        person_membership.is_active = False
        person_membership.save()

    assert client.get("/o/casa-aurora/pedidos/").status_code == 404
    assert client.get("/")["Location"] == "/organizacoes/"
    page = client.get("/organizacoes/").content.decode()
    assert "Você ainda não faz parte de nenhuma organização." in page
    assert "Casa Aurora" not in page


def test_a_person_who_is_shut_out_is_out_at_once(client: Client, person: User) -> None:
    log_in(client)
    User.objects.filter(pk=person.pk).update(is_active=False)

    assert client.get("/o/casa-aurora/pedidos/").status_code == 302
