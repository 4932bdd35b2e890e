"""Each refusal of an order that Tiny's documents name: a sentence, a button, and the fix sends the order."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts.tenancy import tenant
from integrations import registry
from jobs import queue
from jobs.models import Job
from orders.services.queueing import FOLLOW
from tests.flows.conftest import Company
from tests.flows.placing import CREATE, at_tiny, forwarding_of, job_of, order_of, place, prepare
from tests.processes import wait_until

RunJobs = Callable[[], int]
MoveClock = Callable[[dt.timedelta], None]


def of_v3(field: str, text: str) -> dict[str, Any]:
    body = {"mensagem": "Ocorreram erros de validação", "detalhes": [{"campo": field, "mensagem": text}]}
    return {"status": 400, "body": body}


def of_v2(code: int, text: str) -> dict[str, Any]:
    record = {"sequencia": "1", "status": "Erro", "codigo_erro": str(code), "erros": [{"erro": text}]}
    answer = {"status_processamento": "2", "status": "Erro", "registros": [{"registro": record}]}
    return {"status": 200, "body": {"retorno": answer}}


UNKNOWN_CONTACT = of_v3("idContato", "Contato não encontrado")
V3 = [
    of_v3("itens[0].produto.id", "Produto não encontrado"),
    UNKNOWN_CONTACT,
    of_v3("vendedor.id", "Vendedor não encontrado"),
    of_v3("transportador.formaEnvio.id", "Forma de envio não habilitada"),
    of_v3("pagamento.meioPagamento.id", "Meio de pagamento não encontrado"),
    of_v3(
        "pagamento.parcelas[0].formaRecebimento",
        "Forma de recebimento da parcela diferente da forma de recebimento do pedido",
    ),
    of_v3("pedido.motivosBloqueio[0]", "estoque lançado"),
    of_v3("", "saldo em estoque de um ou mais produtos é insuficiente"),
    of_v3("algo.novo", "Um texto que ninguém conhece"),
    {"status": 403},
    {"status": 409, "body": {"mensagem": "Esse registro já existe"}},
]
V2 = [
    of_v2(31, "O campo CEP do cliente é inválido"),
    of_v2(32, "Registro não localizado"),
    of_v2(30, "Registro em duplicidade"),
    of_v2(3, "JSON mal formado"),
    of_v2(10, "Parâmetro obrigatório não informado"),
]
CASES = [
    *[pytest.param("v3", case, id=f"v3-{number}") for number, case in enumerate(V3)],
    *[pytest.param("v2", case, id=f"v2-{number}") for number, case in enumerate(V2)],
]


@pytest.mark.parametrize(("protocol", "refusal"), CASES)
def test_a_refusal_is_told_with_its_remedy_and_the_fix_sends_the_order(
    company: Company, run_jobs: RunJobs, move_clock: MoveClock, protocol: str, refusal: dict[str, Any]
) -> None:
    prepare(company, run_jobs)
    # A contact that Tiny does not know any more is looked for anew by itself, once.
    times = 2 if refusal == UNKNOWN_CONTACT else 1
    fault = {"account_id": company.account.id, "route": CREATE[protocol], "times": times, **refusal}
    company.account.tiny.add_fault(**fault)
    order = place(company)
    run_jobs()
    assert at_tiny(company) == []
    job = job_of(company)
    assert job.status == "parked"
    is_open = refusal in (V3[-1], V2[2])
    # A refused order is not there; one that is said to be there already may be.
    assert (forwarding_of(company).attempted_at is not None) is is_open
    said = registry.explain(job.reason_code, job.reason_params, "tiny")
    assert said.action in ("retry", "connect", "edit_credentials", "open_erp")
    assert job.reason_code not in said.detail, "a sentence of its own"
    page = company.page(f"pedidos/{order.number}/")
    assert said.title in page
    assert "Precisa de ação" in page
    assert "Tentar de novo" in page
    if is_open:
        move_clock(dt.timedelta(minutes=2))
    with tenant(company.organization):
        assert queue.release(job.reason_code, job.reason_key) == 1
    run_jobs()
    assert [row["numeroOrdemCompra"] for row in at_tiny(company)] == [forwarding_of(company).key]
    assert order_of(company).forwarding.state == "sent"
    with tenant(company.organization):
        assert not Job.objects.filter(status="parked").exists()


@pytest.mark.parametrize("protocol", ["v2", "v3"])
def test_a_refusal_is_told_though_others_wait_for_a_worker(
    company: Company, run_jobs: RunJobs, protocol: str
) -> None:
    """«Já existe» has the order looked for before it is told: that search is no turn to give away."""
    prepare(company, run_jobs)
    refusal = V3[-1] if protocol == "v3" else V2[2]
    company.account.tiny.add_fault(
        account_id=company.account.id, route=CREATE[protocol], times=1, delay_ms=1500, **refusal
    )
    place(company)
    worker = threading.Thread(target=in_its_own_connection, args=[run_jobs])
    worker.start()
    wait_until(lambda: forwarding_of(company).attempted_at is not None)
    with tenant(company.organization):
        queue.enqueue(FOLLOW, channel="tracking", key="other", priority=queue.Priority.POLL)
    worker.join()
    refused = job_of(company)
    assert refused.status == "parked"
    assert registry.explain(refused.reason_code, refused.reason_params, "tiny").action == "retry"


def in_its_own_connection(run_jobs: RunJobs) -> None:
    try:
        run_jobs()
    finally:
        connection.close()
