"""Processing many notifications again: plan, run, summary; as a person gets it, and as the job does it."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import clock, services
from accounts.models import Organization, Perfil, User
from accounts.tenancy import tenant
from history.models import HistoryEntry
from integrations.models import Integration
from jobs.models import Job, JobStatus
from jobs.runner import run_one
from tests.catalog.received import connect
from tests.webhooks.conftest import Sender, open_address
from tests.webhooks.test_pages import add_receipts, plain
from webhooks.models import ReceiptState, WebhookReceipt, WebhookReplayRun

PLAN = "/o/casa-aurora/notificacoes/reprocessar/"
FRAGMENT = {"HX-Request": "true"}
FAILED = {"state": ReceiptState.FAILED, "reason_code": "webhook.product_unknown"}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(admin: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(admin)


@pytest.fixture
def integration(sender: Sender) -> Integration:
    sender.post(b"")
    with tenant(sender.integration.organization_id):
        WebhookReceipt.objects.update(state=ReceiptState.IGNORED, kind="probe")
        Job.objects.all().delete()
    return sender.integration


def run_replays(organization: Organization) -> None:
    """The run's own job alone: what it puts back into the queue stays there."""
    with tenant(organization):
        Job.objects.filter(status=JobStatus.PENDING).exclude(kind="replay_receipts").delete()
    assert run_one() is not None


def start(client: Client, address: str = PLAN) -> Any:
    """What the button of the plan does."""
    page = client.get(address).content.decode()
    planned_at = re.findall(r'name="planejado" value="([^"]*)"', page)
    return client.post(address, {"planejado": html.unescape(planned_at[0]) if planned_at else ""})


def states(organization: Organization) -> dict[int, str]:
    with tenant(organization):
        return dict(WebhookReceipt.objects.values_list("pk", "state"))


def runs(organization: Organization) -> list[WebhookReplayRun]:
    with tenant(organization):
        return list(WebhookReplayRun.objects.order_by("pk"))


def counts(page: str) -> dict[str, str]:
    """The lines of a plan or a summary."""
    found = re.findall(r'<li><span class="grow">(.*?)</span><strong class="num">(.*?)</strong>', page)
    return {plain(label).strip(): count for label, count in found}


def test_the_plan_says_how_many_and_how_long(
    client: Client, organization: Organization, integration: Integration
) -> None:
    add_receipts(integration, 3)
    add_receipts(integration, 90, **FAILED)
    before = states(organization)
    page = client.get(PLAN).content.decode()

    assert "Reprocessar 90 notificações" in plain(page)
    # 30 calls a minute, and two for each product: its stock is asked for while nothing is known of it.
    assert counts(page) == {
        "Serão processadas de novo, da mais antiga à mais nova": "90",
        "Serão puladas: já processadas ou a caminho": "4",
        "Tempo no limite da sua conta": "cerca de 6 min",
    }
    assert states(organization) == before
    assert runs(organization) == []


def test_what_is_about_one_thing_takes_one_reading(client: Client, integration: Integration) -> None:
    add_receipts(integration, 90, **FAILED, entity="product:900")
    page = client.get(PLAN).content.decode()

    assert counts(page)["Tempo no limite da sua conta"] == "cerca de 1 min"


def test_the_chosen_ones_are_processed_again_oldest_first(
    client: Client, organization: Organization, integration: Integration
) -> None:
    failed = add_receipts(integration, 3, **FAILED)
    applied = add_receipts(integration, 1)
    chosen = client.post(
        "/o/casa-aurora/notificacoes/escolhidas/",
        {"id": [applied[0], failed[2], failed[0]], "action": "replay"},
    )
    assert chosen.status_code == 302
    plan = client.get(chosen["Location"]).content.decode()
    started = start(client, chosen["Location"])
    (run,) = runs(organization)
    run_replays(organization)
    summary = client.get(started["Location"]).content.decode()

    assert "Reprocessar 2 notificações" in plain(plan)
    assert started["Location"] == f"{PLAN}{run.pk}/"
    assert (run.receipt_ids, run.receipts_skipped, run.requested_by) == (
        [failed[0], failed[2]],
        1,
        "Ana Souza",
    )
    now = states(organization)
    assert [now[pk] for pk in (*failed, *applied)] == [
        ReceiptState.RECEIVED,
        ReceiptState.FAILED,
        ReceiptState.RECEIVED,
        ReceiptState.APPLIED,
    ]
    assert counts(summary) == {
        "Processadas": "0",
        "Ainda com erro": "0",
        "Puladas: já estavam processadas ou a caminho": "1",
        "Sendo lidas no Tiny": "2",
    }
    assert "0 de 2 processadas" in plain(summary)
    with tenant(organization):
        lines = HistoryEntry.objects.order_by("pk").values_list("subject_kind", "code", "person")
        assert list(lines) == [
            ("integration", "webhooks.replay_started", "Ana Souza"),
            ("receipt", "receipt.replayed", "Ana Souza"),
            ("receipt", "receipt.replayed", "Ana Souza"),
        ]
        WebhookReceipt.objects.filter(pk=failed[0]).update(state=ReceiptState.APPLIED)
        WebhookReceipt.objects.filter(pk=failed[2]).update(state=ReceiptState.FAILED)
    # It goes on telling what became of them.
    later = client.get(started["Location"], headers=FRAGMENT).content.decode()
    assert "1 de 2 processadas" in plain(later)
    assert counts(later)["Ainda com erro"] == "1"
    assert "hx-get" not in later


