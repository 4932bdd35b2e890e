from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.importing import ImportPlatform
from tests.faults.invariants import REPORTS, Report
from tests.faults.platform import Platform
from tests.flows.conftest import company, protocol, tiny, tiny_process  # noqa: F401


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="package")
def whole_import_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImportPlatform]:
    running = ImportPlatform(tmp_path_factory.mktemp("import_platform"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def import_platform(whole_import_platform: ImportPlatform) -> ImportPlatform:
    """Whole again before each fault."""
    whole_import_platform.heal()
    return whole_import_platform


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The table of docs/RELIABILITY.md, as far as rows were run."""
    if not REPORTS:
        return
    groups: dict[tuple[str, str, str], list[Report]] = defaultdict(list)
    for line in REPORTS:
        groups[line.row, line.fault, line.test].append(line)
    terminalreporter.section("faults")
    terminalreporter.write_line("| Row | Fault | Test | Runs | Lost | Doubled | Backlog, s |")
    terminalreporter.write_line("|---|---|---|---|---|---|---|")
    for (row, fault, test), lines in groups.items():
        lost, doubled = sum(line.lost for line in lines), sum(line.doubled for line in lines)
        seconds = max(line.seconds for line in lines)
        terminalreporter.write_line(
            f"| {row} | {fault} | `{test}` | {len(lines)} | {lost} | {doubled} | {seconds:.1f} |"
        )
