"""API v2's limits, the faults laid on it, and the forms that its answers may have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.processes import wait_until
from tests.simulated_tiny import SimulatedTiny
from tests.simulator.test_api2 import Caller
from tiny.simulator.faults import ALIASES
from tiny.simulator.v2.errors import MESSAGES

BLOCKED = {
    "status_processamento": "1",
    "status": "Erro",
    "codigo_erro": "6",
    "erros": [
        {
            "erro": "API Bloqueada - Excedido o número de acessos a API, aguarde alguns minutos e tente"
            " novamente"
        }
    ],
}
SEEDS = range(1, 13)


@pytest.fixture
def caller(simulator: SimulatedTiny) -> Caller:
    return Caller(simulator, simulator.add_account(name="CASA AROEIRA LTDA", seed="a"))


@pytest.fixture
def meter(caller: Caller) -> Caller:
    """Whose clock stands at the first second of a minute."""
    now = caller.simulator.control("POST", "clock", {"frozen": True})["now"]
    advance(caller, 60 - float(now[17:].partition("+")[0]))
    return caller


def advance(caller: Caller, seconds: float) -> None:
    caller.simulator.control("POST", "clock", {"advance_seconds": seconds})


def lay(caller: Caller, preset: str, route: str = "*", **fields: Any) -> None:
    caller.simulator.add_fault(account_id=caller.account.id, route=route, preset=preset, **fields)


# -- limits -------------------------------------------------------------------------------------------


def test_over_the_minute_is_code_6_with_http_200(meter: Caller) -> None:
    meter.set(v2_limit=8)
    for _ in range(8):
        answer = meter.post("info.php")
        assert (answer.headers["x-limit-api"], answer.json()["retorno"]["status"]) == ("8", "OK")
    refused = meter.post("pedidos.pesquisa.php")
    assert (refused.status_code, refused.headers["x-limit-api"]) == (200, "8")
    assert "Retry-After" not in refused.headers
    assert refused.json() == {"retorno": BLOCKED}
    advance(meter, 59)
    assert meter.code("info.php") == "6"
    advance(meter, 1)
    assert meter.call("info.php")["status"] == "OK"
    counted = meter.counters()
    assert (counted["v2"], counted["refused"]["v2"], counted["injected"]) == (11, 2, {})
    assert (counted["reads"], counted["writes"]) == (0, 0)


def test_no_limit_is_no_header(caller: Caller) -> None:
    assert "x-limit-api" not in caller.post("info.php").headers


def test_other_programs_eat_of_the_same_minute(meter: Caller) -> None:
    meter.set(v2_limit=5)
    eaten = meter.simulator.control(
        "POST", f"accounts/{meter.account.id}/quota/consume", {"bucket": "v2", "count": 4}
    )
    assert eaten == {"remaining": 1}
    other = meter.account.add_integration("Outra plataforma")
    assert meter.call("info.php", token=other["token"])["status"] == "OK"
    assert meter.code("info.php") == "6"


def test_v3_and_v2_do_not_share_their_minutes(meter: Caller) -> None:
    meter.set(v2_limit=4, read_limit=1)
    for _ in range(4):
        meter.call("info.php")
    assert meter.code("info.php") == "6"
    assert meter.simulator.control(
        "POST", f"accounts/{meter.account.id}/quota/consume", {"bucket": "read", "count": 0}
    ) == {"remaining": 1}


def test_batch_services_have_a_minute_of_their_own_inside_it(meter: Caller) -> None:
    meter.set(v2_limit=30, v2_batch_limit=5)
    for service in (
        "contato.incluir.php",
        "contato.alterar.php",
        "produto.incluir.php",
        "produto.alterar.php",
    ):
        assert meter.code(service) == 10
    assert meter.code("contato.incluir.php") == 10
    assert meter.code("produto.alterar.php") == "6"
    assert meter.code("pedido.incluir.php") == 10
    assert meter.call("info.php")["status"] == "OK"
    assert meter.counters()["refused"]["v2_batch"] == 1


def test_a_quarter_of_the_limit_may_run_at_once(caller: Caller) -> None:
    caller.set(v2_limit=11)
    caller.simulator.add_fault(account_id=caller.account.id, route="*", delay_ms=4000, times=2)

    def call(_: int) -> Any:
        form = {"token": caller.token, "formato": "json"}
        url = f"{caller.simulator.api2_url}/info.php"
        return requests.post(url, data=form, timeout=30).json()["retorno"]["status"]

    with ThreadPoolExecutor(2) as pool:
        held = [pool.submit(call, place) for place in range(2)]
        wait_until(lambda: caller.simulator.control("GET", "faults")[0]["seen"] == 2)
        assert caller.code("info.php") == "11"
        assert [future.result() for future in held] == ["OK", "OK"]
    assert caller.call("info.php")["status"] == "OK", "what is over no longer runs"
    assert caller.counters()["refused"]["v2_concurrent"] == 1


# -- faults -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", MESSAGES)
def test_every_code_of_the_table_can_be_laid(caller: Caller, code: int) -> None:
    (order,) = caller.account.add_orders(situacao=3)
    lay(caller, f"v2_code_{code}", "POST /api2/pedido.alterar.situacao")
    refused = caller.call("pedido.alterar.situacao", id=order["id"], situacao="enviado")
    assert refused["status"] == "Erro"
    assert int(refused["codigo_erro"]) == code
    assert refused["erros"] == [{"erro": MESSAGES[code]}]
    assert caller.call("pedido.obter.php", id=order["id"])["pedido"]["situacao"] == "Aprovado"
    assert caller.counters()["injected"] == {f"v2_code_{code}": 1}
    assert caller.counters()["refused"]["v2"] == 0


@pytest.mark.parametrize("name", ALIASES)
def test_usual_codes_have_names(caller: Caller, name: str) -> None:
    lay(caller, name)
    assert str(caller.code("info.php")) == ALIASES[name].removeprefix("v2_code_")


def test_error_of_a_record_stands_in_the_record(caller: Caller) -> None:
    lay(caller, "v2_code_30", "POST /api2/pedido.incluir.php")
    assert caller.call("pedido.incluir.php", pedido="{}") == {
        "status_processamento": "2",
        "status": "Erro",
        "registros": [
            {
                "registro": {
                    "sequencia": "1",
                    "status": "Erro",
                    "codigo_erro": "30",
                    "erros": [{"erro": "Registro em duplicidade"}],
                }
            }
        ],
    }


def test_html_comes_with_200(caller: Caller) -> None:
    lay(caller, "v2_html")
    answer = caller.post("info.php")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<html>")


def test_faults_of_http_strike_v2_as_well(caller: Caller) -> None:
    lay(caller, "error_503", "POST /api2/info.php")
    assert caller.post("info.php").status_code == 503
    caller.simulator.add_fault(route="POST /api2/pedidos.pesquisa.php", parameters={"pagina": 2}, status=503)
    assert caller.post("pedidos.pesquisa.php", pagina="1").status_code == 200
    assert caller.post("pedidos.pesquisa.php", pagina="2").status_code == 503
    lay(caller, "truncated", "POST /api2/info.php")
    assert len(caller.post("info.php").content) == 40
    lay(caller, "drop_after", "POST /api2/pedido.incluir.php")
    order = {"cliente": {"nome": "Ana"}, "itens": [{"item": ITEM}]}
    with pytest.raises(requests.ConnectionError):
        caller.post("pedido.incluir.php", pedido=json.dumps({"pedido": order}))
    assert len(caller.list_ids(cliente="Ana")) == 1, "the work was done"
    caller.simulator.add_fault(route="POST /api2/info.php", replace={"status": "Parcial"}, remove=["conta"])
    assert caller.call("info.php") == {"status_processamento": 3, "status": "Parcial"}


ITEM = {"descricao": "Avulso", "unidade": "UN", "quantidade": 1, "valor_unitario": 1}


def test_lists_can_mislead(caller: Caller) -> None:
    created = [row["id"] for row in caller.account.add_orders(count=6, with_invoices=False)]
    route = "POST /api2/pedidos.pesquisa.php"
    everything = {"dataInicial": "01/01/2020"}
    caller.simulator.add_fault(route=route, page_limit=2, times=None)
    assert caller.list_ids(**everything, pagina="2") == created[2:4]
    lay(caller, "same_page", route)
    assert caller.list_ids(**everything, pagina="2") == created[:2]
    lay(caller, "no_filters", route)
    assert caller.list_ids(numero="6") == created[:2]
    lay(caller, "delete_before", route)
    assert caller.list_ids(**everything) == created[:2]
    assert caller.list_ids(**everything, pagina="2") == created[3:5], "the third slipped onto the first page"


# -- variety ------------------------------------------------------------------------------------------


def every_form(caller: Caller, service: str, **fields: Any) -> Iterator[dict[str, Any]]:
    """The ``retorno`` of one call under each seed."""
    for seed in SEEDS:
        caller.set(v2_variety=seed)
        yield caller.call(service, **fields)


def kinds(values: list[Any]) -> set[str]:
    return {type(value).__name__ for value in values}


def to_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_same_seed_gives_the_same_answer(caller: Caller) -> None:
    caller.account.add_orders(count=4, with_invoices=True)
    first, again = (list(every_form(caller, "pedidos.pesquisa.php", numero="1")) for _ in range(2))
    assert first == again
    assert len({json.dumps(retorno) for retorno in first}) > 6
    caller.set(v2_variety=0)
    plain = caller.call("pedidos.pesquisa.php", numero="1")
    assert plain["status_processamento"] == 3


def test_a_row_looks_alike_on_every_page(caller: Caller) -> None:
    caller.account.add_orders(count=3, with_invoices=False)
    caller.set(v2_variety=7)
    all_rows = caller.call("pedidos.pesquisa.php", dataInicial="01/01/2020")["pedidos"]
    (alone,) = to_list(caller.call("pedidos.pesquisa.php", numero="2")["pedidos"])
    assert alone == all_rows[1]


def test_list_of_one_may_be_its_element_and_numbers_texts(caller: Caller) -> None:
    (order,) = caller.account.add_orders(situacao=1, tracking=None)
    forms = list(every_form(caller, "pedidos.pesquisa.php", numero="1"))
    assert kinds([retorno["pedidos"] for retorno in forms]) == {"list", "dict"}
    assert kinds([retorno["status_processamento"] for retorno in forms]) == {"int", "str"}
    rows = [to_list(retorno["pedidos"])[0]["pedido"] for retorno in forms]
    assert {int(row["id"]) for row in rows} == {order["id"]}
    assert kinds([row["id"] for row in rows]) == {"int", "str"}
    assert kinds([row["valor"] for row in rows]) == {"str", "float"}
    assert any(row["valor"].endswith("00000000") for row in rows if isinstance(row["valor"], str))
    assert len({float(row["valor"]) for row in rows}) == 1
    assert {row["situacao"] for row in rows} == {"Faturado", "Faturado (atendido)", "Atendido"}
    assert {row["id_vendedor"] for row in rows} == {"", None, "0", 0}
    assert {row["codigo_rastreamento"] for row in rows} == {"", None}


def test_empty_lists_may_be_missing(caller: Caller) -> None:
    (order,) = caller.account.add_orders(situacao=0)
    forms = [retorno["pedido"] for retorno in every_form(caller, "pedido.obter.php", id=order["id"])]
    assert {"marcadores" in pedido for pedido in forms} == {True, False}
    assert {pedido["situacao"] for pedido in forms} == {"Em aberto", "Aberto"}
    assert {to_list(pedido["itens"])[0]["item"]["codigo"] for pedido in forms} == {
        to_list(forms[0]["itens"])[0]["item"]["codigo"]
    }


def test_digits_that_are_no_number_stay_texts(caller: Caller) -> None:
    caller.account.add_orders(
        situacao=1, nota=True, cliente={"endereco": {"numero": "10", "cep": "01310100"}}
    )
    for retorno in every_form(caller, "notas.fiscais.pesquisa.php", tipoNota="S"):
        nota = to_list(retorno["notas_fiscais"])[0]["nota_fiscal"]
        assert (nota["numero"], nota["cliente"]["cep"]) == ("000001", "01310100")
        assert len(nota["chave_acesso"]) == 44


def test_records_and_errors_take_several_forms(caller: Caller) -> None:
    order = {"cliente": {"nome": "Ana"}, "itens": [{"item": ITEM}]}
    forms = list(every_form(caller, "pedido.incluir.php", pedido=json.dumps({"pedido": order})))
    assert kinds([retorno["registros"] for retorno in forms]) == {"list", "dict"}
    for retorno in forms:
        assert set(to_list(retorno["registros"])[0]["registro"]) == {"sequencia", "status", "id", "numero"}
    missing = list(every_form(caller, "pedido.obter.php", id=1))
    assert {"codigo_erro" in retorno for retorno in missing} == {True, False}
    assert kinds([retorno["codigo_erro"] for retorno in missing if "codigo_erro" in retorno]) == {
        "int",
        "str",
    }
    for retorno in missing:
        record = retorno if "codigo_erro" in retorno else to_list(retorno["registros"])[0]["registro"]
        assert int(record["codigo_erro"]) == 32
        assert to_list(record["erros"]) == [{"erro": "Pedido não localizado"}]


def test_code_beside_ok_comes_and_goes(caller: Caller) -> None:
    caller.account.add_orders(situacao=1, nota=True)
    (row,) = caller.call("notas.fiscais.pesquisa.php", numero="1")["notas_fiscais"]
    forms = list(every_form(caller, "nota.fiscal.obter.link.php", id=row["nota_fiscal"]["id"]))
    assert {retorno["status"] for retorno in forms} == {"OK"}
    assert {"codigo_erro" in retorno for retorno in forms} == {True, False}


def test_sensible_settings_only(caller: Caller) -> None:
    url = f"{caller.simulator.url}/_control"
    for path, body in (
        ("faults", {"route": "*", "v2_error": 12}),
        ("faults", {"route": "*", "v2_error": "6"}),
        ("tokens/v2", {"token": caller.token, "action": "burn"}),
        ("tokens/v2", {"action": "revoke"}),
    ):
        assert requests.post(f"{url}/{path}", json=body, timeout=10).status_code == 400
    gone = {"token": "x", "action": "revoke"}
    assert requests.post(f"{url}/tokens/v2", json=gone, timeout=10).status_code == 404
    assert caller.call("info.php")["status"] == "OK"
