"""Where things lie in this checkout, and what makes it another one than its neighbour."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"


def checkout_id(root: Path = ROOT) -> str:
    return hashlib.sha256(str(root).encode()).hexdigest()[:8]


def first_port(offset: int, root: Path = ROOT) -> int:
    """Where to look for a free port: below those of outgoing connections, apart for each checkout."""
    return 20000 + int(checkout_id(root), 16) % 100 * 100 + offset


def make_var(path: Path) -> Path:
    """The unprivileged user of the database passes through; what is private in it has a mode of its own."""
    if not path.exists():
        path.mkdir(parents=True)
        path.chmod(0o755)
    return path


def try_lock(path: Path) -> IO[str] | None:
    """The open file is the lock, which the kernel frees however its holder ends. None: held by another."""
    lock = path.open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock


def write_private(path: Path, text: str) -> None:
    """All or nothing, and for our own eyes: what is written here are passwords."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    temporary.replace(path)


class Ports:
    """The ports that an earlier start used: an address given to Tiny must still be ours tomorrow."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, int]:
        try:
            kept: dict[str, int] = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return kept

    def write(self, ports: dict[str, int]) -> None:
        if ports != self.read():
            temporary = self.path.with_suffix(".new")
            temporary.write_text(json.dumps(ports, indent=1))
            temporary.replace(self.path)
