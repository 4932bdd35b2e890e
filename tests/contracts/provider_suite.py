"""What every protocol of every provider does, told through ``Provider`` and nothing else.

A subclass connects a seller and names the call by which its ERP is made to misbehave; the tests hold what
comes out against what the ERP has.
"""

from __future__ import annotations

import datetime as dt
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from contracts.errors import (
    AuthenticationFailed,
    ErpError,
    NotFound,
    TemporaryError,
    UnsupportedFeature,
)
from contracts.provider import Capability, Provider
from contracts.records import (
    CheckState,
    ErpAccount,
    ErpAddress,
    ErpInstallment,
    ErpOrderItem,
    InvoiceState,
    Page,
)
from integrations.reading import Reading, advance
from tests.simulated_tiny import SimulatedAccount, SimulatedTiny
from tests.tiny.sellers import DOCUMENT, Seller

# The simulator tells situações by API v3's numbers.
SITUATIONS = {
    0: "aberto", 1: "faturado", 2: "cancelado", 3: "aprovado", 4: "preparando_envio", 5: "enviado",
    6: "entregue", 7: "pronto_envio", 8: "dados_incompletos", 9: "nao_entregue", 10: "em_devolucao",
}  # fmt: skip
ORDER: dict[str, Any] = {
    "situacao": 3,
    "cliente": {
        "nome": "Ana de Exemplo",
        "tipoPessoa": "F",
        "cpfCnpj": "529.982.247-25",
        "telefone": "(11) 3200-0100",
        "celular": "",
        "email": "ana@example.com",
        "endereco": {
            "endereco": "Rua das Flores", "numero": "123", "complemento": "apto 2", "bairro": "Centro",
            "municipio": "Curitiba", "uf": "PR", "cep": "80.010-000", "pais": "Brasil",
        },
    },
    "itens": [
        {
            "produto": {"id": 7, "sku": "ABC-1", "descricao": "Camisa", "tipo": "P"},
            "quantidade": 2,
            "valorUnitario": 55.9,
            "infoAdicional": "",
        },
        {
            "produto": {"id": 8, "sku": "ABC-2", "descricao": "Meia", "tipo": "P"},
            "quantidade": 1,
            "valorUnitario": 10.01,
            "infoAdicional": "",
        },
    ],
    "valorFrete": 15.16,
    "valorDesconto": 2.795,
    "valorOutrasDespesas": 0.01,
    "transportador": {
        "nome": "Rápida Transportes",
        "formaEnvio": {"id": 1, "nome": "Correios"},
        "formaFrete": {"id": 2, "nome": "SEDEX"},
    },
    "enderecoEntrega": {
        "endereco": "Rua B", "numero": "9", "complemento": "", "bairro": "Gonzaga", "municipio": "Santos",
        "uf": "SP", "cep": "11055-000", "pais": "", "nomeDestinatario": "Bia",
    },
    "ecommerce": {"id": 5, "nome": "Loja Exemplo", "numeroPedidoEcommerce": "E-1001"},
    "observacoes": "Entregar na portaria.",
    "tracking": {"code": "QQ123456785BR", "url": "https://rastreio.example.com/QQ123456785BR"},
    "dataPrevista": "2026-12-24",
}  # fmt: skip


class Suite(ABC):
    """What each suite needs: a seller who is connected, and errors that a person can read."""

    @abstractmethod
    def connect(self, tiny: SimulatedTiny, account: SimulatedAccount) -> Seller: ...

    @pytest.fixture
    def seller(self, tiny: SimulatedTiny) -> Iterator[Seller]:
        seller = self.connect(tiny, tiny.add_account(name="LOJA EXEMPLO LTDA"))
        yield seller
        seller.http.close()

    def fail(self, seller: Seller, call: Callable[[], Any]) -> ErpError:
        with pytest.raises(ErpError) as caught:
            call()
        self.explain(seller, caught.value)
        return caught.value

    def explain(self, seller: Seller, error: ErpError) -> None:
        """The error has a sentence for people, without a gap in it."""
        explanation = seller.provider.explain(error.code, error.params)
        assert explanation is not None, error.code
        said = f"{explanation.title} {explanation.detail}"
        assert not re.search(r"\?|[{}]", said), said


