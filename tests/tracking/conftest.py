"""Two companies that send parcels, and simulated carriers to ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from accounts.models import Organization
from jobs import runner
from jobs.dispatch import dispatch_due
from tests.simulated_carriers import SimulatedCarriers
from tests.tracking.companies import Shipper


@pytest.fixture
def run_jobs(settings: Any) -> Callable[[], int]:
    """Run everything that is due, here, as workers would; how many jobs that were."""
    settings.SLOT_SPACING_SECONDS = 0.0
    settings.JOB_HANDLERS = {
        **settings.JOB_HANDLERS,
        "apply_shipment": "tests.tracking.handlers.apply_shipment",
    }

    def run() -> int:
        count = 0
        dispatch_due()
        while runner.run_one() is not None:
            count += 1
        return count

    return run


@pytest.fixture
def contract(simulated_carriers: SimulatedCarriers) -> Mapping[str, str]:
    """Credentials that Correios accept."""
    return simulated_carriers.contract


@pytest.fixture
def shipper(organization: Organization) -> Shipper:
    return Shipper(organization)


@pytest.fixture
def neighbour(other_organization: Organization) -> Shipper:
    return Shipper(other_organization)
