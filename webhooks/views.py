"""Notifications for people: the inbox, one of them, and processing many again."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import clock
from accounts.permissions import OPERATORS, READERS, TenantRequest, tenant_view
from history.models import Source
from history.selectors import list_entries
from history.services import record
from history.timeline import build_days
from integrations.models import IntegrationState
from integrations.selectors import list_integrations
from jobs.selectors import find_parked
from ui.filters import build_tabs, change_query, list_active
from ui.fragments import render_page, wants_fragment
from ui.moments import to_brasilia
from ui.paging import PAGE_PARAMETER
from webhooks import bulk, page_selectors
from webhooks.forms import FilterForm
from webhooks.models import OPEN_STATES, WebhookReceipt, WebhookReplayRun
from webhooks.page_selectors import AT_A_TIME, ReceiptFilter
from webhooks.page_sentences import (
    OWN_TRIAL,
    STATES,
    Chip,
    explain_receipt,
    name_kind,
    summarise,
    write_duration,
)
from webhooks.self_test import is_own
from webhooks.sentences import HISTORY
from webhooks.services.receipts import SUBJECT, replay
from webhooks.services.watching import name_moment
from webhooks.showing import HOURS, draw_columns, show_body, show_text

# More of them are «100+».
NEWER_AT_MOST = 100
REPEATS_SHOWN = 10
# What a sender is told, unless it waits for more.
ACCEPTED = '{"ok": true}'
# The part of the empty list that asks whether the first one came; of a page, whether it was processed.
AWAITING_FIRST, FOLLOWING = "primeira", "acompanhar"


# --- the inbox ---


@require_safe
@tenant_view(READERS)
def receipt_list(request: TenantRequest) -> HttpResponse:
    """The list. Fragments: with ``pagina`` the rows before that id, with ``depois`` how many came later."""
    if request.headers.get("HX-Trigger") == AWAITING_FIRST:
        has_come = bool(page_selectors.newest_id())
        return HttpResponse(status=204, headers={"HX-Refresh": "true"} if has_come else {})
    now = clock.now()
    integrations = list(list_integrations())
    form = FilterForm(request.GET, integrations=integrations)
    wanted = form.read(now)
    if wants_fragment(request) and "depois" in request.GET:
        return _render_newer(request, wanted)
    before = _read_id(request.GET.get(PAGE_PARAMETER, ""))
    # Looked up first: what comes meanwhile is counted as newer, and not lost in between.
    newest_id = page_selectors.newest_id()
    receipts = page_selectors.list_receipts(wanted)
    rows = list((receipts.filter(pk__lt=before) if before else receipts)[: AT_A_TIME + 1])
    shown = rows[:AT_A_TIME]
    _describe(shown)
    context: dict[str, Any] = {
        "section": "notifications",
        "rows": shown,
        "more_address": "",
        "may_act": request.membership.perfil in OPERATORS,
        "several": len(integrations) > 1,
    }
    if len(rows) > AT_A_TIME:
        context["more_address"] = change_query(request, **{PAGE_PARAMETER: str(shown[-1].pk)})
    if wants_fragment(request) and before:
        return render(request, "webhooks/_rows.html", context)
    counts = page_selectors.count_views(wanted)
    choices = [(view.key, view.label, counts[view.key].count) for view in page_selectors.VIEWS]
    tabs = build_tabs(request, "visao", choices, wanted.view)
    context |= {
        "is_list": True,
        "tabs": [
            replace(tab, is_more=counts[key].is_more) for tab, (key, *_) in zip(tabs, choices, strict=True)
        ],
        "total": counts[wanted.view],
        "filters": form,
        "active_filters": list_active(request, form.describe(wanted)),
        "list_address": change_query(request, **{PAGE_PARAMETER: None}),
        "newer_address": change_query(request, depois=str(newest_id)),
        "is_beginning": not before,
    }
    if not wants_fragment(request):
        hours = page_selectors.count_by_hour(now - dt.timedelta(hours=HOURS), wanted.integration_id)
        context |= {
            "has_any": bool(newest_id),
            "awaiting_first": AWAITING_FIRST,
            "columns": draw_columns(hours, now),
            "volume": sum(count for count, _ in hours.values()),
            "connected": [row for row in integrations if row.state != IntegrationState.DRAFT],
            "yesterday": to_brasilia(now - dt.timedelta(hours=24)),
        }
    return render_page(request, "webhooks/list.html", context, fragment="webhooks/_list.html")


def _render_newer(request: TenantRequest, wanted: ReceiptFilter) -> HttpResponse:
    """«12 novas»: the list itself stays where it is until the person wants them."""
    than_id = _read_id(request.GET.get("depois", ""))
    count = page_selectors.count_newer(wanted, than_id, NEWER_AT_MOST)
    context = {
        "count": count,
        "is_more": count == NEWER_AT_MOST,
        "list_address": change_query(request, depois=None),
    }
    return render(request, "webhooks/_newer.html", context)


def _read_id(text: str) -> int:
    """0 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _describe(receipts: Any) -> None:
    """Set what the pages show of each beside its own columns."""
    waiting = page_selectors.find_waiting(receipts)
    for receipt in receipts:
        receipt.kind_label = name_kind(receipt)
        receipt.summary = summarise(receipt)
        receipt.chip = _find_chip(receipt, waiting.get(receipt.pk))
        receipt.why = explain_receipt(receipt)
        if receipt.settled_at is not None:
            receipt.took = write_duration(receipt.settled_at - receipt.received_at)


