"""What a company says of carriers: the de-para of its ERP's texts, and its contracts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts import clock
from accounts.permissions import ADMINS, OPERATORS, READERS, TenantRequest, tenant_view
from contracts.records import CheckState
from contracts.tracking import Tracker
from history.selectors import list_entries
from history.timeline import build_days
from tracking import page_selectors, registry
from tracking.forms import ContractForm, MappingForm
from tracking.identification import LONGEST_NAME, normalize_text
from tracking.models import AccountState, CarrierAccount, CarrierMapping, MappingKind, Parcel
from tracking.page_selectors import SeenText, name_carrier
from tracking.selectors import find_account
from tracking.sentences import HISTORY
from tracking.services import (
    SUBJECT,
    delete_mapping,
    read_credentials,
    remove_carrier_account,
    request_check,
    save_carrier_account,
    save_mapping,
)
from ui.fragments import wants_fragment

SECTION = {"section": "tracking"}
ASK_AN_ADMIN = "Só um Administrador da empresa pode informar ou corrigir um contrato: peça a um deles."
# Its calls end sooner: what takes longer waits for a worker, or lost it.
LONGEST_TEST = dt.timedelta(minutes=2)


# --- de-para ---


@require_safe
@tenant_view(READERS)
def mapping_list(request: TenantRequest) -> HttpResponse:
    here = reverse("tracking:new_mapping", args=[request.organization.slug])
    rows = page_selectors.list_seen(clock.now())
    context = {
        "rows": [(row, f"{here}?{urlencode({'tipo': row.kind.value, 'texto': row.label})}") for row in rows],
        "may_edit": request.membership.perfil in OPERATORS,
    }
    return render(request, "tracking/mappings.html", SECTION | context)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(OPERATORS)
def new_mapping(request: TenantRequest) -> HttpResponse:
    """For one of the texts of the parcel ``pacote``, or for ``texto`` of ``tipo``."""
    sources = _read_sources(request)
    if not sources:
        messages.info(request, "Escolha na lista o texto do Tiny.")
        return redirect("tracking:mappings", slug=request.organization.slug)
    return _take_mapping(request, sources, title="Identificar transportadora")


def _read_sources(request: TenantRequest) -> list[SeenText]:
    text, kind = request.GET.get("texto", "")[:LONGEST_NAME], request.GET.get("tipo", "")
    if kind in MappingKind.values and "\x00" not in text and normalize_text(text):
        return [SeenText(MappingKind(kind), normalize_text(text), text)]
    number = request.GET.get("pacote", "")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        return []
    return page_selectors.list_texts_of(get_object_or_404(Parcel.objects.all(), pk=int(number)))


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(OPERATORS)
def edit_mapping(request: TenantRequest, mapping_id: int) -> HttpResponse:
    mapping = _mapping_or_404(mapping_id)
    source = SeenText(MappingKind(mapping.kind), mapping.text, mapping.label, mapping)
    return _take_mapping(request, [source], title="Editar o de-para")


def _take_mapping(request: TenantRequest, sources: list[SeenText], *, title: str) -> HttpResponse:
    """The form for one of ``sources``; POST saves it."""
    known = next((source.mapping for source in sources if source.mapping is not None), None)
    form = MappingForm(
        request.POST if request.method == "POST" else None,
        sources=[(source.kind.value, f"{source.kind_label}: {source.label}") for source in sources],
        initial={"carrier": known.carrier_key, "service": known.service} if known else None,
    )
    if request.method == "POST" and form.is_valid():
        kind = form.cleaned_data.get("source") or sources[0].kind.value
        source = next(each for each in sources if each.kind == kind)
        mapping = save_mapping(
            kind=source.kind,
            text=source.label,
            label=source.label[:LONGEST_NAME],
            carrier_key=form.cleaned_data["carrier"],
            service=form.cleaned_data["service"],
            by=request.membership.user.name,
        )
        messages.success(request, f"De-para salvo: {_count(mapping)} de {name_carrier(mapping.carrier_key)}.")
        return redirect("tracking:mappings", slug=request.organization.slug)
    context = {"form": form, "title": title, "source": sources[0]}
    status = 422 if form.is_bound else 200
    return render(request, "tracking/mapping.html", SECTION | context, status=status)


def _count(mapping: CarrierMapping) -> str:
    count = page_selectors.count_followed(mapping.kind, mapping.text)
    if not count:
        return "os próximos pacotes serão"
    return "1 pacote identificado como" if count == 1 else f"{count} pacotes identificados como"


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(OPERATORS)
def remove_mapping(request: TenantRequest, mapping_id: int) -> HttpResponse:
    """Asks first; POST does it."""
    mapping = _mapping_or_404(mapping_id)
    if request.method == "POST":
        delete_mapping(mapping=mapping)
        messages.success(request, "De-para excluído.")
        return redirect("tracking:mappings", slug=request.organization.slug)
    context = {
        "mapping": mapping,
        "carrier": name_carrier(mapping.carrier_key),
        "count": page_selectors.count_followed(mapping.kind, mapping.text),
    }
    return render(request, "tracking/delete_mapping.html", SECTION | context)


def _mapping_or_404(mapping_id: int) -> CarrierMapping:
    mapping: CarrierMapping = get_object_or_404(CarrierMapping.objects.all(), pk=mapping_id)
    return mapping


# --- contracts ---


@dataclass(frozen=True, slots=True)
class ContractRow:
    """How a company stands with one tracker: the chip, what happens by itself, and the button."""

    tracker: Tracker
    account: CarrierAccount | None
    label: str
    tone: str
    icon: str
    sentence: str
    button: str = ""
    is_urgent: bool = False
    following: int = 0

    @property
    def needs_contract(self) -> bool:
        return bool(self.tracker.credential_fields)


def _describe(tracker: Tracker, following: int = 0) -> ContractRow:
    account = find_account(tracker.key)
    if not tracker.credential_fields:
        failing = page_selectors.find_failing(tracker.key)
        if failing is not None:
            why = registry.explain(failing.failing_code, failing.failing_params, tracker.key)
            sentence = f"{why.title}. {why.detail}"
            return ContractRow(tracker, None, "Sem resposta", "warn", "alert", sentence, following=following)
        sentence = "Não precisa de contrato: consultamos sozinhos, pela chave da nota fiscal."
        return ContractRow(tracker, None, "Em uso", "ok", "check", sentence, following=following)
    if account is None:
        sentence = "Sem o contrato, não consultamos: o que vale de cada pacote é a situação no ERP."
        return ContractRow(
            tracker, None, "Sem contrato", "", "key", sentence, "Informar contrato", True, following
        )
    if account.state == AccountState.FAILING:
        sentence = (
            f"{tracker.name} recusou este contrato, e as consultas pararam. Nenhum pacote foi perdido: "
            "elas continuam de onde pararam quando você corrigir."
        )
        return ContractRow(
            tracker, account, "Recusado", "err", "x", sentence, "Corrigir contrato", True, following
        )
    sentence = "Consultamos sozinhos, de tempos em tempos conforme a etapa de cada pacote."
    return ContractRow(tracker, account, "Em uso", "ok", "check", sentence, "Editar", False, following)


@require_safe
@tenant_view(READERS)
def contract_list(request: TenantRequest) -> HttpResponse:
    counts = page_selectors.count_followed_by_tracker()
    context = {
        "rows": [_describe(each, counts.get(each.key, 0)) for each in registry.list_trackers()],
        "may_edit": request.membership.perfil in ADMINS,
        "ask_an_admin": ASK_AN_ADMIN,
    }
    return render(request, "tracking/contracts.html", SECTION | context)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(READERS)
def contract(request: TenantRequest, tracker: str) -> HttpResponse:
    """The credentials, which nobody is shown, and the last test. Only an Administrador may save."""
    plug_in = _tracker_or_404(tracker)
    if request.method != "POST":
        return _render_contract(request, plug_in, None)
    if request.membership.perfil not in ADMINS:
        raise Http404
    form = _make_form(plug_in, request.POST)
    if not form.is_valid():
        return _render_contract(request, plug_in, form, status=422)
    save_carrier_account(
        tracker=tracker,
        credentials={field.name: form.cleaned_data[field.name] for field in plug_in.credential_fields},
        by=request.membership.user.name,
    )
    messages.success(request, "Contrato salvo. Estamos testando agora.")
    return redirect("tracking:contract", slug=request.organization.slug, tracker=tracker)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(OPERATORS)
def contract_test(request: TenantRequest, tracker: str) -> HttpResponse:
    """«Testar», and how far it is; without htmx back to the contract's page."""
    plug_in = _tracker_or_404(tracker)
    account = find_account(tracker)
    if account is None:
        raise Http404
    if request.method == "POST":
        request_check(account=account)
        account.refresh_from_db()
    if not wants_fragment(request):
        return redirect("tracking:contract", slug=request.organization.slug, tracker=tracker)
    context = {"tracker": plug_in, "report": _report(account), "may_test": True}
    response = render(request, "tracking/_check.html", context)
    if account.checked_at is not None and request.GET.get("estado", account.state) != account.state:
        # A good test ended the refusal: the whole page tells something else now.
        response["HX-Refresh"] = "true"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(ADMINS)
