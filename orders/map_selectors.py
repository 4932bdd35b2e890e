"""«Mapeamento de status»: reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db.models import Count, QuerySet

from contracts.order_status import OrderStatus
from integrations import registry
from integrations.models import Integration
from orders.models import Order, OrderReference, PassedOverOrder, StatusMapRun, StatusMapVersion
from orders.status_map import Effect, Rule, StatusMap, decide_effect, make_default_map

SHOWN_ORDERS = 50
SHOWN_VERSIONS = 10
UNKNOWN_SITUATION = "order.situation_unknown"
CLOSED = (OrderStatus.DELIVERED, OrderStatus.CANCELLED)


def read_default_map(integration: Integration) -> StatusMap:
    provider = registry.get_provider(integration.provider)
    return make_default_map(provider.situations, provider.default_situations)


def read_status_map(integration: Integration) -> StatusMap:
    """The one that holds now: the newest that a person saved, else the provider's."""
    newest = find_version(integration)
    default = read_default_map(integration)
    return default if newest is None else read_version(newest, default)


def find_version(integration: Integration) -> StatusMapVersion | None:
    versions = StatusMapVersion.objects.filter(integration=integration)
    return versions.order_by("-number").first()


def list_versions(integration: Integration) -> list[StatusMapVersion]:
    """The newest first."""
    versions = StatusMapVersion.objects.filter(integration=integration)
    return list(versions.order_by("-number")[:SHOWN_VERSIONS])


def read_version(version: StatusMapVersion, default: StatusMap) -> StatusMap:
    """A situation that the ERP got since the version was saved has its default rule."""
    rules = {code: _to_rule(stored) for code, stored in version.rules.items()}
    outward = {OrderStatus(status): situation for status, situation in version.outward.items()}
    return replace(default, outward={**default.outward, **outward}, rules={**default.rules, **rules})


def write_version(status_map: StatusMap) -> dict[str, Any]:
    """The fields ``outward`` and ``rules`` of ``StatusMapVersion``."""
    return {
        "outward": {status.value: situation for status, situation in status_map.outward.items()},
        "rules": {code: asdict(rule) for code, rule in status_map.rules.items()},
    }


def _to_rule(stored: Mapping[str, Any]) -> Rule:
    status = stored["status"]
    return Rule(**{**stored, "status": OrderStatus(status) if status else None})


def list_swept_situations(integration: Integration) -> list[str]:
    """Those whose unknown orders are taken in, as far as the ERP can list them: one by one, once an hour."""
    rules = read_status_map(integration).rules
    return [
        code
        for code in _list_known(integration)
        if code in rules and rules[code].is_polled and rules[code].is_imported
    ]


def list_unheard_situations(integration: Integration) -> list[str]:
    """Those in which no list is asked for orders, known or not."""
    return [code for code, rule in read_status_map(integration).rules.items() if not rule.is_polled]


def _list_known(integration: Integration) -> list[str]:
    """The situations that the integration's protocol can ask for and write."""
    missing = registry.get_protocol(integration.provider, integration.protocol).missing_situations
    situations = registry.get_provider(integration.provider).situations
    return [item.code for item in situations if item.code not in missing]


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A situation that no rule names. ``held`` orders were not imported, ``kept`` stay as they were."""

    situation: str
    held: int
    kept: int


def list_quarantined(integration: Integration) -> list[Quarantined]:
    rules = read_status_map(integration).rules
    here = {"integration": integration}
    held = _count(PassedOverOrder.objects.filter(**here, reason_code=UNKNOWN_SITUATION))
    kept = _count(OrderReference.objects.filter(**here, deleted_at=None).exclude(situation__in=rules))
    return [
        Quarantined(situation, held.get(situation, 0), kept.get(situation, 0))
        for situation in sorted({*held, *kept} - {*rules, ""})
    ]


def _count(rows: QuerySet[Any, Any]) -> dict[str, int]:
    counted = rows.values("situation").annotate(count=Count("id")).order_by()
    return {row["situation"]: row["count"] for row in counted}


def list_open_orders(integration: Integration) -> QuerySet[OrderReference, OrderReference]:
    """At the ERP, and neither delivered nor cancelled here."""
    references = OrderReference.objects.filter(integration=integration, deleted_at=None)
    return references.exclude(order__status__in=CLOSED)


@dataclass(frozen=True, slots=True)
class OrderEffect:
    """``effect`` is what a map would make of ``order``; ``situation`` is the last one known at the ERP."""

    order: Order
    situation: str
    effect: Effect

    @property
    def changes(self) -> bool:
        is_moved = self.effect.decision.status != self.order.status
        return is_moved or self.effect.decision.is_return != self.order.is_return or bool(self.effect.written)


def preview_orders(integration: Integration, status_map: StatusMap) -> list[OrderEffect]:
    """What ``status_map`` would make of the newest orders at the ERP; nothing is sent or changed."""
    references = OrderReference.objects.filter(integration=integration, deleted_at=None)
    newest = references.select_related("order").order_by("-order_id")[:SHOWN_ORDERS]
    return [
        OrderEffect(reference.order, reference.situation, effect_of(reference, status_map))
        for reference in newest
    ]


def effect_of(reference: OrderReference, status_map: StatusMap) -> Effect:
    order = reference.order
    current = OrderStatus(order.status)
    return decide_effect(status_map, current, reference.situation, is_return=order.is_return)


@dataclass(frozen=True, slots=True)
class OpenEffect:
    """How many open orders there are, how many would get another status, how many situations be written."""

    total: int
    moved: int
    written: int


def count_effect(integration: Integration, status_map: StatusMap) -> OpenEffect:
    """Over all open orders, by the few kinds of them that there are."""
    kinds = list_open_orders(integration).values("order__status", "order__is_return", "situation")
    total = moved = written = 0
    for kind in kinds.annotate(count=Count("id")).order_by():
        current, is_return = OrderStatus(kind["order__status"]), kind["order__is_return"]
        effect = decide_effect(status_map, current, kind["situation"], is_return=is_return)
        total += kind["count"]
        is_moved = (effect.decision.status, effect.decision.is_return) != (current, is_return)
        moved += kind["count"] if is_moved else 0
        written += kind["count"] if effect.written else 0
    return OpenEffect(total, moved, written)


def find_run(integration: Integration) -> StatusMapRun | None:
    """The last «Aplicar aos pedidos em aberto», under way or done."""
    return StatusMapRun.objects.filter(integration=integration).order_by("-id").first()


def count_uses(integration: Integration, since: dt.datetime) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """How many orders of the last time stand in each status, and in each situation at the ERP."""
    references = OrderReference.objects.filter(integration=integration, order__updated_at__gte=since)
    statuses = references.values("order__status").annotate(count=Count("id")).order_by()
    by_status = {row["order__status"]: row["count"] for row in statuses}
    return by_status, _count(references)


def situations_offered(integration: Integration, status_map: StatusMap) -> Sequence[tuple[str, str]]:
    """Code and label of what may be written at the ERP: only situations that its protocol knows."""
    return [(code, status_map.label(code)) for code in _list_known(integration)]
