"""What becomes of a notification: for whom it is, what it is about, whether its stock counts, what it did."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from contracts.notifications import ErpNotification, NotificationKind, NotifiedProduct
from webhooks.deciding import (
    Account,
    Entity,
    find_entity,
    find_refusal,
    is_stock_alone,
    join_effects,
    list_effect,
    list_facts,
    list_product_effect,
    may_count,
)

OURS = Account("11222333000181", "13572")
STOCK = ErpNotification(
    NotificationKind.STOCK,
    "estoque",
    account_document="11222333000181",
    integrator_id="13572",
    external_id="900",
    sku="VASO",
    stock=Decimal("7"),
    stock_kind="available",
)
SALE = ErpNotification(
    NotificationKind.SITUATION, "situacao_pedido", external_id="77", ecommerce_number="X-1"
)


def change(label: str, before: str, after: str) -> dict[str, str]:
    return {"label": label, "before": before, "after": after}


@pytest.mark.parametrize(
    ("document", "integrator_id", "account", "reason"),
    [
        ("11222333000181", "13572", OURS, ""),
        ("11444777000161", "13572", OURS, "webhook.other_account"),
        ("11222333000181", "13573", OURS, "webhook.other_integrator"),
        ("11444777000161", "13573", OURS, "webhook.other_account"),
        # What is not told, or not known, proves nothing.
        ("", "", OURS, ""),
        ("11444777000161", "13573", Account("", ""), ""),
    ],
)
def test_a_notification_is_for_one_account(
    document: str, integrator_id: str, account: Account, reason: str
) -> None:
    told = replace(STOCK, account_document=document, integrator_id=integrator_id)
    assert find_refusal(told, account) == reason


@pytest.mark.parametrize(
    ("notification", "entity"),
    [
        (STOCK, "product:900"),
        (replace(STOCK, external_id=""), "sku:VASO"),
        (replace(STOCK, kind=NotificationKind.PRICE, external_id=""), "sku:VASO"),
        (
            ErpNotification(
                NotificationKind.PRODUCT,
                products=(NotifiedProduct("1", "", ""), NotifiedProduct("2", "", "A")),
            ),
            "sku:A",
        ),
        (SALE, "order:77"),
        (replace(SALE, external_id=""), "ecommerce:X-1"),
        (ErpNotification(NotificationKind.INVOICE, invoice_id="5"), "invoice:5"),
        (ErpNotification(NotificationKind.INVOICE, invoice_id="5", ecommerce_number="X-1"), "ecommerce:X-1"),
    ],
)
def test_it_is_about_what_it_names_best(notification: ErpNotification, entity: str) -> None:
    assert str(find_entity(notification)) == entity
    assert str(Entity.from_text(entity)) == entity


def test_a_name_may_have_a_colon() -> None:
    assert Entity.from_text("sku:A:B") == Entity("sku", "A:B")


def test_facts_are_what_was_told_and_nothing_else() -> None:
    assert list_facts(STOCK, {}) == {
        "external_id": "900",
        "sku": "VASO",
        "stock": "7",
        "stock_kind": "available",
    }
    told = replace(SALE, situation="enviado", tracking_code="A" * 300)
    facts = list_facts(told, {"enviado": "Enviado"})
    assert facts["situation_label"] == "Enviado"
    assert len(facts["tracking_code"]) == 200
    assert list_facts(replace(STOCK, stock=Decimal(0)), {})["stock"] == "0"


@pytest.mark.parametrize(
    ("told", "account", "is_replay", "is_doubtful", "counts"),
    [
        (STOCK, OURS, False, False, True),
        (replace(STOCK, stock=Decimal(0)), OURS, False, False, True),
        (replace(STOCK, stock=None), OURS, False, False, False),
        (replace(STOCK, kind=NotificationKind.PRODUCT), OURS, False, False, False),
        (replace(STOCK, account_document=""), OURS, False, False, False),
        (replace(STOCK, account_document=""), Account("", ""), False, False, False),
        # Another product may have the same SKU.
        (replace(STOCK, external_id=""), OURS, False, False, False),
        (STOCK, OURS, True, False, False),
        (STOCK, OURS, False, True, False),
    ],
)
def test_stock_counts_before_it_is_confirmed_only_if_nothing_speaks_against_it(
    told: ErpNotification, account: Account, is_replay: bool, is_doubtful: bool, counts: bool
) -> None:
    assert may_count(told, account, is_replay=is_replay, is_doubtful=is_doubtful) is counts


def test_effects_are_words_and_only_of_what_changed() -> None:
    changes = {
        "stock": (Decimal("10.0000"), Decimal("0.0000")),
        "price": (None, Decimal("5.5")),
        "description": ("a", "b"),
    }
    assert list_product_effect(changes) == [
        change("Preço", "", "R$\xa05,50"),
        change("Estoque", "10", "0"),
    ]
    assert list_effect({"Status": ("A", "A"), "Rastreio": ("", "X")}) == [change("Rastreio", "", "X")]


@pytest.mark.parametrize(
    ("first", "later", "joined"),
    [
        ([], [], []),
        ([change("Estoque", "10", "7")], [], [change("Estoque", "10", "7")]),
        ([change("Estoque", "10", "7")], [change("Estoque", "7", "6")], [change("Estoque", "10", "6")]),
        ([change("Estoque", "10", "7")], [change("Estoque", "7", "10")], []),
        ([], [change("Estoque", "10", "7")], [change("Estoque", "10", "7")]),
        (
            [change("Estoque", "10", "7")],
            [change("Preço", "1", "2")],
            [change("Estoque", "10", "7"), change("Preço", "1", "2")],
        ),
    ],
)
def test_what_counted_and_what_was_then_confirmed_are_one_change(
    first: list[dict[str, str]], later: list[dict[str, str]], joined: list[dict[str, str]]
) -> None:
    kept = [dict(one) for one in first]
    assert join_effects(first, later) == joined
    assert first == kept


@pytest.mark.parametrize(
    ("kinds", "is_alone"),
    [
        ([], False),
        (["stock"], True),
        (["stock", "stock"], True),
        (["stock", "price"], False),
        (["price"], False),
    ],
)
def test_stock_alone_costs_fewer_calls(kinds: list[str], is_alone: bool) -> None:
    assert is_stock_alone(kinds) is is_alone
