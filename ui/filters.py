"""What stands above a list: its tabs, its filters, and those of them that are on. The address holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from ui.paging import PAGE_PARAMETER


class FilterForm(forms.Form):
    """The base of a list's filter, bound to the query string, so its fields' names speak Portuguese.

    A value that is none of the field's is as if it had not been asked for. ``views`` are the list's tabs,
    each with a ``key``; the first holds unless another is asked for.
    """

    views: ClassVar[Sequence[Any]]

    visao = forms.CharField(required=False, widget=forms.HiddenInput)
    q = forms.CharField(required=False, max_length=100)

    def __init__(self, *args: Any, integrations: Iterable[Any], **kwargs: Any) -> None:
        """``integrations`` have ``pk`` and ``name``; where there is only one, there is nothing to choose."""
        super().__init__(*args, **kwargs)
        self.names = {str(integration.pk): str(integration.name) for integration in integrations}
        if len(self.names) > 1:
            self.fields["integracao"] = forms.ChoiceField(
                label="Integração", required=False, choices=[("", "Todas"), *self.names.items()]
            )
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", "inp")

    def clean_visao(self) -> str:
        key = str(self.cleaned_data["visao"])
        if key not in {view.key for view in self.views}:
            raise ValidationError("visão desconhecida")
        return key

    def read_shared(self) -> dict[str, Any]:
        """``view``, ``text`` and ``integration_id``, which every list can be asked for."""
        self.is_valid()
        integration = self.cleaned_data.get("integracao")
        return {
            "view": self.cleaned_data.get("visao") or self.views[0].key,
            "text": self.cleaned_data.get("q") or "",
            "integration_id": int(integration) if integration else None,
        }


@dataclass(frozen=True, slots=True)
class Tab:
    """``address`` is a query string that begins with ``?``; ``is_more``: nobody counted beyond ``count``."""

    label: str
    count: int
    address: str
    is_current: bool
    is_more: bool = False


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    """``remove_address`` is a query string that begins with ``?``."""

    label: str
    remove_address: str


def change_query(request: HttpRequest, **changes: str | None) -> str:
    """The address of the same page, from ``?`` on, with some parameters changed; ``None`` takes one away."""
    query = {**request.GET.dict(), **changes}
    return "?" + urlencode({key: value for key, value in query.items() if value})


def build_tabs(
    request: HttpRequest, parameter: str, choices: Iterable[tuple[str, str, int]], current: str
) -> list[Tab]:
    """A tab for each (value of ``parameter``, label, count); it leads to the first page."""
    return [
        Tab(label, count, change_query(request, **{parameter: value, PAGE_PARAMETER: None}), value == current)
        for value, label, count in choices
    ]


def list_active(request: HttpRequest, words: Mapping[str, str]) -> list[ActiveFilter]:
    """What to say of each parameter that is on; ``words`` are empty for one that is off."""
    return [
        ActiveFilter(label, change_query(request, **{name: None, PAGE_PARAMETER: None}))
        for name, label in words.items()
        if label
    ]
