"""From a notification to the level that it announces: ``make bench ARGS="-k latency"``.

A stock changes at the simulator; the time runs from the POST that tells it until the new level of the product
is committed here, with the reading at the ERP between. Alone, and while another company is told of the stock
of its 200 products at a steady pace. All of it shares the machine, the simulator and what floods included.
BENCH_PROBES, BENCH_FLOOD.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.test import Client

from accounts.models import Organization, Perfil
from accounts.services import add_member
from tests.database import ROOT
from tests.flows.conftest import Company
from tests.flows.products import RunJobs, import_all
from tests.processes import Stack, wait_until
from tests.production.test_slow_clients import answers
from tests.simulated_tiny import SimulatedTiny, find_free_port
from tests.webhooks.conftest import Sender, open_address

PROBES = int(os.environ.get("BENCH_PROBES", "100"))
FLOODS = [float(pace) for pace in os.environ.get("BENCH_FLOOD", "0,200,500,1000").split(",")]
PRODUCTS = 200
# A minute, and between two stocks, so that none waits for the account's limit.
READ_LIMIT = 120
PAUSE_SECONDS = 0.8
LOOK_SECONDS = 0.002
SETTLE_SECONDS = 3.0


@pytest.mark.parametrize("pace", FLOODS)
def test_latency(
    company: Company,
    tiny: SimulatedTiny,
    stack: Stack,
    run_jobs: RunJobs,
    other_organization: Organization,
    client_of: Callable[..., Client],
    owner_sql: Callable[..., list[tuple[Any, ...]]],
    pace: float,
) -> None:
    person = add_member(
        organization=other_organization, email="bia@vizinha.test", name="Bia", perfil=Perfil.ADMIN
    ).user
    document = "11444777000161"
    neighbour = Company(other_organization, client_of(person), tiny.add_account(document))
    tiny.control("PATCH", f"accounts/{company.account.id}", {"read_limit": READ_LIMIT})
    company.account.add_product(sku="LUM-01", saldo=1)
    neighbour.account.add_products(PRODUCTS, kinds=["S"])
    for one in (company, neighbour):
        one.connect_quietly()
        run_jobs()
        import_all(one, run_jobs)
    owner_sql("ANALYZE")
    variables = {**tiny.variables, "ALLOWED_HOSTS": "127.0.0.1", "DEBUG": "1"}
    port = find_free_port()
    web = stack.start("-m", "config.serve", "--host", "127.0.0.1", "--port", str(port), **variables)
    stack.start_worker(concurrency=2, **variables)
    stack.start_beat(**variables)
    wait_until(lambda: answers(web, port))
    probe = Probe(company, open_address(company.integration), port, owner_sql)
    for _ in range(5):
        probe.measure()
    with flood(port, open_address(neighbour.integration), neighbour, document, pace):
        took = sorted(probe.measure() for _ in range(PROBES))
    kept, read = owner_sql("SELECT count(*), count(read_at) FROM webhooks_webhookreceipt")[0]
    print(
        f"\n{PROBES} stocks beside {pace:g} notifications a second of another company: "
        f"p50 {statistics.median(took):.0f} ms, p99 {took[int(PROBES * 0.99) - 1]:.0f} ms, "
        f"the worst {took[-1]:.0f} ms; {kept} notifications kept, {read} of them read by then"
    )


class Probe:
    def __init__(
        self, company: Company, sender: Sender, port: int, owner_sql: Callable[..., list[tuple[Any, ...]]]
    ) -> None:
        self.account, self.path = company.account, sender.path
        (self.product,) = [row for row in self.account.list_products() if row["sku"] == "LUM-01"]
        self.owner_sql = owner_sql
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.level = 1

    def measure(self) -> float:
        """Milliseconds."""
        time.sleep(PAUSE_SECONDS)
        self.level += 1
        self.account.set_stock(self.product["id"], self.level)
        body = tell("11222333000181", self.product["id"], self.level)
        began = time.perf_counter()
        self.line.request("POST", self.path, json.dumps(body), {"Content-Type": "application/json"})
        answer = self.line.getresponse()
        assert (answer.status, answer.read()) == (200, b'{"ok": true}')
        while self.owner_sql("SELECT stock FROM catalog_product WHERE sku = 'LUM-01'") != [(self.level,)]:
            assert time.perf_counter() - began < 120
            time.sleep(LOOK_SECONDS)
        return (time.perf_counter() - began) * 1000


@contextmanager
def flood(port: int, sender: Sender, company: Company, document: str, pace: float) -> Iterator[None]:
    if not pace:
        yield
        return
    ids = [row["id"] for row in company.account.list_products()]
    told = {"body": tell(document, 0, 0), "product_ids": ids}
    command = [sys.executable, "-m", "benchmarks.flood_process", str(port), sender.path, str(pace)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(json.dumps(told).encode())
    process.stdin.close()
    try:
        time.sleep(SETTLE_SECONDS)
        yield
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def tell(document: str, product_id: int, level: int) -> dict[str, Any]:
    """As the account's own Webhooks say it."""
    dados = {"tipoEstoque": "F", "saldo": level, "idProduto": product_id}
    return {"versao": "1.0.1", "cnpj": document, "tipo": "estoque", "dados": dados}
