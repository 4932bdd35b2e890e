"""Orders and buyers that are written at the simulator by API v2, as they are read back."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from contracts.errors import AlreadyExists, ErpError, NotFound, RateLimited, RejectedByErp, TemporaryError
from contracts.records import (
    CustomerDraft,
    ErpInstallment,
    ErpOrderItem,
    ErpSeller,
    OrderChange,
    OrderQuery,
)
from tests.tiny.sellers import DEADLINE, TokenSeller
from tests.tiny.v2 import drafts
from tiny.v2 import TinyV2

NEW_ORDER = "POST /api2/pedido.incluir.php"
SELLER = ErpSeller("334779701", "Vendas internas", "V1")
VARIETIES = [0, 3, 7, 11]


@pytest.fixture
def api(seller: TokenSeller) -> TinyV2:
    return TinyV2(seller)


@pytest.fixture(params=VARIETIES)
def varied(request: pytest.FixtureRequest, seller: TokenSeller) -> TokenSeller:
    """The seller, and a Tiny that shows the same things in odd forms."""
    seller.tiny.control("PATCH", f"accounts/{seller.account.id}", {"v2_variety": request.param})
    return seller


def list_ids(api: TinyV2, **query: Any) -> list[str]:
    return list(api.list_orders(OrderQuery(**query), offset=0).row_ids)


def test_an_order_comes_back_as_it_was_written(varied: TokenSeller) -> None:
    api = TinyV2(varied)
    product = varied.account.add_product(sku="CMS-AZUL-M", descricao="Camisa Azul", preco=50.25)
    items = (
        drafts.item(product_id=str(product["id"]), quantity=Decimal("2.5")),
        drafts.item(product_id="", sku="AVULSO", description="Brinde & laço", unit_price=Decimal("0.01")),
    )
    draft = drafts.order(items=items, seller_id=SELLER.external_id)
    external_id = api.create_order(draft)
    detail = api.get_order(external_id)
    assert detail.order.external_id == external_id
    assert (detail.key, detail.seller_id) == (draft.key, SELLER.external_id)
    assert detail.order.ecommerce_number == "TRK-1001"
    assert (detail.order.situation, detail.order.placed_on) == ("aprovado", draft.placed_on)
    assert detail.items == (
        ErpOrderItem(str(product["id"]), "CMS-AZUL-M", "Camisa Azul - M", Decimal("2.5"), Decimal("50.25")),
        ErpOrderItem("", "AVULSO", "Brinde & laço", Decimal(2), Decimal("0.01")),
    )
    assert detail.installments == tuple(
        ErpInstallment(parcel.amount, parcel.due_on, "credito", parcel.notes) for parcel in draft.installments
    )
    assert (detail.freight, detail.discount) == (draft.freight, draft.discount)
    assert (detail.expected_on, detail.notes) == (draft.expected_on, draft.notes)
    assert detail.delivery_address == drafts.WORK
    buyer = detail.order.customer
    assert buyer is not None
    assert (buyer.name, buyer.kind, buyer.document) == ("Maria & Filhos", "PF", "52998224725")
    assert (buyer.email, buyer.phone, buyer.address) == ("maria@example.com", "5432000100", drafts.HOME)
    assert varied.account.count_calls()[NEW_ORDER] == 1


def test_an_order_is_found_by_its_number_its_buyer_and_his_name(seller: TokenSeller, api: TinyV2) -> None:
    name = "Maria Aparecida dos Santos de Oliveira"
    first = api.create_order(drafts.order(customer=drafts.customer(name=name)))
    other = drafts.customer(name="Bia", document="11144477735")
    second = api.create_order(drafts.order(key="B", ecommerce_number="TRK-10011", customer=other))
    # Tiny finds loosely, and rows that have another number stay in the page.
    page = api.list_orders(OrderQuery(ecommerce_number="TRK-1001"), offset=0)
    assert [(row.external_id, row.ecommerce_number) for row in page.items] == [
        (first, "TRK-1001"),
        (second, "TRK-10011"),
    ]
    assert list_ids(api, ecommerce_number="TRK-10011") == [second]
    assert list_ids(api, document="52998224725") == [first]
    assert list_ids(api, document="11144477735", created_from=dt.date(2026, 9, 18)) == [second]
    assert list_ids(api, document="11144477735", created_from=dt.date(2026, 9, 19)) == []
    assert list_ids(api, customer_name=name) == [first]
    assert list_ids(api, customer_name="Nenhuma") == []
    assert "52998224725" not in repr(seller.calls)
    assert "Maria" not in repr(seller.calls)


def test_a_buyer_whom_tiny_knows_stays_as_he_is_there(api: TinyV2) -> None:
    kept = api.create_customer(drafts.customer(email="antiga@example.com"))
    order_id = api.create_order(drafts.order(customer=drafts.customer(name="Outro Nome")))
    (known,) = api.find_customers(document="52998224725")
    assert (known.external_id, known.name, known.email) == (kept, "Maria & Filhos", "antiga@example.com")
    buyer = api.get_order(order_id).order.customer
    assert buyer is not None
    assert buyer.name == "Maria & Filhos"


def test_a_buyer_without_document_is_known_again_by_his_code(api: TinyV2) -> None:
    foreigner = drafts.customer(name="Ann Lee", kind="", document="", code="EN-000042")
    for key in ("A", "B"):
        api.create_order(drafts.order(key=key, customer=foreigner))
    (found,) = api.find_customers(code="EN-000042")
    assert (found.name, found.document) == ("Ann Lee", "")
    assert api.find_customers(code="EN-00004") == ()


FAULTS = [
    ({"preset": "slow_bytes"}, TemporaryError, "http.timeout", 1),
    ({"preset": "drop_after"}, TemporaryError, "http.interrupted", 1),
    ({"preset": "broken_off"}, TemporaryError, "http.interrupted", 1),
    ({"preset": "truncated"}, TemporaryError, "tiny.unreadable_answer", 1),
    ({"preset": "html_200"}, TemporaryError, "tiny.unreadable_answer", 0),
    ({"preset": "drop"}, TemporaryError, "http.interrupted", 0),
    ({"preset": "error_500"}, TemporaryError, "tiny.unstable", 0),
    ({"preset": "v2_blocked"}, RateLimited, "tiny.v2_too_many_per_minute", 0),
    ({"preset": "v2_concurrent"}, RateLimited, "tiny.v2_too_many_at_once", 0),
    ({"preset": "v2_code_35"}, TemporaryError, "tiny.v2_unexpected", 0),
    ({"preset": "v2_maintenance"}, TemporaryError, "tiny.v2_maintenance", 0),
    ({"preset": "v2_code_30"}, AlreadyExists, "tiny.order_repeated", 0),
    ({"preset": "v2_code_31"}, RejectedByErp, "tiny.v2_invalid", 0),
    ({"preset": "v2_code_32"}, RejectedByErp, "tiny.order_names_missing", 0),
]


@pytest.mark.parametrize(("fault", "kind", "code", "made"), FAULTS, ids=lambda value: str(value)[:40])
def test_one_call_and_at_most_one_order_whatever_tiny_does(
    seller: TokenSeller,
    api: TinyV2,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, Any],
    kind: type[ErpError],
    code: str,
    made: int,
) -> None:
    monkeypatch.setattr("tiny.v2.client.DEADLINE_SECONDS", DEADLINE)
    seller.lay(NEW_ORDER, **fault)
    with pytest.raises(ErpError) as caught:
        api.create_order(drafts.order())
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert len(seller.calls) == 1
    seller.tiny.control("POST", "faults/clear")
    found = list_ids(api, ecommerce_number="TRK-1001")
    assert len(found) == made
    assert [api.get_order(external_id).key for external_id in found] == ["E7K2M9QX4T"] * made


def test_an_order_that_lacks_something_is_refused_by_tiny_in_its_words(
    seller: TokenSeller, api: TinyV2
) -> None:
    draft = drafts.order(customer=CustomerDraft(name="", document="52998224725"), items=())
    with pytest.raises(RejectedByErp) as caught:
        api.create_order(draft)
    assert (caught.value.code, caught.value.params["reason"]) == (
        "tiny.v2_invalid",
        "O nome do cliente deve ser informado; O pedido deve ter ao menos um item",
    )
    assert list_ids(api) == []
    assert api.find_customers(document="52998224725") == ()


def test_what_can_still_be_changed_of_an_order(varied: TokenSeller) -> None:
    api = TinyV2(varied)
    external_id = api.create_order(drafts.order())
    before = api.get_order(external_id)
    for _ in range(2):
        api.change_order(external_id, OrderChange(expected_on=dt.date(2026, 12, 24)))
        api.change_order(external_id, OrderChange(notes="Olá & até"))
    after = api.get_order(external_id)
    assert after.order == before.order
    assert after == dataclasses.replace(
        before, order=after.order, expected_on=dt.date(2026, 12, 24), notes="Olá & até"
    )
    for situation in ("cancelado", "cancelado", "nao_entregue"):
        api.set_situation(external_id, situation)
        assert api.get_order(external_id).order.situation == situation
    for call in (
        lambda: api.change_order("999999999", OrderChange(notes="x")),
        lambda: api.set_situation("999999999", "cancelado"),
    ):
        with pytest.raises(NotFound) as caught:
            call()
        assert caught.value.code == "tiny.order_not_found"


def test_a_customer_is_made_found_and_changed(varied: TokenSeller) -> None:
    api = TinyV2(varied)
    external_id = api.create_customer(drafts.customer())
    (before,) = api.find_customers(document="52998224725")
    address = dataclasses.replace(drafts.HOME, country="")
    assert (before.external_id, before.name, before.address) == (external_id, "Maria & Filhos", address)
    assert (before.kind, before.email, before.phone) == ("PF", "maria@example.com", "5432000100")
    varied.slots.clear()
    api.update_customer(external_id, drafts.customer())
    assert varied.slots == ["read"], "nothing differs"
    api.update_customer(external_id, CustomerDraft(name="Maria Nova", phone="11999990000"))
    (after,) = api.find_customers(document="52998224725")
    assert after == dataclasses.replace(before, name="Maria Nova", phone="11999990000")
    assert "batch" in varied.slots


def test_a_customer_whom_tiny_has_already_is_refused(api: TinyV2) -> None:
    api.create_customer(drafts.customer())
    with pytest.raises(RejectedByErp) as caught:
        api.create_customer(drafts.customer(name="Outra"))
    assert caught.value.code == "tiny.v2_duplicate"
    with pytest.raises(NotFound) as gone:
        api.update_customer("999999999", drafts.customer())
    assert (gone.value.code, gone.value.params) == ("tiny.customer_not_found", {"id": "999999999"})


def test_salespeople(varied: TokenSeller) -> None:
    assert TinyV2(varied).list_sellers() == (SELLER,)
