"""What people ask of tracking: a line of the de-para, and a contract with a carrier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from contracts.provider import CredentialField
from tracking.carriers import list_choices

LONGEST_CREDENTIAL = 500


class MappingForm(forms.Form):
    """Which carrier a text of the ERP's is. With several texts to choose from, ``source`` is one of them."""

    carrier = forms.ChoiceField(
        label="É da transportadora", error_messages={"required": "Escolha a transportadora."}
    )
    service = forms.CharField(
        label="Serviço", required=False, max_length=80, help_text="Por exemplo: SEDEX, .Package."
    )

    def __init__(self, *args: Any, sources: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        """``sources``: key and what a person sees of each text, where there is a choice."""
        super().__init__(*args, **kwargs)
        carrier: Any = self.fields["carrier"]
        carrier.choices = [("", "Escolha"), *list_choices()]
        if len(sources) > 1:
            self.fields["source"] = forms.ChoiceField(
                label="Quando o Tiny disser",
                choices=list(sources),
                initial=sources[0][0],
                widget=forms.RadioSelect,
                error_messages={"required": "Escolha o texto."},
            )


class ContractForm(forms.Form):
    """The credentials that a tracker asks for. A secret that is stored may stay blank, and is never shown."""

    def __init__(
        self, data: Any = None, *, declared: Sequence[CredentialField], stored: Mapping[str, str]
    ) -> None:
        """``stored``: by ``CredentialField.name``; empty while there is no contract."""
        plain = {each.name: stored.get(each.name, "") for each in declared if not each.is_secret}
        super().__init__(data, initial=plain)
        self.declared = declared
        self.stored = stored
        for each in declared:
            self.fields[each.name] = forms.CharField(
                label=each.label,
                help_text=each.help_text,
                max_length=LONGEST_CREDENTIAL,
                required=each.is_required and not (each.is_secret and stored.get(each.name)),
                widget=forms.PasswordInput(render_value=False) if each.is_secret else None,
                error_messages={"required": f"Informe: {each.label}."},
            )
            self.fields[each.name].widget.attrs.update(
                {"class": "inp", "autocomplete": "off", "spellcheck": "false"}
            )

    def list_fields(self) -> list[tuple[forms.BoundField, str]]:
        """Each with the end of the secret that is stored for it, ``""`` if none is or it is no secret."""
        return [
            (self[each.name], self.stored.get(each.name, "")[-4:] if each.is_secret else "")
            for each in self.declared
        ]
