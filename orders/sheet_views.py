"""Orders from a spreadsheet: what is in it first, then «Receber os N pedidos», then how it goes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import OPERATORS, TenantRequest, tenant_view
from jobs.selectors import find_parked
from orders import sheets
from orders.models import OrderSheet, SheetState
from orders.services.sheets import PLACE_SHEET, SHEETS, find_former, keep_sheet, start_sheet
from ui.fragments import render_page

PROBLEMS_SHOWN = 200
RECENT_SHOWN = 5


class SheetForm(forms.Form):
    file = forms.FileField(
        label="Arquivo CSV",
        error_messages={"required": "Escolha o arquivo.", "empty": "O arquivo está vazio."},
        widget=forms.FileInput(attrs={"class": "inp", "accept": ".csv,text/csv"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > sheets.LARGEST_FILE:
            raise ValidationError("O arquivo passa de 5 MB. Divida em partes.")
        return file


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(OPERATORS)
def sheet_upload(request: TenantRequest) -> HttpResponse:
    form = SheetForm(request.POST, request.FILES) if request.method == "POST" else SheetForm()
    if form.is_bound and form.is_valid():
        try:
            sheet = _keep(request, form.cleaned_data["file"])
        except sheets.SheetRefused as error:
            form.add_error("file", str(error))
        else:
            return redirect("orders:sheet", slug=request.organization.slug, sheet_id=sheet.pk)
    recent = OrderSheet.objects.exclude(state=SheetState.CHECKED).order_by("-requested_at", "-id")
    context = {
        "section": "orders",
        "form": form,
        "columns": sheets.COLUMNS,
        "most_lines": sheets.MOST_LINES,
        "recent": recent.defer("text")[:RECENT_SHOWN],
    }
    return render(request, "orders/sheet_upload.html", context, status=422 if form.errors else 200)


def _keep(request: TenantRequest, file: Any) -> OrderSheet:
    """Raises ``SheetRefused``."""
    text = sheets.decode(file.read())
    sheet = sheets.read_sheet(text)
    return keep_sheet(
        name=file.name[-200:],
        text=text,
        orders_total=len(sheet.orders),
        problem_count=len(sheet.problems),
        problems=[(one.line, one.column, one.text) for one in sheet.problems[:PROBLEMS_SHOWN]],
        person=request.membership.user.name,
    )


@require_safe
@tenant_view(OPERATORS)
def sheet_model(request: TenantRequest) -> HttpResponse:
    return HttpResponse(
        sheets.write_model(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="modelo-pedidos.csv"'},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_view(OPERATORS)
def sheet_detail(request: TenantRequest, sheet_id: int) -> HttpResponse:
    """Preview, progress and summary. POST places the orders."""
    sheet = get_object_or_404(OrderSheet.objects.defer("text"), pk=sheet_id)
    if request.method == "POST":
        start_sheet(sheet_id=sheet.pk)
        return redirect("orders:sheet", slug=request.organization.slug, sheet_id=sheet.pk)
    context: dict[str, Any] = {"section": "orders", "sheet": sheet}
    if sheet.state == SheetState.CHECKED:
        context |= _preview(sheet)
    elif sheet.state == SheetState.RUNNING:
        context["stopped"] = find_parked(channel=SHEETS, kind=PLACE_SHEET, key=str(sheet.pk))
    return render_page(request, "orders/sheet.html", context, fragment="orders/_sheet_progress.html")


def _preview(sheet: OrderSheet) -> dict[str, Any]:
    read = sheets.read_sheet(sheet.text)
    former = find_former([order.placement for order in read.orders])
    known, conflicts, new = 0, [], 0
    for order in read.orders:
        placement = order.placement
        standing = former.get((placement.ecommerce_name, placement.ecommerce_number))
        if standing is None:
            new += 1
        elif standing.request_hash == placement.request_hash:
            known += 1
        else:
            conflicts.append({"line": order.lines[0], "placement": placement, "standing": standing})
    return {
        "read": read,
        "new_count": new,
        "known_count": known,
        "conflicts": conflicts[:PROBLEMS_SHOWN],
        "conflict_count": len(conflicts),
        "bad_line_count": len({problem.line for problem in read.problems}),
    }