def test_failures_since_a_moment(
    client: Client, organization: Organization, integration: Integration
) -> None:
    now = clock.now()
    add_receipts(integration, 2, **FAILED, received_at=now - dt.timedelta(hours=30))
    recent = add_receipts(integration, 2, **FAILED, received_at=now - dt.timedelta(hours=1))
    since = (now - dt.timedelta(hours=2)).astimezone(clock.SAO_PAULO)
    address = f"{PLAN}?visao=falharam&desde={since:%Y-%m-%dT%H:%M}"
    page = client.get(address).content.decode()
    start(client, address)

    assert "Reprocessar 2 notificações" in plain(page)
    assert [run.receipt_ids for run in runs(organization)] == [recent]


def run_job(organization: Organization) -> None:
    """One more turn of a run, whenever it would have been."""
    with tenant(organization):
        Job.objects.filter(kind="replay_receipts", status=JobStatus.PENDING).update(not_before=clock.now())
    run_replays(organization)


def test_a_second_run_waits_for_the_first(
    client: Client, organization: Organization, integration: Integration
) -> None:
    first = add_receipts(integration, 60, **FAILED)
    start(client)
    run_job(organization)
    second = add_receipts(integration, 1, **FAILED, entity="product:777")
    plan = client.get(PLAN).content.decode()
    start(client)
    former, later = runs(organization)
    with tenant(organization):
        Job.objects.filter(kind="replay_receipts", key=str(former.pk)).update(
            not_before=clock.now() + dt.timedelta(days=1)
        )
        Job.objects.exclude(kind="replay_receipts").delete()
    assert run_one() is not None
    page = client.get(f"{PLAN}{later.pk}/").content.decode()

    assert "Estas entram na fila e começam depois." in plain(plan)
    # What the first one has is nothing for the second one.
    assert counts(plan)["Serão processadas de novo, da mais antiga à mais nova"] == "1"
    assert (former.receipt_ids, later.receipt_ids) == (first, second)
    assert "Na fila" in plain(page)
    assert f'href="{PLAN}{former.pk}/">o reprocessamento pedido' in page
    assert states(organization)[second[0]] == ReceiptState.FAILED
    assert [run.started_at is not None for run in runs(organization)] == [True, False]

    client.post(f"{PLAN}{former.pk}/")
    for _ in (former, later):
        run_job(organization)
    assert states(organization)[second[0]] == ReceiptState.RECEIVED


