from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError

from accounts import services
from accounts.models import User


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