def _find_chip(receipt: WebhookReceipt, waiting: page_selectors.Waiting | None) -> Chip:
    if waiting is None:
        return STATES[receipt.state]
    if waiting.needs_person:
        return Chip("Precisa de ação", "err", "alert")
    return Chip("Nova tentativa", "warn", "refresh")


# --- one ---


@require_safe
@tenant_view(READERS)
def receipt_detail(request: TenantRequest, receipt_id: int) -> HttpResponse:
    """What came and what became of it. Body, headers and sender are for those who work with it."""
    receipt: Any = get_object_or_404(
        WebhookReceipt.objects.select_related("integration", "repeats"), pk=receipt_id
    )
    waiting = page_selectors.find_waiting([receipt]).get(receipt.pk)
    is_awaited = receipt.state in OPEN_STATES and not (waiting and waiting.needs_person)
    if request.headers.get("HX-Trigger") == FOLLOWING:
        return HttpResponse(status=204, headers={} if is_awaited else {"HX-Refresh": "true"})
    _describe([receipt])
    if is_own(receipt):
        receipt.why = OWN_TRIAL
    repeats, repeat_count = page_selectors.list_repeats(receipt, REPEATS_SHOWN)
    newer = page_selectors.find_newer(receipt)
    now = clock.now()
    may_act = request.membership.perfil in OPERATORS
    context = {
        "section": "notifications",
        "receipt": receipt,
        "waiting": waiting,
        "subject": page_selectors.find_subject(receipt),
        "repeats": repeats,
        "repeat_count": repeat_count,
        "newer": newer,
        "newer_at": name_moment(newer.received_at, now) if newer else "",
        "repeats_at": name_moment(receipt.repeats.received_at, now) if receipt.repeats else "",
        "type_name": show_text(receipt.type_name),
        "is_awaited": is_awaited,
        "following": FOLLOWING,
        "may_act": may_act,
        "history_days": build_days(list_entries(SUBJECT, receipt.pk), HISTORY, now),
    }
    if may_act:
        context |= {
            "body": show_body(bytes(receipt.body)),
            "size": len(receipt.body),
            "answer": show_body((receipt.answer or ACCEPTED).encode()).text,
            "attempts": page_selectors.list_attempts(receipt),
        }
    return render(request, "webhooks/detail.html", context)


