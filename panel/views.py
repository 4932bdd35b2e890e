from __future__ import annotations

import secrets
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import OPERATORS, TenantRequest, tenant_view
from jobs import queue
from panel import selectors


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


def page_not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


def permission_denied(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return render(request, "errors/403.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Must not depend on the database, which may be the thing that failed."""
    return render(request, "errors/500.html", {"support_code": secrets.token_hex(4).upper()}, status=500)
