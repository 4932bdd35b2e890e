"""Customers that are made or changed here go to Tiny by the criteria, over both protocols, each one once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from accounts import clock, gateways
from accounts.tenancy import tenant
from contracts.records import CustomerDraft, ErpCustomer
from customers import services
from customers.criteria import Criteria
from customers.models import Customer, CustomerReference
from customers.sync import export_customer
from history.models import HistoryEntry
from integrations import registry
from integrations.credentials import UrgentContext
from integrations.models import Integration
from jobs import queue
from jobs.errors import LeaseLost
from jobs.models import Channel, Job, Outcome
from jobs.runner import JobContext
from tests.flows.conftest import Company

RunJobs = Callable[[], int]
MoveClock = Callable[[dt.timedelta], None]
CREATE = {"v3": "POST /contatos", "v2": "POST /api2/contato.incluir.php"}
CHANGE = {"v3": "PUT /contatos/{id}", "v2": "POST /api2/contato.alterar.php"}
CPF, CNPJ = "52998224725", "11444777000161"
HOME = {
    "street": "Rua das Flores",
    "number": "123",
    "complement": "apto 2",
    "district": "Centro",
    "city": "Curitiba",
    "state": "PR",
    "zip_code": "80010000",
}


@pytest.fixture(params=["v3", "v2"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def seller(company: Company, run_jobs: RunJobs) -> Company:
    company.connect_quietly()
    run_jobs()
    company.account.clear_calls()
    return company


def choose(company: Company, **choices: bool) -> None:
    with tenant(company.organization):
        services.save_criteria(integration=company.integration, criteria=Criteria(**choices), person="Ana")


def save(company: Company, customer: Customer | None = None, **values: Any) -> Customer:
    with tenant(company.organization):
        return services.save_customer(
            customer_id=customer.pk if customer else None, values=values, person="Ana"
        ).customer


def at_tiny(company: Company, **query: str) -> list[ErpCustomer]:
    provider = registry.get_provider("tiny")
    return list(provider.find_customers(UrgentContext(company.integration), **query))


def add_to_tiny(company: Company, **values: Any) -> str:
    draft = CustomerDraft(**values)
    return registry.get_provider("tiny").create_customer(UrgentContext(company.integration), draft)


def stored(company: Company, customer: Customer) -> Customer:
    with tenant(company.organization):
        return Customer.objects.get(pk=customer.pk)


def known_as(company: Company, customer: Customer) -> list[str]:
    with tenant(company.organization):
        return list(CustomerReference.objects.filter(customer=customer).values_list("external_id", flat=True))


def lines_of(company: Company, customer: Customer) -> list[tuple[str, dict[str, Any]]]:
    with tenant(company.organization):
        rows = HistoryEntry.objects.filter(subject_kind="customer", subject_id=customer.pk).order_by("id")
        # What was done here is told elsewhere.
        return [(row.code, row.params) for row in rows if row.code != "customer.created_here"]


def job_of(company: Company) -> Job:
    with tenant(company.organization):
        return Job.objects.filter(kind="export_customer").latest("id")


def test_a_customer_made_here_is_made_there_whole(seller: Company, run_jobs: RunJobs, protocol: str) -> None:
    customer = save(
        seller,
        name="Ana de Exemplo",
        document=CPF,
        email="ana@example.com",
        phone="11932000100",
        address=HOME,
    )
    run_jobs()
    assert seller.account.count_calls()[CREATE[protocol]] == 1
    (there,) = at_tiny(seller, document=CPF)
    assert (there.name, there.kind, there.email) == ("Ana de Exemplo", "PF", "ana@example.com")
    assert (there.address.street, there.address.number, there.address.city) == (
        "Rua das Flores",
        "123",
        "Curitiba",
    )
    assert known_as(seller, customer) == [there.external_id]
    assert lines_of(seller, customer) == [("customer.sent_new", {"external_id": there.external_id})]
    after = stored(seller, customer)
    assert (after.changed_here_at, after.changed_here) == (None, [])


@pytest.mark.parametrize("preset", ["drop_after", "error_500"])
def test_an_answer_that_is_lost_makes_no_second_one(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str, preset: str
) -> None:
    seller.account.tiny.add_fault(account_id=seller.account.id, route=CREATE[protocol], preset=preset)
    customer = save(seller, name="Ana", document=CPF)
    run_jobs()
    assert job_of(seller).status == "pending"
    move_clock(dt.timedelta(minutes=1))
    run_jobs()
    assert job_of(seller).status == "done"
    (there,) = at_tiny(seller, document=CPF)
    assert known_as(seller, customer) == [there.external_id]
    assert seller.account.count_calls()[CREATE[protocol]] == (1 if preset == "drop_after" else 2)


def test_a_call_that_may_be_under_way_makes_no_second_one(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    seller.account.tiny.add_fault(account_id=seller.account.id, route=CREATE[protocol], drop=True, times=1)
    customer = save(seller, name="Ana", document=CPF)
    run_jobs()
    move_clock(dt.timedelta(seconds=30))
    # Another job of his, which knows nothing of the first one's attempt.
    with tenant(seller.organization):
        Job.objects.filter(kind="export_customer").update(status="done")
    save(seller, customer, email="ana@x.test")
    run_jobs()
    job = job_of(seller)
    assert (job.status, job.failures) == ("pending", 0)
    assert job.not_before - stored(seller, customer).attempted_at == dt.timedelta(minutes=1)
    # What was cut off arrives at last.
    there = add_to_tiny(seller, name="Ana", kind="PF", document=CPF)
    seller.account.clear_calls()
    move_clock(dt.timedelta(seconds=31))
    run_jobs()
    assert CREATE[protocol] not in seller.account.count_calls()
    assert known_as(seller, customer) == [there]
    assert job_of(seller).status == "done"


def test_one_whom_tiny_refused_is_made_at_once_when_a_person_says_so(
    seller: Company, run_jobs: RunJobs, protocol: str
) -> None:
    seller.account.tiny.add_fault(
        account_id=seller.account.id,
        route=CREATE[protocol],
        times=1,
        **seller.refusal("O campo CEP do cliente é inválido"),
    )
    customer = save(seller, name="Ana", document=CPF)
    run_jobs()
    assert job_of(seller).status == "parked"
    with tenant(seller.organization):
        assert queue.retry_parked(job_of(seller).pk)
    run_jobs()
    (there,) = at_tiny(seller, document=CPF)
    assert known_as(seller, customer) == [there.external_id]


def test_a_worker_that_was_taken_for_dead_makes_nobody(seller: Company, protocol: str) -> None:
    customer = save(seller, name="Ana", document=CPF)
    claim = gateways.claim_job("slow", lease_seconds=60, wait_seconds=0)
    assert claim is not None
    with tenant(seller.organization):
        job = Job.objects.get(pk=claim.job_id)
        queue.return_to_pending(queue.lock_running(claim), not_before=clock.now(), outcome=Outcome.LOST)
    with pytest.raises(LeaseLost):
        export_customer(JobContext(job, claim))
    assert at_tiny(seller, document=CPF) == []
    assert CREATE[protocol] not in seller.account.count_calls()
    assert stored(seller, customer).attempted_at is None


def test_one_waits_for_the_proof_of_the_protocol_and_nothing_counts_as_a_failure(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    with tenant(seller.organization):
        Integration.objects.update(proven_protocol="")
    customer = save(seller, name="Ana", document=CPF)
    assert run_jobs() == 1
    job = job_of(seller)
    with tenant(seller.organization):
        channel = Channel.objects.get(name=job.channel)
    assert (job.status, job.failures, job.reason_code, channel.breaker_failures) == ("pending", 0, "", 0)
    assert seller.account.count_calls() == {}
    # The poll of orders proves it.
    move_clock(dt.timedelta(minutes=5))
    run_jobs()
    move_clock(dt.timedelta(minutes=1))
    run_jobs()
    assert len(known_as(seller, customer)) == 1


def test_one_who_is_there_is_linked_filled_and_not_overwritten(
    seller: Company, run_jobs: RunJobs, protocol: str
) -> None:
    there = add_to_tiny(seller, name="Ana Lima", kind="PF", document=CPF, phone="4133221100")
    seller.account.clear_calls()
    customer = save(seller, name="Ana Lima", document=CPF)
    run_jobs()
    with tenant(seller.organization):
        # Learnt otherwise than by a change: an order fills what is empty.
        services.take_buyer(
            values={"name": "Ana", "document": CPF, "email": "ana@x.test", "phone": "1133334444"},
            person="Loja",
        )
    save(seller, customer, name="Ana Maria Lima")
    run_jobs()
    (after,) = at_tiny(seller, document=CPF)
    assert (after.external_id, after.name, after.email) == (there, "Ana Maria Lima", "ana@x.test")
    assert after.phone.endswith("3322-1100") or after.phone == "4133221100"
    assert CREATE[protocol] not in seller.account.count_calls()
    assert seller.account.count_calls()[CHANGE[protocol]] == 1
    assert [line for line in lines_of(seller, customer) if line[0] != "customer.filled_by_order"] == [
        ("customer.linked", {"external_id": there}),
        ("customer.changed_here", {"fields": "Nome", "details": "Nome: Ana Lima → Ana Maria Lima"}),
        ("customer.sent", {"fields": "Nome, E-mail"}),
        ("customer.sending_kept", {"fields": "Telefone"}),
    ]


def test_only_updates_makes_nobody_until_a_person_says_so(
    seller: Company, run_jobs: RunJobs, protocol: str
) -> None:
    choose(seller, only_updates=True)
    customer = save(seller, name="Ana", document=CPF)
    run_jobs()
    assert (job_of(seller).status, job_of(seller).reason_code) == ("parked", "customers.unknown_at_erp")
    assert CREATE[protocol] not in seller.account.count_calls()
    page = seller.page("erros/")
    assert "O cliente não existe no Tiny" in page

    response = seller.client.post(f"{seller.base}/clientes/{customer.pk}/enviar/")
    assert response.status_code == 302
    run_jobs()
    assert len(at_tiny(seller, document=CPF)) == 1
    with tenant(seller.organization):
        assert not Job.objects.filter(kind="export_customer", status="parked").exists()
    assert not stored(seller, customer).is_forced


def test_one_who_appears_there_meanwhile_is_updated(
    seller: Company, run_jobs: RunJobs, protocol: str
) -> None:
    choose(seller, only_updates=True)
    save(seller, name="Ana", document=CPF, email="ana@x.test")
    run_jobs()
    add_to_tiny(seller, name="Ana", kind="PF", document=CPF)
    with tenant(seller.organization):
        assert queue.retry_parked(job_of(seller).pk)
    run_jobs()
    (there,) = at_tiny(seller, document=CPF)
    assert there.email == "ana@x.test"


# API v2 refuses a second one with the document by itself.
@pytest.mark.parametrize("protocol", ["v3"], indirect=True)
def test_one_who_is_there_twice_waits_for_a_person(seller: Company, run_jobs: RunJobs, protocol: str) -> None:
    for name in ("Ana", "Ana Lima"):
        add_to_tiny(seller, name=name, kind="PF", document=CPF)
    seller.account.clear_calls()
    customer = save(seller, name="Ana L.", document=CPF)
    run_jobs()
    job = job_of(seller)
    assert (job.status, job.reason_code, job.reason_params["count"]) == (
        "parked",
        "customers.repeated_at_erp",
        "2",
    )
    assert set(seller.account.count_calls()).isdisjoint({CREATE[protocol], CHANGE[protocol]})
    assert known_as(seller, customer) == []


def test_without_a_document_one_is_found_by_our_code(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    seller.account.tiny.add_fault(account_id=seller.account.id, route=CREATE[protocol], preset="drop_after")
    customer = save(seller, name="Balcão", kind="PF", email="balcao@x.test")
    run_jobs()
    move_clock(dt.timedelta(minutes=1))
    run_jobs()
    (there,) = at_tiny(seller, code=customer.erp_code)
    assert known_as(seller, customer) == [there.external_id]
    assert seller.account.count_calls()[CREATE[protocol]] == 1


def test_who_left_the_criteria_meanwhile_is_not_sent(
    seller: Company, run_jobs: RunJobs, protocol: str
) -> None:
    customer = save(seller, name="Ana", document=CPF)
    company = save(seller, name="Papelaria", document=CNPJ)
    choose(seller, sends_people=False)
    run_jobs()
    assert at_tiny(seller, document=CPF) == []
    assert len(at_tiny(seller, document=CNPJ)) == 1
    assert lines_of(seller, customer) == [("customer.left_out", {"reason": "customer.outside_person"})]
    assert stored(seller, customer).changed_here_at is None
    assert known_as(seller, company) != []


def test_who_was_held_back_goes_when_a_person_says_so_with_what_was_changed_meanwhile(
    seller: Company, run_jobs: RunJobs, protocol: str
) -> None:
    known = save(seller, name="Ana", document=CPF, email="ana@x.test")
    run_jobs()
    choose(seller, sends_people=False)
    save(seller, known, email="nova@x.test")
    new = save(seller, name="Bia", document="39053344705")
    run_jobs()
    criteria = f"integracoes/erp/nativos/tiny/{seller.integration.pk}/clientes/"
    assert "enviar-os-que-atendem" not in seller.page(criteria)

    choose(seller)
    run_jobs()
    assert at_tiny(seller, document="39053344705") == [], "never silently"
    assert "2 clientes que ficaram só aqui atendem agora" in seller.page(criteria)
    assert seller.client.post(f"{seller.base}/{criteria}", {"action": "send"}).status_code == 302
    page = seller.page(criteria)
    assert "2 clientes vão para o Tiny." in page
    assert "enviar-os-que-atendem" not in page
    run_jobs()
    assert [there.email for there in at_tiny(seller, document=CPF)] == ["nova@x.test"]
    assert [there.name for there in at_tiny(seller, document="39053344705")] == ["Bia"]
    for customer in (known, new):
        after = stored(seller, customer)
        assert (after.changed_here_at, after.changed_here) == (None, [])


def test_what_tiny_silently_leaves_is_told(seller: Company, run_jobs: RunJobs, protocol: str) -> None:
    customer = save(seller, name="Ana", document=CPF, email="ana@x.test")
    run_jobs()
    done = {
        "v3": {"status": 204},
        "v2": {"status": 200, "body": {"retorno": {"status_processamento": "3", "status": "OK"}}},
    }[protocol]
    seller.account.tiny.add_fault(account_id=seller.account.id, route=CHANGE[protocol], times=1, **done)
    save(seller, customer, email="nova@x.test")
    run_jobs()
    assert lines_of(seller, customer)[-1] == ("customer.not_taken", {"fields": "E-mail"})


def test_an_address_is_replaced_whole(seller: Company, run_jobs: RunJobs, protocol: str) -> None:
    customer = save(seller, name="Ana", document=CPF, address=HOME)
    run_jobs()
    moved = {**HOME, "street": "Avenida Sete", "number": "9", "complement": "", "zip_code": "80420000"}
    save(seller, customer, address=moved)
    run_jobs()
    (there,) = at_tiny(seller, document=CPF)
    address = there.address
    assert (address.street, address.number, address.complement) == ("Avenida Sete", "9", "")
    assert [code for code, _ in lines_of(seller, customer)] == [
        "customer.sent_new",
        "customer.changed_here",
        "customer.sent",
    ]


def test_a_contact_that_is_gone_there_is_made_again(
    seller: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str
) -> None:
    customer = save(seller, name="Ana", document=CPF)
    with tenant(seller.organization):
        CustomerReference.objects.create(integration=seller.integration, external_id="1", customer=customer)
    run_jobs()
    assert known_as(seller, customer) == []
    move_clock(dt.timedelta(minutes=1))
    run_jobs()
    (there,) = at_tiny(seller, document=CPF)
    assert known_as(seller, customer) == [there.external_id]
