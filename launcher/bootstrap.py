"""Makes .venv and hands over to `python -m launcher`; needs nothing but a Python and its own library.

Written in a syntax that old Pythons can read, so that they can say what is missing.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from typing import List, Optional, Tuple

MINIMUM = (3, 11)
CANDIDATES = ("python3.13", "python3.12", "python3.11", "python3")
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "requirements-stamp")
# The commands that need more than what runs in production.
TEST_COMMANDS = ("test", "lint", "services", "env")


def main(arguments: List[str]) -> int:
    try:
        make_environment("test" if arguments[:1] and arguments[0] in TEST_COMMANDS else "runtime")
    except Missing as missing:
        sys.stderr.write("%s\n" % missing)
        return 2
    except PermissionError as error:
        sys.stderr.write("%s belongs to another user: remove it, or run as that user.\n" % error.filename)
        return 2
    except KeyboardInterrupt:
        return 130
    else:
        os.chdir(ROOT)
        os.execv(venv_python(), [venv_python(), "-m", "launcher", *arguments])  # noqa: S606


class Missing(Exception):
    """What this machine lacks, in one sentence."""


def make_environment(requirement_set: str) -> None:
    with Lock():
        if is_installed(requirement_set):
            return
        uv = shutil.which("uv")
        # An environment without pip is one whose making was interrupted.
        if not runs(venv_python(), "import pip, sys; sys.exit(sys.version_info[:2] < (3, 11))"):
            create_venv(find_python(needs_venv=uv is None), uv)
        install(requirement_set, uv)
        with open(STAMP, "w") as stamp:
            stamp.write(wanted_stamp(requirement_set))


def venv_python() -> str:
    return os.path.join(VENV, "bin", "python")


def requirements_file(requirement_set: str) -> str:
    return os.path.join(ROOT, "requirements", requirement_set + ".txt")


def wanted_stamp(requirement_set: str) -> str:
    with open(requirements_file(requirement_set), "rb") as file:
        return requirement_set + " " + hashlib.sha256(file.read()).hexdigest()


def is_installed(requirement_set: str) -> bool:
    """The test set holds the runtime set."""
    try:
        with open(STAMP) as stamp:
            found = stamp.read()
    except OSError:
        return False
    return found in (wanted_stamp(requirement_set), wanted_stamp("test")) and runs(venv_python(), "")


def find_python(needs_venv: bool) -> str:
    """The newest Python that really runs: a version manager's shim may exist and only complain."""
    too_old = None
    without_venv = None
    for name in (*CANDIDATES, sys.executable):
        version = version_of(name)
        if version is None:
            continue
        if version < MINIMUM:
            too_old = version
        elif needs_venv and not runs(name, "import ensurepip, venv"):
            without_venv = without_venv or version
        else:
            return name
    if without_venv:
        raise Missing(
            "Python %d.%d is here but cannot make environments: install the package python%d.%d-venv "
            "(on Debian and Ubuntu: apt install python%d.%d-venv) and try again." % (without_venv * 3)
        )
    raise Missing(
        "Entreposto needs Python 3.11 or newer, and this machine has %s: "
        "install Python 3.11, 3.12 or 3.13 and try again."
        % ("only %d.%d" % too_old if too_old else "none that runs")
    )


def version_of(python: str) -> Optional[Tuple[int, int]]:
    output = output_of([python, "-c", "import sys; print('%d %d' % sys.version_info[:2])"])
    if output is None:
        return None
    major, minor = output.split()
    return (int(major), int(minor))


def runs(python: str, code: str) -> bool:
    return output_of([python, "-c", code]) is not None


def output_of(command: List[str]) -> Optional[str]:
    try:
        with open(os.devnull, "w") as devnull:
            return subprocess.check_output(command, stderr=devnull).decode()
    except (OSError, subprocess.CalledProcessError, UnicodeDecodeError):
        return None


def create_venv(python: str, uv: Optional[str]) -> None:
    say("Making .venv with %s ..." % python)
    if uv:
        run([uv, "venv", "--quiet", "--clear", "--seed", "--python", shutil.which(python) or python, VENV])
    else:
        run([python, "-m", "venv", "--clear", VENV])


def install(requirement_set: str, uv: Optional[str]) -> None:
    requirements = requirements_file(requirement_set)
    say("Installing what requirements/%s.txt lists; the first time takes half a minute ..." % requirement_set)
    if uv:
        run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", venv_python(), requirements])
    else:
        run(
            [
                *(
                    venv_python(),
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--no-input",
                ),
                *("--require-hashes", "--requirement", requirements),
            ]
        )


def run(command: List[str]) -> None:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.communicate()[0].decode("utf-8", "replace")
    if process.returncode != 0:
        sys.stderr.write(output)
        raise Missing("The environment could not be made: the lines above are what %s says." % command[0])


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Lock:
    """Two commands started at once make the environment one after the other."""

    def __enter__(self) -> "Lock":
        folder = os.path.join(ROOT, "var")
        if not os.path.isdir(folder):
            os.mkdir(folder)
            os.chmod(folder, 0o755)  # noqa: S103 - the database's unprivileged user passes through
        self.file = open(os.path.join(folder, "bootstrap.lock"), "w")
        fcntl.flock(self.file, fcntl.LOCK_EX)
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