@require_POST
@never_cache
@tenant_view(OPERATORS)
def receipt_body(request: TenantRequest, receipt_id: int) -> HttpResponse:
    """«Baixar»: the bytes as they came, a whole CPF too; who took them is written down."""
    receipt = get_object_or_404(WebhookReceipt.objects.all(), pk=receipt_id)
    record(
        subject_kind=SUBJECT,
        subject_id=receipt.pk,
        code="receipt.body_taken",
        source=Source.PERSON,
        person=request.membership.user.name,
    )
    response = HttpResponse(bytes(receipt.body), content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="notificacao-{receipt.pk}.txt"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
@tenant_view(OPERATORS)
def receipt_replay(request: TenantRequest, receipt_id: int) -> HttpResponse:
    """«Reprocessar» of one: by the rules of now, and nothing newer is written over."""
    receipt = get_object_or_404(WebhookReceipt.objects.all(), pk=receipt_id)
    if replay(receipt_ids=[receipt.pk], person=request.membership.user.name):
        messages.success(request, "A notificação está sendo processada de novo.")
    else:
        messages.info(request, "A notificação já está na fila.")
    return redirect("webhooks:detail", slug=request.organization.slug, receipt_id=receipt.pk)


@require_POST
@tenant_view(OPERATORS)
def act_on_chosen(request: TenantRequest) -> HttpResponse:
    """What to do with those of ``id``: ``action`` replay, which shows the plan first, or ignore."""
    ids, action = request.POST.getlist("id"), request.POST.get("action")
    if action == "replay":
        address = reverse("webhooks:plan", args=[request.organization.slug])
        return redirect(f"{address}?{urlencode([('id', each) for each in ids])}")
    if action != "ignore":
        raise Http404
    count = bulk.ignore(
        receipt_ids=list(_chosen(ids).values_list("pk", flat=True)), person=request.membership.user.name
    )
    if count:
        messages.success(
            request, "1 notificação ignorada." if count == 1 else f"{count} notificações ignoradas."
        )
    else:
        messages.info(request, "Só notificações que falharam podem ser ignoradas: nada mudou.")
    return redirect("webhooks:list", slug=request.organization.slug)


def _chosen(ids: list[str]) -> QuerySet[WebhookReceipt]:
    numbers = [number for number in map(_read_id, ids[: bulk.MOST_AT_ONCE]) if number]
    return WebhookReceipt.objects.filter(pk__in=numbers)


# --- many of them again ---


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(OPERATORS)
def replay_plan(request: TenantRequest) -> HttpResponse:
    """The plan for those of ``id``, else for those of the list's filter; POST starts it.

    ``planejado`` is the moment of the plan that a person confirms: what came to be since is not in it.
    """
    form = FilterForm(request.GET, integrations=list_integrations())
    now = clock.now()
    wanted = form.read(now)
    ids = request.GET.getlist("id")
    receipts = _chosen(ids) if ids else page_selectors.list_receipts(wanted)
    if request.method == "POST":
        planned_at = _read_moment(request.POST.get("planejado", ""))
        return _start(request, bulk.plan_replay(receipts, at=min(planned_at, now)) if planned_at else [])
    plans = bulk.plan_replay(receipts, at=now)
    context = {
        "section": "notifications",
        "plans": [(plan, bulk.list_open_runs(plan.integration).first()) for plan in plans],
        "todo": sum(len(plan.receipt_ids) for plan in plans),
        "here": request.get_full_path(),
        "most": bulk.MOST_AT_ONCE,
        "planned_at": now.isoformat(),
    }
    return render(request, "webhooks/replay_plan.html", context)


def _read_moment(text: str) -> dt.datetime | None:
    """``None`` for what is none, or has no zone."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _start(request: TenantRequest, plans: list[bulk.Plan]) -> HttpResponse:
    runs = bulk.start_replays(plans=plans, person=request.membership.user.name)
    if not runs:
        messages.info(request, "Nada a reprocessar: já foram processadas, ou estão a caminho.")
        return redirect("webhooks:list", slug=request.organization.slug)
    return redirect("webhooks:run", slug=request.organization.slug, run_id=runs[0].pk)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(OPERATORS)
def replay_run(request: TenantRequest, run_id: int) -> HttpResponse:
    """How far it is, then what became of it, beside those of the same request; POST cancels it.

    htmx gets one run alone.
    """
    run = get_object_or_404(WebhookReplayRun.objects.select_related("integration"), pk=run_id)
    if request.method == "POST":
        bulk.cancel_replay(run_id=run.pk)
        return redirect("webhooks:run", slug=request.organization.slug, run_id=run.pk)
    if wants_fragment(request):
        return render(request, "webhooks/_run.html", {"row": _describe_run(run)})
    rows = [_describe_run(each) for each in bulk.list_run_with(run)]
    return render(request, "webhooks/replay_run.html", {"section": "notifications", "run": run, "rows": rows})


def _describe_run(run: WebhookReplayRun) -> dict[str, Any]:
    counts = bulk.count_run(run, clock.now())
    stopped = former = None
    if run.finished_at is None:
        stopped = find_parked(
            channel=bulk.channel_of(run.integration_id), kind="replay_receipts", key=str(run.pk)
        )
        former = bulk.find_former_run(run)
    return {
        "run": run,
        "total": len(run.receipt_ids),
        "done": counts.settled + counts.failed,
        "left": len(run.receipt_ids) - run.receipts_done,
        "counts": counts,
        "stopped": stopped,
        "former": former,
        "is_going_on": run.finished_at is None or counts.waiting,
        "is_watched": stopped is None and (run.finished_at is None or counts.waiting),
    }
