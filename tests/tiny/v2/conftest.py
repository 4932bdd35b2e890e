"""One simulator for the tests of API v2 over real HTTP, empty before each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulated_tiny import SimulatedTiny
from tests.tiny.sellers import TokenSeller


@pytest.fixture(scope="session")
def v2_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedTiny]:
    process = SimulatedTiny(tmp_path_factory.mktemp("api2"))
    process.start()
    yield process
    process.stop()


@pytest.fixture
def seller(v2_process: SimulatedTiny) -> Iterator[TokenSeller]:
    v2_process.control("POST", "reset", {"seed_demo": False})
    seller = TokenSeller(v2_process, v2_process.add_account())
    yield seller
    seller.http.close()
