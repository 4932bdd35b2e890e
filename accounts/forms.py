from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.forms.boundfield import BoundWidget
from django.urls import reverse
from django.utils.html import format_html

from accounts import services, shop
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


class ColourInput(forms.TextInput):
    input_type = "color"


class ShopForm(forms.Form):
    """«Sua loja»; the fields are those of ``accounts.shop.FIELDS``."""

    shop_name = forms.CharField(
        label="Nome da loja",
        max_length=80,
        help_text="Como o comprador conhece a sua loja.",
        error_messages={"required": "Informe o nome da loja.", "max_length": "Use até 80 letras."},
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    shop_colour = forms.CharField(
        label="Cor da loja",
        max_length=7,
        help_text="O nome da loja aparece em branco sobre esta cor.",
        error_messages={"required": "Escolha a cor da loja.", "max_length": "Escreva a cor como #2b4acb."},
        widget=ColourInput,
    )
    shop_whatsapp = forms.CharField(
        label="WhatsApp",
        max_length=30,
        required=False,
        error_messages={"max_length": "Escreva só um número, com o DDD."},
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    shop_phone = forms.CharField(
        label="Telefone",
        max_length=30,
        required=False,
        error_messages={"max_length": "Escreva só um número, com o DDD."},
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    shop_email = forms.EmailField(
        label="E-mail de atendimento",
        max_length=254,
        required=False,
        error_messages={"invalid": "Confira o e-mail: falta o @ ou o final, como em sac@loja.com.br."},
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    shop_site = forms.URLField(
        label="Site",
        max_length=200,
        required=False,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
        help_text="Onde o comprador fala com você, por exemplo loja.com.br/contato.",
        error_messages={
            "invalid": "Confira o site: ele começa com https:// ou http://, como em https://loja.com.br.",
            "max_length": "Use um endereço de até 200 letras.",
        },
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_shop_colour(self) -> str:
        colour = str(self.cleaned_data["shop_colour"]).lower()
        if not shop.COLOUR.fullmatch(colour):
            raise ValidationError("Escreva a cor como #2b4acb.")
        contrast = shop.measure_contrast(colour)
        if contrast < shop.LEAST_CONTRAST:
            raise ValidationError(
                "Esta cor é clara demais: o nome da loja, em branco, não seria lido sobre ela. "
                f"O contraste é {_write_contrast(contrast)} e precisa ser de ao menos "
                f"{_write_contrast(shop.LEAST_CONTRAST)}. O mesmo tom, mais escuro, serve: "
                f"{shop.darken(colour)}."
            )
        return colour

    def clean_shop_whatsapp(self) -> str:
        digits = _read_phone(self.cleaned_data["shop_whatsapp"])
        if digits and (len(digits) not in (10, 11) or digits.startswith("0")):
            raise ValidationError("Escreva o WhatsApp com o DDD, como em (41) 99876-4410.")
        return digits

    def clean_shop_phone(self) -> str:
        digits = _read_phone(self.cleaned_data["shop_phone"])
        if digits and not 8 <= len(digits) <= 11:
            raise ValidationError("Escreva o telefone com o DDD, como em (41) 3322-1100.")
        return digits

    def clean_shop_site(self) -> str:
        site = str(self.cleaned_data["shop_site"])
        # «https://banco.com.br@outro.com.br» leads elsewhere than it says.
        if "@" in urlsplit(site).netloc:
            raise ValidationError(str(self.fields["shop_site"].error_messages["invalid"]))
        return site


def _read_phone(text: str) -> str:
    """Digits without +55. Raises ``ValidationError`` for what is no number."""
    if re.search(r"[^0-9()+.\-\s]", text):
        raise ValidationError("Use só números, espaços, parênteses e hífen.")
    digits = re.sub(r"[^0-9]", "", text)
    return digits[2:] if len(digits) in (12, 13) and digits.startswith("55") else digits


def _write_contrast(ratio: float) -> str:
    """Rounded down, so that what is not enough never looks enough: ``4,4``."""
    return f"{int(ratio * 10) / 10:.1f}".replace(".", ",")
