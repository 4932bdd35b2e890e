"""The wiring of the trackers is looked at before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from tracking import registry
from tracking.checks import carriers_are_real, trackers_exist

REAL = {"correios": "https://api.correios.com.br", "ssw": "https://ssw.inf.br"}


@pytest.fixture(autouse=True)
def forgetful() -> Any:
    yield
    registry.get_tracker.cache_clear()


def test_the_wiring_is_right() -> None:
    assert trackers_exist(None) == []


@pytest.mark.parametrize("path", ["tracking.trackers.coreios.X", "tracking.trackers.correios.Tracker"])
def test_a_typo_is_found(settings: Any, path: str) -> None:
    registry.get_tracker.cache_clear()
    settings.TRACKERS = {"correios": path}

    (error,) = trackers_exist(None)

    assert error.id == "tracking.E001"


def test_a_tracker_under_another_key_or_without_an_address_is_found(settings: Any) -> None:
    registry.get_tracker.cache_clear()
    settings.TRACKERS = {"correio": settings.TRACKERS["correios"], "ssw": settings.TRACKERS["ssw"]}
    settings.TRACKER_URLS = {"correio": REAL["correios"]}

    assert [error.id for error in trackers_exist(None)] == ["tracking.E002", "tracking.E002"]


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8200/ssw", "https://carriers/ssw", "http://ssw.inf.br", ""]
)
def test_a_simulator_is_refused_in_production(settings: Any, address: str) -> None:
    settings.DEBUG = settings.ALLOW_SIMULATOR = False
    settings.TRACKER_URLS = REAL | {"ssw": address}

    (error,) = carriers_are_real(None)

    assert error.id == "tracking.E004"
    assert error.msg.startswith(f"The address {address} of the tracker 'ssw' is none of the internet's")

    settings.ALLOW_SIMULATOR = True
    assert carriers_are_real(None) == []


def test_real_carriers_are_not_refused(settings: Any) -> None:
    settings.DEBUG = settings.ALLOW_SIMULATOR = False
    settings.TRACKER_URLS = REAL

    assert carriers_are_real(None) == []
