"""One of several processes that need a token at the same moment: waits for a file, then reads the account.

Arguments: organization id, integration id, the file to wait for. Prints «ready», then the account's CNPJ.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import django

django.setup()

from accounts.tenancy import tenant  # noqa: E402
from integrations import registry  # noqa: E402
from integrations.credentials import IntegrationContext  # noqa: E402
from integrations.models import Integration  # noqa: E402


def main() -> None:
    organization_id, integration_id, starting_signal = sys.argv[1:]
    with tenant(int(organization_id)):
        integration = Integration.objects.get(pk=int(integration_id))
    context = IntegrationContext(integration)
    print("ready", flush=True)
    while not Path(starting_signal).exists():
        time.sleep(0.01)
    print(registry.get_provider("tiny").get_account(context).document, flush=True)


main()
