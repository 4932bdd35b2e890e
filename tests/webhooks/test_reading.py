"""Receipts are read in batches, without any ERP: in their order, each once, and none stops another."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings

from accounts import clock, gateways
from accounts.tenancy import tenant
from catalog import services
from catalog.criteria import Criteria
from catalog.models import ChangeSource, FigureChange, Product, ProductCriteria, ProductReference
from contracts.records import ErpProduct, ErpStock
from history.models import HistoryEntry
from integrations import registry
from jobs import queue, runner, turns
from jobs.errors import LeaseLost
from jobs.models import Job
from jobs.queue import Reason
from jobs.runner import JobContext
from tests.catalog.received import Erp, make_product, make_row, make_stock
from tests.webhooks.conftest import Sender
from webhooks import sync
from webhooks.deciding import Outcome
from webhooks.models import IngestOutage, ReceiptState, WebhookReceipt
from webhooks.services import (
    purge,
    receipts,
    replay,
    request_forgotten,
    settle,
    settle_stranded,
    tidying,
)
from webhooks.services.outages import is_doubtful

pytestmark = pytest.mark.usefixtures("transactional_db")
CNPJ = "11222333000181"


@pytest.fixture
def paused(sender: Sender) -> Sender:
    """The ERP cannot be asked; one product is known, with 39 to offer."""
    with tenant(sender.integration.organization_id):
        queue.ensure_channel(sender.integration.channel)
        queue.pause_channel(sender.integration.channel, Reason("integration.other_token"))
    Erp(sender.integration).tell(make_product(make_row()), make_stock())
    return sender


def post_stock(sender: Sender, saldo: object, product: str = "900", **fields: Any) -> None:
    dados = {"tipoEstoque": "D", "saldo": saldo, "idProduto": product, "sku": "LUM-01", **fields}
    post(sender, "estoque", dados)


def post(sender: Sender, tipo: str, dados: dict[str, Any], cnpj: str = CNPJ) -> None:
    body = json.dumps({"cnpj": cnpj, "tipo": tipo, "dados": dados}).encode()
    assert sender.post(body).status_code == 200


def read(sender: Sender) -> list[WebhookReceipt]:
    """Run the job that reads them, and nothing of the ERP's; the receipts."""
    while runner.run_one() is not None:
        pass
    return sender.receipts()


def stock_of(sender: Sender) -> Decimal | None:
    return Erp(sender.integration).product().stock


def jobs(sender: Sender, kind: str = "follow_notification") -> list[Job]:
    with tenant(sender.integration.organization_id):
        return list(Job.objects.filter(kind=kind).order_by("id"))


def test_batches_follow_each_other_until_none_is_left(
    paused: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "BATCH", 3)
    for number in range(8):
        post_stock(paused, number, product=str(900 + number % 2))
    rows = read(paused)
    assert [row.state for row in rows] == ["waiting"] * 8
    assert [row.facts["stock"] for row in rows] == [f"{number}.0000" for number in range(8)]
    assert [job.key for job in jobs(paused)] == [
        f"{paused.integration.pk}/product:900",
        f"{paused.integration.pk}/product:901",
    ]
    assert {job.status for job in jobs(paused)} == {"pending"}
    # The last one of the known product.
    assert stock_of(paused) == 6


