"""What people ask of parcels. The filter's names are in the address, so they speak Portuguese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from orders.parcel_selectors import VIEWS, ParcelFilter
from tracking.carriers import list_choices
from ui import filters


class ParcelFilterForm(filters.FilterForm):
    views = VIEWS

    transportadora = forms.ChoiceField(label="Transportadora", required=False)

    def __init__(self, *args: Any, carriers: Mapping[str, str], **kwargs: Any) -> None:
        """``carriers``: name by key of those that have a parcel."""
        super().__init__(*args, **kwargs)
        self.carriers = carriers
        field: Any = self.fields["transportadora"]
        field.choices = [("", "Todas"), *carriers.items()]

    def read(self) -> ParcelFilter:
        shared = self.read_shared()
        return ParcelFilter(**shared, carrier=self.cleaned_data.get("transportadora") or "")

    def describe(self, wanted: ParcelFilter) -> dict[str, str]:
        """What to say of each filter by its field, ``""`` of one that is off."""
        return {
            "q": f"Busca: {wanted.text}" if wanted.text else "",
            "transportadora": self.carriers.get(wanted.carrier, ""),
            "integracao": self.names.get(str(wanted.integration_id), ""),
        }


class TrackingCodeForm(forms.Form):
    """«Informar código»: what the seller got at the counter."""

    code = forms.CharField(
        label="Código de rastreio",
        required=False,
        max_length=200,
        help_text="De vários pacotes, separe os códigos por vírgula.",
    )
    carrier = forms.ChoiceField(
        label="Transportadora", required=False, help_text="Em branco, reconhecemos pelo código e pelo envio."
    )
    url = forms.CharField(
        label="Link de rastreio",
        required=False,
        max_length=500,
        help_text="Se a transportadora só deu um link.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        carrier: Any = self.fields["carrier"]
        carrier.choices = [("", "Reconhecer sozinho"), *list_choices()]
