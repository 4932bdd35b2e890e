"""What Tiny tells by itself names what both protocols then find, with the same values."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from contracts.errors import MappingError
from contracts.notifications import ErpNotification, NotificationKind
from tests.contracts.provider_suite import ORDER
from tests.simulated_tiny import SimulatedAccount, SimulatedTiny
from tests.tiny.sellers import DOCUMENT, OAuthSeller, Seller, TokenSeller

INTEGRATION_KINDS = ("estoque", "precos", "produto", "situacao_pedido", "rastreio", "nota_fiscal")
ACCOUNT_KINDS = ("vendas", "envios", "estoque", "nota_fiscal")
# Nobody listens there: what is queued is read from the queue.
NOWHERE = "http://127.0.0.1:9/"


class Told:
    """An account whose notifications are all queued, by an integration and by the account itself."""

    def __init__(self, tiny: SimulatedTiny) -> None:
        self.tiny = tiny
        self.account: SimulatedAccount = tiny.add_account(DOCUMENT)
        self.sellers: tuple[Seller, Seller] = (
            OAuthSeller(tiny, self.account),
            TokenSeller(tiny, self.account),
        )
        self.integrator_id = self.account.add_integration("Loja")["ecommerce_id"]
        self.account.save_urls(dict.fromkeys(INTEGRATION_KINDS, NOWHERE), self.integrator_id)
        self.account.save_urls(dict.fromkeys(ACCOUNT_KINDS, NOWHERE))

    def read(self, **filters: str) -> list[ErpNotification]:
        read = self.sellers[0].provider.read_notification
        return [read(row["body"]) for row in self.account.list_notifications(**filters)]

    def add_order(self, **fields: Any) -> dict[str, Any]:
        ecommerce = {"id": int(self.integrator_id), "nome": "Loja", "numeroPedidoEcommerce": "MLB-77"}
        (row,) = self.account.add_orders(**{**ORDER, "ecommerce": ecommerce, **fields})
        return dict(row)


@pytest.fixture
def told(tiny: SimulatedTiny) -> Iterator[Told]:
    told = Told(tiny)
    yield told
    for seller in told.sellers:
        seller.http.close()


def test_every_notification_says_whose_it_is(told: Told) -> None:
    product = told.account.add_product(sku="CAN-1", saldo=3)
    told.account.set_stock(product["id"], 8)
    told.add_order()
    by_integration = told.read(ecommerce_id=told.integrator_id)
    everything = told.read()
    assert {notification.account_document for notification in everything} == {DOCUMENT}
    assert {notification.integrator_id for notification in by_integration} == {told.integrator_id}
    assert {notification.integrator_id for notification in everything} == {told.integrator_id, ""}


@pytest.mark.parametrize(("letter", "kind"), [("F", "physical"), ("D", "available")])
def test_stock(told: Told, letter: str, kind: str) -> None:
    told.tiny.control("PATCH", f"accounts/{told.account.id}", {"reserves_stock": True})
    told.account.set_rules(told.integrator_id, stock_kind=letter)
    product = told.account.add_product(sku="CAN-1", saldo=10)
    item = {"produto": {"id": product["id"], "sku": "CAN-1", "descricao": "Caneca", "tipo": "P"}}
    told.add_order(itens=[{**item, "quantidade": 2, "valorUnitario": 1, "infoAdicional": ""}])
    told.account.clear_notifications()
    told.account.set_stock(product["id"], 8.25)

    by_integration, by_account = sorted(told.read(tipo="estoque"), key=lambda one: not one.integrator_id)

    for notification in (by_integration, by_account):
        assert notification.kind == NotificationKind.STOCK
        assert (notification.external_id, notification.sku) == (str(product["id"]), "CAN-1")
    assert (by_integration.stock_kind, by_account.stock_kind) == (kind, "physical")
    for seller in told.sellers:
        stock = seller.get_stock(by_integration.external_id)
        assert by_account.stock == stock.balance == Decimal("8.25")
        assert by_integration.stock == stock.balance - (stock.reserved if letter == "D" else 0)
        assert stock.reserved == 2


def test_a_price(told: Told) -> None:
    product = told.account.add_product(sku="CAN-1", preco=10, precoPromocional=0)
    told.account.clear_notifications()
    told.account.change_product(product["id"], preco=12.9, precoPromocional=11)

    (notification,) = told.read(tipo="precos")

    assert (notification.kind, notification.sku) == (NotificationKind.PRICE, "CAN-1")
    for seller in told.sellers:
        row = seller.get_product(product["id"]).row
        assert (notification.price, notification.promotional_price) == (row.price, row.promotional_price)
    assert (notification.price, notification.promotional_price) == (Decimal("12.9"), Decimal(11))


def test_a_product_with_its_variations(told: Told) -> None:
    made = told.account.add_product(sku="CAM", variacoes=[{"sku": "CAM-P"}, {"sku": "CAM-G"}])

    notification = told.read(tipo="produto")[-1]

    assert notification.kind == NotificationKind.PRODUCT
    assert (notification.external_id, notification.sku) == (str(made["id"]), "CAM")
    rows = {row["sku"]: str(row["id"]) for row in told.account.list_products()}
    assert [(product.sku, product.external_id) for product in notification.products] == [
        (sku, rows[sku]) for sku in ("CAM", "CAM-P", "CAM-G")
    ]
    mappings = {row["sku"]: str(row["idMapeamento"]) for row in told.account.list_mappings()}
    assert {product.sku: product.mapping_id for product in notification.products} == mappings


def test_an_order_and_what_becomes_of_it(told: Told) -> None:
    order = told.add_order(situacao=3)
    order_id = str(order["id"])
    (new,) = told.read(tipo="inclusao_pedido")
    assert (new.kind, new.external_id, new.invoice_id) == (NotificationKind.ORDER, order_id, "")
    for seller in told.sellers:
        found = seller.get_order(order_id).order
        assert (new.number, new.situation) == (found.number, found.situation)
    assert (new.ecommerce_number, new.situation) == ("MLB-77", "aprovado")

    told.account.clear_notifications()
    told.account.change_order(order_id, situacao=5)
    everything = told.read()
    assert {one.external_id for one in everything} == {order_id}
    assert {one.situation for one in everything} == {"enviado"}
    assert {one.kind for one in everything} == {NotificationKind.SITUATION, NotificationKind.ORDER}
    for seller in told.sellers:
        assert seller.get_order(order_id).order.situation == "enviado"


def test_tracking(told: Told) -> None:
    order = told.add_order(situacao=1)
    told.account.clear_notifications()
    told.account.change_order(order["id"], tracking="QB123456789BR")
    (notification,) = told.read(tipo="rastreio")
    assert notification.kind == NotificationKind.TRACKING
    assert (notification.external_id, notification.ecommerce_number) == (str(order["id"]), "MLB-77")
    for seller in told.sellers:
        shipment = seller.get_order(order["id"]).order.shipment
        assert notification.tracking_code == shipment.tracking_code == "QB123456789BR"


def test_a_nota(told: Told) -> None:
    order = told.add_order(situacao=3)
    told.account.change_order(order["id"], nota=True)
    notifications = told.read(tipo="nota_fiscal")
    assert {one.integrator_id for one in notifications} == {told.integrator_id, ""}
    for notification in notifications:
        assert (notification.kind, notification.ecommerce_number) == (NotificationKind.INVOICE, "MLB-77")
        for seller in told.sellers:
            invoice = seller.get_invoice(notification.invoice_id)
            assert notification.number.lstrip("0") == invoice.number.lstrip("0")
            assert invoice.order_external_id == str(order["id"])


@pytest.mark.parametrize("action", ["latin1", "form", "text_dados"])
def test_other_bytes_say_the_same(told: Told, action: str) -> None:
    product = told.account.add_product(sku="CAFÉ-1", saldo=3)
    told.account.clear_notifications()
    told.account.set_stock(product["id"], 8)
    plain = told.read()
    told.account.set_stock(product["id"], 3)
    told.account.clear_notifications()
    told.tiny.add_sender_fault(action)
    told.account.set_stock(product["id"], 8)
    assert plain == told.read()
    assert {one.stock for one in plain} == {8}
    assert {one.sku for one in plain} == {"CAFÉ-1"}


@pytest.mark.parametrize(
    ("action", "code", "params"),
    [
        ("broken_json", "tiny.notification_unreadable", {}),
        ("unknown_tipo", "tiny.notification_type_unknown", {"type_name": "lancamento_novo"}),
        ("comma", "tiny.notification_value_invalid", {"field": "saldo", "type_name": "estoque"}),
    ],
)
def test_what_cannot_be_read_is_refused(told: Told, action: str, code: str, params: dict[str, str]) -> None:
    product = told.account.add_product(sku="CAN-1", saldo=3)
    told.account.clear_notifications()
    told.tiny.add_sender_fault(action)
    told.account.set_stock(product["id"], 8)
    bodies = [row["body"] for row in told.account.list_notifications()]
    assert len(bodies) == 2
    for body in bodies:
        with pytest.raises(MappingError) as caught:
            told.sellers[0].provider.read_notification(body)
        assert (caught.value.code, caught.value.params) == (code, params)


def test_stock_of_no_known_kind(told: Told) -> None:
    product = told.account.add_product(sku="CAN-1", saldo=3)
    told.account.clear_notifications()
    told.tiny.add_sender_fault("no_tipo_estoque")
    told.account.set_stock(product["id"], 8)
    assert [(one.stock, one.stock_kind) for one in told.read()] == [(8, ""), (8, "")]