def test_where_calls_are_scarce_products_let_orders_go_before_them(
    paused: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SLOT_SPACING_SECONDS", 0.0)

    def tell_all(number: int) -> dict[str, int]:
        post_stock(paused, number)
        post_stock(paused, number, product="901", tipoEstoque="F")
        post(paused, "precos", {"skuMapeamento": "NENHUM", "preco": "5.0000"})
        post(paused, "situacao_pedido", {"idVendaTiny": 77, "situacao": "enviado"})
        post(paused, "nota_fiscal", {"idNotaFiscalTiny": 5})
        with tenant(paused.integration.organization_id):
            while receipts.read_batch(integration=paused.integration):
                pass
        return {job.key.partition("/")[2]: job.priority for job in jobs(paused)}

    orders = {"order:77": 30, "invoice:5": 30}
    late = {"product:900": 60, "product:901": 60, "sku:NENHUM": 60}
    assert tell_all(5) == late | orders
    with tenant(paused.integration.organization_id):
        Job.objects.filter(kind="follow_notification").delete()
        settle_stranded(integration=paused.integration)
        assert {job.key.partition("/")[2]: job.priority for job in jobs(paused)} == late | orders
        Job.objects.filter(kind="follow_notification").delete()
        queue.resume_channel(paused.integration.channel)
    assert tell_all(4) == dict.fromkeys([*late, *orders], 30)


def test_many_to_read_give_way_to_others_after_each_batch(
    paused: Sender, other_sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "BATCH", 1)
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", 0.0)
    for number in range(2):
        for one in (paused, other_sender):
            post_stock(one, number)
    assert runner.run_one() is not None
    states = [row.state for one in (paused, other_sender) for row in one.receipts()]
    assert states.count("received") == 3
    read(paused)
    assert {row.state for row in paused.receipts()} == {"waiting"}
    assert {row.state for row in other_sender.receipts()} == {"failed"}


def test_large_bodies_are_read_a_few_at_a_time(paused: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "BATCH_BYTES", 10)
    for number in range(3):
        post_stock(paused, number)
    with tenant(paused.integration.organization_id):
        assert receipts.read_batch(integration=paused.integration) == 1
    assert [row.state for row in read(paused)] == ["waiting"] * 3


def test_what_only_breaks_us_is_kept_and_stops_no_other(
    paused: Sender, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(settings.ERP_PROVIDERS, "tiny", "tests.webhooks.breaking_tiny.BreakingTiny")
    registry.get_provider.cache_clear()
    try:
        post_stock(paused, 5)
        paused.post(b'{"poison": "529.982.247-25"}')
        post_stock(paused, 4)
        with caplog.at_level(logging.ERROR):
            rows = read(paused)
    finally:
        registry.get_provider.cache_clear()
    assert [(row.state, row.reason_code) for row in rows] == [
        ("waiting", ""),
        ("failed", "webhook.ours"),
        ("waiting", ""),
    ]
    assert bytes(rows[1].body) == b'{"poison": "529.982.247-25"}'
    assert stock_of(paused) == 4
    assert "ZeroDivisionError" in caplog.text
    assert "529.982.247-25" not in caplog.text


def test_worker_that_was_taken_for_dead_reads_nothing(paused: Sender) -> None:
    post_stock(paused, 5)
    claim = gateways.claim_job("a worker", lease_seconds=30, wait_seconds=0)
    assert claim is not None
    with tenant(claim.organization_id):
        job = Job.objects.get(pk=claim.job_id)
        assert job.kind == "read_receipts"
        Job.objects.filter(pk=claim.job_id).update(lease=claim.lease + 1000)
    with pytest.raises(LeaseLost):
        sync.read_receipts(JobContext(job, claim))
    (row,) = paused.receipts()
    assert (row.state, row.kind, row.read_at) == ("received", "", None)
    assert stock_of(paused) == 39
    assert jobs(paused) == []
    with tenant(claim.organization_id):
        Job.objects.filter(pk=claim.job_id).update(status="pending", lease=None, lease_until=None)
        # Where nothing changed, nobody is told to look.
        queue.enqueue(
            "read_receipts", channel=job.channel, key=job.key, lock="read_receipts", not_before=clock.now()
        )
    assert [row.state for row in read(paused)] == ["waiting"]
    assert stock_of(paused) == 5


def test_the_newest_counts_in_whatever_order_they_are_read(paused: Sender) -> None:
    post_stock(paused, 5)
    post_stock(paused, 8)
    first, _ = paused.receipts()
    with tenant(paused.integration.organization_id):
        # Its statement began first and was committed last.
        WebhookReceipt.objects.filter(pk=first.pk).update(
            received_at=first.received_at + dt.timedelta(minutes=1)
        )
    rows = read(paused)
    assert stock_of(paused) == 5
    assert [row.provisional_at is not None for row in rows] == [True, False]
    assert rows[0].effect == [{"label": "Estoque", "before": "39", "after": "5"}]


def test_what_came_before_the_erp_was_asked_does_not_count(paused: Sender) -> None:
    post_stock(paused, 5)
    Erp(paused.integration).tell(make_product(make_row()), make_stock(balance="20", reserved="0"))
    rows = read(paused)
    assert stock_of(paused) == 20
    assert (rows[0].state, rows[0].provisional_at, rows[0].effect) == ("waiting", None, [])


def test_zero_is_none_and_less_than_nothing_is_none_of_it(paused: Sender) -> None:
    post_stock(paused, 0)
    read(paused)
    assert stock_of(paused) == 0
    with tenant(paused.integration.organization_id):
        step = FigureChange.objects.filter(figure="stock").latest("id")
        assert (step.before, step.after, step.source) == (39, 0, "notice")
        line = HistoryEntry.objects.get(code="product.told")
        assert line.params == {"fields": "Estoque", "details": "Estoque: 39 → 0"}
    for saldo in ("10,5", "NaN", "1e999", "9" * 5000, None, ""):
        post_stock(paused, saldo)
    rows = read(paused)[1:]
    assert stock_of(paused) == 0
    assert {row.provisional_at for row in rows} == {None}
    assert {row.reason_code for row in rows} <= {"", "tiny.notification_value_invalid"}


def test_a_clock_that_went_back_does_not_freeze_what_is_known(paused: Sender) -> None:
    erp = Erp(paused.integration)
    future = clock_of(paused) + dt.timedelta(hours=3)

    def come_from_the_future() -> None:
        with tenant(paused.integration.organization_id):
            ProductReference.objects.update(stock_asked_at=future, details_read_at=future)

    come_from_the_future()
    post_stock(paused, 5)
    (row,) = read(paused)
    assert (stock_of(paused), row.provisional_at is None) == (5, False)
    come_from_the_future()
    apply_stock(paused, make_stock(balance="6", reserved="0"), clock_of(paused))
    assert stock_of(paused) == 6
    assert erp.reference().stock_asked_at < future
    come_from_the_future()
    assert apply_details(paused, make_product(make_row(), brand="Nova"), clock_of(paused))
    assert (erp.product().brand, erp.product().stock) == ("Nova", 1)
    assert erp.reference().details_read_at < future


def test_what_nobody_foresaw_of_a_stock_keeps_no_receipt_from_being_read(
    paused: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    with tenant(paused.integration.organization_id):
        criteria = Criteria(safety_stock=3)
        services.save_criteria(integration=paused.integration, criteria=criteria, person="Ana")
        ProductCriteria.objects.update(choices={"safety_stock": "three"})
    post_stock(paused, 5)
    with caplog.at_level(logging.ERROR):
        rows = read(paused)
    assert [(row.state, row.provisional_at, row.effect) for row in rows] == [("waiting", None, [])]
    assert "stock was told that cannot be kept" in caplog.text
    assert stock_of(paused) == 39


def test_safety_stock_is_kept_back_of_what_is_told_too(paused: Sender) -> None:
    with tenant(paused.integration.organization_id):
        criteria = Criteria(safety_stock=3)
        services.save_criteria(integration=paused.integration, criteria=criteria, person="Ana")
    post_stock(paused, 5)
    read(paused)
    assert stock_of(paused) == 2


def test_an_answer_from_before_undoes_nothing_and_one_from_after_confirms(paused: Sender) -> None:
    erp = Erp(paused.integration)
    before = clock_of(paused)
    post_stock(paused, 5)
    read(paused)
    answer = make_stock(balance="41", reserved="0")
    apply_stock(paused, answer, before)
    assert stock_of(paused) == 5
    apply_stock(paused, answer, clock_of(paused))
    assert stock_of(paused) == 41
    assert "told" not in erp.reference().values
    # Whoever asked before the last answer was asked for learnt nothing new either.
    apply_stock(paused, make_stock(balance="1", reserved="0"), before)
    assert stock_of(paused) == 41


def test_an_overtaken_reading_of_the_whole_product_is_read_again(paused: Sender) -> None:
    erp = Erp(paused.integration)
    before = clock_of(paused)
    erp.tell(make_product(make_row(), brand="Nova"), make_stock())
    reference = erp.reference()
    assert reference.details_hash == reference.row_hash
    assert not apply_details(paused, make_product(make_row(), brand="Velha"), before)
    assert (erp.product().brand, erp.product().stock) == ("Nova", 39)
    assert erp.reference().details_hash == ""


def apply_details(sender: Sender, product: ErpProduct, asked_at: dt.datetime) -> bool:
    reference = Erp(sender.integration).reference()
    with tenant(sender.integration.organization_id):
        return services.apply_details(
            reference_id=reference.pk,
            product=product,
            stock=make_stock(balance="1", reserved="0"),
            source=ChangeSource.POLL,
            row_hash=reference.row_hash,
            asked_at=asked_at,
        )


def clock_of(sender: Sender) -> dt.datetime:
    with tenant(sender.integration.organization_id):
        return clock.now()


def apply_stock(sender: Sender, stock: ErpStock, asked_at: dt.datetime) -> None:
    with tenant(sender.integration.organization_id):
        services.apply_stock(
            reference_id=Erp(sender.integration).reference().pk,
            stock=stock,
            source=ChangeSource.POLL,
            asked_at=asked_at,
        )


def test_a_sku_is_called_by_the_erps_identifier_unless_two_have_it(paused: Sender) -> None:
    erp = Erp(paused.integration)
    erp.list(make_row("901", "DOBRO"), make_row("902", "DOBRO"))
    for sku in ("LUM-01", "DOBRO", "NENHUM"):
        post(paused, "precos", {"skuMapeamento": sku, "preco": "5.0000"})
    assert [row.entity for row in read(paused)] == ["product:900", "sku:DOBRO", "sku:NENHUM"]


def test_a_sku_is_called_by_the_erps_code_before_ours(paused: Sender) -> None:
    erp = Erp(paused.integration)
    with tenant(paused.integration.organization_id):
        Product.objects.filter(sku="LUM-01").update(sku="OUTRO")
    post(paused, "precos", {"sku": "OUTRO", "preco": "5.0000"})
    erp.list(make_row("901", "OUTRO"))
    post(paused, "precos", {"sku": "OUTRO", "preco": "5.0000"})
    assert [row.entity for row in read(paused)] == ["product:901", "product:901"]


def test_two_companies_are_read_apart(paused: Sender, other_sender: Sender) -> None:
    post_stock(paused, 5)
    post_stock(other_sender, 4)
    with tenant(paused.integration.organization_id):
        assert receipts.read_batch(integration=paused.integration) == 1
    assert [row.state for row in paused.receipts()] == ["waiting"]
    assert [row.state for row in other_sender.receipts()] == ["received"]
    (row,) = read(other_sender)
    # The CNPJ is that of the other company.
    assert (row.state, row.reason_code) == ("failed", "webhook.other_account")
    assert jobs(other_sender) == []


# --- what is seen to once in a while ---


def settled(sender: Sender, state: str, days: int, **columns: Any) -> int:
    """A receipt of that age."""
    integration = sender.integration
    with tenant(integration.organization_id):
        row = WebhookReceipt.objects.filter(integration=integration).first()
        assert row is not None
        row.pk = None
        row.received_at = clock.now() - dt.timedelta(days=days)
        row.state, row.kind = state, columns.pop("kind", "stock")
        for name, value in columns.items():
            setattr(row, name, value)
        row.save(force_insert=True)
        return int(row.pk)


def test_old_receipts_go_but_open_ones_and_the_newest_of_a_kind_stay(paused: Sender) -> None:
    post_stock(paused, 5)
    (first,) = read(paused)
    for state in ("failed", "ignored"):
        settled(paused, state, 31, kind="")
    old = settled(paused, "applied", 31)
    settled(paused, "repeated", 31, repeats_id=old)
    price = settled(paused, "repeated", 31, kind="price", repeats_id=old)
    waiting = settled(paused, "waiting", 31)
    young = settled(paused, "failed", 29)
    with tenant(paused.integration.organization_id):
        assert purge(integration=paused.integration) == 4
        assert purge(integration=paused.integration) == 0
    assert [row.pk for row in paused.receipts()] == [first.pk, price, waiting, young]
    assert {row.repeats_id for row in paused.receipts()} == {None}


def test_receipts_of_a_job_that_waits_for_a_person_say_so(paused: Sender) -> None:
    post_stock(paused, 5)
    post_stock(paused, 5, product="901")
    read(paused)
    with tenant(paused.integration.organization_id):
        parked, moving = jobs(paused)
        Job.objects.filter(pk=parked.pk).update(
            status="parked", reason_code="us.crashed", parked_at=clock.now()
        )
        settle_stranded(integration=paused.integration)
    assert [(row.state, row.reason_code) for row in paused.receipts()] == [
        ("failed", "us.crashed"),
        ("waiting", ""),
    ]
    with tenant(paused.integration.organization_id):
        Job.objects.filter(pk=moving.pk).delete()
        settle_stranded(integration=paused.integration)
    assert [job.key.partition("/")[2] for job in jobs(paused) if job.status == "pending"] == ["product:901"]


def test_receipts_that_nobody_read_are_asked_for_after_a_while(paused: Sender) -> None:
    post_stock(paused, 5)
    with tenant(paused.integration.organization_id):
        Job.objects.filter(kind="read_receipts").update(status="parked", parked_at=clock.now())
        request_forgotten(integration=paused.integration)
    assert [row.state for row in read(paused)] == ["received"]
    with tenant(paused.integration.organization_id):
        WebhookReceipt.objects.update(received_at=clock.now() - dt.timedelta(minutes=6))
        request_forgotten(integration=paused.integration)
    assert [row.state for row in read(paused)] == ["waiting"]


def test_a_failure_leaves_former_failures_as_they_are_and_a_success_settles_them(paused: Sender) -> None:
    for _ in range(3):
        post_stock(paused, 5)
    first, second, third = (row.pk for row in read(paused))
    with tenant(paused.integration.organization_id):
        settle(receipt_ids=[first], outcome=Outcome(ReceiptState.FAILED, "webhook.ours"))
        settle(
            receipt_ids=[first, second, third],
            outcome=Outcome(ReceiptState.FAILED, "us.crashed", {"times": "3"}),
        )
    rows = paused.receipts()
    assert [(row.state, row.reason_code, row.attempts) for row in rows] == [
        ("failed", "webhook.ours", 1),
        ("failed", "us.crashed", 1),
        ("failed", "us.crashed", 1),
    ]
    with tenant(paused.integration.organization_id):
        settle(receipt_ids=[first, second, third], outcome=Outcome())
    rows = paused.receipts()
    assert [(row.state, row.reason_code, row.repeats_id) for row in rows] == [
        ("repeated", "", third),
        ("repeated", "", third),
        ("applied", "", None),
    ]


def test_what_one_did_stays_when_it_is_processed_again(paused: Sender) -> None:
    post_stock(paused, 5)
    (row,) = read(paused)
    did = [{"label": "Estoque", "before": "39", "after": "5"}]
    assert (row.effect, row.provisional_at is None) == (did, False)
    with tenant(paused.integration.organization_id):
        settle(receipt_ids=[row.pk], outcome=Outcome())
        assert replay(receipt_ids=[row.pk], person="Ana") == 1
    (again,) = read(paused)
    assert (again.state, again.effect, again.provisional_at) == ("waiting", did, row.provisional_at)


def test_replaying_leaves_alone_what_waits_already(paused: Sender) -> None:
    post_stock(paused, 5)
    (row,) = read(paused)
    with tenant(paused.integration.organization_id):
        assert replay(receipt_ids=[row.pk], person="Ana") == 0
    assert (paused.receipts()[0].state, paused.receipts()[0].replays) == ("waiting", 0)
    assert [job.status for job in jobs(paused, "read_receipts")] == ["done"]


def test_an_outage_concerns_every_company_and_is_followed_up_once(
    paused: Sender, other_sender: Sender
) -> None:
    post_stock(paused, 5)
    read(paused)
    now = clock_of(paused)
    early, late = now - dt.timedelta(hours=20), now + dt.timedelta(minutes=1)
    IngestOutage.objects.create(started_at=now, ended_at=late)
    settled(paused, "applied", 2, entity="product:905")
    settled(paused, "applied", 0, entity="sku:X")
    settled(paused, "applied", 0, entity="order:7")
    with tenant(paused.integration.organization_id):
        Job.objects.filter(kind="follow_notification").delete()
    tidying.follow_up_outages()
    tidying.follow_up_outages()
    assert [len(jobs(one, "reread_announced")) for one in (paused, other_sender)] == [1, 1]
    read(paused)
    assert [(job.key.partition("/")[2], job.priority) for job in jobs(paused)] == [
        ("order:7", 70),
        ("product:900", 70),
    ]
    assert jobs(other_sender) == []
    assert is_doubtful(now + dt.timedelta(hours=1))
    assert not is_doubtful(early)


def test_looking_after_receipts_begins_with_the_first_one(
    paused: Sender, owner_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    schedules = "SELECT count(*) FROM jobs_schedule WHERE kind = 'tidy_receipts'"
    assert owner_sql(schedules) == [(0,)]
    for _ in range(2):
        post_stock(paused, 5)
        read(paused)
    assert owner_sql(schedules) == [(1,)]
