"""API tokens of integration users: ``ent_live_<prefix>_<secret>``, shown once, kept as SHA-256 only."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import string
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts import audit, clock, gateways
from accounts.models import API_TOKEN_PREFIX, ApiToken, Membership, Perfil
from accounts.tenancy import tenant

LIMIT = 10
LAST_USE_EVERY = dt.timedelta(minutes=1)
_ALPHABET = string.ascii_lowercase + string.digits


class TokenRefused(ValueError):
    """No token for this user; the text says why, for the person who asked."""


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def list_tokens(membership: Membership) -> QuerySet[ApiToken]:
    """All tokens of the user, those that ended too, newest first."""
    return ApiToken.objects.filter(membership=membership).order_by("-created_at", "-id")


def list_working(membership: Membership) -> QuerySet[ApiToken]:
    holds = Q(expires_at__isnull=True) | Q(expires_at__gt=clock.now())
    return list_tokens(membership).filter(holds, revoked_at__isnull=True)


@transaction.atomic
def create_token(
    *, membership: Membership, name: str, scopes: Sequence[str], days: int | None, person: Membership
) -> tuple[ApiToken, str]:
    """The row, and the token itself, which nobody can read again. ``days`` None: it does not expire.

    Older tokens keep working. Raises ``TokenRefused``.
    """
    membership = (
        Membership.objects.select_for_update(of=("self",)).select_related("user").get(pk=membership.pk)
    )
    if membership.perfil != Perfil.INTEGRATION:
        raise TokenRefused("Só usuários de integração têm tokens de API.")
    if not membership.is_active:
        raise TokenRefused("Este usuário está inativo. Reative antes de gerar um token.")
    if list_working(membership).count() >= LIMIT:
        raise TokenRefused(f"Este usuário já tem {LIMIT} tokens ativos. Revogue um antes de gerar outro.")
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    token = f"{API_TOKEN_PREFIX}{prefix}_{secrets.token_urlsafe(32)}"
    now = clock.now()
    row = ApiToken.objects.create(
        membership=membership,
        name=name,
        prefix=prefix,
        token_hash=hash_token(token),
        scopes=list(scopes),
        created_at=now,
        expires_at=None if days is None else now + dt.timedelta(days=days),
    )
    audit.record("api_token.created", person=person, subject=membership, token=str(row))
    return row, token


@transaction.atomic
def revoke_token(*, token: ApiToken, person: Membership) -> None:
    """It stops working at once."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=clock.now()):
        membership = Membership.objects.select_related("user").get(pk=token.membership_id)
        audit.record("api_token.revoked", person=person, subject=membership, token=str(token))


@transaction.atomic
def authenticate_token(token: str, *, address: str | None = None) -> tuple[Membership, ApiToken] | None:
    """Who holds this token, or None: unknown, revoked, expired, or its user is inactive.

    The caller opens ``tenant(membership.organization_id)`` and looks at the token's ``scopes``. The last use
    and its IP ``address`` are written at most once a minute.
    """
    ids = gateways.api_token(hash_token(token))
    if ids is None:
        return None
    with tenant(ids.organization_id):
        row = ApiToken.objects.select_related("membership__user").get(pk=ids.token_id)
        membership, now = row.membership, clock.now()
        is_system = membership.perfil == Perfil.INTEGRATION and membership.user.is_active
        if not (is_system and membership.is_active and row.works_at(now)):
            return None
        if row.last_used_at is None or now - row.last_used_at >= LAST_USE_EVERY:
            row.last_used_at, row.last_used_address = now, address
            row.save(update_fields=["last_used_at", "last_used_address"])
    return membership, row
