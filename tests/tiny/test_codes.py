from __future__ import annotations

from contracts.order_status import OrderStatus
from contracts.records import InvoiceState
from tiny.codes import DEFAULT_SITUATIONS, INVOICE_STATES, SITUATIONS, V3_SITUATION_NUMBERS, V3_SITUATIONS


def test_every_situation_has_a_number_and_every_number_a_situation() -> None:
    assert {situation.code for situation in SITUATIONS} == set(V3_SITUATIONS.values())
    assert len(SITUATIONS) == len(V3_SITUATIONS) == len(V3_SITUATION_NUMBERS) == 11
    assert sorted(V3_SITUATIONS) == list(range(11))


def test_what_a_situation_becomes() -> None:
    assert {situation.code: situation.default_status for situation in SITUATIONS} == {
        "aberto": OrderStatus.PLACED,
        "aprovado": OrderStatus.PAID,
        "preparando_envio": OrderStatus.PICKING,
        "faturado": OrderStatus.INVOICED,
        "enviado": OrderStatus.IN_TRANSIT,
        "entregue": OrderStatus.DELIVERED,
        "nao_entregue": OrderStatus.NOT_DELIVERED,
        "cancelado": OrderStatus.CANCELLED,
        "pronto_envio": None,
        "dados_incompletos": None,
        "em_devolucao": None,
    }
    assert {s.code: s.initial_status for s in SITUATIONS if s.default_status is None} == {
        "pronto_envio": OrderStatus.PICKING,
        "dados_incompletos": OrderStatus.PLACED,
        "em_devolucao": OrderStatus.DELIVERED,
    }
    assert all(s.initial_status == s.default_status for s in SITUATIONS if s.default_status is not None)


def test_which_situation_a_status_becomes() -> None:
    assert DEFAULT_SITUATIONS == {
        OrderStatus.PLACED: "aberto",
        OrderStatus.PAID: "aprovado",
        OrderStatus.PICKING: "preparando_envio",
        OrderStatus.INVOICED: "faturado",
        OrderStatus.IN_TRANSIT: "enviado",
        OrderStatus.DELIVERED: "entregue",
        OrderStatus.NOT_DELIVERED: "nao_entregue",
        OrderStatus.CANCELLED: "cancelado",
    }


def test_which_situations_say_more() -> None:
    assert {s.code for s in SITUATIONS if s.is_return} == {"em_devolucao"}
    assert {s.code for s in SITUATIONS if s.imported_by_default} == {
        "aprovado",
        "preparando_envio",
        "faturado",
        "pronto_envio",
        "enviado",
    }
    assert {s.code for s in SITUATIONS if s.expects_invoice} == {
        "faturado",
        "pronto_envio",
        "enviado",
        "entregue",
        "nao_entregue",
    }


def test_the_words_are_tiny_s() -> None:
    assert {situation.code: situation.label for situation in SITUATIONS} == {
        "dados_incompletos": "Dados incompletos",
        "aberto": "Em aberto",
        "aprovado": "Aprovado",
        "preparando_envio": "Preparando envio",
        "faturado": "Faturado",
        "pronto_envio": "Pronto para envio",
        "enviado": "Enviado",
        "entregue": "Entregue",
        "nao_entregue": "Não entregue",
        "em_devolucao": "Em devolução",
        "cancelado": "Cancelado",
    }


def test_only_sefaz_authorises_a_nota() -> None:
    by_state: dict[InvoiceState, set[int]] = {}
    for number, state in INVOICE_STATES.items():
        by_state.setdefault(state, set()).add(number)
    assert by_state == {
        InvoiceState.AUTHORIZED: {6, 7},
        InvoiceState.CANCELLED: {3},
        InvoiceState.DENIED: {10},
        InvoiceState.PENDING: {1, 2, 4, 5, 8, 9},
    }
