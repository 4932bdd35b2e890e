"""Every answer against the official document: what deviates is listed here, because it was measured so."""

from __future__ import annotations

from typing import Any

from tests.simulator.conftest import Reader
from tests.simulator.schema import ROUTES, find_deviations

# Each was seen in a body of a real account.
DEVIATIONS: dict[str, set[str]] = {
    "GET /pedidos/{id}": {
        # The customer's own address: null means «there».
        "enderecoEntrega: null",
        "intermediador: null",
        # The old name of 3.0 still comes beside the new one.
        "pagamento.formaPagamento: not in the document",
        "pagamento.parcelas[].formaPagamento: not in the document",
        "pagamento.meioPagamento: null",
        "pagamento.parcelas[].meioPagamento: null",
    },
}


def check(reader: Reader, route: str, path: str = "", **parameters: Any) -> Any:
    """Call a route and compare; the body."""
    method, _, template = route.partition(" ")
    answer = reader.call(method, path or template, **parameters)
    assert answer.status_code == ROUTES[route]["status"], answer.text
    body = answer.json()
    found = find_deviations(route, body)
    assert found <= DEVIATIONS.get(route, set()), f"{route}: {sorted(found)}"
    reader.deviations.setdefault(route, set()).update(found)
    return body


def test_every_reading_of_a_seeded_account_is_as_documented(reader: Reader) -> None:
    reader.add_orders(count=60, seed="schema")
    check(reader, "GET /info")
    orders = check(reader, "GET /pedidos")["itens"]
    invoices = check(reader, "GET /notas")["itens"]
    assert len(orders) == 60
    assert len(invoices) > 20
    for order in orders:
        check(reader, "GET /pedidos/{id}", f"/pedidos/{order['id']}")
    for invoice in invoices:
        check(reader, "GET /notas/{id}", f"/notas/{invoice['id']}")
    for method in check(reader, "GET /formas-envio")["itens"]:
        check(reader, "GET /formas-envio/{id}", f"/formas-envio/{method['id']}")
    # What is listed above really occurs: an excuse that nobody needs is gone.
    assert {route: found for route, found in reader.deviations.items() if found} == DEVIATIONS


def test_the_check_itself_sees_what_is_wrong() -> None:
    good = {"limit": 1, "offset": 0, "total": 1}
    row = {"id": 1, "nome": None, "situacao": "1"}
    route = "GET /formas-pagamento"
    assert find_deviations(route, {"itens": [row], "paginacao": good}) == set()
    for itens, said in (
        ([{**row, "id": "1"}], "itens[].id: str for integer"),
        ([{**row, "id": True}], "itens[].id: bool for integer"),
        ([{**row, "id": None}], "itens[].id: null"),
        ([{**row, "situacao": "3"}], "itens[].situacao: '3' is not in the enumeration"),
        ([{**row, "extra": 1}], "itens[].extra: not in the document"),
        ([{"id": 1, "nome": ""}], "itens[].situacao: missing"),
        (None, "itens: null"),
        ({}, "itens: dict for a list"),
        ([[]], "itens[]: list for an object"),
    ):
        assert find_deviations(route, {"itens": itens, "paginacao": good}) == {said}
