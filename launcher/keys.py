"""Passwords and keys of one checkout: made once, kept in a file that only its owner reads."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path

from launcher import roles
from launcher.checkout import write_private

SUPERUSER = "postgres"


def load_or_create(path: Path) -> dict[str, str]:
    """Role and service name → password, with `secret_key` and `credential_keys` as the settings want them."""
    try:
        kept: dict[str, str] = json.loads(path.read_text())
        return kept
    except FileNotFoundError:
        pass
    keys = {name: secrets.token_urlsafe(24) for name in (SUPERUSER, *roles.LOGIN_ROLES, "valkey")}
    keys["secret_key"] = secrets.token_urlsafe(48)
    keys["credential_keys"] = "k1:" + base64.b64encode(secrets.token_bytes(32)).decode()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, json.dumps(keys, indent=1))
    return keys
