"""What becomes of a notification: pure functions. A reason is a code of ``webhooks.sentences``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from catalog.sentences import describe_value
from catalog.values import FIELDS
from contracts.notifications import ErpNotification, NotificationKind
from webhooks.models import ReceiptState

ABOUT_PRODUCTS = frozenset({NotificationKind.STOCK, NotificationKind.PRICE, NotificationKind.PRODUCT})
# What a summary of a notification may need, if it was told.
FACTS = (
    "external_id", "sku", "ecommerce_number", "number", "situation", "tracking_code", "invoice_id",
    "stock", "stock_kind", "price", "promotional_price",
)  # fmt: skip
LONGEST_FACT = 200
# A change is shown from what to what where that is short.
_LONG = frozenset({"description", "images", "components", "attributes"})

Effect = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a notification must be for. What is ``""`` is not known, and proves nothing."""

    document: str
    integrator_id: str


def find_refusal(notification: ErpNotification, account: Account) -> str:
    """Why nothing of it may be taken over, as a code; ``""`` if it may."""
    if _differ(notification.account_document, account.document):
        return "webhook.other_account"
    if _differ(notification.integrator_id, account.integrator_id):
        return "webhook.other_integrator"
    return ""


def _differ(told: str, known: str) -> bool:
    return bool(told and known) and told != known


@dataclass(frozen=True, slots=True)
class Entity:
    """What a notification is about. ``kind`` is product, sku, order, ecommerce or invoice."""

    kind: str
    name: str

    @classmethod
    def from_text(cls, text: str) -> Entity:
        kind, _, name = text.partition(":")
        return cls(kind, name)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


def find_entity(notification: ErpNotification) -> Entity:
    """By the best of the names that it tells. Only the ERP's own identifier is proof against a mix-up."""
    if notification.kind in ABOUT_PRODUCTS:
        if notification.external_id:
            return Entity("product", notification.external_id)
        skus = [notification.sku, *(product.sku for product in notification.products)]
        return Entity("sku", next(filter(None, skus), ""))
    if notification.external_id:
        return Entity("order", notification.external_id)
    if notification.ecommerce_number:
        return Entity("ecommerce", notification.ecommerce_number)
    return Entity("invoice", notification.invoice_id)


def list_facts(notification: ErpNotification, situation_labels: Mapping[str, str]) -> dict[str, str]:
    """What its summary says: each as text, and only what was told."""
    told = ((name, getattr(notification, name)) for name in FACTS)
    facts = {name: str(value)[:LONGEST_FACT] for name, value in told if value not in ("", None)}
    if notification.situation:
        label = situation_labels.get(notification.situation, notification.situation)
        facts["situation_label"] = label[:LONGEST_FACT]
    return facts


def may_count(notification: ErpNotification, account: Account, *, is_replay: bool, is_doubtful: bool) -> bool:
    """Whether its stock may count before the ERP was asked, as far as the notification itself goes.

    It must say for whom it is, and call the product as the ERP does: another one may have its SKU. Neither a
    person's repetition nor a late one of the ERP's is news.
    """
    return (
        notification.kind == NotificationKind.STOCK
        and notification.stock is not None
        and bool(notification.external_id)
        and bool(account.document)
        and notification.account_document == account.document
        and not is_replay
        and not is_doubtful
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a notification ended, once what it announced was read at the ERP, or could not be."""

    state: ReceiptState = ReceiptState.APPLIED
    reason_code: str = ""
    reason_params: Mapping[str, str] = field(default_factory=dict)
    effect: Effect = field(default_factory=list)


def list_product_effect(changes: Mapping[str, tuple[Any, Any]]) -> Effect:
    """``changes`` are by the names of ``catalog.values.FIELDS`` (before, after)."""
    shown = (name for name in FIELDS if name in changes and name not in _LONG)
    return list_effect({FIELDS[name].label: _describe(name, changes[name]) for name in shown})


def _describe(name: str, change: tuple[Any, Any]) -> tuple[str, str]:
    before, after = (describe_value(name, value) for value in change)
    return before, after


def list_effect(changes: Mapping[str, tuple[str, str]]) -> Effect:
    """``changes`` are by label (before, after)."""
    return [
        {"label": label, "before": before, "after": after}
        for label, (before, after) in changes.items()
        if before != after
    ]


def list_stock_effect(before: Decimal | None, after: Decimal | None) -> Effect:
    return list_product_effect({"stock": (before, after)})


def join_effects(first: Effect, later: Effect) -> Effect:
    """What two changes, one after the other, did: what counted for a while and was then confirmed, or not."""
    joined = {change["label"]: dict(change) for change in first}
    for change in later:
        known = joined.setdefault(change["label"], dict(change))
        known["after"] = change["after"]
    return [change for change in joined.values() if change["before"] != change["after"]]


def is_stock_alone(kinds: Sequence[str]) -> bool:
    """Whether nothing but the amount was announced, which costs fewer calls than the whole product."""
    return bool(kinds) and set(kinds) == {NotificationKind.STOCK}
