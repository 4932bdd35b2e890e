"""The life of a connection's tokens, by the clock and against a token endpoint that fails."""

from __future__ import annotations

import datetime as dt
import html
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accounts import clock
from accounts.tenancy import tenant
from contracts.errors import AuthenticationFailed
from history.models import HistoryEntry
from integrations import credentials
from integrations.models import Credential, IntegrationState
from jobs.models import Channel, Job
from orders.models import Order
from tests.flows.conftest import Company
from tests.processes import Stack, wait_until
from tiny import oauth

pytestmark = pytest.mark.usefixtures("watch_secrets")
RunJobs = Callable[[], int]
MoveClock = Callable[[dt.timedelta], None]


def tokens_of(company: Company) -> tuple[str, str]:
    with tenant(company.organization):
        credential = Credential.objects.get()
        return credential.get_secret("access_token"), credential.get_secret("refresh_token")


def token_calls(company: Company) -> dict[str, int]:
    """Outcomes of renewals at Tiny, faults included."""
    counts = company.account.tiny.control("GET", "token_calls")["counts"]
    return dict(counts.get("refresh_token", {}))


def spoil_tokens(company: Company, action: str) -> None:
    client_id = company.app["client_id"]
    company.account.tiny.control("POST", "tokens", {"client_id": client_id, "action": action})


def job_of(company: Company, kind: str) -> Job:
    with tenant(company.organization):
        return Job.objects.filter(kind=kind).latest("id")


def seconds(value: dt.timedelta) -> int:
    return round(value.total_seconds())


def test_renewed_every_three_hours(company: Company, run_jobs: RunJobs, move_clock: MoveClock) -> None:
    """The first turn comes up to a fifth early, at a moment of each integration's own."""
    company.connect()
    run_jobs()
    seen = {tokens_of(company)}
    move_clock(dt.timedelta(hours=2, minutes=20))
    run_jobs()
    assert token_calls(company) == {}
    move_clock(dt.timedelta(minutes=41))
    for turns in range(1, 5):
        run_jobs()
        seen.add(tokens_of(company))
        assert token_calls(company) == {"ok": turns}
        move_clock(dt.timedelta(hours=3))
    assert len({access for access, _ in seen}) == len({refresh for _, refresh in seen}) == 5
    assert company.integration.state == IntegrationState.CONNECTED


