"""Who may open a page. A stranger, and a perfil that may not, get 404: nothing tells them that it exists."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse

from accounts import gateways
from accounts.models import Membership, Organization, Perfil, User
from accounts.tenancy import tenant

READERS = frozenset({Perfil.ADMIN, Perfil.OPERATOR, Perfil.VIEWER})
OPERATORS = frozenset({Perfil.ADMIN, Perfil.OPERATOR})
ADMINS = frozenset({Perfil.ADMIN})


class TenantRequest(HttpRequest):
    """A request after ``tenant_view``: the company and the person's place in it are known."""

    user: User
    organization: Organization
    membership: Membership


View = Callable[..., HttpResponse]


def tenant_view(perfis: Collection[str] = READERS, *, opens_scope: bool = True) -> Callable[[View], View]:
    """Resolve ``slug`` for the person who asks, and run the view inside ``with tenant(...)``.

    With ``opens_scope=False`` the view runs outside any transaction (it makes HTTP calls) and opens its own
    scopes. The scope is opened here and not in middleware, where Django has already turned an exception
    into a response and the transaction would commit.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(request: Any, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return login_required_response(request)
            ids = gateways.membership_in(request.user.pk, slug)
            if ids is None:
                raise Http404
            with tenant(ids.organization_id):
                request.organization = Organization.objects.get(pk=ids.organization_id)
                request.membership = Membership.objects.select_related("user").get(pk=ids.membership_id)
                if request.membership.perfil not in perfis:
                    raise Http404
                if opens_scope:
                    return view(request, *args, **kwargs)
            return view(request, *args, **kwargs)

        return wrapper

    return decorate


def person_view(view: View) -> View:
    """A page of no company, for whoever has a login."""

    @wraps(view)
    def wrapper(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return login_required_response(request)
        return view(request, *args, **kwargs)

    return wrapper


def login_required_response(request: HttpRequest) -> HttpResponse:
    """To the login page and back; HTMX is told to leave the page, or it would swap the form into a row."""
    response = redirect_to_login(request.get_full_path())
    htmx = getattr(request, "htmx", None)
    if htmx:
        moved = HttpResponse(status=204)
        moved["HX-Redirect"] = redirect_to_login(htmx.current_url_abs_path or "/")["Location"]
        return moved
    return response
