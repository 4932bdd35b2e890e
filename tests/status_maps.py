"""Status maps as a person would save them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from accounts import clock
from contracts.order_status import OrderStatus
from history.models import HistoryEntry
from integrations.models import Integration
from jobs.models import Job
from orders import map_selectors, services
from orders.models import StatusMapVersion
from orders.status_map import Rule, StatusMap, make_default_map
from tiny.codes import DEFAULT_SITUATIONS, SITUATIONS

DEFAULT = make_default_map(SITUATIONS, DEFAULT_SITUATIONS)


def with_rule(status_map: StatusMap, situation: str, **changes: Any) -> StatusMap:
    """The fields of one rule changed; a situation that has none gets one."""
    rule = replace(status_map.rules.get(situation, Rule()), **changes)
    return replace(status_map, rules={**status_map.rules, situation: rule})


def with_written(status_map: StatusMap, status: OrderStatus, situation: str) -> StatusMap:
    return replace(status_map, outward={**status_map.outward, status: situation})


def importing(*situations: str) -> StatusMap:
    """The default map, by which orders in these situations are imported and no other."""
    rules = {code: replace(rule, is_imported=code in situations) for code, rule in DEFAULT.rules.items()}
    return replace(DEFAULT, rules=rules)


def keep_map(integration: Integration, status_map: StatusMap) -> None:
    """It holds from now on; nothing is set going by that."""
    newest = map_selectors.find_version(integration)
    StatusMapVersion.objects.create(
        integration=integration,
        number=newest.number + 1 if newest else 1,
        saved_at=clock.now(),
        saved_by="Ana Souza",
        **map_selectors.write_version(status_map),
    )


def save_map(integration: Integration, status_map: StatusMap) -> bool:
    """As a person who looks at the map that holds saves it."""
    newest = map_selectors.find_version(integration)
    return services.save_status_map(
        integration=integration,
        status_map=status_map,
        person="Ana Souza",
        seen=newest.number if newest else 0,
    )


def list_told(integration: Integration) -> list[tuple[str, dict[str, Any], str, str]]:
    lines = HistoryEntry.objects.filter(subject_kind="integration", subject_id=integration.pk).order_by("id")
    return [(line.code, line.params, line.person, line.source) for line in lines]


def list_jobs() -> list[tuple[str, str, str | None, str]]:
    return list(Job.objects.order_by("id").values_list("kind", "key", "lock", "status"))
