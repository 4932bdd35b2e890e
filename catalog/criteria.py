"""Which values of the ERP's product arrive here, and which of ours go there: pure functions."""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from catalog.values import FIELDS, Values, fit, from_json, list_price


class StockKind(enum.StrEnum):
    AVAILABLE = "available"
    PHYSICAL = "physical"


@dataclass(frozen=True, slots=True)
class Criteria:
    """«Critérios de atualização de produtos» of one integration.

    ``warehouse`` is a depósito's name, ``""`` for all that count; ``price_list_id`` is ``""`` for the
    product's own price. ``safety_stock`` units are never offered. ``zeroed_percent`` and ``price_percent``
    are the limits of ``catalog.safety``, 0 for none.
    """

    ignore_category: bool = False
    keep_name: bool = False
    keep_status: bool = False
    ignore_brand: bool = False
    keep_price: bool = False
    keep_promotional_price: bool = False
    keep_stock: bool = False
    keep_images: bool = False
    keep_measures: bool = False
    keep_codes: bool = False
    only_active: bool = False
    skip_without_sku: bool = False
    stock_kind: StockKind = StockKind.AVAILABLE
    warehouse: str = ""
    price_list_id: str = ""
    safety_stock: int = 0
    sends_products: bool = False
    zeroed_percent: int = 30
    price_percent: int = 50

    @classmethod
    def from_choices(cls, choices: Mapping[str, Any]) -> Criteria:
        """What was stored; a choice that did not exist then has its default."""
        known = {item.name: choices[item.name] for item in fields(cls) if item.name in choices}
        if "stock_kind" in known:
            known["stock_kind"] = StockKind(known["stock_kind"])
        return cls(**known)

    def to_choices(self) -> dict[str, Any]:
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def guards(self, guard: str) -> bool:
        return bool(guard) and bool(getattr(self, guard))


# Beside the values by the names of ``FIELDS``: what the ERP told of the stock, and of the chosen price list.
BALANCE, RESERVED, WAREHOUSES, LISTED = "stock_balance", "stock_reserved", "warehouses", "listed"
# An amount of stock that a notification told, with its ``kind``; it counts until the ERP was asked.
TOLD = "told"
# When the reservations ended of which an answer told no more, though what may be sold rose: ``at``.
RELEASED = "released"
# The status that the ERP had told before it knew the product no more.
STATUS_BEFORE = "status_before"
# What was known of the stock is known no more.
NO_STOCK = "no_stock"
PRICES = ("price", "promotional_price")

# The four rules of the ERP's own help page hold when products are sent, too.
SENDING_GUARDS = frozenset({"ignore_category", "keep_name", "keep_status", "ignore_brand"})
# What is ignored does not even come with a new product; what is kept had to begin somewhere.
IGNORING_GUARDS = frozenset({"ignore_category", "ignore_brand"})


@dataclass(frozen=True, slots=True)
class Decision:
    """``changes`` are to be written, ``kept`` are held back by a criterion: field to (ours, the ERP's)."""

    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    kept: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


def decide_update(
    ours: Values | None, theirs: Values, criteria: Criteria, *, is_beginning: bool = False
) -> Decision:
    """What arrives of the ERP's values. ``ours`` is ``None`` for a product that is new here.

    ``is_beginning``: it was made of the list's row, and the rest of what it begins with comes now. A field
    that ``theirs`` does not have, or has as ``None``, is not known and changes nothing; but no promotional
    price is none, and a stock that the ERP no longer tells is known no more.
    """
    changes, kept = {}, {}
    can_be_none = {"promotional_price"} | ({"stock"} if theirs.get(NO_STOCK) else set())
    for name, spec in FIELDS.items():
        incoming = theirs.get(name)
        current = None if ours is None else ours.get(name)
        if name not in theirs or (incoming is None and name not in can_be_none):
            continue
        if incoming == current:
            continue
        is_new = (ours is None or is_beginning) and spec.guard not in IGNORING_GUARDS
        if criteria.guards(spec.guard) and not is_new:
            kept[name] = (current, incoming)
        else:
            changes[name] = (current, incoming)
    return Decision(changes, kept)


