"""From a code at Tiny to «Entregue» on both sides, by itself; and from a code that is typed here to Tiny."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.conf import settings
from django.utils.html import escape

from accounts.models import Membership, Organization
from accounts.tenancy import tenant
from contracts.http import HttpClient
from contracts.order_status import OrderStatus
from contracts.tracking import ParcelState
from jobs import queue
from jobs.models import Job, JobStatus
from orders import services
from orders.models import Order, OrderParcel, OrderShipment, ShippingMethodList
from tests.flows.conftest import Company
from tests.flows.placing import SITUATION, choose, codes_of, import_products, lines_of, place, poll
from tests.simulated_carriers import SimulatedCarriers
from tiny.provider import TinyProvider
from tracking import services as tracking
from tracking.models import EndReason, Parcel

RunJobs = Callable[[], int]
MoveClock = Callable[[dt.timedelta], None]
A, B, C = "QQ123456785BR", "QQ000000011BR", "QQ000000025BR"
DISPATCH = {
    "v3": "PUT /pedidos/{id}/despacho",
    "v2": "POST /api2/cadastrar.codigo.rastreamento.pedido.php",
}
METHODS = "GET /formas-envio"


@pytest.fixture(params=["v3", "v2"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def carriers_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedCarriers]:
    carriers = SimulatedCarriers(tmp_path_factory.mktemp("carriers"))
    carriers.start()
    yield carriers
    carriers.stop()


@pytest.fixture
def carriers(carriers_process: SimulatedCarriers, monkeypatch: pytest.MonkeyPatch) -> SimulatedCarriers:
    carriers_process.reset()
    urls = {"correios": carriers_process.correios_url, "ssw": carriers_process.ssw_url}
    monkeypatch.setattr(settings, "TRACKER_URLS", urls)
    return carriers_process


@pytest.fixture
def shop(company: Company, carriers: SimulatedCarriers, run_jobs: RunJobs) -> Company:
    """Connected with Tiny, with a contract with Correios, nothing left to do."""
    company.connect_quietly()
    run_jobs()
    with tenant(company.organization):
        tracking.save_carrier_account(tracker="correios", credentials=carriers.contract, by="Ana")
    run_jobs()
    company.account.clear_calls()
    return company


def add_sent(shop: Company, run_jobs: RunJobs, code: str = A, **fields: Any) -> dict[str, Any]:
    """An order that Tiny has sent under ``code``, read here."""
    # The first of the account's own methods.
    method = 700_000_000 + shop.account.id * 1000
    carriage = {
        "nome": None,
        "formaEnvio": {"id": method, "nome": "Correios"},
        "formaFrete": {"id": method + 1, "nome": "SEDEX"},
    }
    (row,) = shop.account.add_orders(**{"situacao": 5, "transportador": carriage, "tracking": code, **fields})
    poll(shop)
    run_jobs()
    return dict(row)


def order_of(shop: Company, row: dict[str, Any]) -> Order:
    with tenant(shop.organization):
        return Order.objects.select_related("shipment").get(reference__external_id=str(row["id"]))


def parcels_of(shop: Company, order: Order) -> list[Parcel]:
    with tenant(shop.organization):
        return [
            link.parcel
            for link in OrderParcel.objects.filter(order=order).select_related("parcel").order_by("id")
        ]


def ask(shop: Company, run_jobs: RunJobs) -> None:
    """«Consultar agora», for all."""
    with tenant(shop.organization):
        tracking.ask_now(parcels=list(Parcel.objects.all()))
    run_jobs()


def situacao(shop: Company, row: dict[str, Any]) -> int:
    return int(next(each["situacao"] for each in shop.account.list_orders() if each["id"] == row["id"]))


def code_there(shop: Company, row: dict[str, Any]) -> str:
    return str(
        next(each["codigoRastreamento"] for each in shop.account.list_orders() if each["id"] == row["id"])
    )


def type_code(shop: Company, order: Order, code: str, **fields: Any) -> None:
    with tenant(shop.organization):
        services.set_tracking_code(order=order, code=code, by="Ana", **fields)


class Killed(BaseException):
    pass


def die_after(calls: int, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run jobs; the process ends right after so many calls to whomever, if there are as many."""
    made = 0
    request = HttpClient.request

    def request_and_die(*args: Any, **kwargs: Any) -> Any:
        nonlocal made
        answer = request(*args, **kwargs)
        made += 1
        if made == calls:
            raise Killed
        return answer

    with monkeypatch.context() as patch, suppress(Killed):
        patch.setattr(HttpClient, "request", request_and_die)
        run_jobs()


