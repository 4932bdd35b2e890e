"""What more than one page says of a product of the ERP."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from catalog.models import Figure
from catalog.problems import PROBLEMS
from catalog.selectors import Comparison
from catalog.sentences import GUARDS, KINDS, describe_held, describe_value
from catalog.values import FIELDS
from integrations import registry


def describe_reference(reference: Any) -> None:
    """Set what the pages show of it beside its own columns."""
    reference.name = reference.values.get("name") or "Sem nome"
    reference.kind_label = KINDS.get(reference.kind, "")
    price = reference.values.get("price")
    reference.price = None if price is None else Decimal(price)
    reference.erp_label = registry.get_provider(reference.integration.provider).short_name
    reference.found = [PROBLEMS[code] for code in reference.problems if code in PROBLEMS]


def describe_comparisons(compared: Iterable[Comparison]) -> list[dict[str, Any]]:
    """A row in words for each field, without those that are empty on both sides."""
    rows = [
        {
            "label": one.label,
            "ours": describe_value(one.name, one.ours),
            "theirs": describe_value(one.name, one.theirs),
            "differs": one.differs,
            "is_kept": one.is_kept,
            "guard": GUARDS[FIELDS[one.name].guard] if one.is_kept else "",
            "is_long": one.name == "description",
        }
        for one in compared
    ]
    return [row for row in rows if row["ours"] or row["theirs"]]


def describe_held_changes(rows: Iterable[Any]) -> None:
    """Set the words that pages show of each ``HeldChange``."""
    for row in rows:
        row.label = Figure(row.figure).label
        row.before_text = describe_value(row.figure, row.before) or "vazio"
        row.after_text = describe_value(row.figure, row.after) or "vazio"
        row.why = describe_held(row.reason_code, row.reason_params)
        row.seen = row.held_at.isoformat()