def test_fifty_things_are_asked_for_side_by_side(
    client: Client, organization: Organization, integration: Integration
) -> None:
    failed = add_receipts(integration, 60, **FAILED)
    start(client)
    run_job(organization)
    (run,) = runs(organization)
    address = f"{PLAN}{run.pk}/"
    with tenant(organization):
        job = Job.objects.get(kind="replay_receipts")
        moved = WebhookReceipt.objects.filter(state=ReceiptState.RECEIVED)
        reached = list(moved.order_by("pk").values_list("pk", flat=True))
        WebhookReceipt.objects.filter(pk__in=failed[:20]).update(state=ReceiptState.APPLIED)
        WebhookReceipt.objects.filter(pk__in=failed[20:25]).update(state=ReceiptState.FAILED)
        WebhookReplayRun.objects.update(started_at=clock.now() - dt.timedelta(minutes=2))
    page = client.get(address, headers=FRAGMENT).content.decode()
    run_job(organization)

    assert (run.receipts_done, run.finished_at, reached) == (50, None, failed[:50])
    # It is no failure to wait.
    assert (job.status, job.failures) == (JobStatus.PENDING, 0)
    text = plain(page)
    assert "25 de 60 processadas" in text
    assert re.search(r"1[23] por minuto · faltam cerca de 3 min", text)
    assert counts(page) == {
        "Processadas": "20",
        "Ainda com erro": "5",
        "Puladas: já estavam processadas ou a caminho": "1",
        "Sendo lidas no Tiny": "25",
        "Não começaram": "10",
    }
    assert 'hx-trigger="load delay:2s"' in page
    # Its own, and no other failures.
    other = add_receipts(integration, 1, **FAILED)
    (own,) = re.findall(r'<a href="([^"]*)">Ainda com erro</a>', page)
    listed = client.get(html.unescape(own)).content.decode()
    ids = re.findall(r'name="id" value="(\d+)"', listed)
    assert sorted(map(int, ids)) == failed[20:25]
    assert other[0] not in map(int, ids)
    (done,) = runs(organization)
    assert (done.receipts_done, done.finished_at is None) == (60, False)


def test_many_about_one_thing_go_at_once(
    client: Client, organization: Organization, integration: Integration
) -> None:
    add_receipts(integration, 130, **FAILED, entity="product:900")
    start(client)
    run_job(organization)

    assert runs(organization)[0].finished_at is not None
    assert set(states(organization).values()) == {ReceiptState.RECEIVED, ReceiptState.IGNORED}


def test_what_failed_after_the_plan_is_not_in_it(
    client: Client, organization: Organization, integration: Integration
) -> None:
    seen = add_receipts(integration, 2, **FAILED)
    waiting = add_receipts(integration, 1, state=ReceiptState.WAITING, settled_at=None)
    page = client.get(PLAN).content.decode()
    (planned_at,) = re.findall(r'name="planejado" value="([^"]*)"', page)
    with tenant(organization):
        WebhookReceipt.objects.filter(pk=waiting[0]).update(**FAILED, settled_at=clock.now())
    new = add_receipts(integration, 1, **FAILED)
    client.post(PLAN, {"planejado": html.unescape(planned_at)})

    assert [run.receipt_ids for run in runs(organization)] == [seen]
    assert {states(organization)[pk] for pk in (*waiting, *new)} == {ReceiptState.FAILED}


@pytest.mark.parametrize("planned_at", ["", "ontem", "2026-11-20T10:00:00", "2026-99-99T10:00:00+00:00"])
def test_a_plan_that_nobody_saw_starts_nothing(
    client: Client, organization: Organization, integration: Integration, planned_at: str
) -> None:
    add_receipts(integration, 1, **FAILED)
    response = client.post(PLAN, {"planejado": planned_at}, follow=True)

    assert "Nada a reprocessar" in plain(response.content.decode())
    assert runs(organization) == []


def test_a_product_with_a_stock_call_of_its_own_takes_two(
    client: Client, organization: Organization, integration: Integration
) -> None:
    add_receipts(integration, 60, **FAILED)
    add_receipts(integration, 30, **FAILED, entity="order:1")
    with tenant(organization):
        Integration.objects.update(protocol="v2")
    page = client.get(PLAN).content.decode()

    # 60 products with 2 calls each and an order, 30 of them a minute.
    assert counts(page)["Tempo no limite da sua conta"] == "cerca de 5 min"


def test_only_what_was_asked_for_is_done(
    client: Client, organization: Organization, integration: Integration
) -> None:
    failed = add_receipts(integration, 1, **FAILED)
    for action in ({}, {"action": "delete"}, {"action": ""}):
        response = client.post("/o/casa-aurora/notificacoes/escolhidas/", {"id": failed} | action)
        assert response.status_code == 404

    assert states(organization)[failed[0]] == ReceiptState.FAILED


def test_each_integration_has_its_own(
    client: Client, organization: Organization, integration: Integration
) -> None:
    first = add_receipts(integration, 2, **FAILED)
    branch = connect(organization, "Filial Sul", account_document="11444777000161")
    open_address(branch).post(b"x")
    with tenant(organization):
        WebhookReceipt.objects.filter(integration=branch).update(**FAILED, settled_at=clock.now())
        second = list(WebhookReceipt.objects.filter(integration=branch).values_list("pk", flat=True))
    page = client.get(PLAN).content.decode()
    started = start(client)
    both = client.get(started["Location"]).content.decode()
    other = add_receipts(integration, 1, **FAILED)
    start(client, f"{PLAN}?id={other[0]}")

    titles = re.findall(r"<h2>(.*?)</h2>", page)
    assert titles[-2:] == ["Filial Sul", "Integração Tiny ERP"]
    assert sorted(run.receipt_ids for run in runs(organization)) == sorted([first, second, other])
    # The page shows both that one button began, and no other.
    assert re.findall(r'aria-label="Andamento de ([^"]*)"', both) == ["Filial Sul", "Integração Tiny ERP"]
    again = client.get(started["Location"]).content.decode()
    assert again.count('<section id="reprocessamento-') == 2