# --- from Tiny to «Entregue» ---


def test_sent_order_goes_by_itself_to_delivered_here_and_at_tiny(
    shop: Company, carriers: SimulatedCarriers, run_jobs: RunJobs, protocol: str
) -> None:
    carriers.add_parcel(A, story="delivered", steps=2)
    row = add_sent(shop, run_jobs)
    order = order_of(shop, row)
    (parcel,) = parcels_of(shop, order)
    assert (order.status, parcel.carrier_key, parcel.code) == ("in_transit", "correios", A)
    assert (parcel.state, parcel.takes_word) == (ParcelState.IN_TRANSIT, False)
    # Whose it is was told by its name and its digit.
    assert METHODS not in shop.account.count_calls()

    carriers.advance(A, 2)
    ask(shop, run_jobs)
    assert order_of(shop, row).status == "in_transit"
    assert shop.account.count_calls().get(SITUATION[protocol], 0) == 0

    carriers.advance(A)
    ask(shop, run_jobs)
    assert order_of(shop, row).status == "delivered"
    assert situacao(shop, row) == 6
    assert shop.account.count_calls()[SITUATION[protocol]] == 1
    told = lines_of(shop, order)
    assert [code for code, _ in told][-2:] == ["order.carriage_delivered", "order.situation_sent"]
    assert told[-2][1]["carrier"] == "Correios"

    for _ in range(3):
        ask(shop, run_jobs)
        poll(shop)
        run_jobs()
    assert shop.account.count_calls()[SITUATION[protocol]] == 1
    assert lines_of(shop, order) == told


@pytest.mark.parametrize("calls", range(1, 6))
def test_killed_after_any_call_the_order_is_delivered_once(
    shop: Company,
    carriers: SimulatedCarriers,
    run_jobs: RunJobs,
    protocol: str,
    move_clock: MoveClock,
    monkeypatch: pytest.MonkeyPatch,
    calls: int,
) -> None:
    carriers.add_parcel(A, story="delivered", steps=2)
    row = add_sent(shop, run_jobs)
    order = order_of(shop, row)
    carriers.advance(A, 3)
    with tenant(shop.organization):
        tracking.ask_now(parcels=list(Parcel.objects.all()))
    die_after(calls, run_jobs, monkeypatch)
    move_clock(dt.timedelta(seconds=10))
    run_jobs()
    assert (order_of(shop, row).status, situacao(shop, row)) == ("delivered", 6)
    assert shop.account.count_calls()[SITUATION[protocol]] == 1
    told = codes_of(shop, order)
    assert [told.count(f"order.{name}") for name in ("carriage_delivered", "situation_sent")] == [1, 1]


def test_posting_leads_an_invoiced_order_on(
    shop: Company, carriers: SimulatedCarriers, run_jobs: RunJobs, protocol: str
) -> None:
    carriers.add_parcel(A, story="returned", steps=0)
    row = add_sent(shop, run_jobs, situacao=1)
    order = order_of(shop, row)
    assert order.status == "invoiced"
    carriers.advance(A)
    ask(shop, run_jobs)
    assert (order_of(shop, row).status, situacao(shop, row)) == ("in_transit", 5)
    carriers.advance(A, 5)
    ask(shop, run_jobs)
    order = order_of(shop, row)
    assert (order.status, order.is_return, situacao(shop, row)) == ("not_delivered", True, 9)
    assert shop.account.count_calls()[SITUATION[protocol]] == 2


