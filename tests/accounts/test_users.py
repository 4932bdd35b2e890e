"""«Usuários», as an Administrador gets the pages, and what nobody else may do with them."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts import selectors, services
from accounts.models import AuditEntry, Membership, Organization, PasswordLink, Perfil, User
from accounts.sentences import AUDIT, tell
from accounts.services import MembershipRefused
from accounts.tenancy import tenant
from tests.accounts.test_members import somebody_waits_for_us
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

BASE = "/o/casa-aurora/usuarios/"
LAST_ADMIN = "Este é o último administrador ativo. Torne outra pessoa Administrador antes."
SELF = "Você não pode desativar nem mudar o perfil do seu próprio usuário. Peça a outro administrador."


@pytest.fixture
def panel(admin: User, client_of: Callable[[User], Client]) -> Client:
    """Of the Administrador Ana Souza."""
    return client_of(admin)


def add(organization: Organization, name: str, perfil: str = Perfil.OPERATOR, **values: Any) -> Membership:
    email = f"{name.split()[0].lower()}@aurora.test"
    return services.add_member(organization=organization, email=email, name=name, perfil=perfil, **values)


def include(panel: Client, **changes: Any) -> Any:
    values = {"perfil": "operator", "name": "Olga Prado", "email": "olga@aurora.test", **changes}
    return panel.post(f"{BASE}incluir/", values)


def plain(response: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def member(organization: Organization, email: str) -> Membership:
    with tenant(organization):
        return Membership.objects.select_related("user").get(user__email=email)


def state(organization: Organization) -> set[tuple[str, str, bool]]:
    with tenant(organization):
        rows = Membership.objects.values_list("user__name", "perfil", "is_active")
        return set(rows)


def deeds(organization: Organization) -> list[str]:
    """The audit of the organization in sentences, oldest first."""
    with tenant(organization):
        entries = AuditEntry.objects.select_related("person__user").order_by("at", "id")
        return [tell(entry).text for entry in entries]


# --- the lists ---


def test_people_systems_and_pending_invitations_each_have_their_list(
    panel: Client, organization: Organization
) -> None:
    add(organization, "Caio Viana", Perfil.VIEWER, password="uma senha bem longa")
    add(organization, "Tiny ERP", Perfil.INTEGRATION)
    include(panel)
    with tenant(organization):
        Membership.objects.filter(user__email="caio@aurora.test").update(is_active=False)

    people, systems, invited = (
        plain(panel.get(BASE, {"visao": view})) for view in ("", "integracao", "convites")
    )

    assert "Pessoas 3 Integração 1 Convites pendentes 2" in people
    assert re.search(r"Caio Viana caio@aurora.test Consulta Último acesso nunca Inativo", people)
    assert re.search(r"Olga Prado olga@aurora.test Operador Último acesso nunca Convidado", people)
    assert "tiny@aurora.test" not in people
    assert re.search(r"Tiny ERP tiny@aurora.test Último uso do token nunca Ativo", systems)
    assert "olga@aurora.test" not in systems
    assert re.search(r"Olga Prado olga@aurora.test Operador Link de senha vale até", invited)
    assert "caio@aurora.test" not in invited
    assert plain(panel.get(BASE, {"visao": "nenhuma"})).count("olga@aurora.test") == 1


def test_an_organization_without_systems_is_told_what_they_are_for(panel: Client) -> None:
    page = plain(panel.get(BASE, {"visao": "integracao"}))

    assert (
        "Crie um usuário exclusivo para a integração. Assim você sabe o que foi feito pelo ERP "
        "e pode revogar sem afetar pessoas."
    ) in page


def test_the_integrations_form_gets_the_active_systems_by_name(
    organization: Organization, other_organization: Organization
) -> None:
    for name in ("Zeta", "Alfa", "Mudo"):
        add(organization, name, Perfil.INTEGRATION)
    add(organization, "Olga Prado")
    services.add_member(
        organization=other_organization, email="t@v.test", name="Tiny", perfil=Perfil.INTEGRATION
    )
    with tenant(organization):
        Membership.objects.filter(user__name="Mudo").update(is_active=False)
        assert [each.user.name for each in selectors.list_integration_users()] == ["Alfa", "Zeta"]


# --- «Incluir» ---


def test_a_new_person_gets_a_link_that_is_shown_once(panel: Client, organization: Organization) -> None:
    response = include(panel, email=" OLGA@aurora.test ")

    page = plain(response)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert "Usuário incluído." in page
    assert "Vale por 48 horas e só uma vez." in page
    assert re.search(r'value="http[^"]*/convite/[\w-]{43}/"', response.content.decode())
    olga = member(organization, "olga@aurora.test")
    assert (olga.user.name, olga.perfil, olga.is_active) == ("Olga Prado", Perfil.OPERATOR, True)
    assert not olga.user.has_usable_password()
    assert "/convite/" not in panel.get(f"{BASE}{olga.pk}/").content.decode()
    assert "/convite/" not in panel.get(BASE).content.decode()
    assert deeds(organization)[-2:] == [
        "Ana Souza incluiu Olga Prado com o perfil Operador.",
        "Ana Souza gerou um link de senha para Olga Prado.",
    ]


def test_a_system_needs_no_password_and_can_have_none(panel: Client, organization: Organization) -> None:
    response = include(panel, perfil="integration", name="Integração Tiny", email="tiny@aurora.test")

    system = member(organization, "tiny@aurora.test")
    assert (response.status_code, response["Location"]) == (302, f"{BASE}{system.pk}/")
    assert (system.perfil, system.user.has_usable_password()) == (Perfil.INTEGRATION, False)
    panel.post(f"{BASE}{system.pk}/link/")
    with tenant(organization):
        assert list(PasswordLink.objects.all()) == []


def test_the_perfil_may_be_chosen_by_the_address(panel: Client) -> None:
    page = panel.get(f"{BASE}incluir/", {"perfil": "integracao"}).content.decode()

    assert re.search(r'value="integration"[^>]*checked', page)
    assert 'value="Integração Tiny"' in page
    assert "Não entra no painel. Usado pelo ERP e por sistemas." in page
    assert " checked" not in panel.get(f"{BASE}incluir/", {"perfil": "dono"}).content.decode()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "  "}, "Informe o nome."),
        ({"name": "n" * 121}, "Use até 120 letras."),
        ({"email": ""}, "Informe o e-mail."),
        ({"email": "olga"}, "Confira o e-mail: falta o @ ou o final, como em ana@loja.com.br."),
        ({"perfil": ""}, "Escolha o perfil."),
        ({"perfil": "dono"}, "Faça uma escolha válida."),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_is_kept(
    panel: Client, organization: Organization, changes: dict[str, str], message: str
) -> None:
    before = state(organization)

    response = include(panel, **changes)

    page = response.content.decode()
    assert response.status_code == 422
    assert message in html.unescape(page)
    assert "Para salvar, corrija 1 campo:" in plain(response)
    for value in {"name": "Olga Prado", "email": "olga@aurora.test", **changes}.values():
        if value.strip() and value != "dono":
            assert html.escape(value) in page
    assert state(organization) == before


def test_an_e_mail_of_the_organization_leads_to_its_user(panel: Client, organization: Organization) -> None:
    caio = add(organization, "Caio Viana", Perfil.VIEWER)
    before = state(organization)

    response = include(panel, email="CAIO@aurora.test")

    assert response.status_code == 422
    link = f'Já existe um usuário com este e-mail: <a href="{BASE}{caio.pk}/">Caio Viana</a>.'
    assert response.content.decode().count(link) == 2
    assert state(organization) == before


def test_a_person_of_another_organization_keeps_name_and_password(
    panel: Client, organization: Organization, stranger: User
) -> None:
    stranger.set_password("uma senha bem longa")
    stranger.save()

    response = panel.post(
        f"{BASE}incluir/", {"perfil": "viewer", "name": "Outro", "email": stranger.email}, follow=True
    )

    page = plain(response)
    assert "Bruno Lima já usa o Entreposto em outra organização e entra com a senha que tem." in page
    assert "/convite/" not in response.content.decode()
    stranger.refresh_from_db()
    assert (stranger.name, stranger.check_password("uma senha bem longa")) == ("Bruno Lima", True)
    assert ("Bruno Lima", Perfil.VIEWER, True) in state(organization)


def test_who_was_invited_elsewhere_comes_when_the_password_is_set(
    panel: Client, organization: Organization, stranger: User
) -> None:
    """Else the other Administrador, who has the link, would get into this organization with it."""
    before = state(organization)

    response = include(panel, email=stranger.email)

    assert response.status_code == 422
    assert "Esta pessoa ainda não definiu a senha em outra organização." in plain(response)
    assert state(organization) == before


@pytest.mark.parametrize("perfil", ["operator", "integration"])
def test_a_system_of_another_organization_stays_there(
    panel: Client, organization: Organization, other_organization: Organization, perfil: str
) -> None:
    system = services.add_member(
        organization=other_organization, email="erp@v.test", name="ERP", perfil=Perfil.INTEGRATION
    )
    with tenant(other_organization):
        Membership.objects.filter(pk=system.pk).update(is_active=False)
    before = state(organization)

    response = include(panel, perfil=perfil, email="erp@v.test")

    assert response.status_code == 422
    assert "Este e-mail já é de um usuário de integração." in plain(response)
    assert state(organization) == before


def test_an_e_mail_of_a_person_is_none_for_a_system(
    panel: Client, organization: Organization, stranger: User
) -> None:
    response = include(panel, perfil="integration", email=stranger.email)

    assert response.status_code == 422
    assert "Este e-mail já é de uma pessoa; use um e-mail só da integração." in plain(response)
    assert len(state(organization)) == 1


# --- changes ---


def test_name_and_perfil_change(panel: Client, organization: Organization) -> None:
    olga = add(organization, "Olga Prado")

    response = panel.post(f"{BASE}{olga.pk}/", {"name": "Olga Prado Lima", "perfil": "admin"})

    assert (response.status_code, response["Location"]) == (302, f"{BASE}{olga.pk}/")
    assert ("Olga Prado Lima", Perfil.ADMIN, True) in state(organization)
    page = plain(panel.get(f"{BASE}{olga.pk}/"))
    for deed in (
        "Ana Souza mudou o perfil de Olga Prado: de Operador para Administrador.",
        "Ana Souza mudou o nome de Olga Prado para Olga Prado Lima.",
        "A plataforma incluiu Olga Prado com o perfil Operador.",
    ):
        assert deed in page


def test_a_name_is_needed(panel: Client, organization: Organization) -> None:
    olga = add(organization, "Olga Prado")

    response = panel.post(f"{BASE}{olga.pk}/", {"name": "", "perfil": "admin"})

    assert response.status_code == 422
    assert "Informe o nome." in plain(response)
    assert ("Olga Prado", Perfil.OPERATOR, True) in state(organization)


def test_a_name_that_others_see_too_is_the_persons_own(
    panel: Client, organization: Organization, stranger: User
) -> None:
    bruno = services.add_member(
        organization=organization, email=stranger.email, name="", perfil=Perfil.VIEWER
    )

    panel.post(f"{BASE}{bruno.pk}/", {"name": "Tomado", "perfil": "operator"})

    assert ("Bruno Lima", Perfil.OPERATOR, True) in state(organization)
    page = plain(panel.get(f"{BASE}{bruno.pk}/"))
    assert "Esta pessoa também está em outra organização; só ela pode mudar o nome." in page


@pytest.mark.parametrize(
    ("perfil", "asked"), [(Perfil.INTEGRATION, "admin"), (Perfil.OPERATOR, "integration")]
)
def test_a_system_and_a_person_do_not_become_each_other(
    panel: Client, organization: Organization, perfil: str, asked: str
) -> None:
    one = add(organization, "Olga Prado", perfil)
    before = state(organization)

    panel.post(f"{BASE}{one.pk}/", {"name": "Olga Prado", "perfil": asked})

    assert state(organization) == before
    with tenant(organization), pytest.raises(MembershipRefused):
        person = Membership.objects.get(user__email="ana@aurora.test")
        services.change_member(membership=one, name="X", perfil=asked, person=person)
    assert state(organization) == before


def test_somebody_goes_and_comes_back(
    panel: Client, organization: Organization, client_of: Callable[[User], Client]
) -> None:
    olga = add(organization, "Olga Prado")
    theirs = client_of(olga.user)
    panel.post(f"{BASE}{olga.pk}/link/")
    assert "Desativar Olga Prado?" in plain(panel.get(f"{BASE}{olga.pk}/desativar/"))
    assert theirs.get("/o/casa-aurora/pedidos/").status_code == 200

    panel.post(f"{BASE}{olga.pk}/desativar/")
    panel.post(f"{BASE}{olga.pk}/desativar/")

    assert ("Olga Prado", Perfil.OPERATOR, False) in state(organization)
    assert theirs.get("/o/casa-aurora/pedidos/").status_code == 404
    with tenant(organization):
        assert list(PasswordLink.objects.all()) == []
    refused = panel.post(f"{BASE}{olga.pk}/link/", follow=True)
    assert "Este usuário está inativo. Reative antes de gerar um link." in plain(refused)

    panel.post(f"{BASE}{olga.pk}/reativar/")
    panel.post(f"{BASE}{olga.pk}/reativar/")

    assert ("Olga Prado", Perfil.OPERATOR, True) in state(organization)
    assert theirs.get("/o/casa-aurora/pedidos/").status_code == 200
    assert deeds(organization)[-2:] == ["Ana Souza desativou Olga Prado.", "Ana Souza reativou Olga Prado."]


def test_nobody_shuts_the_door_behind_themselves(
    panel: Client, organization: Organization, admin: User
) -> None:
    """Not even while there is another Administrador."""
    add(organization, "Zeca Reis", Perfil.ADMIN)
    me = member(organization, admin.email)
    before = state(organization)

    response = panel.post(f"{BASE}{me.pk}/desativar/")

    assert response.status_code == 422
    assert SELF in plain(response)
    assert SELF in plain(panel.get(f"{BASE}{me.pk}/"))
    assert "desativar/" not in panel.get(f"{BASE}{me.pk}/").content.decode()
    panel.post(f"{BASE}{me.pk}/", {"name": "Ana Souza", "perfil": "viewer"})
    assert state(organization) == before
    panel.post(f"{BASE}{me.pk}/", {"name": "Ana Souza Lima"})
    assert ("Ana Souza Lima", Perfil.ADMIN, True) in state(organization)


def test_the_last_administrador_stays(organization: Organization, admin: User) -> None:
    """Asked of the service: on the pages only the last one is left to ask, and is refused as oneself."""
    zeca = add(organization, "Zeca Reis", Perfil.ADMIN)
    ana = member(organization, admin.email)
    with tenant(organization):
        services.deactivate_member(membership=zeca, person=ana)
    before = state(organization)

    with tenant(organization), pytest.raises(MembershipRefused, match="último administrador"):
        services.deactivate_member(membership=ana, person=zeca)
    with tenant(organization), pytest.raises(MembershipRefused, match="último administrador"):
        services.change_member(membership=ana, name="X", perfil=Perfil.VIEWER, person=zeca)

    assert state(organization) == before


@pytest.mark.parametrize("is_demotion", [False, True])
def test_two_administradores_who_shut_each_other_out_leave_one(
    organization: Organization, admin: User, is_demotion: bool
) -> None:
    """The second one waits for the first and then sees that only they are left."""
    ana, zeca = member(organization, admin.email), add(organization, "Zeca Reis", Perfil.ADMIN)
    refused: list[str] = []

    def shut_out(victim: Membership, by: Membership) -> None:
        with tenant(organization):
            if is_demotion:
                services.change_member(
                    membership=victim, name=victim.user.name, perfil=Perfil.VIEWER, person=by
                )
            else:
                services.deactivate_member(membership=victim, person=by)

    def shut_out_second() -> None:
        try:
            shut_out(ana, zeca)
        except MembershipRefused as error:
            refused.append(str(error))
        finally:
            connection.close()

    second = threading.Thread(target=shut_out_second)
    with transaction.atomic():
        shut_out(zeca, ana)
        second.start()
        wait_until(somebody_waits_for_us)
    second.join()

    assert refused == [LAST_ADMIN]
    assert ("Ana Souza", Perfil.ADMIN, True) in state(organization)


def test_a_company_that_works_does_not_wait_for_a_change_of_its_people(
    organization: Organization, admin: User
) -> None:
    """The lock of a change lets rows of the organization come in beside it."""
    olga = add(organization, "Olga Prado")
    ana = member(organization, admin.email)

    def work() -> None:
        try:
            add(organization, "Novo Lima")
        finally:
            connection.close()

    beside = threading.Thread(target=work)
    with tenant(organization):
        services.deactivate_member(membership=olga, person=ana)
        beside.start()
        beside.join(20)
        assert not beside.is_alive()

    assert ("Novo Lima", Perfil.OPERATOR, True) in state(organization)


# --- others ---


@pytest.mark.parametrize("who", ["stranger", "operator"])
def test_nobody_else_changes_anybody(
    organization: Organization,
    stranger: User,
    admin: User,
    client_of: Callable[[User], Client],
    owner_sql: Callable[..., list[tuple[Any, ...]]],
    who: str,
) -> None:
    operator = add(organization, "Olga Prado")
    system = add(organization, "Tiny", Perfil.INTEGRATION)
    client = client_of(stranger if who == "stranger" else operator.user)
    before = state(organization)
    written = owner_sql("SELECT count(*) FROM accounts_auditentry")

    statuses = {include(client).status_code}
    for path, data in {
        f"{operator.pk}/": {"name": "X", "perfil": "admin"},
        f"{operator.pk}/desativar/": {},
        f"{operator.pk}/reativar/": {},
        f"{operator.pk}/link/": {},
        f"{system.pk}/tokens/novo/": {"scopes": ["orders:read"], "days": "30"},
    }.items():
        for slug in ("casa-aurora", "loja-vizinha"):
            statuses.add(client.post(f"/o/{slug}/usuarios/{path}", data).status_code)

    assert statuses == {404}
    assert state(organization) == before
    assert owner_sql("SELECT count(*) FROM accounts_auditentry") == written
    assert owner_sql("SELECT count(*) FROM accounts_passwordlink") == [(0,)]
    assert owner_sql("SELECT count(*) FROM accounts_apitoken") == [(0,)]


def test_the_menu_shows_usuarios_to_an_administrador_only(
    panel: Client, organization: Organization, client_of: Callable[[User], Client]
) -> None:
    olga = add(organization, "Olga Prado")

    assert panel.get("/o/casa-aurora/pedidos/").content.decode().count(f'href="{BASE}"') == 2
    assert BASE not in client_of(olga.user).get("/o/casa-aurora/pedidos/").content.decode()


def test_a_users_page_shows_the_last_twenty_deeds(panel: Client, organization: Organization) -> None:
    olga = add(organization, "Olga Prado")
    for number in range(21):
        panel.post(f"{BASE}{olga.pk}/", {"name": f"Olga {number}", "perfil": "operator"})

    page = plain(panel.get(f"{BASE}{olga.pk}/"))

    assert page.count("mudou o nome") == 20
    assert "para Olga 20." in page
    assert "para Olga 0." not in page


def test_every_deed_has_a_sentence() -> None:
    """One that lost its own would still be shown, as its code."""
    assert tell(AuditEntry(code="user.unheard", params={"name": "Olga"})).text == "user.unheard"
    assert all(sentence.endswith(".") for sentence in AUDIT.values())
