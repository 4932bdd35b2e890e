from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import clock
from accounts.models import Membership, Organization, Perfil
from accounts.permissions import ADMINS, OPERATORS, READERS, TenantRequest, person_view, tenant_view
from accounts.tenancy import tenant
from contracts.order_status import OrderStatus
from contracts.provider import ErpProtocol, Provider
from history.selectors import list_entries
from history.timeline import build_days
from integrations import credentials, registry, selectors, services, sync
from integrations.forms import ConnectionForm
from integrations.imports import ImportRefused
from integrations.models import ConnectionTest, Credential, Integration
from integrations.sentences import HISTORY
from jobs.selectors import count_parked, next_run_at
from ui.fragments import render_page, wants_fragment


@require_safe
@tenant_view(READERS)
def gallery(request: TenantRequest) -> HttpResponse:
    return render(request, "integrations/gallery.html", gallery_context())


@require_safe
@tenant_view(ADMINS)
def used_by(request: TenantRequest, member_id: int) -> HttpResponse:
    """A fragment of the user's own page: the integrations that write in this user's name."""
    member = get_object_or_404(Membership.objects.filter(perfil=Perfil.INTEGRATION), pk=member_id)
    integrations = selectors.list_integrations().filter(author=member)
    return render(request, "integrations/_used_by.html", {"integrations": integrations})


@require_safe
@tenant_view(READERS)
def provider_options(request: TenantRequest, provider: str) -> HttpResponse:
    context = gallery_context() | {"provider": _provider_or_404(provider)}
    context["connections"] = [row for row in context["integrations"] if row.provider == provider]
    return render_page(request, "integrations/gallery.html", context, fragment="integrations/_panel.html")


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(ADMINS)
def new_connection(request: TenantRequest, provider: str) -> HttpResponse:
    plug_in = _provider_or_404(provider)
    protocol = _protocol_asked(request, plug_in, plug_in.protocols[0].key)
    if request.method == "POST":
        return _save(request, plug_in, protocol, None)
    form = ConnectionForm(
        provider=plug_in,
        protocol=protocol,
        integration=None,
        initial={
            "name": selectors.suggest_name(plug_in.name),
            "author": request.GET.get("usuario", ""),
            "send_statuses": [OrderStatus.PLACED],
        },
    )
    return _render_connection(request, plug_in, None, form)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(READERS)
def connection(request: TenantRequest, provider: str, pk: int) -> HttpResponse:
    plug_in = _provider_or_404(provider)
    integration = get_object_or_404(Integration.objects.filter(provider=provider), pk=pk)
    protocol = _protocol_asked(request, plug_in, integration.protocol)
    if request.method == "POST":
        if request.membership.perfil not in ADMINS:
            raise Http404
        return _save(request, plug_in, protocol, integration)
    credential = Credential.objects.get(integration=integration)
    form = ConnectionForm(
        provider=plug_in,
        protocol=protocol,
        integration=integration,
        initial={
            "name": integration.name,
            "author": integration.author_id,
            "send_statuses": integration.send_statuses,
            "sends_seller": integration.sends_seller,
            "seller_is_optional": integration.seller_is_optional,
            **{field.name: getattr(credential, field.name) for field in protocol.credential_fields},
        },
    )
    return _render_connection(request, plug_in, integration, form)


@require_POST
@tenant_view(ADMINS)
def connect(request: TenantRequest, provider: str, pk: int) -> HttpResponse:
    """«Conectar» with what is stored already: to the ERP's consent page, or a test of the token."""
    _provider_or_404(provider)
    integration = get_object_or_404(Integration.objects.filter(provider=provider), pk=pk)
    if registry.get_protocol(provider, integration.protocol).is_oauth:
        return _leave_for_authorization(request, integration)
    services.request_test(integration=integration, person=request.membership, is_needed=True)
    return _to_connection(integration)


@require_POST
@tenant_view(OPERATORS)
def test(request: TenantRequest, provider: str, pk: int) -> HttpResponse:
    """«Testar»: the answer shows the steps as they end."""
    _provider_or_404(provider)
    integration = get_object_or_404(Integration.objects.filter(provider=provider), pk=pk)
    asked = services.request_test(integration=integration, person=request.membership)
    if wants_fragment(request):
        return _render_test(request, integration, asked)
    return _to_connection(integration)


@require_safe
@tenant_view(OPERATORS)
def test_result(request: TenantRequest, provider: str, pk: int, test_id: int) -> HttpResponse:
    _provider_or_404(provider)
    integration = get_object_or_404(Integration.objects.filter(provider=provider), pk=pk)
    asked = get_object_or_404(ConnectionTest.objects.filter(integration=integration), pk=test_id)
    return _render_test(request, integration, asked)


def _render_test(request: TenantRequest, integration: Integration, asked: ConnectionTest) -> HttpResponse:
    report = selectors.report_test(asked)
    context = {"report": report, "integration": integration}
    response = render(request, "integrations/_test.html", context)
    if not report.is_running and request.GET.get("estado", integration.state) != integration.state:
        # The test itself connected: the whole panel tells something else now.
        response["HX-Refresh"] = "true"
    return response


