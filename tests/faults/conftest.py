from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.platform import Platform
from tests.flows.conftest import company, tiny, tiny_process  # noqa: F401


@pytest.fixture(scope="session")
def whole_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    running = Platform(tmp_path_factory.mktemp("platform"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def platform(whole_platform: Platform) -> Iterator[Platform]:
    """Whole again before each fault."""
    whole_platform.heal()
    return whole_platform
