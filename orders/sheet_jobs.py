"""The orders of a sheet, placed in the background. No ERP is asked."""

from __future__ import annotations

from accounts.tenancy import tenant
from jobs.runner import JobContext
from orders.models import OrderSheet, SheetState
from orders.services.sheets import finish_sheet, place_some
from orders.sheets import read_sheet

# Nobody else places orders while these are.
AT_A_TIME = 10


def place_sheet(job: JobContext) -> None:
    """Saves its step with every few orders, so that a kill places none twice and counts none twice."""
    sheet_id = int(job.key)
    with tenant(job.organization_id):
        sheet = OrderSheet.objects.get(pk=sheet_id)
    if sheet.state != SheetState.RUNNING:
        return
    placements = [order.placement for order in read_sheet(sheet.text).orders]
    done = int(job.step.get("done", 0))
    while done < len(placements):
        with tenant(job.organization_id):
            place_some(sheet_id=sheet_id, placements=placements[done : done + AT_A_TIME])
            done += AT_A_TIME
            job.save_step(done=done)
    with tenant(job.organization_id):
        finish_sheet(sheet_id=sheet_id)
