"""A connection by Identificador do integrador and Token, from the form to the day on which the token dies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Membership, Perfil, User
from accounts.services import add_member, deactivate_member
from accounts.tenancy import tenant
from contracts.errors import AuthenticationFailed
from contracts.records import ErpAccount
from history.models import HistoryEntry
from integrations.credentials import IntegrationContext
from integrations.models import ConnectionTest, Credential, Integration
from integrations.services import AuthorizationRejected, record_connection
from jobs.models import Budget, Channel, Job, Schedule
from orders.models import Invoice, Order, OrderReference
from tests.flows.conftest import Company, TokenCompany

RunJobs = Callable[[], int]
MoveClock = Callable[[dt.timedelta], None]
KEYS = ["fields", "address", "access", "integrator", "permissions", "limit", "clock", "connection"]


@pytest.fixture
def protocol() -> str:
    return "v2"


def steps_of(company: Company) -> dict[str, dict[str, str]]:
    with tenant(company.organization):
        test = ConnectionTest.objects.order_by("-id").first()
    return {step["key"]: step for step in test.steps}


def test_draft_runs_nothing_until_its_test_names_the_account(
    company: TokenCompany, run_jobs: RunJobs
) -> None:
    company.account.add_orders(count=3, with_invoices=True)
    assert company.save(action="save").status_code == 302
    assert company.integration.state == "draft"
    assert run_jobs() == 0
    assert company.account.count_calls() == {}

    company.client.post(f"{company.base}/integracoes/erp/nativos/tiny/{company.integration.pk}/testar/")
    run_jobs()
    integration = company.integration
    assert (integration.state, integration.account_document) == ("connected", "11222333000181")
    steps = steps_of(company)
    assert list(steps) == KEYS
    assert steps["connection"]["detail"].startswith(f"Conectado à conta {integration.account_name}.")
    assert {key: step["state"] for key, step in steps.items() if step["state"] != "ok"} == {
        "integrator": "not_checked"
    }
    with tenant(company.organization):
        assert Order.objects.count() == 3
        assert not Schedule.objects.filter(kind="renew_token").exists()


def test_form_keeps_what_was_typed_and_says_what_is_wrong(company: TokenCompany) -> None:
    answer = company.save(token="", author="", integrator_id="13.572")
    assert answer.status_code == 422
    page = answer.content.decode()
    for sentence in (
        "Informe o Token.",
        "Escolha o usuário da integração.",
        "Use só números, como o Tiny mostra em Gerenciar.",
    ):
        assert sentence in page
    assert 'value="13.572"' in page
    with tenant(company.organization):
        assert Integration.objects.count() == 0


def test_choices_are_stored_and_a_blank_token_keeps_the_stored_one(
    company: TokenCompany, run_jobs: RunJobs
) -> None:
    integration = company.connect(send_statuses=["placed", "paid"])
    run_jobs()
    answer = company.save(str(integration.pk), token="", name="Matriz", action="save")
    assert answer.status_code == 302
    with tenant(company.organization):
        saved = Integration.objects.get()
        credential = Credential.objects.get()
        assert (saved.name, saved.state, saved.author_id) == ("Matriz", "connected", company.author.pk)
        assert saved.send_statuses == ["placed"]
        assert credential.get_secret("token") == company.access["token"]
        assert credential.integrator_id == company.access["ecommerce_id"]
    page = company.page(f"integracoes/erp/nativos/tiny/{integration.pk}/conexao/")
    assert company.access["token"] not in page
    assert company.access["token"][-4:] in page


def test_what_the_integration_writes_bears_its_user_s_name(company: TokenCompany, run_jobs: RunJobs) -> None:
    company.account.add_orders(count=1, with_invoices=True)
    company.connect()
    run_jobs()
    with tenant(company.organization):
        written = HistoryEntry.objects.filter(subject_kind="order")
        assert set(written.values_list("source", "person")) == {("erp", "Integração Tiny")}
    assert "Tiny · Integração Tiny" in company.page("pedidos/1/")


def test_same_identificador_twice_is_refused_naming_the_other(company: TokenCompany) -> None:
    company.connect()
    answer = company.save(name="Filial")
    assert answer.status_code == 422
    assert "A integração Integração Tiny ERP já usa este Identificador." in answer.content.decode()


def test_same_account_by_another_token_is_refused_naming_the_other(
    company: TokenCompany, run_jobs: RunJobs
) -> None:
    company.connect()
    run_jobs()
    other = company.account.add_integration("Outra")
    company.save(name="Filial", integrator_id=other["ecommerce_id"], token=other["token"])
    run_jobs()
    step = steps_of(company)["connection"]
    assert (step["state"], step["detail"]) == ("failure", "Esta conta do Tiny já está conectada.")
    assert "A integração Integração Tiny ERP já usa a mesma conta." in step["remedy"]
    with tenant(company.organization):
        assert dict(Integration.objects.values_list("name", "state")) == {
            "Integração Tiny ERP": "connected",
            "Filial": "draft",
        }


def test_revoked_token_disconnects_and_a_new_one_goes_on(
    company: TokenCompany, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company.account.add_orders(situacao=3)
    integration = company.connect()
    run_jobs()
    token = company.account.regenerate_token(company.access["token"])
    company.account.add_orders(situacao=3)
    move_clock(dt.timedelta(minutes=6))
    run_jobs()
    integration = company.integration
    assert (integration.state, integration.disconnect_code) == ("disconnected", "tiny.v2_token_invalid")
    page = company.page("pedidos/")
    assert "está desconectado" in page
    assert "O Tiny não reconheceu o Token" in page
    with tenant(company.organization):
        assert not Job.objects.filter(status="parked").exists()
        assert Channel.objects.get(name=integration.channel).paused_code == "tiny.v2_token_invalid"

    company.save(str(integration.pk), token=token)
    run_jobs()
    assert company.integration.state == "connected"
    with tenant(company.organization):
        assert Order.objects.count() == 2


def test_conectar_tests_the_stored_token_again(
    company: TokenCompany, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    """A block of the account at Tiny that is over needs no new token."""
    integration = company.connect()
    run_jobs()
    company.account.tiny.add_fault(
        account_id=company.account.id, route=company.LIST, times=1, preset="v2_code_8"
    )
    move_clock(dt.timedelta(minutes=6))
    run_jobs()
    assert company.integration.disconnect_code == "tiny.v2_company_blocked"
    answer = company.client.post(f"{company.base}/integracoes/erp/nativos/tiny/{integration.pk}/conectar/")
    assert answer.status_code == 302
    run_jobs()
    assert company.integration.state == "connected"


def test_token_of_another_account_is_refused_and_the_former_orders_stay(
    company: TokenCompany, run_jobs: RunJobs
) -> None:
    company.account.add_orders(situacao=3)
    integration = company.connect()
    run_jobs()
    other = company.account.tiny.add_account(cnpj="11444777000161", seed="other")
    other.add_orders(situacao=3)
    token = other.add_integration()["token"]
    company.save(str(integration.pk), token=token)
    # Nothing runs with a token whose account is not known.
    assert (company.integration.state, company.integration.disconnect_code) == (
        "disconnected",
        "integration.other_token",
    )
    run_jobs()
    step = steps_of(company)["access"]
    assert step["state"] == "failure"
    assert "Esta integração é de outra conta." in step["remedy"]
    assert company.integration.state == "disconnected"
    with tenant(company.organization):
        assert Order.objects.count() == 1


def test_limit_is_waited_for_and_nothing_is_asked_meanwhile(
    company: TokenCompany, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company.account.add_orders(situacao=3)
    company.connect_quietly()
    company.account.tiny.add_fault(
        account_id=company.account.id, route=company.LIST, times=1, preset="v2_blocked"
    )
    run_jobs()
    company.account.clear_calls()
    run_jobs()
    assert company.account.count_calls() == {}
    with tenant(company.organization):
        assert not Job.objects.filter(status="parked").exists()
        assert Budget.objects.exists()
    move_clock(dt.timedelta(minutes=3))
    run_jobs()
    with tenant(company.organization):
        assert Order.objects.count() == 1


def test_deactivated_user_stops_the_integration_until_another_is_chosen(
    company: TokenCompany, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    integration = company.connect()
    run_jobs()
    with tenant(company.organization):
        admin = Membership.objects.get(perfil="admin")
        deactivate_member(membership=company.author, person=admin)
    company.account.add_orders(situacao=3)
    company.account.clear_calls()
    move_clock(dt.timedelta(minutes=6))
    run_jobs()
    assert company.integration.disconnect_code == "integration.author_inactive"
    assert company.account.count_calls() == {}
    assert "O usuário da integração está inativo" in company.page("pedidos/")
    panel = company.page(f"integracoes/erp/nativos/tiny/{integration.pk}/conexao/")
    assert "Integração Tiny foi desativado em Usuários" in panel

    answer = company.save(str(integration.pk), token="")
    assert answer.status_code == 422
    assert "Este usuário está inativo." in answer.content.decode()
    with tenant(company.organization):
        Membership.objects.filter(pk=company.author.pk).update(is_active=True)
    company.save(str(integration.pk), token="")
    run_jobs()
    assert company.integration.state == "connected"
    with tenant(company.organization):
        assert Order.objects.count() == 1


def test_used_by_names_the_integrations_of_a_user(company: TokenCompany) -> None:
    assert "Nenhuma integração" in company.page(f"integracoes/usuario/{company.author.pk}/")
    company.connect()
    assert "Integração Tiny ERP" in company.page(f"integracoes/usuario/{company.author.pk}/")


def switch_to_oauth(company: TokenCompany, integration: Integration) -> None:
    form = Company.fill_form(company, author=str(company.author.pk))
    answer = company.client.post(
        f"{company.base}/integracoes/erp/nativos/tiny/{integration.pk}/conexao/?forma=v3", form
    )
    assert answer.status_code == 302
    assert company.integration.disconnect_code == "integration.other_protocol"
    assert company.client.get(company.authorize(answer["Location"])).status_code == 302


def test_switch_to_oauth_and_back_keeps_every_order(
    company: TokenCompany, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company.account.add_orders(count=3, with_invoices=True)
    integration = company.connect()
    run_jobs()
    with tenant(company.organization):
        before = dict(OrderReference.objects.values_list("external_id", "order__number"))
    assert len(before) == 3

    switch_to_oauth(company, integration)
    run_jobs()
    now = company.integration
    assert (now.state, now.protocol, now.proven_protocol) == ("connected", "v3", "v3")
    with tenant(company.organization):
        assert dict(OrderReference.objects.values_list("external_id", "order__number")) == before
        assert Schedule.objects.filter(kind="renew_token").count() == 1

    company.save(str(integration.pk))
    run_jobs()
    now = company.integration
    assert (now.state, now.protocol, now.proven_protocol) == ("connected", "v2", "v2")
    move_clock(dt.timedelta(hours=13))
    run_jobs()
    assert company.integration.state == "connected"
    with tenant(company.organization):
        assert dict(OrderReference.objects.values_list("external_id", "order__number")) == before
        assert Schedule.objects.filter(kind="renew_token").count() == 0
    assert "não conseguimos renovar" not in company.page("pedidos/").lower()


def test_switch_stops_when_the_other_protocol_shows_another_order(
    company: TokenCompany, run_jobs: RunJobs
) -> None:
    company.account.add_orders(situacao=3)
    integration = company.connect()
    run_jobs()
    with tenant(company.organization):
        Order.objects.update(erp_number="999999", total=1)
    switch_to_oauth(company, integration)
    run_jobs()
    now = company.integration
    assert (now.state, now.disconnect_code) == ("disconnected", "integration.references_differ")
    assert "Esta conexão mostra outros pedidos" in company.page("pedidos/")
    with tenant(company.organization):
        assert Order.objects.get().erp_number == "999999"
        assert not Job.objects.filter(status="parked").exists()


def test_job_under_way_does_not_read_by_a_token_that_is_not_proven(
    company: TokenCompany, run_jobs: RunJobs
) -> None:
    """The token was changed, and the channel paused, while a worker held a job."""
    company.account.add_orders(situacao=3)
    integration = company.connect()
    run_jobs()
    other = company.account.tiny.add_account(cnpj="11444777000161", seed="other")
    other.add_orders(situacao=3)
    company.save(str(integration.pk), token=other.add_integration()["token"])
    context = IntegrationContext(integration)
    with pytest.raises(AuthenticationFailed, match=r"integration\.other_token"):
        context.access_token()
    assert other.count_calls() == {}


def test_access_saved_during_its_proof_is_proven_itself(company: TokenCompany) -> None:
    company.save(action="save")
    with tenant(company.organization):
        person = Membership.objects.get(perfil="admin")
        with pytest.raises(AuthorizationRejected, match=r"integration\.changed_meanwhile"):
            record_connection(
                integration_id=company.integration.pk,
                grant=None,
                account=ErpAccount("11222333000181", "Outra"),
                person=person,
                token="the-token-of-before",
            )
    assert (company.integration.state, company.integration.account_document) == ("draft", "")


def test_only_an_administrador_connects_by_a_test(
    company: TokenCompany, run_jobs: RunJobs, client_of: Callable[[User], Client]
) -> None:
    company.save(action="save")
    operator = add_member(
        organization=company.organization, email="op@aurora.example", name="Olga", perfil=Perfil.OPERATOR
    )
    company.client = client_of(operator.user)
    company.client.post(f"{company.base}/integracoes/erp/nativos/tiny/{company.integration.pk}/testar/")
    run_jobs()
    assert company.integration.state == "draft"
    step = steps_of(company)["connection"]
    assert (step["state"], step["remedy"]) == (
        "warning",
        "Peça a um Administrador da sua empresa para clicar em Conectar.",
    )
    with tenant(company.organization):
        assert Order.objects.count() == 0
        assert not Schedule.objects.exists()


def test_token_that_may_not_read_orders_is_not_connected(company: TokenCompany, run_jobs: RunJobs) -> None:
    company.account.tiny.add_fault(
        account_id=company.account.id, route=company.LIST, times=1, preset="v2_code_5"
    )
    company.save()
    run_jobs()
    assert company.integration.state == "draft"
    steps = steps_of(company)
    assert steps["permissions"]["state"] == "failure"
    assert steps["permissions"]["detail"].startswith("O Tiny não libera Pedidos")
    assert "connection" not in steps


def test_conectar_of_a_deactivated_user_says_so(company: TokenCompany, run_jobs: RunJobs) -> None:
    integration = company.connect()
    run_jobs()
    with tenant(company.organization):
        Membership.objects.filter(pk=company.author.pk).update(is_active=False)
    company.client.post(f"{company.base}/integracoes/erp/nativos/tiny/{integration.pk}/conectar/")
    run_jobs()
    step = steps_of(company)["fields"]
    assert step["detail"] == "O usuário da integração está inativo."
    assert "Integração Tiny foi desativado em Usuários" in step["remedy"]


def test_orders_that_were_all_deleted_at_tiny_do_not_stop_a_switch(
    company: TokenCompany, run_jobs: RunJobs
) -> None:
    (row,) = company.account.add_orders(situacao=3)
    integration = company.connect()
    run_jobs()
    company.account.change_order(row["id"], delete=True)
    # Its number is given again.
    (other,) = company.account.add_orders(situacao=3, valorFrete=91.37)
    assert other["numero"] == row["numero"]
    switch_to_oauth(company, integration)
    run_jobs()
    now = company.integration
    assert (now.disconnect_code, now.state, now.proven_protocol) == ("", "connected", "v3")


def test_orders_that_are_known_there_by_other_identifiers_stop_a_switch(
    company: TokenCompany, run_jobs: RunJobs
) -> None:
    company.account.add_orders(situacao=3)
    integration = company.connect()
    run_jobs()
    with tenant(company.organization):
        OrderReference.objects.update(external_id="123")
    switch_to_oauth(company, integration)
    run_jobs()
    assert company.integration.disconnect_code == "integration.references_differ"
    with tenant(company.organization):
        assert OrderReference.objects.get().deleted_at is None


def test_nota_of_another_shop_with_the_same_number_is_not_taken(
    company: TokenCompany, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    number = "1001"
    (ours,) = company.account.add_orders(situacao=1, nota=False, numeroPedidoEcommerce=number)
    company.account.add_orders(situacao=2, nota=True, numeroPedidoEcommerce=number)
    company.connect()
    run_jobs()
    with tenant(company.organization):
        assert Order.objects.get().erp_number == str(ours["numero"])
        assert not Invoice.objects.exists()
    company.account.change_order(ours["id"], nota=True)
    move_clock(dt.timedelta(minutes=61))
    run_jobs()
    truth = {row["id"]: row for row in company.account.list_orders()}
    with tenant(company.organization):
        assert Invoice.objects.get().access_key == truth[ours["id"]]["chaveAcesso"]


def test_situation_that_only_the_single_order_told_is_put_right_by_the_next_list(
    company: TokenCompany, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company.account.add_orders(situacao=3)
    company.connect()
    run_jobs()
    with tenant(company.organization):
        Order.objects.update(status="in_transit")
        OrderReference.objects.update(situation="enviado")
    move_clock(dt.timedelta(minutes=6))
    run_jobs()
    with tenant(company.organization):
        assert OrderReference.objects.get().situation == "aprovado"