def test_missed_turns_are_made_up_by_one_renewal(
    company: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company.connect()
    run_jobs()
    move_clock(dt.timedelta(hours=10))
    run_jobs()
    assert token_calls(company) == {"ok": 1}


def test_token_about_to_end_is_renewed_before_its_use(
    company: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    integration = company.connect()
    run_jobs()
    former, _ = tokens_of(company)
    move_clock(dt.timedelta(hours=3, minutes=54))
    assert credentials.current_token(integration) == former
    move_clock(dt.timedelta(minutes=2))
    assert credentials.current_token(integration) != former
    assert token_calls(company) == {"ok": 1}


def test_former_refresh_token_holds_when_none_comes(
    company: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company.connect()
    run_jobs()
    _, refresh = tokens_of(company)
    company.account.tiny.add_fault(
        route="POST /token", status=200, body={"access_token": "sem-par", "expires_in": 14400}
    )
    move_clock(dt.timedelta(hours=3, minutes=1))
    run_jobs()
    # Tiny does not know «sem-par»: the poll behind the renewal got 401 and renewed with what was kept.
    access, newer = tokens_of(company)
    assert access != "sem-par"
    assert newer != refresh
    assert token_calls(company) == {"fault 200": 1, "ok": 1}
    assert company.integration.state == IntegrationState.CONNECTED
    assert job_of(company, "pull_orders").status == "done"


def test_answer_without_a_lifetime_counts_as_four_hours(
    company: Company, run_jobs: RunJobs, caplog: pytest.LogCaptureFixture
) -> None:
    integration = company.connect()
    company.account.tiny.add_fault(
        route="POST /token",
        status=200,
        body={"access_token": "answered-access-1", "refresh_token": "answered-refresh-1"},
    )
    with caplog.at_level(logging.WARNING):
        assert credentials.renew_token(integration, seen=tokens_of(company)[0]) == "answered-access-1"
    assert tokens_of(company) == ("answered-access-1", "answered-refresh-1")
    with tenant(company.organization):
        credential = Credential.objects.get()
    assert credential.access_expires_at - credential.renewed_at == dt.timedelta(hours=4)
    assert credential.refresh_expires_at - credential.renewed_at == dt.timedelta(hours=24)
    warnings = [record.getMessage() for record in caplog.records if record.name == "integrations.credentials"]
    assert warnings == [f"integration {integration.pk}: tiny.token_lifetime_missing"]
    assert "answered-access-1" not in caplog.text


def test_refused_access_is_renewed_once_and_the_work_goes_on(company: Company, run_jobs: RunJobs) -> None:
    company.account.add_orders(count=2, with_invoices=False)
    company.connect()
    spoil_tokens(company, "expire_access")
    run_jobs()
    assert token_calls(company) == {"ok": 1}
    with tenant(company.organization):
        assert Order.objects.count() == 2
        assert set(Job.objects.values_list("status", flat=True)) == {"done"}


def test_missing_permission_is_no_dead_connection(company: Company, run_jobs: RunJobs) -> None:
    """A 401 that outlives a fresh token is said to be a permission: only /info proves a dead access."""
    company.connect()
    company.account.tiny.add_fault(account_id=company.account.id, route="GET /pedidos", times=2, status=401)
    run_jobs()
    job = job_of(company, "pull_orders")
    assert (job.status, job.reason_code) == ("parked", "tiny.permission_missing")
    assert company.integration.state == IntegrationState.CONNECTED
    assert "Sua conta do Tiny não libera Pedidos" in html.unescape(company.page("erros/"))


def test_revoked_session_disconnects_and_every_page_says_it(
    company: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company.account.add_orders(count=1, with_invoices=False)
    integration = company.connect()
    run_jobs()
    spoil_tokens(company, "revoke")
    move_clock(dt.timedelta(minutes=6))
    before = clock.now()
    run_jobs()
    integration = company.integration
    assert (integration.state, integration.disconnect_code) == ("disconnected", "tiny.refresh_refused")
    assert before <= integration.disconnected_at <= clock.now()
    assert token_calls(company) == {"Session not active": 1}
    poll = job_of(company, "pull_orders")
    assert (poll.status, poll.reason_code) == ("pending", "tiny.refresh_refused")
    with tenant(company.organization):
        channel = Channel.objects.get(name=integration.channel)
        assert (channel.paused_at is None, channel.paused_code) == (False, "tiny.refresh_refused")
        line = HistoryEntry.objects.get(code="integration.disconnected")
        assert line.params == {"reason": "Não conseguimos renovar o acesso ao Tiny"}
        assert not Job.objects.filter(status="parked").exists()
    connect = f"{company.base}/integracoes/erp/nativos/tiny/{integration.pk}/conectar/"
    panel = f"integracoes/erp/nativos/tiny/{integration.pk}/conexao/"
    for path in ("pedidos/", "pedidos/1/", "erros/", "integracoes/erp/nativos/", panel):
        page = html.unescape(company.page(path))
        assert "Integração Tiny ERP está desconectado." in page, path
        assert "Não conseguimos renovar o acesso ao Tiny. Nenhum pedido foi perdido" in page, path
        assert f'action="{connect}"' in page, path
    page = html.unescape(company.page(panel))
    assert "Desconectado desde" in page
    assert "O Tiny encerrou a autorização" in page
    # Days pass, and nothing is tried nor lost.
    move_clock(dt.timedelta(days=3))
    assert run_jobs() == 0
    assert token_calls(company) == {"Session not active": 1}
    assert job_of(company, "pull_orders").status == "pending"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": 500, "body": "<html>erro</html>"}, "tiny.unstable"),
        ({"status": 503}, "tiny.unstable"),
        ({"status": 400, "body": {"error": "temporarily_unavailable"}}, "tiny.unstable"),
        ({"delay_ms": 1500, "status": 504}, "http.timeout"),
    ],
)
def test_failing_token_endpoint_disconnects_nobody(
    company: Company,
    run_jobs: RunJobs,
    move_clock: MoveClock,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, Any],
    reason: str,
) -> None:
    monkeypatch.setattr(oauth, "DEADLINE_SECONDS", 0.4 if "delay_ms" in fault else 20.0)
    company.connect()
    run_jobs()
    former = tokens_of(company)
    company.account.tiny.add_fault(route="POST /token", **fault)
    move_clock(dt.timedelta(hours=3, minutes=1))
    run_jobs()
    job = job_of(company, "renew_token")
    assert (job.status, job.reason_code, job.failures) == ("pending", reason, 1)
    assert tokens_of(company) == former
    assert company.integration.state == IntegrationState.CONNECTED
    monkeypatch.setattr(oauth, "DEADLINE_SECONDS", 20.0)
    move_clock(dt.timedelta(seconds=10))
    run_jobs()
    assert job_of(company, "renew_token").status == "done"
    assert tokens_of(company) != former
    # An answer that nobody waited for is counted when it is written: not in the next test's counts.
    outcomes = {f"fault {fault['status']}": 1, "ok": 1}
    wait_until(lambda: token_calls(company) == outcomes)


def test_wrong_secret_at_the_renewal_asks_for_the_credentials(
    company: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    integration = company.connect()
    run_jobs()
    form = company.fill_form(client_secret="trocado-no-painel-do-tiny", action="save")
    response = company.client.post(
        f"{company.base}/integracoes/erp/nativos/tiny/{integration.pk}/conexao/", form
    )
    assert response.status_code == 302
    move_clock(dt.timedelta(hours=3, minutes=1))
    run_jobs()
    assert company.integration.disconnect_code == "tiny.oauth_client_rejected"
    page = html.unescape(company.page("pedidos/"))
    assert "O Tiny não reconheceu o Client ID ou o Client Secret. Nenhum pedido foi perdido" in page


def test_lost_answer_of_a_renewal_ends_the_connection_with_a_reason(
    company: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    """Tiny spent the refresh token, and nobody has its successor: only a person can go on."""
    company.connect()
    run_jobs()
    company.account.tiny.add_fault(route="POST /token", drop_after=True)
    move_clock(dt.timedelta(hours=3, minutes=1))
    run_jobs()
    assert company.integration.state == IntegrationState.CONNECTED
    move_clock(dt.timedelta(seconds=10))
    run_jobs()
    assert company.integration.disconnect_code == "integration.renewal_lost"


def test_whoever_meets_a_lost_renewal_first_leaves_its_name_to_the_next(
    company: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    """«Testar» disconnects nobody, so that what it finds must be found again."""
    company.connect()
    run_jobs()
    company.account.tiny.add_fault(route="POST /token", drop_after=True)
    move_clock(dt.timedelta(hours=3, minutes=1))
    run_jobs()
    integration = company.integration
    with pytest.raises(AuthenticationFailed) as caught:
        credentials.renew_token(integration, seen=tokens_of(company)[0])
    assert caught.value.code == "integration.renewal_lost"
    assert company.integration.state == IntegrationState.CONNECTED
    move_clock(dt.timedelta(seconds=10))
    run_jobs()
    assert company.integration.disconnect_code == "integration.renewal_lost"
    with tenant(company.organization):
        assert Credential.objects.get().lost_grants == 1


def test_eight_processes_renew_one_token_once(
    company: Company, stack: Stack, tmp_path: Path, owner_sql: Callable[..., Any]
) -> None:
    integration = company.connect()
    spoil_tokens(company, "expire_access")
    owner_sql("UPDATE integrations_credential SET access_expires_at = now() - interval '1 minute'")
    # All of them ask while the first one's call is under way.
    company.account.tiny.add_fault(route="POST /token", delay_ms=1500)
    starting_signal = tmp_path / "go"
    processes = [
        stack.start(
            *("-m", "tests.flows.renewing_process"),
            *(str(company.organization.pk), str(integration.pk), str(starting_signal)),
            DJANGO_SETTINGS_MODULE="config.settings",
            SLOT_SPACING_SECONDS="0",
            **company.account.tiny.variables,
        )
        for _ in range(8)
    ]
    wait_until(lambda: all(process.output.startswith("ready") for process in processes), seconds=120)
    former = tokens_of(company)
    starting_signal.touch()
    codes = [process.popen.wait(60) for process in processes]
    assert [process.output for process in processes] == ["ready\n11222333000181\n"] * 8
    assert codes == [0] * 8
    assert token_calls(company) == {"ok": 1}
    assert tokens_of(company)[1] != former[1]
