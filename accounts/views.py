from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import api_tokens, clock, password_links, selectors, services, shop
from accounts.forms import IncludeForm, LoginForm, MemberForm, PasswordForm, ShopForm, TokenForm
from accounts.models import ApiToken, Membership, Perfil
from accounts.permissions import ADMINS, TenantRequest, person_view, tenant_view
from accounts.sentences import tell
from ui.formats import format_phone


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


# --- the page of a link to set the password: no company, no login ---


@never_cache
@sensitive_post_parameters("password", "repeated")
@require_http_methods(["GET", "HEAD", "POST"])
def set_password(request: HttpRequest, token: str) -> HttpResponse:
    response = _set_password(request, token)
    # The address is a secret: no other page, not even one of ours, is told from where one comes.
    response["Referrer-Policy"] = "strict-origin"
    response["X-Robots-Tag"] = "noindex"
    return response


def _set_password(request: HttpRequest, token: str) -> HttpResponse:
    try:
        link = password_links.find_link(token)
        person = link.membership.user
        form = PasswordForm(request.POST if request.method == "POST" else None, user=person)
        if request.method == "POST" and form.is_valid():
            user = password_links.use_link(token=token, password=form.cleaned_data["password"])
            login(request, user)
            messages.success(request, "Senha definida.")
            return redirect("accounts:home")
    except password_links.LinkUnusable:
        return render(request, "accounts/link_unusable.html", status=404)
    context = {"form": form, "person": person, "member": link.membership, "company": link.organization}
    return render(request, "accounts/set_password.html", context, status=422 if form.errors else 200)


# --- «Usuários»: for an Administrador ---

# In addresses perfis have their Portuguese names.
PERFIL_SLUGS = {
    "administrador": Perfil.ADMIN,
    "operador": Perfil.OPERATOR,
    "consulta": Perfil.VIEWER,
    "integracao": Perfil.INTEGRATION,
}
VIEWS = {"": "Pessoas", "integracao": "Integração", "convites": "Convites pendentes"}


