"""The connection form, built from what the provider declares."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from contracts.provider import Provider
from integrations.models import Credential, Integration

LOOPBACK = {"127.0.0.1", "localhost"}


class ConnectionForm(forms.Form):
    """OAuth2: name, Client ID, Client Secret, Link de convite and the situations to import.

    A secret that is stored already may stay blank. Surrounding white space, which copying brings, is cut.
    """

    name = forms.CharField(
        label="Nome da integração",
        max_length=80,
        error_messages={"required": "Informe o nome da integração."},
    )
    client_id = forms.CharField(
        label="Client ID", max_length=200, error_messages={"required": "Informe o Client ID."}
    )
    client_secret = forms.CharField(
        label="Client Secret",
        max_length=500,
        required=False,
        widget=forms.PasswordInput(render_value=False),
    )
    invite_url = forms.CharField(label="Link de convite", max_length=500, required=False)

    def __init__(
        self, *args: Any, provider: Provider, integration: Integration | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.provider = provider
        self.integration = integration
        self.credential = (
            Credential.objects.filter(integration=integration).first() if integration is not None else None
        )
        self.fields["situations"] = forms.MultipleChoiceField(
            label="Importar pedidos que estiverem em",
            choices=[(situation.code, situation.label) for situation in provider.situations],
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": "Marque ao menos uma situação."},
        )
        help_texts = {field.name: field.help_text for field in provider.credential_fields}
        for name, field in self.fields.items():
            field.help_text = help_texts.get(name, field.help_text)
            if name != "situations":
                field.widget.attrs.update({"class": "inp", "autocomplete": "off", "spellcheck": "false"})

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        others = Integration.objects.filter(name=name)
        if self.integration is not None:
            others = others.exclude(pk=self.integration.pk)
        if others.exists():
            raise ValidationError("Já existe uma integração com este nome. Escolha outro.")
        return name

    def clean_client_secret(self) -> str:
        secret = str(self.cleaned_data["client_secret"])
        if not secret and not (self.credential and self.credential.client_secret):
            raise ValidationError("Informe o Client Secret.")
        return secret

    def clean_invite_url(self) -> str:
        url = str(self.cleaned_data["invite_url"])
        if not url:
            return ""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if (settings.DEBUG or settings.DEMO) and host in LOOPBACK and parts.scheme in ("http", "https"):
            return url
        if parts.scheme != "https":
            raise ValidationError(
                "Use um link que comece com https://. "
                "Copie de novo o link que o Tiny mostrou ao criar a aplicação."
            )
        if not any(host == allowed or host.endswith(f".{allowed}") for allowed in self.provider.invite_hosts):
            raise ValidationError("Este link não é do Tiny. Copie de novo o link que o Tiny mostrou.")
        return url