class ProviderSuite(Suite):
    unknown_situation: ClassVar[tuple[str, dict[str, Any]]]
    """Route and fault by which a list shows one order in a situação that nobody knows, «Em análise»."""
    types_of_methods: ClassVar[tuple[str, str]] = ("v3:1", "v3:7")
    """Of Correios and of Jadlog, as the list of shipping methods tells them."""
    unproven_checks: ClassVar[set[str]] = set()
    """Steps of «Testar» that nothing at the ERP can prove."""

    # -- the account -----------------------------------------------------------------------------------

    def test_it_is_a_provider(self, seller: Seller) -> None:
        provider: Provider = seller.provider
        assert seller.declared.key == seller.protocol
        assert seller.declared.missing_situations <= {item.code for item in provider.situations}

    def test_account_is_known_by_its_document(self, seller: Seller) -> None:
        account = seller.provider.get_account(seller)
        assert isinstance(account, ErpAccount)
        assert (account.document, account.name) == (DOCUMENT, "LOJA EXEMPLO LTDA")

    # -- lists of orders -------------------------------------------------------------------------------

    def test_page_of_orders_is_what_the_erp_has(self, seller: Seller) -> None:
        seller.account.add_orders(count=40)
        truth = seller.account.list_orders()
        page = seller.list_orders()
        assert (page.offset, page.total, page.problems) == (0, 40, ())
        assert page.row_ids == tuple(str(row["id"]) for row in truth)
        for order, row in zip(page.items, truth, strict=True):
            assert order.external_id == str(row["id"])
            assert order.number == str(row["numero"])
            assert order.ecommerce_number == row["numeroPedidoEcommerce"]
            assert (order.situation, order.situation_is_known) == (self.situation_of(row), True)
            assert order.placed_on == dt.date.fromisoformat(row["data"])
            assert order.shipment.tracking_code == row["codigoRastreamento"]
            assert order.customer is not None
            assert order.customer.name
            assert order.row_hash
        assert len({order.row_hash for order in page.items}) == 40

    def test_total_is_right_to_the_cent(self, seller: Seller) -> None:
        seller.account.add_orders(**ORDER)
        (order,) = seller.list_orders().items
        # 2 × 55.90 + 10.01 − 2.795 + 15.16 + 0.01, half up.
        assert order.total == Decimal("134.19")

    def test_rows_say_as_much_as_is_declared(self, seller: Seller) -> None:
        seller.account.add_orders(**ORDER)
        (order,) = seller.list_orders().items
        is_full = seller.declared.can(Capability.FULL_ORDER_ROWS)
        assert order.is_summary is not is_full
        assert order.customer is not None
        assert order.customer.name == "Ana de Exemplo"
        assert order.customer.document == ("52998224725" if is_full else "")
        assert order.customer.address.city == ("Curitiba" if is_full else "")
        assert order.shipment.shipping_method == ("Correios" if is_full else "")

    def test_same_row_has_the_same_hash_and_a_changed_one_another(self, seller: Seller) -> None:
        (row,) = seller.account.add_orders(**ORDER)
        hashes = [seller.list_orders().items[0].row_hash for _ in range(2)]
        seller.account.change_order(row["id"], situacao=4)
        hashes.append(seller.list_orders().items[0].row_hash)
        seller.account.change_order(row["id"], tracking={"code": "QQ987654320BR"})
        hashes.append(seller.list_orders().items[0].row_hash)
        assert hashes[0] == hashes[1]
        assert len(set(hashes)) == 3

    def test_empty_account_has_an_empty_list(self, seller: Seller) -> None:
        page = seller.list_orders()
        assert (page.items, page.row_ids, page.problems) == ((), (), ())
        assert advance(Reading(), page).is_done

    @pytest.mark.parametrize("count", [99, 100, 101, 250])
    def test_whole_reading_finds_each_order_once(self, seller: Seller, count: int) -> None:
        seller.account.add_orders(count=count, with_invoices=False)
        reading, ids = read_everything(seller.list_orders)
        assert (reading.is_done, reading.repeats, reading.may_have_missed) == (True, False, False)
        assert ids == [str(row["id"]) for row in seller.account.list_orders()]

    def test_reading_can_begin_anywhere(self, seller: Seller) -> None:
        seller.account.add_orders(count=130, with_invoices=False)
        truth = [str(row["id"]) for row in seller.account.list_orders()]
        for offset in (0, 1, 99, 100, 129):
            page = seller.list_orders(offset)
            assert page.offset == offset
            assert page.row_ids == tuple(truth[offset : offset + len(page.row_ids)])
            assert page.row_ids
        assert seller.list_orders(130).row_ids == ()

    # -- filters ---------------------------------------------------------------------------------------

    def test_days_are_those_of_sao_paulo(self, seller: Seller) -> None:
        """From 21 h to 24 h there it is tomorrow in UTC."""
        (old,) = seller.account.add_orders(**{**ORDER, "data": "2026-08-09"})
        (new,) = seller.account.add_orders(**{**ORDER, "data": "2026-08-10"})
        seller.account.change_order(old["id"], atualizado_em="2026-08-10T02:59:59+00:00")
        seller.account.change_order(new["id"], atualizado_em="2026-08-10T03:00:00+00:00")
        both, last = [str(old["id"]), str(new["id"])], [str(new["id"])]
        for name in ("created_from", "updated_from"):
            assert seller.list_ids(**{name: dt.date(2026, 8, 9)}) == both
            assert seller.list_ids(**{name: dt.date(2026, 8, 10)}) == last
            assert seller.list_ids(**{name: dt.date(2026, 8, 11)}) == []

    def test_each_situation_lists_its_own_orders(self, seller: Seller) -> None:
        ids: dict[str, list[str]] = {}
        for number in SITUATIONS:
            (row,) = seller.account.add_orders(situacao=number)
            ids.setdefault(self.situation_of(row), []).append(str(row["id"]))
        codes = {item.code for item in seller.provider.situations}
        for code in codes - seller.declared.missing_situations:
            page = seller.list_orders(situation=code)
            assert list(page.row_ids) == ids.get(code, []), code
            assert {order.situation for order in page.items} == {code}

    def test_filters_hold_together(self, seller: Seller) -> None:
        for data in ("2026-08-09", "2026-08-10"):
            for situacao in (3, 4):
                seller.account.add_orders(**{**ORDER, "data": data, "situacao": situacao})
        ids = seller.list_ids(created_from=dt.date(2026, 8, 10), situation="preparando_envio")
        assert ids == [str(seller.account.list_orders()[3]["id"])]

    def test_situation_that_is_missing_is_not_asked_for(self, seller: Seller) -> None:
        seller.account.clear_calls()
        for code in {*seller.declared.missing_situations, "orcamento"}:
            error = self.fail(seller, lambda code=code: seller.list_orders(situation=code))
            assert type(error) is UnsupportedFeature
            assert error.params == {"situation": code}
        assert not [route for route in seller.account.count_calls() if "edidos" in route]

    def test_unknown_situation_is_kept_as_it_came(self, seller: Seller) -> None:
        route, fault = self.unknown_situation
        seller.account.add_orders(**ORDER)
        seller.lay(route, **fault)
        (order,) = seller.list_orders().items
        assert (order.situation, order.situation_is_known) == ("Em análise", False)

    # -- the single order ------------------------------------------------------------------------------

    def test_single_order_is_whole(self, seller: Seller) -> None:
        (row,) = seller.account.add_orders(**ORDER)
        detail = seller.get_order(row["id"])
        order = detail.order
        assert (order.external_id, order.number) == (str(row["id"]), str(row["numero"]))
        assert (order.situation, order.situation_is_known) == ("aprovado", True)
        assert (order.ecommerce_number, order.ecommerce_name) == ("E-1001", "Loja Exemplo")
        assert order.placed_on == dt.date.fromisoformat(row["data"])
        assert order.is_summary is False
        assert order.customer is not None
        assert (order.customer.name, order.customer.kind) == ("Ana de Exemplo", "PF")
        assert order.customer.document == "52998224725"
        assert (order.customer.email, order.customer.phone) == ("ana@example.com", "(11) 3200-0100")
        assert order.customer.address == ErpAddress(
            "Rua das Flores", "123", "apto 2", "Centro", "Curitiba", "PR", "80010000", "Brasil"
        )
        assert order.shipment.carrier_name == "Rápida Transportes"
        assert (order.shipment.shipping_method, order.shipment.freight_method) == ("Correios", "SEDEX")
        assert order.shipment.tracking_code == "QQ123456785BR"
        assert order.shipment.tracking_url == "https://rastreio.example.com/QQ123456785BR"
        assert detail.items == (
            ErpOrderItem("7", "ABC-1", "Camisa", Decimal("2"), Decimal("55.9")),
            ErpOrderItem("8", "ABC-2", "Meia", Decimal("1"), Decimal("10.01")),
        )
        assert detail.delivery_address == ErpAddress(
            "Rua B", "9", "", "Gonzaga", "Santos", "SP", "11055000", recipient="Bia"
        )
        assert detail.products_total == Decimal("121.81")
        assert (detail.freight, detail.other_expenses) == (Decimal("15.16"), Decimal("0.01"))
        assert detail.total == order.total == Decimal("134.19")
        assert detail.installments
        assert all(isinstance(parcel, ErpInstallment) for parcel in detail.installments)
        assert detail.expected_on == dt.date(2026, 12, 24)
        assert (detail.invoice_id, detail.invoiced_on, detail.delivered_on) == ("", None, None)
        assert detail.notes == "Entregar na portaria."

    def test_delivery_to_the_customer_himself_needs_no_address(self, seller: Seller) -> None:
        (row,) = seller.account.add_orders(**{**ORDER, "enderecoEntrega": None})
        assert seller.get_order(row["id"]).delivery_address is None

    def test_single_order_agrees_with_its_row(self, seller: Seller) -> None:
        for row in seller.account.add_orders(count=12):
            # Half a cent of discount is rounded in the list and not in the detail.
            seller.account.change_order(row["id"], valorDesconto=0)
        for row in seller.list_orders().items:
            order = seller.get_order(row.external_id).order
            for name in ("external_id", "number", "situation", "total", "placed_on", "ecommerce_number"):
                assert getattr(order, name) == getattr(row, name), name
            assert order.shipment.tracking_code == row.shipment.tracking_code
            is_full = seller.declared.can(Capability.FULL_ORDER_ROWS)
            assert (order.row_hash == row.row_hash) is is_full

    def test_order_names_its_invoice(self, seller: Seller) -> None:
        (row,) = seller.account.add_orders(situacao=1, nota=True)
        detail = seller.get_order(row["id"])
        assert detail.invoice_id
        assert detail.invoiced_on == dt.date.fromisoformat(row["data"])
        assert seller.get_invoice(detail.invoice_id).access_key == row["chaveAcesso"]

    def test_deleted_order_is_not_found(self, seller: Seller) -> None:
        (row,) = seller.account.add_orders(**ORDER)
        seller.account.change_order(row["id"], delete=True)
        error = self.fail(seller, lambda: seller.get_order(row["id"]))
        assert type(error) is NotFound
        assert error.params["id"] == str(row["id"])
        assert seller.list_ids() == []

    # -- invoices --------------------------------------------------------------------------------------

    def test_invoices_are_what_the_erp_has(self, seller: Seller) -> None:
        seller.account.add_orders(count=20, with_invoices=True)
        truth = {row["chaveAcesso"]: row for row in seller.account.list_orders()}
        names_orders = seller.declared.can(Capability.INVOICES_NAME_ORDERS)
        page = seller.list_invoices()
        assert (page.total, page.problems, len(page.items)) == (20, (), 20)
        for invoice in page.items:
            row = truth.pop(invoice.access_key)
            assert (int(invoice.number), invoice.state) == (row["numeroNota"], InvoiceState.AUTHORIZED)
            assert invoice.series == "1"
            assert invoice.amount is not None
            assert invoice.issued_on is not None
            assert invoice.ecommerce_number == row["numeroPedidoEcommerce"]
            assert invoice.order_external_id == (str(row["id"]) if names_orders else "")
            single = seller.get_invoice(invoice.external_id)
            assert single.order_external_id == str(row["id"]), "the single nota always tells"
            for name in ("number", "series", "access_key", "state", "issued_on", "amount"):
                assert getattr(single, name) == getattr(invoice, name), name
        assert not truth

    @pytest.mark.parametrize(
        ("situacao", "state"),
        [
            (1, InvoiceState.PENDING),
            (6, InvoiceState.AUTHORIZED),
            (3, InvoiceState.CANCELLED),
            (10, InvoiceState.DENIED),
        ],
    )
    def test_key_is_told_of_what_sefaz_authorised(
        self, seller: Seller, situacao: int, state: InvoiceState
    ) -> None:
        (row,) = seller.account.add_orders(situacao=1, nota={"situacao": situacao})
        (invoice,) = seller.list_invoices().items
        assert invoice.state == state
        is_proven = state in (InvoiceState.AUTHORIZED, InvoiceState.CANCELLED)
        assert invoice.access_key == (row["chaveAcesso"] if is_proven else "")

    def test_invoices_since_a_day(self, seller: Seller) -> None:
        seller.account.add_orders(situacao=1, nota=True)
        today = seller.list_invoices().items[0].issued_on
        assert today is not None
        assert len(seller.list_invoices(issued_from=today).items) == 1
        assert seller.list_invoices(issued_from=today + dt.timedelta(days=1)).items == ()

    def test_invoice_of_an_order_is_looked_for_where_invoices_name_orders(self, seller: Seller) -> None:
        rows = [seller.account.add_orders(situacao=1, nota=True)[0] for _ in range(2)]
        wanted = str(rows[1]["id"])
        if seller.declared.can(Capability.INVOICES_NAME_ORDERS):
            (invoice,) = seller.list_invoices(order_external_id=wanted).items
            assert invoice.order_external_id == wanted
        else:
            error = self.fail(seller, lambda: seller.list_invoices(order_external_id=wanted))
            assert type(error) is UnsupportedFeature

    def test_invoice_that_is_not_there(self, seller: Seller) -> None:
        error = self.fail(seller, lambda: seller.get_invoice("999999999"))
        assert type(error) is NotFound
        assert error.params["id"] == "999999999"

    # -- shipping methods ------------------------------------------------------------------------------

    def test_shipping_methods(self, seller: Seller) -> None:
        methods = seller.provider.list_shipping_methods(seller)
        assert {"Correios", "Jadlog"} <= {method.name for method in methods}
        assert len({method.external_id for method in methods}) == len(methods)
        assert all(method.external_id and method.kind for method in methods)
        types = {method.name: method.type_code for method in methods}
        assert (types["Correios"], types["Jadlog"]) == self.types_of_methods

    def test_order_or_its_method_tells_the_type(self, seller: Seller) -> None:
        methods = {row.name: row for row in seller.provider.list_shipping_methods(seller)}
        carriage = {"formaEnvio": {"id": int(methods["Jadlog"].external_id), "nome": "Jadlog"}}
        (row,) = seller.account.add_orders(**{**ORDER, "transportador": carriage})
        shipment = seller.get_order(row["id"]).order.shipment
        by_id = {method.external_id: method.type_code for method in methods.values()}
        assert shipment.shipping_method_type or by_id[shipment.shipping_method_id] == "v3:7"
        assert shipment.shipping_method_type in ("", "J")

    # -- «Testar» --------------------------------------------------------------------------------------

    @pytest.mark.parametrize("limit", [0, 60])
    def test_healthy_account_passes_every_check(self, seller: Seller, limit: int) -> None:
        limits = {"read_limit": limit, "v2_limit": limit, "window": "sliding"}
        seller.tiny.control("PATCH", f"accounts/{seller.account.id}", limits)
        steps = seller.check()
        assert [(step.key, step.title) for step in steps] == list(seller.declared.checks)
        for step in steps:
            is_unproven = step.key in self.unproven_checks
            assert step.state == (CheckState.NOT_CHECKED if is_unproven else CheckState.OK), step
            assert step.detail.endswith(".")
            assert not step.is_fatal
        (said,) = [step.detail for step in steps if step.key == "limit"]
        assert ("60" in said) is (limit == 60)

    def test_checks_read_only(self, seller: Seller) -> None:
        seller.account.add_orders(**ORDER)
        before = seller.account.list_orders()
        seller.check()
        assert seller.account.list_orders() == before

    def test_dead_access_ends_the_checks(self, seller: Seller) -> None:
        seller.kill_access()
        *good, last = seller.check()
        assert [step.key for step in good] == ["address"]
        assert (last.key, last.state, last.is_fatal) == ("access", CheckState.FAILURE, True)
        assert last.remedy
        assert last.action in ("connect", "edit_credentials")

    def test_access_to_another_account_ends_the_checks(self, seller: Seller) -> None:
        last = seller.check("12ABC34501DE35")[-1]
        assert (last.key, last.state, last.is_fatal) == ("access", CheckState.FAILURE, True)
        assert "LOJA EXEMPLO LTDA" in last.detail

    def test_checks_of_a_new_connection_accept_any_account(self, seller: Seller) -> None:
        assert len(seller.check("")) == len(seller.declared.checks)

    def test_erp_that_is_away_is_the_first_check_s_news(self, seller: Seller) -> None:
        seller.lay("*", preset="error_500", times=None)
        *_, last = seller.check()
        assert (last.key, last.state, last.is_fatal) == ("access", CheckState.FAILURE, True)
        assert last.detail == "O Tiny está instável."

    # -- errors ----------------------------------------------------------------------------------------

    def test_dead_access_is_an_error_of_its_own(self, seller: Seller) -> None:
        seller.kill_access()
        with pytest.raises(AuthenticationFailed) as caught:
            seller.provider.get_account(seller)
        self.explain(seller, caught.value)

    @pytest.mark.parametrize("preset", ["error_500", "error_503", "html_502", "html_200", "drop"])
    def test_trouble_at_the_erp_passes(self, seller: Seller, preset: str) -> None:
        seller.account.add_orders(**ORDER)
        seller.lay("*", preset=preset, times=None)
        calls: list[Callable[[], Any]] = [
            lambda: seller.provider.get_account(seller),
            seller.list_orders,
            lambda: seller.get_order(1),
            seller.list_invoices,
            lambda: seller.get_invoice(1),
            lambda: seller.provider.list_shipping_methods(seller),
        ]
        for call in calls:
            with pytest.raises(TemporaryError) as caught:
                call()
            self.explain(seller, caught.value)
        seller.tiny.control("POST", "faults/clear")
        assert len(seller.list_orders().items) == 1

    def test_every_call_is_written_down_and_takes_a_slot(self, seller: Seller) -> None:
        seller.account.add_orders(**ORDER, nota=True)
        seller.account.clear_calls()
        invoice = seller.list_invoices().items[0]
        seller.get_invoice(invoice.external_id)
        seller.provider.list_shipping_methods(seller)
        seller.get_order(seller.list_ids()[0])
        seller.provider.get_account(seller)
        assert sum(seller.account.count_calls().values()) == len(seller.calls) == len(seller.slots) == 6
        assert set(seller.slots) == {"read"}
        assert [(call.status, call.error, call.response_excerpt) for call in seller.calls] == [
            (200, "", "")
        ] * 6
        for call in seller.calls:
            assert seller.access_token() not in repr(call)

    # -- helpers ---------------------------------------------------------------------------------------

    def situation_of(self, row: dict[str, Any]) -> str:
        return SITUATIONS[row["situacao"]]


def read_everything(read: Callable[[int], Page[Any]], most: int = 20) -> tuple[Reading, list[str]]:
    """A reading from the beginning, and every row's id in the order in which they came."""
    reading, ids = Reading(), []
    for _ in range(most):
        page = read(reading.offset)
        ids.extend(page.row_ids)
        reading = advance(reading, page)
        if reading.is_done:
            break
    return reading, ids
