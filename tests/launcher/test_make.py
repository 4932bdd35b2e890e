"""What `make` hands on. Its long commands are in no run of CI, so that a broken one would be noticed late."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from launcher.checkout import ROOT

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="needs make")


def arguments_of(target: str, folder: Path) -> list[str]:
    """What the interpreter would be started with, told by one that only tells it."""
    python = folder / "python"
    python.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    python.chmod(0o755)
    done = subprocess.run(
        ["make", "--silent", target, f"PYTHON={python}", 'ARGS=-k "one or two"'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    arguments: list[str] = json.loads(done.stdout)
    return arguments


@pytest.mark.parametrize(
    ("target", "options"),
    [
        ("test", []),
        ("soak", ["-n", "0", "-m", "slow or not slow"]),
        ("bench", ["-n", "0", "-s", "-o", "python_files=bench_*.py"]),
        ("screenshots", ["-n", "0", "-q", "-s", "-p", "no:cacheprovider"]),
    ],
)
def test_options_and_paths_arrive_whole(target: str, options: list[str], tmp_path: Path) -> None:
    arguments = arguments_of(target, tmp_path)
    assert arguments[: 2 + len(options)] == ["launcher/bootstrap.py", "test", *options]
    assert arguments[-2:] == ["-k", "one or two"]
    paths = arguments[2 + len(options) : -2]
    assert [path for path in paths if not (ROOT / path).exists()] == []
