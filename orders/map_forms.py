"""The form of «Mapeamento de status»: both tables as choices and boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

from django import forms

from contracts.order_status import OrderStatus
from orders.map_selectors import Quarantined
from orders.status_map import Rule, StatusMap, find_conflicts

# As long as the ERP's word is kept.
LONGEST_SITUATION = 40
UNCHOSEN = ("", "Escolha")
KEEP = ("keep", "Não alterar")
RETURN = ("return", "Marcar como devolução")
# The boxes of a situation, by the fields of ``Rule``.
ACTIONS: Mapping[str, str] = {
    "is_polled": "Consultar pedidos nesta situação",
    "is_imported": "Importar pedido",
    "awaits_invoice": "Buscar NF",
    "starts_tracking": "Iniciar rastreio",
}


class StatusMapForm(forms.Form):
    """``offered`` are code and label of the situations that may be written.

    A situation in quarantine may stay unchosen: it gets no rule then.
    """

    def __init__(
        self,
        data: Any = None,
        *,
        status_map: StatusMap,
        offered: Sequence[tuple[str, str]],
        quarantined: Sequence[Quarantined],
        may_edit: bool,
    ) -> None:
        super().__init__(data)
        self.status_map = status_map
        self.quarantined = {row.situation: row for row in quarantined}
        # One that left the quarantine since the page was shown keeps what was chosen for it.
        for situation in _list_chosen(data or {}) - {*status_map.rules, *self.quarantined}:
            self.quarantined[situation] = Quarantined(situation, 0, 0)
        for status in OrderStatus:
            written = status_map.outward.get(status, "")
            self.fields[_outward(status)] = _make_choice(
                f"Quando o pedido ficar em {status.label}",
                "mudar no Tiny para",
                [KEEP, *offered],
                written or KEEP[0],
            )
        for situation, rule in status_map.rules.items():
            self._add_rule(situation, rule, _write_meaning(rule))
        for row in self.quarantined.values():
            # Who says what it means wants the orders that wait for it.
            self._add_rule(row.situation, Rule(is_imported=bool(row.held)), "")
        for field in self.fields.values():
            field.disabled = not may_edit

    def _add_rule(self, situation: str, rule: Rule, meaning: str) -> None:
        label = self.status_map.label(situation)
        self.fields[_name("meaning", situation)] = _make_choice(
            f"Quando no Tiny estiver em {label}",
            "mudar aqui para",
            [KEEP, *((status.value, status.label) for status in OrderStatus), RETURN],
            meaning,
            is_required=situation not in self.quarantined,
        )
        for action, what in ACTIONS.items():
            self.fields[_name(action, situation)] = forms.BooleanField(
                label=f"{what}: {label}",
                required=False,
                initial=getattr(rule, action),
                widget=forms.CheckboxInput(attrs={"aria-label": f"{what}: {label}"}),
            )

    # --- what the page shows ---

    def list_outward(self, uses: Mapping[str, int]) -> list[dict[str, Any]]:
        """The rows of «Do Entreposto para o Tiny»: label, bound, uses."""
        return [
            {"label": status.label, "bound": self[_outward(status)], "uses": uses.get(status, 0)}
            for status in OrderStatus
        ]

    def list_rules(self, uses: Mapping[str, int]) -> list[dict[str, Any]]:
        """The rows of «Do Tiny para o Entreposto»: label, meaning, boxes, is_wrong, uses."""
        return [self._describe(situation) | {"uses": uses.get(situation, 0)} for situation in self._ruled()]

    def list_quarantined(self) -> list[dict[str, Any]]:
        """The same of the situations without a rule, with ``waiting``: how many orders stand still."""
        return [
            self._describe(row.situation) | {"waiting": row.held + row.kept}
            for row in self.quarantined.values()
        ]

    def _describe(self, situation: str) -> dict[str, Any]:
        boxes = {action: self[_name(action, situation)] for action in ACTIONS}
        return {
            "label": self.status_map.label(situation),
            "meaning": self[_name("meaning", situation)],
            "boxes": [{"bound": bound, "what": ACTIONS[action]} for action, bound in boxes.items()],
            "is_wrong": any(bound.errors for bound in boxes.values()),
        }

    def _ruled(self) -> list[str]:
        return [situation for situation in self.status_map.rules if situation not in self.quarantined]

    # --- what the person chose ---

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        chosen = None if self.errors else self.read()
        for situation in (*self._ruled(), *self.quarantined):
            polled, imported = _name("is_polled", situation), _name("is_imported", situation)
            if values.get(_name("meaning", situation)) and values[imported] and not values[polled]:
                self.add_error(imported, "Para importar, marque também Consultar.")
        for conflict in find_conflicts(chosen) if chosen else ():
            self.add_error(_outward(conflict.status), conflict.text)
            self.add_error(_name("meaning", conflict.situation), conflict.text)
        return values

    def read(self) -> StatusMap:
        values = self.cleaned_data
        outward = {status: values[_outward(status)] for status in OrderStatus}
        rules = {
            situation: self._read_rule(situation)
            for situation in (*self._ruled(), *self.quarantined)
            if values[_name("meaning", situation)]
        }
        return replace(
            self.status_map,
            outward={status: "" if code == KEEP[0] else code for status, code in outward.items()},
            rules=rules,
        )

    def _read_rule(self, situation: str) -> Rule:
        meaning = self.cleaned_data[_name("meaning", situation)]
        return Rule(
            status=None if meaning in (KEEP[0], RETURN[0]) else OrderStatus(meaning),
            is_return=meaning == RETURN[0],
            **{action: self.cleaned_data[_name(action, situation)] for action in ACTIONS},
        )


def _list_chosen(data: Mapping[str, str]) -> set[str]:
    """The situations for which a meaning was posted."""
    prefix = _name("meaning", "")
    chosen = {unquote(name.removeprefix(prefix)) for name in data if name.startswith(prefix) and data[name]}
    return {situation for situation in chosen if 0 < len(situation) <= LONGEST_SITUATION}


def _outward(status: OrderStatus) -> str:
    return f"outward-{status}"


def _name(kind: str, situation: str) -> str:
    # A new situation is called as the ERP likes, and no id may have a space.
    return f"{kind}-{quote(situation, safe='')}"


def _write_meaning(rule: Rule) -> str:
    if rule.is_return:
        return RETURN[0]
    return rule.status.value if rule.status else KEEP[0]


def _make_choice(
    label: str, says: str, choices: list[tuple[str, str]], initial: str, *, is_required: bool = True
) -> forms.ChoiceField:
    if initial not in dict(choices):
        # What is not offered any more must be chosen anew, not silently become the first of the list.
        choices, initial = [UNCHOSEN, *choices], ""
    return forms.ChoiceField(
        label=label,
        choices=choices,
        initial=initial,
        required=is_required,
        error_messages={"required": "Escolha uma opção.", "invalid_choice": "Escolha uma das opções."},
        widget=forms.Select(attrs={"class": "inp", "aria-label": f"{label}, {says}"}),
    )
