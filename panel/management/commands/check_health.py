from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from panel.health import PARTS, measure_health


class Command(BaseCommand):
    """For containers and cron, where there is no HTTP: exits with 1 if any of the named parts is ill."""

    help = "The answer of /saude/, with an exit code: 0 if all that was asked is well, else 1"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("parts", nargs="*", metavar="part", help=f"{', '.join(PARTS)}; none means all")

    def handle(self, *args: Any, **options: Any) -> None:
        asked = set(options["parts"] or PARTS)
        if unknown := asked - set(PARTS):
            self.stderr.write(f"Unknown part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}.")
            sys.exit(2)
        report = measure_health()
        self.stdout.write(json.dumps(report.as_json()))
        if asked & set(report.problems):
            sys.exit(1)
