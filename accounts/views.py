from __future__ import annotations

from typing import Any

from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts import selectors
from accounts.forms import LoginForm
from accounts.permissions import person_view


class LoginView(auth_views.LoginView):
    form_class = LoginForm
    template_name = "accounts/login.html"
    redirect_authenticated_user = True
    next_page = "accounts:home"

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        response.status_code = 422
        return response


class LogoutView(auth_views.LogoutView):
    next_page = "accounts:login"


@require_safe
@person_view
def home(request: HttpRequest) -> HttpResponse:
    """One company: straight to its orders. Several or none: the choice, which says what to do."""
    memberships = selectors.list_memberships(request.user)  # type: ignore[arg-type]
    if len(memberships) == 1:
        return redirect("orders:list", slug=memberships[0].organization.slug)
    return redirect("accounts:organizations")


@require_safe
@person_view
def organizations(request: HttpRequest) -> HttpResponse:
    memberships = selectors.list_memberships(request.user)  # type: ignore[arg-type]
    return render(request, "accounts/organizations.html", {"memberships": memberships})
