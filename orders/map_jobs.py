"""The status map applied to the open orders, in the background. No ERP is asked."""

from __future__ import annotations

from accounts.tenancy import tenant
from jobs.runner import JobContext
from orders.map_selectors import list_open_orders, read_status_map
from orders.models import StatusMapRun
from orders.services.mapping import advance_applying, apply_to_orders, finish_applying

# Nobody else writes orders while these are looked at.
AT_A_TIME = 50


def apply_status_map(job: JobContext) -> None:
    """Order by order in their own sequence; a kill repeats none and counts none twice."""
    with tenant(job.organization_id):
        run = StatusMapRun.objects.select_related("integration").get(pk=int(job.key))
    if run.finished_at is not None:
        return
    last = int(job.step.get("last", 0))
    is_done = False
    while not is_done:
        with tenant(job.organization_id):
            # The map that holds now: one that was saved meanwhile must not be overruled by this one.
            status_map = read_status_map(run.integration)
            some = list_open_orders(run.integration).filter(pk__gt=last).order_by("pk")[:AT_A_TIME]
            ids = list(some.values_list("pk", flat=True))
            moved, written = apply_to_orders(
                reference_ids=ids, status_map=status_map, person=run.requested_by
            )
            advance_applying(run_id=run.pk, read=len(ids), moved=moved, written=written)
            is_done = len(ids) < AT_A_TIME
            last = ids[-1] if ids else last
            if is_done:
                finish_applying(run_id=run.pk)
            job.save_step(last=last)
