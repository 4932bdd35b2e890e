from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundWidget
from django.urls import reverse
from django.utils.html import format_html

from accounts import services
from accounts.models import PEOPLE, Membership, Organization, Perfil, Scope, User


class LoginForm(AuthenticationForm):
    """E-mail and password. A user of perfil Integração gets the same answer as a wrong password."""

    error_messages = {
        "invalid_login": "E-mail ou senha não conferem. Verifique e tente de novo.",
        "inactive": "E-mail ou senha não conferem. Verifique e tente de novo.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "E-mail"
        self.fields["username"].error_messages["required"] = "Informe o seu e-mail."
        self.fields["username"].widget = forms.EmailInput(
            attrs={"class": "inp", "autocomplete": "username", "autofocus": True}
        )
        self.fields["password"].label = "Senha"
        self.fields["password"].error_messages["required"] = "Informe a sua senha."
        self.fields["password"].widget = forms.PasswordInput(
            attrs={"class": "inp", "autocomplete": "current-password"}
        )

    def confirm_login_allowed(self, user: User) -> None:  # type: ignore[override]
        super().confirm_login_allowed(user)
        if services.is_integration_user(user):
            raise ValidationError(self.error_messages["invalid_login"], code="invalid_login")


PERFIL_LINES = {
    Perfil.ADMIN: "Faz tudo, inclusive usuários, integrações e credenciais.",
    Perfil.OPERATOR: "Cuida dos pedidos, testa a conexão e tenta de novo o que parou.",
    Perfil.VIEWER: "Vê pedidos e integrações, sem mudar nada.",
    Perfil.INTEGRATION: "Não entra no painel. Usado pelo ERP e por sistemas.",
}


def _name_field() -> forms.CharField:
    return forms.CharField(
        label="Nome",
        max_length=120,
        error_messages={"required": "Informe o nome.", "max_length": "Use até 120 letras."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class PerfilField(forms.ChoiceField):
    def __init__(self, perfis: Any) -> None:
        super().__init__(
            label="Perfil",
            choices=[(perfil.value, perfil.label) for perfil in perfis],
            widget=forms.RadioSelect,
            error_messages={"required": "Escolha o perfil."},
        )


class PerfilCards:
    """The choices of ``perfil`` as cards: the radio button, and one line of what the perfil may do."""

    def cards(self: Any) -> Iterator[tuple[BoundWidget, str]]:
        for box in self["perfil"]:
            yield box, PERFIL_LINES[box.data["value"]]


class IncludeForm(PerfilCards, forms.Form):
    """A new user: perfil, name and e-mail."""

    perfil = PerfilField(Perfil)
    name = _name_field()
    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        error_messages={
            "required": "Informe o e-mail.",
            "invalid": "Confira o e-mail: falta o @ ou o final, como em ana@loja.com.br.",
        },
        # Which of the two is seen depends on the chosen perfil (entreposto.css).
        help_text=format_html(
            '<span class="for-person">{}</span><span class="for-system">{}</span>',
            "A pessoa entra com este e-mail. Ao salvar, aparece o link para ela definir a senha.",
            "E-mail técnico, só desta integração: ninguém entra no painel com ele.",
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        member = Membership.objects.select_related("user").filter(user__email=email).first()
        if member is not None:
            address = reverse("accounts:user", args=[self.organization.slug, member.pk])
            known = format_html(
                'Já existe um usuário com este e-mail: <a href="{}">{}</a>.', address, member.user.name
            )
            raise ValidationError(known)
        return email


class MemberForm(PerfilCards, forms.Form):
    """Name and perfil of somebody who is there. ``name_is_fixed`` and ``perfil_is_fixed`` keep them."""

    name = _name_field()
    perfil = PerfilField(PEOPLE)

    def __init__(
        self, *args: Any, member: Membership, name_is_fixed: bool, perfil_is_fixed: bool, **kwargs: Any
    ) -> None:
        kwargs["initial"] = {"name": member.user.name, "perfil": member.perfil}
        super().__init__(*args, **kwargs)
        self.fields["name"].disabled = name_is_fixed
        self.fields["perfil"].disabled = perfil_is_fixed
        if member.perfil == Perfil.INTEGRATION:
            del self.fields["perfil"]


class TokenForm(forms.Form):
    """A new API token: name, what it may do, for how many days (None: without end)."""

    name = forms.CharField(
        label="Nome do token",
        max_length=80,
        required=False,
        help_text="Para reconhecer depois, por exemplo o nome do sistema.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label="O que este token pode fazer",
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Marque ao menos uma permissão."},
    )
    days = forms.TypedChoiceField(
        label="Validade",
        choices=[("30", "30 dias"), ("90", "90 dias"), ("365", "365 dias"), ("0", "Sem validade")],
        coerce=int,
        initial="90",
    )

    def clean_days(self) -> int | None:
        return self.cleaned_data["days"] or None


class PasswordForm(forms.Form):
    """A password twice, tried by the validators of the settings."""

    password = forms.CharField(
        label="Senha",
        strip=False,
        help_text="Ao menos 10 caracteres. Uma frase que só você conhece é uma boa senha.",
        error_messages={"required": "Informe a senha."},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    repeated = forms.CharField(
        label="Repita a senha",
        strip=False,
        error_messages={"required": "Repita a senha."},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if "password" in values and "repeated" in values and values["password"] != values["repeated"]:
            self.add_error("repeated", "As duas senhas são diferentes.")
        return values
