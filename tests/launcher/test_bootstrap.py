"""What a machine that lacks something is told, by the same commands that a newcomer types."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from launcher.checkout import ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A checkout without its environment, and a PATH on which only what we put in bin/ is found."""
    for name in ("launcher", "requirements"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "bin").mkdir()
    for tool in ("sh", "make"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool) or tool)
    return tmp_path


def install_python(machine: Path, name: str, *, pretending: str = "") -> None:
    """Our own interpreter under this name, after it ran `pretending`."""
    site = machine / f"site-{name}"
    site.mkdir()
    (site / "sitecustomize.py").write_text(pretending)
    script = machine / "bin" / name
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{site}" exec "{sys.executable}" "$@"\n')
    script.chmod(0o755)


def make(machine: Path, target: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(machine / "bin"), "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(
        ["make", "--no-print-directory", target],
        cwd=machine,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def sentences(result: subprocess.CompletedProcess[str]) -> list[str]:
    """What is read, without make's own closing line."""
    return [line for line in result.stderr.splitlines() if not line.startswith("make")]


def test_an_old_python_is_named(machine: Path) -> None:
    install_python(machine, "python3", pretending="import sys\nsys.version_info = (3, 9, 2, 'final', 0)\n")

    result = make(machine, "run")

    assert result.returncode == 2
    assert sentences(result) == [
        "Entreposto needs Python 3.11 or newer, and this machine has only 3.9: "
        "install Python 3.11, 3.12 or 3.13 and try again."
    ]


def test_no_python_at_all(machine: Path) -> None:
    result = make(machine, "test")

    assert result.returncode == 2
    assert sentences(result) == [
        "Entreposto needs Python 3.11 or newer, and none was found: install it and try again."
    ]


def test_a_python_without_venv_names_the_package(machine: Path) -> None:
    install_python(
        machine,
        "python3",
        pretending="import sys\nsys.version_info = (3, 12, 1, 'final', 0)\nsys.modules['ensurepip'] = None\n",
    )

    result = make(machine, "run")

    assert result.returncode == 2
    assert sentences(result) == [
        "Python 3.12 is here but cannot make environments: install the package python3.12-venv "
        "(on Debian and Ubuntu: apt install python3.12-venv) and try again."
    ]


def test_a_shim_that_only_complains_is_passed_over(machine: Path) -> None:
    shim = machine / "bin" / "python3.13"
    shim.write_text("#!/bin/sh\necho 'pyenv: python3.13: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    install_python(machine, "python3", pretending="import sys\nsys.version_info = (3, 9, 2, 'final', 0)\n")

    result = make(machine, "run")

    assert sentences(result) == [
        "Entreposto needs Python 3.11 or newer, and this machine has only 3.9: "
        "install Python 3.11, 3.12 or 3.13 and try again."
    ]