@require_safe
@tenant_view(ADMINS)
def users(request: TenantRequest) -> HttpResponse:
    lists = {
        "": selectors.list_people(),
        "integracao": selectors.list_systems(),
        "convites": selectors.list_invited(),
    }
    current = request.GET.get("visao", "")
    if current not in lists:
        current = ""
    address = reverse("accounts:users", args=[request.organization.slug])
    views = [
        {
            "label": label,
            "url": f"{address}?visao={key}" if key else address,
            "current": key == current,
            "count": lists[key].count(),
        }
        for key, label in VIEWS.items()
    ]
    context = {"section": "users", "views": views, "view": current, "members": lists[current]}
    return render(request, "accounts/users.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(ADMINS)
def include_user(request: TenantRequest) -> HttpResponse:
    """«Incluir». Only this answer shows the link: it is stored nowhere, a session included."""
    if request.method != "POST":
        perfil = PERFIL_SLUGS.get(request.GET.get("perfil", ""), "")
        suggested = {"perfil": perfil, "name": "Integração Tiny" if perfil == Perfil.INTEGRATION else ""}
        return _render_include(request, IncludeForm(organization=request.organization, initial=suggested))
    form = IncludeForm(request.POST, organization=request.organization)
    if not form.is_valid():
        return _render_include(request, form, status=422)
    try:
        member, address = password_links.include_user(
            organization=request.organization, person=request.membership, **form.cleaned_data
        )
    except services.MembershipRefused as refusal:
        form.add_error("email", str(refusal))
        return _render_include(request, form, status=422)
    messages.success(request, "Usuário incluído.")
    if address:
        return _show_link(request, member, address)
    if member.perfil != Perfil.INTEGRATION:
        messages.info(
            request,
            f"{member.user.name} já usa o Entreposto em outra organização e entra com a senha que tem. "
            "Nenhum link é necessário.",
        )
    return _to_user(request, member)


def _render_include(request: TenantRequest, form: IncludeForm, status: int = 200) -> HttpResponse:
    return render(request, "accounts/include.html", {"section": "users", "form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(ADMINS)
def user(request: TenantRequest, member_id: int) -> HttpResponse:
    member = _member_or_404(member_id)
    elsewhere = selectors.belongs_elsewhere(member.user, request.organization.pk)
    refusal = services.explain_demotion(member, request.membership)
    form = MemberForm(
        request.POST if request.method == "POST" else None,
        member=member,
        name_is_fixed=elsewhere,
        perfil_is_fixed=bool(refusal),
    )
    if request.method == "POST" and form.is_valid():
        perfil = form.cleaned_data.get("perfil", member.perfil)
        try:
            services.change_member(
                membership=member, name=form.cleaned_data["name"], perfil=perfil, person=request.membership
            )
        except services.MembershipRefused as error:
            form.add_error("perfil", str(error))
        else:
            messages.success(request, "Usuário salvo.")
            return _to_user(request, member)
    context = {
        "section": "users",
        "member": member,
        "form": form,
        "refusal": refusal,
        "belongs_elsewhere": elsewhere,
        "link_refusal": password_links.explain_refusal(member, member.user),
        "link": member.password_links.first(),
        "audit": [tell(entry) for entry in selectors.list_audit(member)],
    }
    if member.perfil == Perfil.INTEGRATION:
        now = clock.now()
        tokens = [(token, token.works_at(now)) for token in api_tokens.list_tokens(member)]
        context |= {
            "tokens": tokens,
            "may_add_token": sum(works for _, works in tokens) < api_tokens.LIMIT,
            "token_limit": api_tokens.LIMIT,
            "used_by_url": _used_by_url(request, member),
        }
    return render(request, "accounts/user.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(ADMINS)
def deactivate(request: TenantRequest, member_id: int) -> HttpResponse:
    member = _member_or_404(member_id)
    refusal = services.explain_demotion(member, request.membership)
    if request.method == "POST":
        try:
            services.deactivate_member(membership=member, person=request.membership)
        except services.MembershipRefused as error:
            refusal = str(error)
        else:
            messages.success(request, "Usuário desativado.")
            return _to_user(request, member)
    context = {
        "section": "users",
        "member": member,
        "refusal": refusal,
        "used_by_url": _used_by_url(request, member) if member.perfil == Perfil.INTEGRATION else "",
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "accounts/deactivate.html", context, status=status)


@require_POST
@tenant_view(ADMINS)
def reactivate(request: TenantRequest, member_id: int) -> HttpResponse:
    member = _member_or_404(member_id)
    services.reactivate_member(membership=member, person=request.membership)
    messages.success(request, "Usuário reativado.")
    return _to_user(request, member)


@never_cache
@require_POST
@tenant_view(ADMINS)
def create_link(request: TenantRequest, member_id: int) -> HttpResponse:
    """«Gerar novo link de senha». Only this answer shows it."""
    member = _member_or_404(member_id)
    try:
        address = password_links.create_link(membership=member, person=request.membership)
    except services.MembershipRefused as refusal:
        messages.error(request, str(refusal))
        return _to_user(request, member)
    return _show_link(request, member, address)


def _show_link(request: TenantRequest, member: Membership, address: str) -> HttpResponse:
    hours = int(password_links.LIFETIME.total_seconds() // 3600)
    context = {"section": "users", "member": member, "address": address, "hours": hours}
    return render(request, "accounts/link.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(ADMINS)
def create_token(request: TenantRequest, member_id: int) -> HttpResponse:
    """«Gerar token». Only this answer shows it."""
    member = get_object_or_404(selectors.list_systems(), pk=member_id)
    form = TokenForm(request.POST if request.method == "POST" else None)
    context = {"section": "users", "member": member, "form": form}
    if request.method == "POST" and form.is_valid():
        try:
            row, token = api_tokens.create_token(
                membership=member, person=request.membership, **form.cleaned_data
            )
        except api_tokens.TokenRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return render(request, "accounts/token.html", context | {"row": row, "token": token})
    return render(request, "accounts/create_token.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(ADMINS)
def revoke_token(request: TenantRequest, member_id: int, token_id: int) -> HttpResponse:
    member = get_object_or_404(selectors.list_systems(), pk=member_id)
    token = get_object_or_404(ApiToken.objects.filter(membership=member), pk=token_id)
    if request.method == "POST":
        api_tokens.revoke_token(token=token, person=request.membership)
        messages.success(request, "Token revogado.")
        return _to_user(request, member)
    context = {"section": "users", "member": member, "token": token}
    return render(request, "accounts/revoke_token.html", context)


# --- «Sua loja»: for an Administrador ---


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(ADMINS)
def edit_shop(request: TenantRequest) -> HttpResponse:
    organization = request.organization
    initial = {name: getattr(organization, name) for name in shop.FIELDS}
    initial |= {name: format_phone(initial[name]) for name in ("shop_phone", "shop_whatsapp")}
    initial["shop_name"] = shop.name_shop(organization)
    form = ShopForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        is_changed = shop.save_shop(
            organization=organization, values=form.cleaned_data, person=request.membership
        )
        messages.success(request, "Loja salva." if is_changed else "Nada mudou.")
        return redirect("accounts:shop", slug=organization.slug)
    context = {
        "section": "shop",
        "form": form,
        "shop_name": shop.name_shop(organization),
        "audit": [tell(entry) for entry in selectors.list_organization_audit(organization)],
    }
    return render(request, "accounts/shop.html", context, status=422 if form.errors else 200)


def _member_or_404(member_id: int) -> Membership:
    return get_object_or_404(Membership.objects.select_related("user"), pk=member_id)


def _to_user(request: TenantRequest, member: Membership) -> HttpResponse:
    return redirect("accounts:user", slug=request.organization.slug, member_id=member.pk)


def _used_by_url(request: TenantRequest, member: Membership) -> str:
    """Where a higher room shows the integrations of this system; "" where there is no such room."""
    try:
        return reverse("integrations:used_by", args=[request.organization.slug, member.pk])
    except NoReverseMatch:
        return ""