def test_order_is_delivered_with_the_last_of_its_parcels(
    shop: Company, carriers: SimulatedCarriers, run_jobs: RunJobs
) -> None:
    for code in (A, B):
        carriers.add_parcel(code, story="delivered", steps=2)
    row = add_sent(shop, run_jobs, f"{A} / {B}")
    order = order_of(shop, row)
    assert sorted(parcel.code for parcel in parcels_of(shop, order)) == sorted([A, B])
    carriers.advance(A, 3)
    ask(shop, run_jobs)
    assert order_of(shop, row).status == "in_transit"
    carriers.advance(B, 3)
    ask(shop, run_jobs)
    assert (order_of(shop, row).status, situacao(shop, row)) == ("delivered", 6)


def test_code_that_comes_back_is_the_parcel_that_it_was(
    shop: Company, carriers: SimulatedCarriers, run_jobs: RunJobs
) -> None:
    carriers.add_parcel(A, story="delivered", steps=3)
    row = add_sent(shop, run_jobs)
    order = order_of(shop, row)
    (first,) = parcels_of(shop, order)
    for code in (B, A, B, A):
        shop.account.change_order(row["id"], tracking=code)
        poll(shop)
        run_jobs()
    rows = {parcel.code: parcel for parcel in parcels_of(shop, order)}
    assert set(rows) == {A, B}
    assert (rows[A].pk, rows[A].ended_at, rows[A].state) == (first.pk, None, ParcelState.IN_TRANSIT)
    assert rows[B].end_reason == EndReason.CODE_REPLACED
    # What is told of the former one moves the order no more.
    assert order_of(shop, row).status == "in_transit"


def test_cancelled_order_is_followed_no_more(
    shop: Company, carriers: SimulatedCarriers, run_jobs: RunJobs
) -> None:
    carriers.add_parcel(A, story="delivered", steps=1)
    row = add_sent(shop, run_jobs)
    shop.account.change_order(row["id"], situacao=2)
    poll(shop)
    run_jobs()
    order = order_of(shop, row)
    (parcel,) = parcels_of(shop, order)
    assert (order.status, parcel.end_reason, parcel.next_ask_at) == (
        "cancelled",
        EndReason.ORDER_CANCELLED,
        None,
    )
    carriers.clear_calls()
    ask(shop, run_jobs)
    assert carriers.count_calls().get("correios track", 0) == 0
    assert situacao(shop, row) == 2


def test_what_is_over_is_not_begun(shop: Company, run_jobs: RunJobs) -> None:
    row = add_sent(shop, run_jobs, situacao=5)
    assert len(parcels_of(shop, order_of(shop, row))) == 1
    with tenant(shop.organization):
        OrderParcel.objects.all().delete()
        Order.objects.update(status=OrderStatus.DELIVERED)
        services.follow_order(order_id=order_of(shop, row).pk)
    assert parcels_of(shop, order_of(shop, row)) == []


def test_road_carrier_is_followed_by_the_key_of_the_nota(
    shop: Company, carriers: SimulatedCarriers, run_jobs: RunJobs
) -> None:
    road = {
        "nome": "Rodonaves Transportes Ltda",
        "formaEnvio": {"id": 1, "nome": "Transportadora"},
        "formaFrete": {"id": 2, "nome": "Rodoviário"},
    }
    (row,) = shop.account.add_orders(situacao=5, transportador=road, nota=True)
    key = row["chaveAcesso"]
    poll(shop)
    run_jobs()
    (parcel,) = parcels_of(shop, order_of(shop, row))
    assert (parcel.code, parcel.nfe_key) == ("", key)


