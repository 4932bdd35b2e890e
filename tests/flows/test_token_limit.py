"""By API v2 the account's limit is learnt from the one header that Tiny sends."""

from __future__ import annotations

import pytest
from django.conf import settings

from jobs.models import Budget
from tests.flows.conftest import Company


@pytest.fixture
def protocol() -> str:
    return "v2"


def test_limit_of_the_plan_is_learnt_by_the_first_call(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.account.tiny.control("PATCH", f"accounts/{company.account.id}", {"v2_limit": 60})
    monkeypatch.setattr(settings, "SLOT_SPACING_SECONDS", None)
    monkeypatch.setattr("jobs.budgets.time.sleep", lambda seconds: None)
    company.connect()
    budgets = {
        key.rpartition(":")[2]: limit for key, limit in Budget.objects.values_list("key", "per_minute")
    }
    assert budgets["read"] == 60
    assert budgets.keys() & {"write", "batch"} == set()
