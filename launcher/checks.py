"""`make lint`: every check runs, all that fail are named at the end."""

from __future__ import annotations

from launcher.stack import run_and_wait

_CHECKS = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "mypy": ["-m", "mypy"],
    "import directions": ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
    # Without a database Django only warns that it could not compare the migrations with it.
    "migrations": [
        *("-W", "ignore::RuntimeWarning", "manage.py", "makemigrations", "--check", "--dry-run"),
    ],
    "root packages": [
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:django",
        "--noconftest",
        "tests/launcher/test_root_packages.py",
    ],
}
# Settings that need no machine: nothing here reaches a database or an address.
_ENVIRONMENT = {
    "DEBUG": "1",
    "DATABASE_URL": "postgres://entreposto_app@127.0.0.1:1/entreposto",
    "DATABASE_OWNER_URL": "postgres://entreposto_owner@127.0.0.1:1/entreposto",
    "DATABASE_STAFF_URL": "postgres://entreposto_staff@127.0.0.1:1/entreposto",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def run() -> int:
    failed = []
    for name, arguments in _CHECKS.items():
        print(f"== {name}", flush=True)
        if run_and_wait(arguments, _ENVIRONMENT):
            failed.append(name)
    print(f"\nFailed: {', '.join(failed)}" if failed else "\nAll checks passed.", flush=True)
    return 1 if failed else 0
