"""What every protocol of every provider does to orders and buyers, told through ``Provider`` alone."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from contracts.errors import AlreadyExists, NotFound, RejectedByErp, TemporaryError, UnsupportedFeature
from contracts.order_status import OrderStatus
from contracts.provider import Capability
from contracts.records import (
    CustomerDraft,
    ErpAddress,
    ErpCustomer,
    ErpInstallment,
    ErpOrderItem,
    ErpSeller,
    ItemDraft,
    OrderChange,
    OrderDraft,
    ShipmentDraft,
)
from tests.contracts.provider_suite import ORDER, Suite
from tests.simulated_tiny import SimulatedTiny
from tests.tiny.sellers import OAuthSeller, Seller
from tiny.v3.client import TinyV3Client

DAY = dt.date(2026, 8, 10)
HOME = ErpAddress("Rua das Flores", "123", "apto 2", "Centro", "Curitiba", "PR", "80010000", "Brasil")
BUYER = CustomerDraft(
    name="Ana de Exemplo",
    kind="PF",
    document="52998224725",
    email="ana@example.com",
    phone="(11) 3200-0100",
    address=HOME,
)
NAMELESS = CustomerDraft(name="Zoé Sem Documento", code="ENT-7")
ELSEWHERE = ErpAddress("Rua B", "9", "", "Gonzaga", "Santos", "SP", "11055000", recipient="Bia")
# All that a contact of the ERP can have, with its own names.
CONTACT: dict[str, Any] = {
    "nome": "Ana de Exemplo",
    "codigo": "C-9",
    "fantasia": "Loja da Ana",
    "tipoPessoa": "F",
    "cpfCnpj": "529.982.247-25",
    "rg": "12.345.678-9",
    "telefone": "(11) 3200-0100",
    "celular": "",
    "email": "ana@example.com",
    "emailNfe": "nfe@example.com",
    "site": "https://example.com",
    "inscricaoMunicipal": "778",
    "dataNascimento": "1990-01-02",
    "observacoes": "Boa cliente",
    "endereco": {
        "endereco": "Rua das Flores", "numero": "123", "complemento": "apto 2", "bairro": "Centro",
        "municipio": "Curitiba", "uf": "PR", "cep": "80.010-000", "pais": "Brasil",
    },
}  # fmt: skip


class OrderWritingSuite(Suite):
    refuses_repetition: ClassVar[bool]
    """Whether the ERP refuses an order that is equal to the last one."""
    creating_route: ClassVar[str]
    """The call by which an order is made."""
    slots_of_an_order: ClassVar[list[str]]
    """What making an order takes."""
    slots_of_a_customer: ClassVar[list[str]]
    """What making a customer takes."""
    country_of_a_row: ClassVar[str] = "Brasil"
    """What the list of customers tells of the country."""
    sellers: ClassVar[tuple[ErpSeller, ...]] = (ErpSeller("334779701", "Vendas internas", "V1"),)

    @pytest.fixture(autouse=True)
    def without_a_catalogue(self, tiny: SimulatedTiny, seller: Seller) -> None:
        tiny.control("PATCH", f"accounts/{seller.account.id}", {"catalogue": False})

    @pytest.fixture
    def truth(self, tiny: SimulatedTiny, seller: Seller) -> Iterator[TinyV3Client]:
        """A second way in, which tells and writes all that a contact has."""
        other = OAuthSeller(tiny, seller.account)
        yield TinyV3Client(other)
        other.http.close()

    @pytest.fixture
    def draft(self, seller: Seller) -> OrderDraft:
        """An order with every field, ready to be sent."""
        items = tuple(
            self.item_of(seller, sku, name, quantity, price)
            for sku, name, quantity, price in (
                ("ABC-1", "Camisa & cia", "2", "55.90"),
                ("ABC-2", "Meia", "1.5", "10.02"),
            )
        )
        return OrderDraft(
            key="E7K3000001",
            placed_on=DAY,
            situation="aprovado",
            customer=BUYER,
            customer_id=self.customer_id_of(seller, BUYER),
            items=items,
            ecommerce_number="MKT-2026/0001",
            delivery_address=ELSEWHERE,
            # 2 × 55.90 + 1.5 × 10.02 - 2.79 + 15.15 = 139.19.
            installments=(
                ErpInstallment(Decimal("69.60"), dt.date(2026, 8, 10)),
                ErpInstallment(Decimal("69.59"), dt.date(2026, 9, 9)),
            ),
            freight=Decimal("15.15"),
            discount=Decimal("2.79"),
            expected_on=dt.date(2026, 12, 24),
            seller_id=self.sellers[0].external_id,
            notes="Entregar na portaria.",
        )

    def item_of(self, seller: Seller, sku: str, name: str, quantity: str, price: str) -> ItemDraft:
        product = seller.account.add_product(sku=sku, descricao=name, preco=1, unidade="UN")
        return ItemDraft(str(product["id"]), sku, name, Decimal(quantity), Decimal(price), "UN")

    def customer_id_of(self, seller: Seller, customer: CustomerDraft) -> str:
        if seller.declared.can(Capability.ORDERS_MAKE_CUSTOMERS):
            return ""
        return seller.provider.create_customer(seller, customer)

    def create(self, seller: Seller, draft: OrderDraft, **changes: Any) -> str:
        return seller.provider.create_order(seller, dataclasses.replace(draft, **changes))

    def find(self, seller: Seller, key: str, **query: Any) -> list[str]:
        """The orders with our key, looked up as whoever sends one does before."""
        ids = seller.list_ids(created_from=DAY, **query)
        return [external_id for external_id in ids if seller.get_order(external_id).key == key]

    # -- new orders ------------------------------------------------------------------------------------

    def test_new_order_is_there_with_all_that_was_given(self, seller: Seller, draft: OrderDraft) -> None:
        external_id = self.create(seller, draft)
        (row,) = seller.account.list_orders()
        assert external_id == str(row["id"])
        detail = seller.get_order(external_id)
        assert detail.items == tuple(
            ErpOrderItem(item.product_id, item.sku, item.description, item.quantity, item.unit_price)
            for item in draft.items
        )
        assert [(parcel.amount, parcel.due_on) for parcel in detail.installments] == [
            (parcel.amount, parcel.due_on) for parcel in draft.installments
        ]
        assert detail.delivery_address == ELSEWHERE
        assert (detail.products_total, detail.total) == (Decimal("126.83"), Decimal("139.19"))
        assert (detail.freight, detail.discount) == (Decimal("15.15"), Decimal("2.79"))
        assert detail.expected_on == dt.date(2026, 12, 24)
        assert detail.notes == "Entregar na portaria."
        assert (detail.key, detail.seller_id) == ("E7K3000001", "334779701")
        order = detail.order
        assert (order.situation, order.placed_on) == ("aprovado", DAY)
        keeps_number = seller.declared.can(Capability.KEEPS_ECOMMERCE_NUMBER)
        assert order.ecommerce_number == ("MKT-2026/0001" if keeps_number else "")
        customer = order.customer
        assert customer is not None
        assert (customer.name, customer.kind, customer.document) == ("Ana de Exemplo", "PF", "52998224725")
        assert (customer.email, customer.address) == ("ana@example.com", HOME)

    def test_least_that_makes_an_order(self, seller: Seller) -> None:
        draft = OrderDraft(
            key="E7K3000002",
            placed_on=DAY,
            situation="aberto",
            customer=NAMELESS,
            customer_id=self.customer_id_of(seller, NAMELESS),
            items=(self.item_of(seller, "ABC-1", "Camisa", "1", "0.10"),),
        )
        detail = seller.get_order(self.create(seller, draft))
        assert (detail.total, detail.freight, detail.discount) == (Decimal("0.10"), Decimal(0), Decimal(0))
        assert (detail.delivery_address, detail.expected_on, detail.seller_id) == (None, None, "")
        assert (detail.notes, detail.key, detail.installments) == ("", "E7K3000002", ())
        assert detail.order.customer is not None
        assert (detail.order.customer.name, detail.order.customer.document) == ("Zoé Sem Documento", "")

    def test_making_an_order_is_one_call(self, seller: Seller, draft: OrderDraft) -> None:
        seller.account.clear_calls()
        seller.slots.clear()
        self.create(seller, draft)
        assert seller.account.count_calls() == {self.creating_route: 1}
        assert seller.slots == self.slots_of_an_order

    def test_order_is_found_by_its_key(self, seller: Seller, draft: OrderDraft) -> None:
        other = dataclasses.replace(BUYER, name="Bia de Exemplo", document="11144477735")
        first = self.create(seller, draft)
        second = self.create(seller, draft, key="E7K3000002")
        self.create(
            seller,
            draft,
            key="E7K3000003",
            customer=other,
            customer_id=self.customer_id_of(seller, other),
        )
        assert seller.list_ids(created_from=DAY, document=BUYER.document) == [first, second]
        assert seller.list_ids(created_from=DAY + dt.timedelta(days=1), document=BUYER.document) == []
        assert self.find(seller, "E7K3000002", document=BUYER.document) == [second]
        assert self.find(seller, "E7K3000004", document=BUYER.document) == []

    @pytest.mark.parametrize("document", ["529.982.247-25", "52998224725"])
    def test_orders_of_a_document_in_any_form(self, seller: Seller, document: str) -> None:
        (row,) = seller.account.add_orders(**{**ORDER, "cliente": {**ORDER["cliente"], "cpfCnpj": document}})
        seller.account.add_orders(count=3)
        assert seller.list_ids(document="52998224725") == [str(row["id"])]
        assert seller.list_ids(document="11144477735") == []

    def test_order_of_a_buyer_without_document_is_found_by_his_name(
        self, seller: Seller, draft: OrderDraft
    ) -> None:
        self.create(seller, draft)
        customer_id = self.customer_id_of(seller, NAMELESS)
        made = self.create(seller, draft, key="E7K3000002", customer=NAMELESS, customer_id=customer_id)
        assert seller.list_ids(created_from=DAY, customer_name="Zoé Sem Documento") == [made]
        assert self.find(seller, "E7K3000002", customer_name="Zoé Sem Documento") == [made]

    def test_order_is_found_by_the_number_of_the_shop_or_that_is_refused(
        self, seller: Seller, draft: OrderDraft
    ) -> None:
        made = self.create(seller, draft)
        self.create(seller, draft, key="E7K3000002", ecommerce_number="MKT-2026/0002")
        if seller.declared.can(Capability.KEEPS_ECOMMERCE_NUMBER):
            found = seller.list_orders(ecommerce_number="MKT-2026/0001").items
            exact = [row.external_id for row in found if row.ecommerce_number == "MKT-2026/0001"]
            assert exact == [made]
        else:
            error = self.fail(seller, lambda: seller.list_orders(ecommerce_number="MKT-2026/0001"))
            assert type(error) is UnsupportedFeature

    def test_same_order_again(self, seller: Seller, draft: OrderDraft) -> None:
        self.create(seller, draft)
        if self.refuses_repetition:
            error = self.fail(seller, lambda: self.create(seller, draft))
            assert (type(error), error.code) == (AlreadyExists, "tiny.order_repeated")
        else:
            self.create(seller, draft)
        assert len(seller.account.list_orders()) == (1 if self.refuses_repetition else 2)

    def test_buyer_who_is_known_stays_as_he_is(
        self, seller: Seller, truth: TinyV3Client, draft: OrderDraft
    ) -> None:
        (known,) = truth.list_customers(document=BUYER.document)["itens"] or (
            truth.get_customer(str(truth.create_customer(CONTACT)["id"])),
        )
        before = self.contact_of(truth, str(known["id"]))
        customer = dataclasses.replace(BUYER, email="other@example.com", phone="", address=ELSEWHERE)
        self.create(seller, draft, customer=customer)
        assert self.contact_of(truth, str(known["id"])) == before
        assert len(truth.list_customers(document=BUYER.document)["itens"]) == 1

    # -- orders that are there -------------------------------------------------------------------------

    def test_each_situation_is_written(self, seller: Seller, draft: OrderDraft) -> None:
        external_id = self.create(seller, draft)
        codes = {item.code for item in seller.provider.situations} - seller.declared.missing_situations
        for code in sorted(codes):
            for _ in range(2):
                # Repeated it does no harm.
                seller.provider.set_situation(seller, external_id, code)
            assert seller.get_order(external_id).order.situation == code
        assert set(seller.provider.default_situations.values()) <= codes
        assert seller.provider.default_situations.keys() == set(OrderStatus)

    def test_order_is_made_in_any_situation(self, seller: Seller, draft: OrderDraft) -> None:
        codes = {item.code for item in seller.provider.situations} - seller.declared.missing_situations
        for place, code in enumerate(sorted(codes)):
            made = self.create(seller, draft, key=f"K{place}", situation=code)
            assert seller.get_order(made).order.situation == code

    def test_situation_that_is_missing_is_not_written(self, seller: Seller, draft: OrderDraft) -> None:
        external_id = self.create(seller, draft)
        seller.account.clear_calls()
        for code in {*seller.declared.missing_situations, "orcamento"}:
            calls: list[Callable[[], Any]] = [
                lambda code=code: seller.provider.set_situation(seller, external_id, code),
                lambda code=code: self.create(seller, draft, situation=code, key="K2"),
            ]
            for call in calls:
                assert type(self.fail(seller, call)) is UnsupportedFeature
        assert seller.account.count_calls() == {}

    @pytest.mark.parametrize(
        "change",
        [
            {"notes": "Ligar antes."},
            {"notes": ""},
            {"expected_on": dt.date(2026, 12, 31)},
            {"notes": "Ligar antes.", "expected_on": dt.date(2026, 12, 31)},
        ],
    )
    def test_change_of_an_order_leaves_all_else_as_it_is(
        self, seller: Seller, draft: OrderDraft, change: dict[str, Any]
    ) -> None:
        external_id = self.create(seller, draft)
        before = seller.get_order(external_id)
        for _ in range(2):
            seller.provider.change_order(seller, external_id, OrderChange(**change))
            assert seller.get_order(external_id) == dataclasses.replace(before, **change)

    def test_change_of_nothing_is_no_call(self, seller: Seller, draft: OrderDraft) -> None:
        external_id = self.create(seller, draft)
        seller.account.clear_calls()
        seller.provider.change_order(seller, external_id, OrderChange())
        assert seller.account.count_calls() == {}

    def test_code_of_a_parcel_is_written_and_the_carriage_stays(self, seller: Seller) -> None:
        methods = {row.name: row.external_id for row in seller.provider.list_shipping_methods(seller)}
        carriage = {
            "nome": "Rápida Transportes",
            "formaEnvio": {"id": int(methods["Jadlog"]), "nome": "Jadlog"},
            "formaFrete": {"id": int(methods["Jadlog"]) + 1, "nome": ".Package"},
        }
        untracked = {name: value for name, value in ORDER.items() if name != "tracking"}
        (row,) = seller.account.add_orders(**{**untracked, "transportador": carriage})
        external_id = str(row["id"])
        before = seller.get_order(external_id)
        assert before.order.shipment.tracking_code == ""
        url = "https://rastreio.example.com/?a=1&b=2"
        for draft in (
            ShipmentDraft("QQ123456785BR", url),
            ShipmentDraft("QQ123456785BR", url),
            ShipmentDraft("QQ123456785BR"),
        ):
            seller.provider.set_shipment(seller, external_id, draft)
            found = seller.get_order(external_id)
            shipment = dataclasses.replace(
                before.order.shipment, tracking_code="QQ123456785BR", tracking_url=url
            )
            order = dataclasses.replace(before.order, shipment=shipment, row_hash=found.order.row_hash)
            assert found == dataclasses.replace(before, order=order)
        assert found.order.row_hash != before.order.row_hash

    def test_order_that_is_gone_is_not_written(self, seller: Seller, draft: OrderDraft) -> None:
        external_id = self.create(seller, draft)
        seller.account.change_order(external_id, delete=True)
        calls: list[Callable[[], Any]] = [
            lambda: seller.provider.set_situation(seller, external_id, "cancelado"),
            lambda: seller.provider.change_order(seller, external_id, OrderChange(notes="Ligar antes.")),
            lambda: seller.provider.set_shipment(seller, external_id, ShipmentDraft("QQ123456785BR")),
        ]
        for call in calls:
            error = self.fail(seller, call)
            assert (type(error), error.params["id"]) == (NotFound, external_id)
        assert seller.account.list_orders() == []

    # -- people ----------------------------------------------------------------------------------------

    def test_sellers(self, seller: Seller) -> None:
        assert seller.provider.list_sellers(seller) == self.sellers

    @pytest.mark.parametrize("document", ["529.982.247-25", "52998224725"])
    def test_customer_is_found_by_his_document_in_any_form(
        self, seller: Seller, truth: TinyV3Client, document: str
    ) -> None:
        contact = truth.create_customer({**CONTACT, "cpfCnpj": document})
        truth.create_customer({**CONTACT, "nome": "Bia", "cpfCnpj": "11144477735"})
        truth.create_customer({**CONTACT, "nome": "Ana de Exemplo", "cpfCnpj": ""})
        (found,) = seller.provider.find_customers(seller, document="52998224725")
        assert dataclasses.replace(found, document_text="") == ErpCustomer(
            external_id=str(contact["id"]),
            name="Ana de Exemplo",
            kind="PF",
            document="52998224725",
            email="ana@example.com",
            phone="(11) 3200-0100",
            address=dataclasses.replace(HOME, country=self.country_of_a_row),
        )
        assert seller.provider.find_customers(seller, document="11222333000181") == ()

    def test_every_customer_with_the_document_is_told(self, seller: Seller, truth: TinyV3Client) -> None:
        made = [str(truth.create_customer({**CONTACT, "nome": name})["id"]) for name in ("Ana", "Bia")]
        found = seller.provider.find_customers(seller, document="52998224725")
        assert [customer.external_id for customer in found] == made

    def test_customer_is_found_by_his_code_alone(self, seller: Seller, truth: TinyV3Client) -> None:
        codes = ("ENT-7", "ENT-77", "")
        made = [
            truth.create_customer({"nome": "Sem documento ENT-7", "codigo": code})["id"] for code in codes
        ]
        found = seller.provider.find_customers(seller, code="ENT-7")
        assert [customer.external_id for customer in found] == [str(made[0])]
        assert seller.provider.find_customers(seller, code="ENT") == ()
        assert seller.provider.find_customers(seller) == ()

    @pytest.mark.parametrize("draft_of_a_customer", [BUYER, NAMELESS], ids=["full", "least"])
    def test_new_customer_is_there(
        self, seller: Seller, truth: TinyV3Client, draft_of_a_customer: CustomerDraft
    ) -> None:
        customer = draft_of_a_customer
        seller.slots.clear()
        external_id = seller.provider.create_customer(seller, customer)
        assert seller.slots == self.slots_of_a_customer
        told = truth.get_customer(external_id)
        assert (told["nome"], told["codigo"], told["email"]) == (
            customer.name,
            customer.code,
            customer.email,
        )
        (found,) = seller.provider.find_customers(seller, document=customer.document, code=customer.code)
        assert (found.external_id, found.document) == (external_id, customer.document)
        assert found.phone == customer.phone
        assert dataclasses.replace(found.address, country="") == dataclasses.replace(
            customer.address, country=""
        )

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"name": "Ana Maria"}, {"nome": "Ana Maria"}),
            ({"email": "maria@example.com"}, {"email": "maria@example.com"}),
            ({"phone": "(41) 3333-0000"}, {"telefone": "(41) 3333-0000"}),
            ({"kind": "PJ"}, {"tipoPessoa": "J"}),
            (
                {
                    "name": "Ana Maria",
                    "address": ErpAddress("Rua Nova", "5", "casa", "Boa Vista", "Recife", "PE", "50050000"),
                },
                {
                    "nome": "Ana Maria",
                    "endereco": {
                        "endereco": "Rua Nova", "numero": "5", "complemento": "casa", "bairro": "Boa Vista",
                        "municipio": "Recife", "uf": "PE", "cep": "50050000", "pais": "Brasil",
                    },
                },
            ),
            (
                # Moved within the CEP, to a house without complement.
                {"address": ErpAddress("Rua das Rosas", "7", "", "Centro", "Curitiba", "PR", "80010-000")},
                {
                    "endereco": {
                        "endereco": "Rua das Rosas", "numero": "7", "complemento": "", "bairro": "Centro",
                        "municipio": "Curitiba", "uf": "PR", "cep": "80010000", "pais": "Brasil",
                    },
                },
            ),
        ],
    )  # fmt: skip
    def test_change_of_a_customer_leaves_all_else_as_it_is(
        self, seller: Seller, truth: TinyV3Client, changes: dict[str, Any], expected: dict[str, Any]
    ) -> None:
        external_id = str(truth.create_customer(CONTACT)["id"])
        before = self.contact_of(truth, external_id)
        for _ in range(2):
            # Repeated it does no harm.
            seller.provider.update_customer(seller, external_id, CustomerDraft(**{"name": "", **changes}))
            assert self.contact_of(truth, external_id) == {**before, **expected}

    def contact_of(self, truth: TinyV3Client, external_id: str) -> dict[str, Any]:
        """All that is told of a contact, but for when it changed and the punctuation of its CEP."""
        told = dict(truth.get_customer(external_id))
        del told["dataAtualizacao"]
        address = told["endereco"]
        return {**told, "endereco": {**address, "cep": address["cep"].replace(".", "").replace("-", "")}}

    def test_customer_who_is_so_already_is_not_written(self, seller: Seller, truth: TinyV3Client) -> None:
        external_id = str(truth.create_customer(CONTACT)["id"])
        seller.slots.clear()
        seller.provider.update_customer(seller, external_id, BUYER)
        seller.provider.update_customer(seller, external_id, CustomerDraft(name="", phone="1132000100"))
        assert seller.slots == ["read", "read"]

    def test_customer_who_is_gone_is_not_written(self, seller: Seller) -> None:
        error = self.fail(seller, lambda: seller.provider.update_customer(seller, "999999999", BUYER))
        assert (type(error), error.params["id"]) == (NotFound, "999999999")
        assert seller.provider.find_customers(seller, document=BUYER.document) == ()

    def test_customer_without_a_name_is_refused(self, seller: Seller) -> None:
        nobody = CustomerDraft(name="", document=BUYER.document)
        error = self.fail(seller, lambda: seller.provider.create_customer(seller, nobody))
        assert type(error) is RejectedByErp
        assert "nome" in error.params["reason"]
        assert seller.provider.find_customers(seller, document=BUYER.document) == ()

    # -- trouble ---------------------------------------------------------------------------------------

    @pytest.mark.parametrize("preset", ["error_500", "error_503", "html_502", "html_200", "drop"])
    def test_trouble_at_the_erp_passes(
        self, seller: Seller, truth: TinyV3Client, draft: OrderDraft, preset: str
    ) -> None:
        external_id = self.create(seller, draft)
        contact = str(truth.create_customer({**CONTACT, "cpfCnpj": "11144477735"})["id"])
        before = (seller.account.list_orders(), truth.get_customer(contact))
        seller.lay("*", preset=preset, times=None)
        provider = seller.provider
        calls: list[Callable[[], Any]] = [
            lambda: seller.list_orders(document=BUYER.document),
            lambda: self.create(seller, draft, key="E7K3000002"),
            lambda: provider.change_order(seller, external_id, OrderChange(notes="x")),
            lambda: provider.set_situation(seller, external_id, "cancelado"),
            lambda: provider.set_shipment(seller, external_id, ShipmentDraft("QQ123456785BR")),
            lambda: provider.find_customers(seller, document=BUYER.document),
            lambda: provider.create_customer(seller, dataclasses.replace(BUYER, document="39053344705")),
            lambda: provider.update_customer(seller, contact, BUYER),
            lambda: provider.list_sellers(seller),
        ]
        for call in calls:
            error = self.fail(seller, call)
            assert isinstance(error, TemporaryError), error.code
        seller.tiny.control("POST", "faults/clear")
        assert (seller.account.list_orders(), truth.get_customer(contact)) == before
        assert provider.find_customers(seller, document="39053344705") == ()

    @pytest.mark.parametrize("fault", [{"drop_after": True}, {"truncate": 10}, {"break_off": 10}])
    def test_order_whose_answer_is_lost_is_there_once(
        self, seller: Seller, draft: OrderDraft, fault: dict[str, Any]
    ) -> None:
        seller.lay(self.creating_route, **fault)
        seller.account.clear_calls()
        error = self.fail(seller, lambda: self.create(seller, draft))
        assert isinstance(error, TemporaryError)
        assert seller.account.count_calls() == {self.creating_route: 1}
        (row,) = seller.account.list_orders()
        assert self.find(seller, draft.key, document=BUYER.document) == [str(row["id"])]

    def test_every_call_is_written_down_without_the_buyer(self, seller: Seller, draft: OrderDraft) -> None:
        seller.account.clear_calls()
        seller.calls.clear()
        external_id = self.create(seller, draft)
        seller.provider.change_order(seller, external_id, OrderChange(notes="Segredo"))
        seller.provider.set_situation(seller, external_id, "cancelado")
        (customer,) = seller.provider.find_customers(seller, document=BUYER.document)
        seller.provider.update_customer(seller, customer.external_id, CustomerDraft(name="Segredo"))
        seller.provider.create_customer(seller, dataclasses.replace(BUYER, document="39053344705"))
        seller.provider.list_sellers(seller)
        seller.list_orders(document=BUYER.document, customer_name=BUYER.name)
        assert sum(seller.account.count_calls().values()) == len(seller.calls)
        for call in seller.calls:
            assert (call.error, call.response_excerpt) == ("", "")
            assert seller.access_token() not in repr(call)
            for secret in ("Segredo", "Ana", "52998224725", "529.982.247-25", "example.com"):
                assert secret not in repr(call)