def test_without_a_contract_the_parcel_is_what_tiny_says(
    company: Company, carriers: SimulatedCarriers, run_jobs: RunJobs, protocol: str
) -> None:
    company.connect_quietly()
    run_jobs()
    row = add_sent(company, run_jobs)
    order = order_of(company, row)
    (parcel,) = parcels_of(company, order)
    assert (parcel.takes_word, parcel.state) == (True, ParcelState.IN_TRANSIT)
    company.account.clear_calls()
    for number, state in ((10, ParcelState.RETURNING), (6, ParcelState.DELIVERED)):
        company.account.change_order(row["id"], situacao=number)
        poll(company)
        run_jobs()
        (parcel,) = parcels_of(company, order)
        assert parcel.state == state
    assert order_of(company, row).status == "delivered"
    # Its own word is not told to it again.
    assert company.account.count_calls().get(SITUATION[protocol], 0) == 0
    assert not any(code.startswith("order.carriage") for code in codes_of(company, order))


def test_once_a_contract_is_removed_the_parcel_is_what_tiny_says(
    shop: Company, carriers: SimulatedCarriers, run_jobs: RunJobs, protocol: str
) -> None:
    """At once, although nothing more happens to the order."""
    carriers.add_parcel(A, story="delivered")
    carriers.advance(A, 2)
    row = add_sent(shop, run_jobs)
    order = order_of(shop, row)
    shop.account.change_order(row["id"], situacao=6)
    poll(shop)
    run_jobs()
    (parcel,) = parcels_of(shop, order)
    # Who is asked knows better than Tiny.
    assert (order_of(shop, row).status, parcel.state) == ("delivered", ParcelState.IN_TRANSIT)

    with tenant(shop.organization):
        tracking.remove_carrier_account(tracker="correios", by="Ana")
    run_jobs()

    (parcel,) = parcels_of(shop, order)
    assert (parcel.takes_word, parcel.state) == (True, ParcelState.DELIVERED)
    assert order_of(shop, row).status == "delivered"
    assert shop.account.count_calls().get(SITUATION[protocol], 0) == 0


def test_method_with_a_name_of_its_own_is_looked_up_once(
    shop: Company, run_jobs: RunJobs, protocol: str, move_clock: MoveClock
) -> None:
    methods = {
        "formaEnvio": {"id": 700_000_000, "nome": "Entrega da Ana"},
        "formaFrete": {"id": 1, "nome": "-"},
    }
    for code in ("AB-1234567", "AB-1234568", "AB-1234569"):
        add_sent(shop, run_jobs, code, transportador=methods)
    calls = shop.account.count_calls()
    if protocol == "v2":
        # There the order itself says what its method is.
        assert "POST /api2/formas.envio.pesquisa.php" not in calls
        return
    assert calls[METHODS] == 1
    with tenant(shop.organization):
        kept = ShippingMethodList.objects.get()
    assert set(kept.types.values()) >= {"v3:1", "v3:2", "v3:7"}
    # It does not have this one: another try an hour later, if an order asks for it again.
    move_clock(dt.timedelta(hours=1, minutes=1))
    add_sent(shop, run_jobs, "AB-1234560", transportador=methods)
    assert shop.account.count_calls()[METHODS] == 2


# --- from here to Tiny ---


def test_typed_code_is_written_at_tiny_once(
    shop: Company, carriers: SimulatedCarriers, run_jobs: RunJobs, protocol: str
) -> None:
    carriers.add_parcel(A, story="delivered", steps=1)
    row = add_sent(shop, run_jobs, "", situacao=1)
    order = order_of(shop, row)
    assert parcels_of(shop, order) == []
    shop.account.clear_calls()
    type_code(shop, order, A)
    (parcel,) = parcels_of(shop, order)
    assert parcel.carrier_key == "correios"
    run_jobs()
    assert code_there(shop, row) == A
    assert shop.account.count_calls()[DISPATCH[protocol]] == 1
    with tenant(shop.organization):
        shipment = OrderShipment.objects.get(order=order)
        link = OrderParcel.objects.get(order=order)
    assert (shipment.typed_at, shipment.erp_code, link.added_by) == (None, A, "person")
    assert link.written_at is not None
    assert "order.tracking_sent" in codes_of(shop, order)
    assert "order.not_taken" not in codes_of(shop, order)
    # Its posting was told, too.
    assert (order_of(shop, row).status, situacao(shop, row)) == ("in_transit", 5)

    told = codes_of(shop, order)
    type_code(shop, order_of(shop, row), A)
    poll(shop)
    run_jobs()
    assert codes_of(shop, order) == told
    assert shop.account.count_calls()[DISPATCH[protocol]] == 1