@never_cache
@require_safe
@person_view
def oauth_return(request: HttpRequest, provider: str) -> HttpResponse:
    """Where the ERP sends the person back. The organization travels in the signed, single-use state."""
    plug_in = _provider_or_404(provider)
    try:
        integration = sync.finish_authorization(
            user=request.user,  # type: ignore[arg-type]
            state=request.GET.get("state", ""),
            code=request.GET.get("code", ""),
            error=request.GET.get("error", ""),
        )
    except services.AuthorizationRejected as rejection:
        explanation = registry.explain(rejection.code, rejection.params, provider)
        messages.error(request, f"{explanation.title}. {explanation.detail}")
        if rejection.integration is None:
            return redirect("accounts:home")
        return _to_connection(rejection.integration)
    messages.success(
        request,
        f"{plug_in.name} conectado à conta {integration.account_name}. Os pedidos já estão chegando.",
    )
    return _to_connection(integration)


def _to_connection(integration: Integration) -> HttpResponse:
    with tenant(integration.organization_id):
        slug = Organization.objects.get(pk=integration.organization_id).slug
    return redirect("integrations:connection", slug=slug, provider=integration.provider, pk=integration.pk)


def _save(
    request: TenantRequest, provider: Provider, protocol: ErpProtocol, integration: Integration | None
) -> HttpResponse:
    form = ConnectionForm(request.POST, provider=provider, protocol=protocol, integration=integration)
    if not form.is_valid():
        return _render_connection(request, provider, integration, form, status=422)
    values = form.cleaned_data
    integration = services.save_integration(
        integration=integration,
        chosen=services.Choices(
            provider=provider.key,
            protocol=protocol.key,
            name=values["name"],
            credentials={field.name: values[field.name] for field in protocol.credential_fields},
            send_statuses=values["send_statuses"],
            sends_seller=values["sends_seller"],
            seller_is_optional=values["seller_is_optional"],
            author=values["author"],
        ),
        person=request.membership,
    )
    if request.POST.get("action") == "connect":
        if protocol.is_oauth:
            return _leave_for_authorization(request, integration)
        services.request_test(integration=integration, person=request.membership, is_needed=True)
    messages.success(request, "Integração salva.")
    return redirect(
        "integrations:connection", slug=request.organization.slug, provider=provider.key, pk=integration.pk
    )


def _leave_for_authorization(request: TenantRequest, integration: Integration) -> HttpResponse:
    address = services.begin_authorization(integration=integration, membership=request.membership)
    return redirect(address)


def _render_connection(
    request: TenantRequest,
    provider: Provider,
    integration: Integration | None,
    form: ConnectionForm,
    status: int = 200,
) -> HttpResponse:
    credential = form.credential
    context = gallery_context() | {
        "provider": provider,
        "integration": integration,
        "form": form,
        "redirect_uri": credentials.redirect_uri(provider.key),
        "protocol": form.protocol,
        "tails": {name: getattr(credential, column, "") for name, column in services.TAILS.items()},
        "credential": credential,
        "can_edit": request.membership.perfil == Perfil.ADMIN,
        "can_test": request.membership.perfil in OPERATORS,
    }
    if integration is not None:
        describe(integration)
        context["report"] = selectors.last_test(integration)
        entries = list_entries(services.SUBJECT, integration.pk, limit=50)
        context["history_days"] = build_days(entries, HISTORY, clock.now())
    return render_page(
        request, "integrations/gallery.html", context, fragment="integrations/_panel.html", status=status
    )


def gallery_context() -> dict[str, Any]:
    """The page behind every side panel."""
    integrations = list(selectors.list_integrations())
    for integration in integrations:
        describe(integration)
    cards = []
    for provider in registry.list_providers():
        worst = selectors.find_worst(integrations, provider.key)
        cards.append(
            {
                "key": provider.key,
                "name": provider.name,
                "vendor": provider.vendor,
                "state": worst.state if worst else "",
                "state_label": worst.get_state_display() if worst else "",
            }
        )
    return {"section": "integrations", "providers": cards, "integrations": integrations}


def describe(integration: Any) -> None:
    """What the pages show beside the row's own columns."""
    integration.provider_name = registry.get_provider(integration.provider).name
    integration.parked_count = count_parked(integration.channel)
    integration.next_poll_at = next_run_at(integration.channel, "pull_orders")
    integration.disconnect_reason = selectors.explain_disconnection(integration)
    integration.overdue = selectors.explain_overdue(integration, clock.now())


def _protocol_asked(request: TenantRequest, provider: Provider, usual: str) -> ErpProtocol:
    """The way of connecting that the address names (``?forma=``)."""
    wanted = request.GET.get("forma", usual)
    protocol = next((each for each in provider.protocols if each.key == wanted), None)
    if protocol is None:
        raise Http404
    return protocol


def act_on_import(
    request: TenantRequest, integration: Integration, actions: Mapping[str, Callable[[], object]]
) -> tuple[str, HttpResponse | None]:
    """Do the posted ``action`` of an import, which only an Administrador may.

    Why it was refused, in words, and where a page without scripts goes on; ``""`` and ``None`` otherwise.
    """
    if request.membership.perfil not in ADMINS:
        raise Http404
    act = actions.get(request.POST.get("action", ""))
    if act is None:
        return "Escolha o que fazer com a importação.", None
    try:
        act()
    except ImportRefused as refusal:
        return str(refusal), None
    if wants_fragment(request):
        return "", None
    slug = request.organization.slug
    return "", redirect(
        "integrations:connection", slug=slug, provider=integration.provider, pk=integration.pk
    )


def _provider_or_404(key: str) -> Provider:
    try:
        return registry.get_provider(key)
    except KeyError:
        raise Http404 from None
