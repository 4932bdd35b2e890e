"""`manage.py create_organization`, as the owner that it runs as and as the app."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import gateways
from accounts.models import Membership, Organization, Perfil, User
from accounts.tenancy import tenant
from tests.processes import Stack

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "uma senha bem longa"


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", PASSWORD)


def create(name: str = "Casa Aurora", *more: str, **changes: str) -> str:
    options = {
        "slug": "casa-aurora",
        "cnpj": "11222333000181",
        "admin_email": "Ana@Aurora.test",
        "admin_name": "Ana Souza",
    } | changes
    out = io.StringIO()
    call_command("create_organization", name, *more, stdout=out, **options)
    return out.getvalue()


def test_as_the_app_it_makes_a_company_whose_administrador_can_work(client: Client) -> None:
    assert create() == "Casa Aurora: /o/casa-aurora/\n"

    user = User.objects.get()
    assert (user.email, user.name) == ("ana@aurora.test", "Ana Souza")
    (ids,) = gateways.memberships_of(user.pk)
    with tenant(ids.organization_id):
        organization = Organization.objects.get()
        membership = Membership.objects.get()
    assert (organization.name, organization.slug, organization.cnpj) == (
        "Casa Aurora",
        "casa-aurora",
        "11222333000181",
    )
    assert (membership.perfil, membership.is_active) == (Perfil.ADMIN, True)
    client.post("/entrar/", {"username": "ana@aurora.test", "password": PASSWORD})
    assert client.get("/o/casa-aurora/pedidos/").status_code == 200


def test_as_the_owner_it_does_the_same(
    stack: Stack, client: Client, owner_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    arguments = ["create_organization", "Casa Aurora", "--slug", "casa-aurora"]
    arguments += ["--admin-email", "ana@aurora.test", "--admin-name", "Ana", "--if-missing"]
    for output in ("Casa Aurora: /o/casa-aurora/\n", ""):
        done = stack.run("manage.py", *arguments, ADMIN_PASSWORD=PASSWORD)
        assert (done.returncode, done.stdout, done.stderr) == (0, output, "")

    assert owner_sql(
        "SELECT o.slug, m.perfil FROM accounts_organization o"
        " JOIN accounts_membership m ON m.organization_id = o.id"
    ) == [("casa-aurora", "admin")]
    client.post("/entrar/", {"username": "ana@aurora.test", "password": PASSWORD})
    assert client.get("/o/casa-aurora/pedidos/").status_code == 200


def test_a_slug_is_given_once(other_organization: Organization) -> None:
    with pytest.raises(CommandError, match="'loja-vizinha' exists already"):
        create(slug=other_organization.slug)
    assert create("Casa Aurora", "--if-missing", slug=other_organization.slug) == ""
    assert not User.objects.exists()


def test_a_person_may_be_administrador_of_a_second_company(stranger: User) -> None:
    create(admin_email=stranger.email)

    assert len(gateways.memberships_of(stranger.pk)) == 2


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"slug": "Casa Aurora!"}, "slug"),
        ({"cnpj": "11.222.333/0001-81"}, "cnpj"),
        ({"admin_email": "ana"}, "email"),
        ({"admin_name": ""}, "name"),
    ],
)
def test_what_no_page_could_show_is_refused(
    changes: dict[str, str], word: str, owner_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    with pytest.raises(CommandError, match=word):
        create(**changes)
    assert owner_sql("SELECT count(*) FROM accounts_organization") == [(0,)]


def test_a_weak_password_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, owner_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", "12345")

    with pytest.raises(CommandError, match="10 caracteres"):
        create()
    assert owner_sql("SELECT count(*) FROM accounts_organization") == [(0,)]