def test_typed_code_that_tiny_has_already_is_not_written(
    shop: Company, run_jobs: RunJobs, protocol: str
) -> None:
    row = add_sent(shop, run_jobs, "")
    order = order_of(shop, row)
    shop.account.change_order(row["id"], tracking=A)
    type_code(shop, order, A)
    run_jobs()
    assert DISPATCH[protocol] not in shop.account.count_calls()
    assert codes_of(shop, order)[-1] == "order.tracking_already_there"


def test_code_of_tiny_does_not_undo_a_typed_one(shop: Company, run_jobs: RunJobs, protocol: str) -> None:
    row = add_sent(shop, run_jobs, A)
    order = order_of(shop, row)
    type_code(shop, order, B)
    # It is read before the write, and after it.
    for _ in range(2):
        poll(shop)
        run_jobs()
    assert code_there(shop, row) == B
    with tenant(shop.organization):
        assert OrderShipment.objects.get(order=order).tracking_code == B
    assert shop.account.count_calls()[DISPATCH[protocol]] == 1
    # What a person writes there afterwards is heard again.
    shop.account.change_order(row["id"], tracking=C)
    poll(shop)
    run_jobs()
    with tenant(shop.organization):
        assert OrderShipment.objects.get(order=order).tracking_code == C


@pytest.mark.parametrize("fault", [{"drop_after": True}, {"truncate": 3}])
def test_code_whose_answer_was_lost_is_written_once(
    shop: Company, run_jobs: RunJobs, protocol: str, move_clock: MoveClock, fault: dict[str, Any]
) -> None:
    if protocol == "v3" and "truncate" in fault:
        pytest.skip("a dispatch of v3 has an answer without a body")
    row = add_sent(shop, run_jobs, "")
    order = order_of(shop, row)
    shop.account.clear_calls()
    account = shop.account
    account.tiny.add_fault(account_id=account.id, route=DISPATCH[protocol], times=1, **fault)
    type_code(shop, order, A)
    run_jobs()
    assert code_there(shop, row) == A
    move_clock(dt.timedelta(minutes=5))
    run_jobs()
    assert account.count_calls()[DISPATCH[protocol]] == 1
    assert codes_of(shop, order).count("order.tracking_sent") == 1
    with tenant(shop.organization):
        assert OrderShipment.objects.get(order=order).typed_at is None


@pytest.mark.parametrize("calls", range(1, 5))
def test_killed_after_any_call_the_code_is_written_once(
    shop: Company,
    run_jobs: RunJobs,
    protocol: str,
    move_clock: MoveClock,
    monkeypatch: pytest.MonkeyPatch,
    calls: int,
) -> None:
    row = add_sent(shop, run_jobs, "")
    order = order_of(shop, row)
    type_code(shop, order, A, url="https://rastreio.example.com/?a=1&b=2")
    with tenant(shop.organization):
        # Only this one, so that it is this one which dies.
        Job.objects.filter(status=JobStatus.PENDING).exclude(kind="export_shipment").delete()
    die_after(calls, run_jobs, monkeypatch)
    move_clock(dt.timedelta(seconds=10))
    run_jobs()
    assert code_there(shop, row) == A
    assert shop.account.count_calls()[DISPATCH[protocol]] == 1
    told = codes_of(shop, order)
    assert [told.count(f"order.{name}") for name in ("tracking_sent", "tracking_already_there")] == [1, 0]
    with tenant(shop.organization):
        assert OrderShipment.objects.get(order=order).typed_at is None


