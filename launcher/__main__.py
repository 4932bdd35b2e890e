"""`python -m launcher <command>`: what the Makefile's targets call once the environment stands."""

from __future__ import annotations

import argparse
import shlex
import sys

from launcher import services
from launcher.processes import LauncherError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m launcher", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("services", help="hold PostgreSQL and Valkey for tests in the foreground")
    commands.add_parser("env", help="print export lines for the test services that run now")
    options, rest = parser.parse_known_args(arguments)
    try:
        if rest:
            parser.error("unrecognized arguments: " + " ".join(rest))
        if options.command == "services":
            return services.serve()
        for name, value in services.running_environment().items():
            print(f"export {name}={shlex.quote(value)}")
    except LauncherError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