def test_a_run_can_be_cancelled(client: Client, organization: Organization, integration: Integration) -> None:
    failed = add_receipts(integration, 2, **FAILED)
    start(client)
    (run,) = runs(organization)
    running = client.get(f"{PLAN}{run.pk}/").content.decode()
    cancelled = client.post(f"{PLAN}{run.pk}/", follow=True).content.decode()
    run_replays(organization)

    assert "0 de 2 processadas" in plain(running)
    assert "Começando…" in running
    assert "Cancelado: 0 de 2 processadas" in plain(cancelled)
    assert counts(cancelled)["Não começaram"] == "2"
    assert {states(organization)[pk] for pk in failed} == {ReceiptState.FAILED}
    # Another one may begin.
    start(client)
    assert len(runs(organization)) == 2


def test_a_run_that_stopped_leads_to_the_errors_and_back(
    client: Client, organization: Organization, integration: Integration
) -> None:
    add_receipts(integration, 2, **FAILED)
    start(client)
    (run,) = runs(organization)
    with tenant(organization):
        Job.objects.filter(kind="replay_receipts").update(
            status=JobStatus.PARKED, parked_at=clock.now(), reason_code="ours"
        )
    page = client.get(f"{PLAN}{run.pk}/").content.decode()

    assert "Parou antes do fim." in page
    assert "hx-get" not in re.findall(r'<section id="reprocessamento-[^>]*>', page)[0]
    errors = client.get("/o/casa-aurora/erros/").content.decode()
    assert f'<a href="{PLAN}{run.pk}/">Reprocessamento de notificações</a>' in errors


def test_what_was_processed_meanwhile_is_skipped(
    client: Client, organization: Organization, integration: Integration
) -> None:
    first, second = add_receipts(integration, 2, **FAILED)
    start(client)
    with tenant(organization):
        WebhookReceipt.objects.filter(pk=first).update(state=ReceiptState.REPEATED)
    run_replays(organization)

    (run,) = runs(organization)
    # The probe was skipped already.
    assert (run.receipts_done, run.receipts_skipped) == (2, 1 + 1)
    assert run.finished_at is not None
    assert states(organization)[first] == ReceiptState.REPEATED
    assert states(organization)[second] == ReceiptState.RECEIVED


def test_nothing_to_do_starts_nothing(
    client: Client, organization: Organization, integration: Integration
) -> None:
    add_receipts(integration, 2)
    page = client.get(PLAN).content.decode()
    start(client)
    nobody = client.get(f"{PLAN}?q=nada").content.decode()

    assert "Reprocessar 0 notificações" in plain(page)
    assert 'data-teste="comecar"' not in page + nobody
    assert "Nenhuma notificação com estes filtros." in nobody
    assert runs(organization) == []


def test_a_run_of_another_company_is_not_there(
    organization: Organization,
    other_organization: Organization,
    integration: Integration,
    stranger: User,
    client: Client,
    client_of: Callable[[User], Client],
) -> None:
    failed = add_receipts(integration, 1, **FAILED)
    start(client)
    (run,) = runs(organization)
    other = client_of(stranger)

    assert other.get(f"/o/loja-vizinha/notificacoes/reprocessar/{run.pk}/").status_code == 404
    page = other.get(f"/o/loja-vizinha/notificacoes/reprocessar/?id={failed[0]}").content.decode()
    assert "Reprocessar 0 notificações" in plain(page)


def test_who_only_looks_cannot_start_one(
    organization: Organization, integration: Integration, client_of: Callable[[User], Client]
) -> None:
    add_receipts(integration, 1, **FAILED)
    viewer = client_of(
        services.add_member(
            organization=organization, email="vera@aurora.test", name="Vera Lima", perfil=Perfil.VIEWER
        ).user
    )

    assert viewer.get(PLAN).status_code == viewer.post(PLAN).status_code == 404
    assert runs(organization) == []
