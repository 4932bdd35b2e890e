"""`python -m launcher <command>`: what the Makefile's targets call once the environment stands."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys

from launcher import checks, external, services, supervisor
from launcher.processes import LauncherError
from launcher.stack import run_and_wait


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m launcher", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="start everything; Ctrl-C stops")
    run.add_argument("--port", type=int, help="of the page")
    commands.add_parser("test", help="run pytest (further arguments are pytest's) with PostgreSQL and Valkey")
    commands.add_parser("lint", help="style, types, import directions, missing migrations")
    commands.add_parser("roles", help="make or check what an external PostgreSQL server must have")
    commands.add_parser("services", help="hold PostgreSQL and Valkey for tests in the foreground")
    commands.add_parser("env", help="print export lines for the test services that run now")
    if arguments[:1] == ["test"]:
        options, rest = argparse.Namespace(command="test"), arguments[1:]
    else:
        options, rest = parser.parse_args(arguments), []
    try:
        match options.command:
            case "run":
                return supervisor.run(options.port)
            case "test":
                return run_tests(rest)
            case "lint":
                return checks.run()
            case "roles":
                external.prepare(os.environ, os.environ.get("DATABASE_ADMIN_URL", ""))
                print("Roles and databases stand.")
            case "services":
                return services.serve()
            case "env":
                for name, value in services.running_environment().items():
                    print(f"export {name}={shlex.quote(value)}")
    except LauncherError as error:
        print(error, file=sys.stderr)
        return 2
    except PermissionError as error:
        print(f"{error.filename} belongs to another user: remove it, or run as that user.", file=sys.stderr)
        return 2
    return 0


def run_tests(arguments: list[str]) -> int:
    """pytest's exit code. Two processes unless the arguments say otherwise."""
    if not any(
        argument.startswith(("-n", "--numprocesses")) or "no:xdist" in argument for argument in arguments
    ):
        arguments = ["-n", "2", *arguments]
    # `with` must get the chance to stop the services.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with services.TestServices() as running:
        return run_and_wait(["-m", "pytest", *arguments], running.environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
