"""The forms of notifications. The fields of the list's filter are the address, so they speak Portuguese."""

from __future__ import annotations

import datetime as dt

from django import forms

from ui import filters
from ui.moments import BRASILIA, write_moment
from webhooks.page_selectors import SEARCHED, VIEWS, ReceiptFilter
from webhooks.page_sentences import KINDS

# Value of the period → (label, how long).
PERIODS = {
    "24h": ("Últimas 24 horas", dt.timedelta(hours=24)),
    "7d": ("Últimos 7 dias", dt.timedelta(days=7)),
    "30d": ("Últimos 30 dias", dt.timedelta(days=30)),
}


class FilterForm(filters.FilterForm):
    """``motivo`` is where banners lead to; ``desde`` an exact time, of «Reprocessar falhas desde…».

    ``reprocesso`` is a run, whose page leads to what it could not do. A text is looked for in the last days,
    unless a period is chosen.
    """

    views = VIEWS

    tipo = forms.ChoiceField(label="Tipo", required=False, choices=[("", "Todos"), *KINDS.items()])
    periodo = forms.ChoiceField(
        label="Período",
        required=False,
        choices=[("", "Mais recentes"), *((key, label) for key, (label, _) in PERIODS.items())],
    )
    motivo = forms.RegexField(r"^[a-z_.]+$", required=False, max_length=80, widget=forms.HiddenInput)
    desde = forms.DateTimeField(
        required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], widget=forms.HiddenInput
    )

    reprocesso = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)

    def read(self, now: dt.datetime) -> ReceiptFilter:
        shared = self.read_shared()
        values = self.cleaned_data
        since = values.get("desde")
        if since is None and values.get("periodo"):
            since = now - PERIODS[values["periodo"]][1]
        if since is None and shared["text"]:
            since = now - SEARCHED
        return ReceiptFilter(
            **shared,
            kind=values.get("tipo") or "",
            reason=values.get("motivo") or "",
            received_from=since,
            run_id=values.get("reprocesso"),
        )

    def describe(self, wanted: ReceiptFilter) -> dict[str, str]:
        """What to say of each filter by its field, ``""`` of one that is off."""
        values = self.cleaned_data
        since = values.get("desde")
        searched = "" if since or values.get("periodo") else f" (últimos {SEARCHED.days} dias)"
        return {
            "q": f"Busca: {wanted.text}{searched}" if wanted.text else "",
            "tipo": KINDS.get(wanted.kind, ""),
            "integracao": self.names.get(str(wanted.integration_id), ""),
            "periodo": PERIODS[values["periodo"]][0] if values.get("periodo") and not since else "",
            "desde": f"Desde {write_moment(since.astimezone(BRASILIA), 'full')}" if since else "",
            "motivo": "Só com o mesmo motivo" if wanted.reason else "",
            "reprocesso": "De um reprocessamento" if wanted.run_id is not None else "",
        }
