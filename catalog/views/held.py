"""«Mudanças retidas»: what the breaker holds, and what a person decides of it."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.db.models import Max
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import OPERATORS, READERS, TenantRequest, tenant_view
from catalog import held_selectors, services
from catalog.models import HeldDecision
from catalog.sentences import HELD
from catalog.views.describing import describe_held_changes
from ui.filters import build_tabs
from ui.paging import paginate

DECISIONS = {"accept": HeldDecision.ACCEPTED, "refuse": HeldDecision.REFUSED}


@require_safe
@tenant_view(READERS)
def held_list(request: TenantRequest) -> HttpResponse:
    chosen = _read_reason(request.GET.get("motivo", ""))
    waiting = held_selectors.list_waiting(reason_code=chosen)
    # Asked for before the rows: what is held or changes meanwhile is not decided with what the page shows.
    seen_at = waiting.aggregate(newest=Max("held_at"))["newest"]
    page = paginate(waiting.select_related("product", "integration"), request.GET)
    describe_held_changes(page.rows)
    counts = held_selectors.count_held_by_code()
    tabs = [("", "Todas", sum(counts.values()))]
    tabs += [(code, label, counts[code]) for code, (label, _) in HELD.items() if code in counts]
    context = {
        "section": "products",
        "page": page,
        "tabs": build_tabs(request, "motivo", tabs, chosen),
        "chosen": chosen,
        "seen": "" if seen_at is None else seen_at.isoformat(),
        "may_edit": request.membership.perfil in OPERATORS,
        "here": request.get_full_path(),
    }
    return render(request, "catalog/held.html", context)


@require_POST
@tenant_view(OPERATORS)
def decide_held(request: TenantRequest) -> HttpResponse:
    """POST with ``action`` accept or refuse, of one (``item``) or of all for ``motivo``, as of ``visto``."""
    decision = DECISIONS.get(request.POST.get("action", ""))
    seen_at = _read_moment(request.POST.get("visto", ""))
    held_id = _read_number(request.POST.get("item", ""))
    if decision is None or seen_at is None or (held_id is None and "item" in request.POST):
        raise Http404
    count = services.decide_held(
        decision=decision,
        person=request.membership.user.name,
        seen_at=seen_at,
        held_id=held_id,
        reason_code=_read_reason(request.POST.get("motivo", "")),
    )
    messages.success(request, _say_decided(decision, count))
    return redirect(_way_back(request))


def _say_decided(decision: HeldDecision, count: int) -> str:
    if not count:
        return "Nada mais esperava: o Tiny já disse outro valor, ou alguém já decidiu."
    if decision == HeldDecision.ACCEPTED:
        return "1 mudança aceita." if count == 1 else f"{count} mudanças aceitas."
    words = "1 mudança recusada" if count == 1 else f"{count} mudanças recusadas"
    return f"{words}: fica o que está aqui até o Tiny dizer outro valor."


def _read_reason(text: str) -> str:
    return text if text in HELD else ""


def _read_moment(text: str) -> dt.datetime | None:
    """As the page wrote it, with its zone."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _read_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _way_back(request: TenantRequest) -> str:
    """The page of a product that the person came from; the list for anything else."""
    number = _read_number(request.POST.get("produto", ""))
    slug = request.organization.slug
    return reverse("catalog:detail", args=[slug, number]) if number else reverse("catalog:held", args=[slug])
