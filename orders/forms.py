"""The filter of the list. Its fields' names are the address, so they speak Portuguese."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from contracts.order_status import OrderStatus
from integrations.models import Integration
from orders.selectors import VIEWS, OrderFilter

DAY_FORMATS = ["%Y-%m-%d", "%d/%m/%Y"]


class DayInput(forms.DateInput):
    """The browser's own calendar, which wants ISO days."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class FilterForm(forms.Form):
    """Bound to the query string. A value that is none of the field's is as if it had not been asked for."""

    visao = forms.CharField(required=False, widget=forms.HiddenInput)
    q = forms.CharField(required=False, max_length=100)
    status = forms.ChoiceField(
        label="Status",
        required=False,
        choices=[("", "Todos"), *((status.value, status.label) for status in OrderStatus)],
    )
    de = forms.DateField(label="De", required=False, input_formats=DAY_FORMATS, widget=DayInput)
    ate = forms.DateField(label="Até", required=False, input_formats=DAY_FORMATS, widget=DayInput)

    def __init__(self, *args: Any, integrations: Iterable[Integration], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = {str(integration.pk): integration.name for integration in integrations}
        if len(self.names) > 1:
            self.fields["integracao"] = forms.ChoiceField(
                label="Integração", required=False, choices=[("", "Todas"), *self.names.items()]
            )
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", "inp")

    def clean_visao(self) -> str:
        key = str(self.cleaned_data["visao"])
        if key not in {view.key for view in VIEWS}:
            raise ValidationError("visão desconhecida")
        return key

    def read(self) -> OrderFilter:
        self.is_valid()
        values = self.cleaned_data
        integration = values.get("integracao")
        return OrderFilter(
            view=values.get("visao") or VIEWS[0].key,
            text=values.get("q") or "",
            status=values.get("status") or "",
            integration_id=int(integration) if integration else None,
            placed_from=values.get("de"),
            placed_to=values.get("ate"),
        )

    def describe(self, wanted: OrderFilter) -> dict[str, str]:
        """The filters that are on, in words, by field."""
        labels = {
            "q": f"Busca: {wanted.text}" if wanted.text else "",
            "status": OrderStatus(wanted.status).label if wanted.status else "",
            "integracao": self.names.get(str(wanted.integration_id), ""),
            "de": f"De {wanted.placed_from:%d/%m/%Y}" if wanted.placed_from else "",
            "ate": f"Até {wanted.placed_to:%d/%m/%Y}" if wanted.placed_to else "",
        }
        return {name: label for name, label in labels.items() if label}


class ImportForm(forms.Form):
    """How far back the first import goes."""

    days = forms.ChoiceField(
        label="Trazer pedidos dos últimos",
        choices=[*((str(days), f"{days} dias") for days in (15, 30, 60, 90)), ("365", "12 meses")],
        initial="30",
        widget=forms.Select(attrs={"class": "inp"}),
    )
