"""The canary's job: no call to the ERP. Each reading of orders has it look, a while after it ended."""

from __future__ import annotations

from accounts.tenancy import tenant
from integrations.models import Integration, IntegrationState
from jobs.runner import JobContext
from webhooks.services import watching


def watch_notifications(job: JobContext) -> None:
    """Whether what polls found had been told; what follows from it is one transaction."""
    with tenant(job.organization_id):
        integration = Integration.objects.get(pk=int(job.key))
        if integration.state == IntegrationState.CONNECTED:
            watching.look(integration=integration)
        job.save_step()