def decide_sending(
    ours: Values, theirs: Values | None, criteria: Criteria, changed_here: Collection[str]
) -> Decision:
    """What of ours goes to the ERP; ``theirs`` is ``None`` for a product that is new there.

    To one that is there goes what was changed here and nothing else: the rest may be newer there. Of a new
    one goes all that is not empty. Stock, images and kind are the ERP's alone; so are the prices of a product
    whose price here is that of a list.
    """
    changes, kept = {}, {}
    for name, spec in FIELDS.items():
        outgoing = ours.get(name)
        current = None if theirs is None else theirs.get(name)
        is_meant = name in changed_here if theirs is not None else outgoing not in (None, "", [])
        if not spec.is_sent or not is_meant or outgoing == current:
            continue
        is_new = theirs is None and spec.guard not in IGNORING_GUARDS
        is_of_list = bool(criteria.price_list_id) and name in PRICES and theirs is not None
        is_guarded = spec.guard in SENDING_GUARDS and criteria.guards(spec.guard) and not is_new
        if is_guarded or is_of_list:
            kept[name] = (current, outgoing)
        else:
            changes[name] = (current, outgoing)
    return Decision(changes, kept)


def find_arriving(stored: Values, criteria: Criteria, adjustment: Decimal | None = None) -> dict[str, Any]:
    """What of the ERP's stored values the criteria let count: the stock to offer, the prices of the list.

    ``adjustment`` is the percentage of the chosen list for products that it does not name.
    """
    values = from_json(stored)
    told = stored.get(TOLD, {})
    if told.get("kind") == criteria.stock_kind and not criteria.warehouse:
        values["stock"] = fit(_less_safety(Decimal(told["amount"]), criteria))
    elif BALANCE in stored:
        amounts = {name: (Decimal(one), Decimal(two)) for name, (one, two) in stored[WAREHOUSES].items()}
        balance, reserved = Decimal(stored[BALANCE]), Decimal(stored[RESERVED])
        values["stock"] = fit(offer_stock(balance, reserved, amounts, criteria))
    if "stock" in values or stored.get(NO_STOCK):
        values.setdefault("stock", None)
        values[NO_STOCK] = values["stock"] is None
    if criteria.price_list_id:
        listed = stored.get(LISTED, {})
        named = listed if listed.get("id") == criteria.price_list_id else {}
        for name in PRICES:
            price = None if named.get(name) is None else Decimal(named[name])
            # A list that names the product says all of its prices: no promotion there is none at all.
            is_named = bool(named) and name == "promotional_price"
            values[name] = price if is_named else list_price(values.get(name), price, adjustment)
    return values


def passes(state_is_active: bool, sku: str, criteria: Criteria) -> str:
    """Why the criteria leave out a product that is not here yet, as a code; ``""`` if they do not."""
    if criteria.only_active and not state_is_active:
        return "product.inactive"
    if criteria.skip_without_sku and not sku:
        return "product.without_sku"
    return ""


def offer_stock(
    balance: Decimal | None,
    reserved: Decimal | None,
    warehouses: Mapping[str, tuple[Decimal, Decimal]],
    criteria: Criteria,
) -> Decimal | None:
    """What may be sold: the amount of the chosen kind and depósito less the safety stock, never below 0.

    ``warehouses`` are (balance, reserved) by name. ``None`` means that it is not known: a chosen depósito
    that the ERP does not name for this product is not an empty one.
    """
    if criteria.warehouse:
        if criteria.warehouse not in warehouses:
            return None
        balance, reserved = warehouses[criteria.warehouse]
    if balance is None:
        return None
    if criteria.stock_kind == StockKind.AVAILABLE:
        if reserved is None:
            return None
        balance -= reserved
    return _less_safety(balance, criteria)


def _less_safety(amount: Decimal, criteria: Criteria) -> Decimal:
    return max(Decimal(0), amount - criteria.safety_stock)
