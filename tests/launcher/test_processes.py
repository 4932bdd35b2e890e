from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from launcher.processes import Child, Registry, boot_id, process_table, wait_until

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""


def start_stubborn(folder: Path, registry: Registry) -> Child:
    child = Child(
        "stubborn",
        [sys.executable, "-c", STUBBORN],
        env=dict(os.environ),
        cwd=folder,
        log=folder / "stubborn.log",
        patience=0.2,
        registry=registry,
    )
    child.start()
    assert wait_until(lambda: "up" in child.log_tail(), 20)
    return child


def test_a_child_that_ignores_the_request_is_ended_all_the_same(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "processes.json")
    child = start_stubborn(tmp_path, registry)

    child.stop()

    assert child.pid not in process_table()
    assert json.loads(registry.path.read_text()) == []


def test_the_next_start_ends_what_a_killed_launcher_left(tmp_path: Path) -> None:
    launcher = f"""
import os, signal
from pathlib import Path
from launcher.processes import Registry
from tests.launcher.test_processes import start_stubborn
start_stubborn(Path({str(tmp_path)!r}), Registry(Path({str(tmp_path / "processes.json")!r})))
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", launcher], check=False).returncode == -signal.SIGKILL
    registry = Registry(tmp_path / "processes.json")
    [record] = json.loads(registry.path.read_text())
    assert record["pid"] in process_table()

    assert registry.sweep(patience=0.2) == ["stubborn"]

    assert record["pid"] not in process_table()
    assert registry.sweep() == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_an_obedient_child_dies_with_its_launcher(tmp_path: Path) -> None:
    launcher = f"""
import os, signal, sys
from pathlib import Path
from launcher.processes import Child
folder = Path({str(tmp_path)!r})
child = Child("c", [sys.executable, "-c", "import time; time.sleep(600)"], env=dict(os.environ), cwd=folder,
              log=folder / "c.log")
child.start()
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    output = subprocess.run(
        [sys.executable, "-c", launcher], capture_output=True, text=True, check=False
    ).stdout

    assert wait_until(lambda: int(output) not in process_table(), 10)


@pytest.mark.parametrize("difference", [{"started": "1"}, {"boot": "another boot"}])
def test_a_recycled_pid_is_left_alone(tmp_path: Path, difference: dict[str, str]) -> None:
    stranger = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
    )
    try:
        entry = process_table()[stranger.pid]
        record = {
            "name": "worker",
            "pid": stranger.pid,
            "started": entry.started,
            "boot": boot_id(),
            "stop_signal": int(signal.SIGTERM),
        }
        registry = Registry(tmp_path / "processes.json")
        registry.path.write_text(json.dumps([{**record, **difference}]))

        assert registry.sweep(patience=0.2) == []

        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_killing_takes_the_whole_group(tmp_path: Path) -> None:
    parent = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("up", flush=True)
time.sleep(600)
"""
    child = Child(
        "family",
        [sys.executable, "-c", parent],
        env=dict(os.environ),
        cwd=tmp_path,
        log=tmp_path / "family.log",
    )
    child.start()
    assert wait_until(lambda: "up" in child.log_tail(), 20)
    members = [pid for pid, entry in process_table().items() if entry.group == child.pid]
    assert len(members) == 2

    child.kill()

    assert [pid for pid in members if pid in process_table()] == []
