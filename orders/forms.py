"""What people ask of orders. The filter's names are in the address, so they speak Portuguese."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from contracts.order_status import OrderStatus
from integrations.models import Integration
from orders.selectors import VIEWS, OrderFilter
from orders.transitions import list_next
from ui import filters

DAY_FORMATS = ["%Y-%m-%d", "%d/%m/%Y"]


class DayInput(forms.DateInput):
    """The browser's own calendar, which wants ISO days."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class FilterForm(filters.FilterForm):
    views = VIEWS

    status = forms.ChoiceField(
        label="Status",
        required=False,
        choices=[("", "Todos"), *((status.value, status.label) for status in OrderStatus)],
    )
    de = forms.DateField(label="De", required=False, input_formats=DAY_FORMATS, widget=DayInput)
    ate = forms.DateField(label="Até", required=False, input_formats=DAY_FORMATS, widget=DayInput)

    def read(self) -> OrderFilter:
        shared = self.read_shared()
        values = self.cleaned_data
        return OrderFilter(
            **shared,
            status=values.get("status") or "",
            placed_from=values.get("de"),
            placed_to=values.get("ate"),
        )

    def describe(self, wanted: OrderFilter) -> dict[str, str]:
        """What to say of each filter by its field, ``""`` of one that is off."""
        return {
            "q": f"Busca: {wanted.text}" if wanted.text else "",
            "status": OrderStatus(wanted.status).label if wanted.status else "",
            "integracao": self.names.get(str(wanted.integration_id), ""),
            "de": f"De {wanted.placed_from:%d/%m/%Y}" if wanted.placed_from else "",
            "ate": f"Até {wanted.placed_to:%d/%m/%Y}" if wanted.placed_to else "",
        }


class ImportForm(forms.Form):
    """How far back the first import goes."""

    days = forms.ChoiceField(
        label="Trazer pedidos dos últimos",
        choices=[*((str(days), f"{days} dias") for days in (15, 30, 60, 90)), ("365", "12 meses")],
        initial="30",
        widget=forms.Select(attrs={"class": "inp"}),
    )


class StatusForm(forms.Form):
    """A status that may follow ``current``, and why in a person's words."""

    status = forms.ChoiceField(label="Novo status")
    reason = forms.CharField(
        label="Motivo", required=False, max_length=200, help_text="Fica no histórico do pedido."
    )

    def __init__(self, *args: Any, current: OrderStatus, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["status"]
        field.choices = [(status.value, status.label) for status in list_next(current)]


class IntegrationForm(forms.Form):
    """To which ERP an order goes."""

    integration = forms.ChoiceField(label="Integração")

    def __init__(self, *args: Any, integrations: Iterable[Integration], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["integration"]
        field.choices = [(str(row.pk), row.name) for row in integrations]
