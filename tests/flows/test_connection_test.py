"""«Testar»: one function behind the button, the callback and the command; a remedy for each failing step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.tenancy import tenant
from integrations.models import ConnectionTest, Credential, Integration
from tests.flows.conftest import Company

RunJobs = Callable[[], int]
MoveClock = Callable[[dt.timedelta], None]
KEYS = ["fields", "address", "access", "permissions", "limit", "clock"]


def press_test(company: Company, run_jobs: RunJobs) -> dict[str, dict[str, str]]:
    """The steps by key after «Testar», and the page's fragment under "page"."""
    base = f"{company.base}/integracoes/erp/nativos/tiny/{company.integration.pk}/testar/"
    answer = company.client.post(base, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    run_jobs()
    with tenant(company.organization):
        test = ConnectionTest.objects.order_by("-requested_at").first()
    page = company.client.get(f"{base}{test.pk}/").content.decode()
    return {step["key"]: step for step in test.steps} | {"page": {"html": page}}


def test_connecting_tests_by_itself_and_names_the_account(company: Company, run_jobs: RunJobs) -> None:
    integration = company.connect()
    run_jobs()
    page = company.page(f"integracoes/erp/nativos/tiny/{integration.pk}/conexao/")
    assert "Conexão funcionando" in page
    assert "11.222.333/0001-81" in page
    with tenant(company.organization):
        test = ConnectionTest.objects.get()
    assert [step["key"] for step in test.steps] == KEYS
    assert {step["state"] for step in test.steps} == {"ok"}
    assert test.finished_at is not None


def test_pressed_twice_within_ten_seconds_it_is_one_test(
    company: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company.connect()
    run_jobs()
    move_clock(dt.timedelta(seconds=30))
    press_test(company, run_jobs)
    press_test(company, run_jobs)
    with tenant(company.organization):
        assert ConnectionTest.objects.count() == 2


def test_each_failing_step_has_its_remedy_and_stops_what_makes_no_sense_after_it(
    company: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company.connect()
    run_jobs()
    fault = {"account_id": company.account.id, "times": 1}

    move_clock(dt.timedelta(minutes=1))
    company.account.tiny.add_fault(**fault, route="GET /notas", status=403)
    steps = press_test(company, run_jobs)
    assert steps["permissions"]["state"] == "failure"
    assert steps["permissions"]["detail"].startswith("Falta permissão para Notas fiscais.")
    assert "conecte de novo" in steps["permissions"]["remedy"]
    assert steps["clock"]["state"] != "not_checked"

    move_clock(dt.timedelta(minutes=10))
    steps = press_test(company, run_jobs)
    assert steps["clock"]["state"] == "failure"
    assert "nosso lado" in steps["clock"]["remedy"]


def test_revoked_access_fails_with_connect(
    company: Company, run_jobs: RunJobs, move_clock: MoveClock
) -> None:
    company.connect()
    run_jobs()
    move_clock(dt.timedelta(minutes=1))
    for action in ("revoke", "expire_access"):
        company.account.tiny.control(
            "POST", "tokens", {"client_id": company.app["client_id"], "action": action}
        )
    steps = press_test(company, run_jobs)
    assert (steps["access"]["state"], steps["access"]["action"]) == ("failure", "connect")
    assert steps["permissions"]["state"] == "not_checked"
    assert "O teste parou em Autenticação" in steps["page"]["html"]


def test_draft_says_what_is_missing_and_makes_no_call(company: Company, run_jobs: RunJobs) -> None:
    company.client.post(
        f"{company.base}/integracoes/erp/nativos/tiny/nova/conexao/", company.fill_form(action="save")
    )
    steps = press_test(company, run_jobs)
    assert steps["fields"]["action"] == "connect"
    assert [steps[key]["state"] for key in KEYS[1:]] == ["not_checked"] * 5
    assert company.account.count_calls() == {}


def test_command_runs_the_same_steps(company: Company, run_jobs: RunJobs) -> None:
    integration = company.connect()
    out = StringIO()
    call_command("test_integration", str(integration.pk), stdout=out)
    assert "Autenticação: Acesso aceito. Conta" in out.getvalue()
    with tenant(company.organization):
        Credential.objects.update(refresh_token="")
        Integration.objects.update(state="draft")
    with pytest.raises(CommandError, match="does not work"):
        call_command("test_integration", str(integration.pk), stdout=StringIO())
    with pytest.raises(CommandError, match="no integration 999999"):
        call_command("test_integration", "999999")
