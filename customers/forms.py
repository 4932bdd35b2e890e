"""The forms of customers. The fields of the list's filter are the address, so they speak Portuguese."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields
from functools import partial
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from customers.criteria import Criteria
from customers.models import Customer, CustomerKind
from customers.selectors import VIEWS, CustomerFilter, values_of
from customers.values import (
    ADDRESS,
    FIELDS,
    InvalidField,
    read_document,
    read_email,
    read_phone,
    read_state,
    read_zip_code,
)
from integrations.models import Integration
from ui.formats import format_document, format_phone, format_zip_code


class FilterForm(forms.Form):
    """Bound to the query string. A value that is none of the field's is as if it had not been asked for."""

    visao = forms.CharField(required=False, widget=forms.HiddenInput)
    q = forms.CharField(required=False, max_length=100)

    def __init__(self, *args: Any, integrations: Iterable[Integration], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = {str(integration.pk): integration.name for integration in integrations}
        self.fields["integracao"] = forms.ChoiceField(
            label="Critérios de",
            required=False,
            choices=[("", "Qualquer integração"), *self.names.items()],
            widget=forms.Select if len(self.names) > 1 else forms.HiddenInput,
        )
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", "inp")

    def clean_visao(self) -> str:
        key = str(self.cleaned_data["visao"])
        if key not in {view.key for view in VIEWS}:
            raise ValidationError("visão desconhecida")
        return key

    def read(self) -> CustomerFilter:
        self.is_valid()
        values = self.cleaned_data
        integration = values.get("integracao")
        return CustomerFilter(
            view=values.get("visao") or VIEWS[0].key,
            text=values.get("q") or "",
            integration_id=int(integration) if integration else None,
        )

    def describe(self, wanted: CustomerFilter) -> dict[str, str]:
        """The filters that are on, in words, by field."""
        name = self.names.get(str(wanted.integration_id), "")
        labels = {
            "q": f"Busca: {wanted.text}" if wanted.text else "",
            "integracao": f"Critérios de {name}" if name else "",
        }
        return {name: label for name, label in labels.items() if label}


class CustomerForm(forms.Form):
    """What a person may say of a customer. A value that came from elsewhere is not judged unless changed."""

    name = forms.CharField(
        label="Nome ou razão social",
        max_length=200,
        error_messages={"required": "Informe o nome.", "max_length": "Use até 200 letras."},
    )
    document = forms.CharField(
        label="CPF ou CNPJ",
        required=False,
        max_length=40,
        help_text="Identifica o cliente: há um só com cada documento. Não muda depois.",
    )
    kind = forms.ChoiceField(
        label="Tipo",
        required=False,
        choices=[*CustomerKind.choices, ("", "Nem um nem outro (de fora do Brasil)")],
        help_text="O CPF ou o CNPJ decide; escolha só para quem não tem.",
    )
    email = forms.CharField(label="E-mail", required=False, max_length=254)
    phone = forms.CharField(label="Telefone", required=False, max_length=40)
    zip_code = forms.CharField(label=ADDRESS["zip_code"], required=False, max_length=20)
    street = forms.CharField(label=ADDRESS["street"], required=False, max_length=200)
    number = forms.CharField(label=ADDRESS["number"], required=False, max_length=200)
    complement = forms.CharField(label=ADDRESS["complement"], required=False, max_length=200)
    district = forms.CharField(label=ADDRESS["district"], required=False, max_length=200)
    city = forms.CharField(label=ADDRESS["city"], required=False, max_length=200)
    state = forms.CharField(label=ADDRESS["state"], required=False, max_length=40)
    country = forms.CharField(
        label=ADDRESS["country"], required=False, max_length=200, help_text="Vazio quer dizer Brasil."
    )

    def __init__(self, data: Any = None, *, customer: Customer | None = None) -> None:
        super().__init__(data, initial=_write(customer) if customer else {"kind": CustomerKind.PERSON})
        if customer is not None and customer.document:
            del self.fields["document"], self.fields["kind"]
        for field in self.fields.values():
            field.widget.attrs.update({"autocomplete": "off"})

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        country = str(values.get("country", ""))
        readers: Mapping[str, Callable[[str], str]] = {
            "document": read_document,
            "email": read_email,
            "phone": read_phone,
            "zip_code": partial(read_zip_code, country=country),
            "state": partial(read_state, country=country),
        }
        for name in values.keys() & readers.keys() & set(self.changed_data):
            try:
                values[name] = readers[name](values[name])
            except InvalidField as error:
                self.add_error(name, str(error))
        return values

    def read(self) -> dict[str, Any]:
        """What the person changed, by the names of ``FIELDS``; of the address the parts."""
        changed = {name: self.cleaned_data[name] for name in self.changed_data}
        address = {name: changed.pop(name) for name in ADDRESS if name in changed}
        if "kind" in self.fields:
            changed["kind"] = self.cleaned_data["kind"]
        return {**changed, "address": address} if address else changed


def _write(customer: Customer) -> dict[str, str]:
    """The customer's values as the person types them."""
    values = values_of(customer)
    address = {part: str(values["address"].get(part) or "") for part in ADDRESS}
    return {
        **{name: values[name] for name in FIELDS if name != "address"},
        **address,
        "document": format_document(values["document"]),
        "phone": format_phone(values["phone"]),
        "zip_code": format_zip_code(address["zip_code"]),
    }


class CriteriaForm(forms.Form):
    """«Critérios de clientes»: ``Criteria`` as boxes, in the words of the ERP's help page."""

    sends_companies = forms.BooleanField(
        label="Pessoa Jurídica", required=False, help_text="Clientes com CNPJ vão para o Tiny."
    )
    sends_people = forms.BooleanField(
        label="Pessoa Física", required=False, help_text="Clientes com CPF vão para o Tiny."
    )
    needs_valid_email = forms.BooleanField(
        label="Com e-mail válido",
        required=False,
        help_text="Sem um e-mail bem escrito, o cliente e os pedidos dele ficam só aqui.",
    )
    only_updates = forms.BooleanField(
        label="Apenas atualizar (não insere novos clientes)",
        required=False,
        help_text="Pedidos de clientes que não existem no Tiny esperam por você na Central de erros.",
    )

    def __init__(self, data: Any = None, *, criteria: Criteria, may_edit: bool) -> None:
        super().__init__(data, initial=asdict(criteria))
        for field in self.fields.values():
            field.disabled = not may_edit

    def kinds(self) -> list[forms.BoundField]:
        return [self["sends_companies"], self["sends_people"]]

    def others(self) -> list[forms.BoundField]:
        return [self["needs_valid_email"], self["only_updates"]]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if not (values.get("sends_companies") or values.get("sends_people")):
            self.add_error("sends_companies", "Marque ao menos um tipo.")
        return values

    def read(self) -> Criteria:
        return Criteria(**{one.name: self.cleaned_data[one.name] for one in fields(Criteria)})
