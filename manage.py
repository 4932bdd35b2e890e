#!/usr/bin/env python
"""Django's command line. The database role follows the command: see ``DATABASE_ROLE`` in the settings."""

import os
import sys
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

# What `make run` tells its children, so that a command typed beside it meets the same database.
RUNNING = Path(__file__).resolve().parent / "var" / "run.env"

OWNER_COMMANDS = {
    "migrate",
    "makemigrations",
    "showmigrations",
    "sqlmigrate",
    "squashmigrations",
    "create_organization",
}
STAFF_COMMANDS = {"demo_status"}


def role_of(arguments: list[str]) -> str:
    command = arguments[1] if len(arguments) > 1 else ""
    if command in OWNER_COMMANDS:
        return "owner"
    return "staff" if command in STAFF_COMMANDS else "app"


def main() -> None:
    if "DATABASE_URL" not in os.environ and RUNNING.exists():
        environ.Env.read_env(RUNNING)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("DATABASE_ROLE", role_of(sys.argv))
    from django.core.management import execute_from_command_line  # noqa: PLC0415  needs the role

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
