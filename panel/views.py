from __future__ import annotations

import secrets
import sys
from typing import Any

from django.contrib import messages
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import OPERATORS, TenantRequest, tenant_view
from jobs import queue
from panel import selectors
from panel.health import measure_health


@require_safe
@tenant_view(OPERATORS)
def errors(request: TenantRequest) -> HttpResponse:
    """Central de erros: one row per parked job."""
    problems = selectors.list_problems(request.organization, request.membership.perfil)
    return render(request, "panel/errors.html", {"section": "errors", "problems": problems})


@require_POST
@tenant_view(OPERATORS)
def retry(request: TenantRequest, job_id: int) -> HttpResponse:
    """«Tentar de novo»: the same step again."""
    if not queue.retry_parked(job_id):
        raise Http404
    messages.success(request, "Tentando de novo agora.")
    return redirect("panel:errors", slug=request.organization.slug)


@require_safe
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """200 while pages can be served, 503 otherwise; ``status`` and ``problems`` tell what else is wrong."""
    report = measure_health()
    return JsonResponse(report.as_json(), status=200 if report.can_serve else 503)


def page_not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _error_page("errors/404.html", 404)


def permission_denied(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _error_page("errors/403.html", 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that is older than the session: the page says to load it again."""
    return render(request, "errors/403.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """A database that is away comes back by itself: 503, «Voltamos em instantes»."""
    if isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        response = _error_page("errors/503.html", 503)
        response["Retry-After"] = "5"
        return response
    return _error_page("errors/500.html", 500, support_code=secrets.token_hex(4).upper())


def _error_page(template: str, status: int, **context: str) -> HttpResponse:
    """Without the request: a page's frame asks the database, which may have failed, and the scope is over."""
    return HttpResponse(render_to_string(template, context), status=status)