def test_refused_code_waits_for_a_person(
    shop: Company, carriers: SimulatedCarriers, run_jobs: RunJobs, protocol: str
) -> None:
    carriers.add_parcel(B, story="delivered", steps=1)
    row = add_sent(shop, run_jobs, A)
    order = order_of(shop, row)
    account = shop.account
    account.tiny.add_fault(
        account_id=account.id,
        route=DISPATCH[protocol],
        times=1,
        **shop.refusal("Forma de envio não habilitada"),
    )
    type_code(shop, order, B)
    run_jobs()
    with tenant(shop.organization):
        job = Job.objects.get(kind="export_shipment")
    assert job.status == JobStatus.PARKED
    # Until then it is followed here, and Tiny's own code is not heard.
    poll(shop)
    run_jobs()
    with tenant(shop.organization):
        assert OrderShipment.objects.get(order=order).tracking_code == B
    reason = {"v3": "tiny.shipping_method_disabled", "v2": "tiny.v2_invalid"}[protocol]
    explanation = TinyProvider().explain(reason, job.reason_params)
    assert job.reason_code == reason
    assert explanation is not None
    assert escape(explanation.title) in shop.page("erros/")
    assert code_there(shop, row) == A
    with tenant(shop.organization):
        assert queue.retry_parked(job.pk)
    run_jobs()
    assert code_there(shop, row) == B


def test_code_of_an_order_that_is_not_sent_yet_goes_along_later(
    shop: Company, run_jobs: RunJobs, protocol: str
) -> None:
    choose(shop, send_statuses=["paid"])
    shop.account.add_product(sku="VASO", descricao="Vaso", preco=10)
    import_products(shop, run_jobs)
    order = place(shop)
    type_code(shop, order, A)
    run_jobs()
    assert [row for row in shop.account.list_orders() if row["numeroOrdemCompra"]] == []
    with tenant(shop.organization):
        services.change_status(
            order_id=order.pk, status=OrderStatus.PAID, person="Loja Azul", source="platform"
        )
    run_jobs()
    (row,) = [row for row in shop.account.list_orders() if row["numeroOrdemCompra"]]
    assert row["codigoRastreamento"] == A
    assert shop.account.count_calls()[DISPATCH[protocol]] == 1


def test_code_that_tiny_did_not_take_is_told_and_stays_here(
    shop: Company, run_jobs: RunJobs, protocol: str
) -> None:
    if protocol == "v3":
        pytest.skip("only of v2's forms the simulator ignores a field")
    row = add_sent(shop, run_jobs, "")
    order = order_of(shop, row)
    account = shop.account
    account.tiny.add_fault(
        account_id=account.id, route=DISPATCH[protocol], times=1, ignore=["codigoRastreamento"]
    )
    type_code(shop, order, f"{A} {B}")
    run_jobs()
    assert lines_of(shop, order)[-1] == ("order.not_taken", {"fields": "código de rastreio"})
    poll(shop)
    run_jobs()
    assert {parcel.code for parcel in parcels_of(shop, order)} == {A, B}


@pytest.mark.parametrize(
    ("code", "url", "field"),
    [
        ("", "", "code"),
        ("aguardando", "", "code"),
        (A, "javascript:alert(1)", "url"),
        (A, "https://", "url"),
        (A, "ftp://x.example/1", "url"),
        (A * 20, "", "code"),
    ],
)
def test_what_is_no_code_is_refused(
    shop: Company, run_jobs: RunJobs, code: str, url: str, field: str
) -> None:
    row = add_sent(shop, run_jobs, "")
    order = order_of(shop, row)
    told = codes_of(shop, order)
    with pytest.raises(services.TrackingCodeRefused) as caught:
        type_code(shop, order, code, url=url)
    assert caught.value.field == field
    run_jobs()
    assert (parcels_of(shop, order), codes_of(shop, order)) == ([], told)


def test_no_other_company_is_touched(
    shop: Company, carriers: SimulatedCarriers, run_jobs: RunJobs, other_organization: Organization
) -> None:
    carriers.add_parcel(A, story="delivered", steps=5)
    add_sent(shop, run_jobs)
    with tenant(other_organization):
        assert (OrderParcel.objects.count(), Parcel.objects.count(), Job.objects.count()) == (0, 0, 0)
        assert Membership.objects.filter(organization=shop.organization).count() == 0
