from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import gateways
from accounts.tenancy import tenant
from contracts.records import CheckState
from integrations import sync
from integrations.models import Integration

MARKS = {
    CheckState.OK: "ok",
    CheckState.WARNING: "aviso",
    CheckState.FAILURE: "FALHA",
    CheckState.NOT_CHECKED: "-",
}


class Command(BaseCommand):
    help = "«Testar» an integration from the command line; exit code 1 when a step fails."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("integration_id", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        organization_id = gateways.organization_of_integration(options["integration_id"])
        if organization_id is None:
            raise CommandError(f"There is no integration {options['integration_id']}.")
        with tenant(organization_id):
            integration = Integration.objects.get(pk=options["integration_id"])
        failed = False
        for step in sync.check_connection(integration):
            failed = failed or step.state == CheckState.FAILURE
            self.stdout.write(f"{MARKS[step.state]:>5}  {step.title}: {step.detail}")
            if step.remedy:
                self.stdout.write(f"       {step.remedy}")
        if failed:
            raise CommandError("The connection does not work.")
