"""The connection form, built from what the provider declares for each of its protocols."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from accounts.models import Membership
from accounts.selectors import list_integration_users
from contracts.order_status import OrderStatus
from contracts.provider import CredentialField, ErpProtocol, Provider
from integrations.models import Credential, Integration

LOOPBACK = {"127.0.0.1", "localhost"}
LONGEST: Mapping[str, int] = {"client_id": 200, "integrator_id": 20}
BOXES = ("send_statuses", "sends_seller", "seller_is_optional")


class ConnectionForm(forms.Form):
    """Name, user of the integration, which orders go either way, and the credentials of one protocol.

    A secret that is stored already may stay blank. Surrounding white space, which copying brings, is cut.
    """

    name = forms.CharField(
        label="Nome da integração",
        max_length=80,
        error_messages={"required": "Informe o nome da integração."},
    )
    author = forms.TypedChoiceField(label="Usuário da integração", required=False, empty_value=None)
    send_statuses = forms.MultipleChoiceField(
        choices=[(status.value, status.label) for status in OrderStatus],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    sends_seller = forms.BooleanField(label="Incluir o vendedor no envio do pedido", required=False)
    seller_is_optional = forms.BooleanField(required=False)

    def __init__(
        self,
        *args: Any,
        provider: Provider,
        protocol: ErpProtocol,
        integration: Integration | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.provider = provider
        self.protocol = protocol
        self.integration = integration
        self.credential = (
            Credential.objects.filter(integration=integration).first() if integration is not None else None
        )
        self._offer_users()
        self.fields["send_statuses"].label = f"Enviar pedidos ao {provider.short_name} quando estiverem em"
        self.fields[
            "seller_is_optional"
        ].label = f"Enviar sem vendedor quando o {provider.short_name} não o tiver"
        for declared in protocol.credential_fields:
            self.fields[declared.name] = _credential_field(declared)
        for name, field in self.fields.items():
            if name not in BOXES:
                field.widget.attrs.update({"class": "inp", "autocomplete": "off", "spellcheck": "false"})

    def _offer_users(self) -> None:
        """Active users of perfil Integração, and the one who stands here already, active or not."""
        users = {user.pk: user for user in list_integration_users()}
        author = self.integration.author if self.integration else None
        if author is not None and author.pk not in users:
            users[author.pk] = author
        self.users: dict[int, Membership] = users
        field: Any = self.fields["author"]
        unchosen = "Escolha o usuário" if not self.protocol.is_oauth else "Nenhum"
        names = [
            (pk, user.user.name if user.is_active else f"{user.user.name} (inativo)")
            for pk, user in users.items()
        ]
        field.choices = [("", unchosen), *names]
        field.coerce = lambda value: self.users[int(value)]
        if not self.protocol.is_oauth:
            field.required = True
            field.error_messages["required"] = "Escolha o usuário da integração."

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if self._others().filter(name=name).exists():
            raise ValidationError("Já existe uma integração com este nome. Escolha outro.")
        return name

    def clean_author(self) -> Membership | None:
        author: Membership | None = self.cleaned_data["author"]
        if author is not None and not author.is_active:
            raise ValidationError("Este usuário está inativo. Escolha outro, ou reative-o em Usuários.")
        return author

    def clean_client_secret(self) -> str:
        return self._clean_secret("client_secret", "Informe o Client Secret.")

    def clean_token(self) -> str:
        return self._clean_secret("token", "Informe o Token.")

    def clean_integrator_id(self) -> str:
        number = str(self.cleaned_data["integrator_id"])
        if not (number.isascii() and number.isdecimal()):
            raise ValidationError("Use só números, como o Tiny mostra em Gerenciar.")
        same = Credential.objects.filter(integrator_id=number, integration__in=self._others())
        other = same.select_related("integration").first()
        if other is not None:
            raise ValidationError(f"A integração {other.integration.name} já usa este Identificador.")
        return number

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

    def _clean_secret(self, name: str, message: str) -> str:
        secret = str(self.cleaned_data[name])
        if not secret and not (self.credential and getattr(self.credential, name)):
            raise ValidationError(message)
        return secret

    def _others(self) -> Any:
        others = Integration.objects.all()
        return others if self.integration is None else others.exclude(pk=self.integration.pk)


def _credential_field(declared: CredentialField) -> forms.CharField:
    """A secret is never shown again, and whether a blank one is good depends on what is stored."""
    return forms.CharField(
        label=declared.label,
        help_text=declared.help_text,
        max_length=LONGEST.get(declared.name, 500),
        required=declared.is_required and not declared.is_secret,
        widget=forms.PasswordInput(render_value=False) if declared.is_secret else None,
        error_messages={"required": f"Informe o {declared.label}."},
    )