def remove_contract(request: TenantRequest, tracker: str) -> HttpResponse:
    """«Apagar o contrato» asks first; POST does it."""
    plug_in = _tracker_or_404(tracker)
    if request.method == "POST":
        remove_carrier_account(tracker=tracker, by=request.membership.user.name)
        messages.success(request, "Contrato apagado.")
        return redirect("tracking:contracts", slug=request.organization.slug)
    context = {
        "tracker": plug_in,
        "following": page_selectors.count_followed_by_tracker().get(tracker, 0),
    }
    return render(request, "tracking/remove_contract.html", SECTION | context)


def _tracker_or_404(key: str) -> Tracker:
    """Only one that asks for a contract has a page."""
    plug_in = next((each for each in registry.list_trackers() if each.key == key), None)
    if plug_in is None or not plug_in.credential_fields:
        raise Http404
    return plug_in


def _make_form(tracker: Tracker, data: Any = None) -> ContractForm:
    account = find_account(tracker.key)
    stored = read_credentials(account) if account is not None else {}
    return ContractForm(data, declared=tracker.credential_fields, stored=stored)


def _render_contract(
    request: TenantRequest, tracker: Tracker, form: ContractForm | None, status: int = 200
) -> HttpResponse:
    row = _describe(tracker)
    account = row.account
    problem = None
    history = []
    if account is not None:
        entries = list_entries(SUBJECT, account.pk, limit=20)
        history = build_days(entries, HISTORY, clock.now())
    if account is not None and account.state == AccountState.FAILING:
        problem = registry.explain(account.failing_code, account.failing_params, tracker.key)
    context = {
        "tracker": tracker,
        "row": row,
        "account": account,
        "problem": problem,
        "may_edit": request.membership.perfil in ADMINS,
        "ask_an_admin": ASK_AN_ADMIN,
        "may_test": request.membership.perfil in OPERATORS,
        "form": form or _make_form(tracker),
        "report": _report(account) if account is not None else None,
        "history_days": history,
    }
    return render(request, "tracking/contract.html", SECTION | context, status=status)


def _report(account: CarrierAccount) -> dict[str, Any]:
    """The last «Testar»: its sentence, its tone and its steps. ``is_running``: ask again soon."""
    steps = account.check_steps
    asked_at = account.check_asked_at if account.checked_at is None else None
    is_running = asked_at is not None and clock.now() - asked_at < LONGEST_TEST
    failed = next((step for step in steps if step["state"] == CheckState.FAILURE), None)
    has_warning = any(step["state"] == CheckState.WARNING for step in steps)
    if is_running:
        summary, tone = "Testando…", "info"
    elif failed:
        summary, tone = f"O teste parou em {failed['title']}: {failed['detail']}", "err"
    elif asked_at is not None:
        summary, tone = "O teste não terminou: toque em «Testar» de novo", "warn"
    elif not steps:
        summary, tone = "", ""
    elif has_warning:
        summary, tone = "O contrato funciona, com avisos", "warn"
    else:
        summary, tone = "O contrato funciona", "ok"
    return {"account": account, "summary": summary, "tone": tone, "steps": steps, "is_running": is_running}
