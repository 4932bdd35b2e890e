"""The environment of an installation that is open to the world, with keys that are nobody's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from tests.database import ROOT

PRODUCTION = {
    "SECRET_KEY": "Zk3vYpQx7Rt-Lm9Wd2Hs6Jc8Nb4Fg5Ua1Ei0Oy_TqXzKwVhPrSlMdB",
    "CREDENTIAL_KEYS": "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "PUBLIC_URL": "https://painel.loja.example.com.br",
    "TRUSTED_PROXY": "*",
}


def clean_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Nothing that this shell or the tests' services say steers the installation under test.

    A DATABASE_URL is always there: without one ``manage.py`` reads what a running `make run` left in var/.
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "DATABASE_URL": "postgres://entreposto_app@127.0.0.1:1/entreposto", **variables}


def run_python(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=clean_environment(environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
