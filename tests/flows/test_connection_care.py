"""The access stays alive by itself, warns in time, and a lost grant is named and counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from accounts.models import Perfil
from accounts.services import add_member
from accounts.tenancy import tenant
from integrations.models import Credential, Integration
from jobs.models import Schedule
from tests.flows.conftest import Company

RunJobs = Callable[[], int]
MoveClock = Callable[[dt.timedelta], None]


def read_credential(company: Company) -> Credential:
    with tenant(company.organization):
        return Credential.objects.get()


def test_renewals_of_many_are_spread(company: Company, run_jobs: RunJobs) -> None:
    company.connect()
    with tenant(company.organization):
        schedule = Schedule.objects.get(kind="renew_token")
        connected_at = Integration.objects.get().connected_at
    assert dt.timedelta(hours=2.3) < schedule.next_at - connected_at < dt.timedelta(hours=3.1)


def test_twelve_hours_without_renewal_warn_before_the_access_dies(
    company: Company, run_jobs: RunJobs, move_clock: MoveClock, client_of: Callable
) -> None:
    company.connect()
    run_jobs()
    company.account.tiny.add_fault(route="POST /token", times=1000, status=503)
    for _ in range(13):
        move_clock(dt.timedelta(hours=1))
        run_jobs()
    page = company.page("pedidos/")
    assert "Não conseguimos renovar o acesso ao Tiny há mais de 12 horas" in page
    assert company.integration.state == "connected"
    gallery = company.page("integracoes/erp/nativos/")
    assert "Conectado, 1 aviso" in gallery
    viewer = add_member(
        organization=company.organization, email="c@aurora.test", name="Caio", perfil=Perfil.VIEWER
    ).user
    seen = client_of(viewer).get(f"{company.base}/pedidos/").content.decode()
    assert "Peça a um administrador" in seen
    company.account.tiny.control("POST", "faults/clear")
    move_clock(dt.timedelta(minutes=16))
    run_jobs()
    assert "12 horas" not in company.page("pedidos/")
    assert read_credential(company).lost_grants == 0


def test_answer_lost_on_the_way_is_the_one_lost_grant_and_is_counted(
    company: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company.connect()
    run_jobs()
    company.account.tiny.add_fault(route="POST /token", times=1, drop_after=True)
    move_clock(dt.timedelta(hours=3, minutes=5))
    run_jobs()
    assert company.integration.state == "connected"
    move_clock(dt.timedelta(minutes=1))
    run_jobs()
    integration = company.integration
    assert (integration.state, integration.disconnect_code) == ("disconnected", "integration.renewal_lost")
    assert read_credential(company).lost_grants == 1
    assert "Uma renovação do acesso ao Tiny foi interrompida no meio" in company.page("pedidos/")


def test_refusal_without_an_interrupted_call_is_no_lost_grant(
    company: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company.connect()
    run_jobs()
    company.account.tiny.add_fault(route="POST /token", times=1, status=500)
    move_clock(dt.timedelta(hours=3, minutes=5))
    run_jobs()
    company.account.tiny.control(
        "POST", "tokens", {"client_id": company.app["client_id"], "action": "revoke"}
    )
    move_clock(dt.timedelta(minutes=1))
    run_jobs()
    integration = company.integration
    assert (integration.state, integration.disconnect_code) == ("disconnected", "tiny.refresh_refused")
    assert read_credential(company).lost_grants == 0
