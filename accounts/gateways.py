"""Questions asked while the organization is not known yet.

Each calls one SECURITY DEFINER function that returns ids and nothing else; whatever those ids name is then
read inside ``with tenant(...)``. Each function is made by the migration of the app that owns its table.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import connection


class MembershipIds(NamedTuple):
    organization_id: int
    membership_id: int


class PasswordLinkIds(NamedTuple):
    organization_id: int
    link_id: int


class ApiTokenIds(NamedTuple):
    organization_id: int
    token_id: int


class OAuthStateIds(NamedTuple):
    organization_id: int
    state_id: int


class AddressIds(NamedTuple):
    organization_id: int
    address_id: int


class ParcelIds(NamedTuple):
    organization_id: int
    parcel_id: int


class ReceiptIds(NamedTuple):
    """``job_id`` is the job that reads it, or ``None`` where one waited already."""

    organization_id: int
    receipt_id: int
    job_id: int | None


class ClaimIds(NamedTuple):
    organization_id: int
    job_id: int
    lease: int


def _rows(function: str, *arguments: Any) -> list[tuple[int, ...]]:
    marks = ", ".join(["%s"] * len(arguments))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {function}({marks})", arguments)  # noqa: S608  names are ours
        return cursor.fetchall()


def memberships_of(user_id: int) -> list[MembershipIds]:
    """Active memberships of a person."""
    return [MembershipIds(*row) for row in _rows("gateway_memberships", user_id)]


def all_memberships_of(user_id: int) -> list[MembershipIds]:
    """Memberships of a user, those that ended too: they may begin again."""
    return [MembershipIds(*row) for row in _rows("gateway_all_memberships", user_id)]


def membership_in(user_id: int, slug: str) -> MembershipIds | None:
    """The person's active membership of the organization with this address, if any."""
    rows = _rows("gateway_membership_in", user_id, slug)
    return MembershipIds(*rows[0]) if rows else None


def password_link(token_hash: str) -> PasswordLinkIds | None:
    """The link to set a password whose token has this SHA-256 (hexadecimal)."""
    rows = _rows("gateway_password_link", token_hash)
    return PasswordLinkIds(*rows[0]) if rows else None


def api_token(token_hash: str) -> ApiTokenIds | None:
    """The API token with this SHA-256 (hexadecimal), whether it still works or not."""
    rows = _rows("gateway_api_token", token_hash)
    return ApiTokenIds(*rows[0]) if rows else None


def oauth_state(nonce_hash: str) -> OAuthStateIds | None:
    """The authorisation that was begun with this nonce."""
    rows = _rows("gateway_oauth_state", nonce_hash)
    return OAuthStateIds(*rows[0]) if rows else None


def webhook_address(key_hash: str) -> AddressIds | None:
    """The address of the key with this SHA-256 (hexadecimal), if it is good."""
    rows = _rows("gateway_webhook_address", key_hash)
    return AddressIds(*rows[0]) if rows else None


def parcel_by_key(key_hash: str) -> ParcelIds | None:
    """The parcel whose page for the buyer opens with the key of this SHA-256 (hexadecimal)."""
    rows = _rows("gateway_parcel_by_key", key_hash)
    return ParcelIds(*rows[0]) if rows else None


def accept_webhook(
    key_hash: str, body: bytes, headers: Mapping[str, str], remote_ip: str
) -> ReceiptIds | None:
    """Keep a notification as it came, and have it read; ``None`` for an unknown key. One statement."""
    rows = _rows("gateway_accept_webhook", key_hash, body, json.dumps(headers), remote_ip)
    return ReceiptIds(*rows[0]) if rows else None


def notified_integrations() -> list[tuple[int, int]]:
    """(organization id, integration id) of those that have an address for notifications."""
    return [(row[0], row[1]) for row in _rows("gateway_notified_integrations")]


def organization_of_integration(integration_id: int) -> int | None:
    """For a command that is given nothing but the integration."""
    rows = _rows("gateway_integration", integration_id)
    return int(rows[0][0]) if rows else None


def claim_job(worker: str, *, lease_seconds: float, wait_seconds: float) -> ClaimIds | None:
    """Claim the next due job of any organization, channels in turn.

    Channels whose account has its next free slot later than ``wait_seconds`` from now are passed over.
    """
    rows = _rows("gateway_claim_job", worker, lease_seconds, wait_seconds)
    return ClaimIds(*rows[0]) if rows else None


def seconds_to_next_turn() -> float | None:
    """When a claim could next find work, in seconds from now (negative: since then); None if never."""
    seconds = _rows("gateway_seconds_to_next_turn")[0][0]
    return None if seconds is None else float(seconds)


def call_missed_turns(late: dt.timedelta) -> int:
    """Let claims look again at channels whose work is overdue by ``late``; how many had been missed."""
    return _rows("gateway_call_missed_turns", late)[0][0]


def oldest_due_job_at() -> dt.datetime | None:
    """Since when the job has been due that waits longest, over all organizations."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT gateway_oldest_due_job()")
        (value,) = cursor.fetchone()
    return value


def purge_jobs(keep: dt.timedelta, limit: int) -> int:
    """Delete up to ``limit`` jobs that ended, and as many calls, older than ``keep``; how many went."""
    return _rows("gateway_purge_jobs", keep, limit)[0][0]


def orphaned_jobs(limit: int) -> list[ClaimIds]:
    """Running jobs whose lease ended: their worker is dead or lost."""
    return [ClaimIds(*row) for row in _rows("gateway_orphaned_jobs", limit)]


def due_schedules(limit: int) -> list[tuple[int, int]]:
    """(organization id, schedule id) of schedules whose time has come."""
    return [(row[0], row[1]) for row in _rows("gateway_due_schedules", limit)]
