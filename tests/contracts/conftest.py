"""One simulator for the contract of every protocol, empty before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulated_tiny import SimulatedTiny


@pytest.fixture(scope="session")
def contract_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedTiny]:
    process = SimulatedTiny(tmp_path_factory.mktemp("contracts"))
    process.start()
    yield process
    process.stop()


@pytest.fixture
def tiny(contract_process: SimulatedTiny) -> SimulatedTiny:
    contract_process.control("POST", "reset", {"seed_demo": False})
    return contract_process
