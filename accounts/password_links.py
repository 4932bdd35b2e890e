"""Links with which a person sets the password: shown once to an Administrador, used once, for 48 hours.

A link opens the login, and with it every organization of the person. So there is one only for somebody who
belongs to no other organization, which is looked at again when it is used.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts import audit, clock, gateways
from accounts.models import Membership, Organization, PasswordLink, Perfil, User
from accounts.selectors import belongs_elsewhere
from accounts.services import MembershipRefused, add_member
from accounts.tenancy import tenant

LIFETIME = dt.timedelta(hours=48)


class LinkUnusable(Exception):
    """Used, expired, replaced or never made: nobody is told which."""


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def include_user(
    *, organization: Organization, email: str, name: str, perfil: str, person: Membership
) -> tuple[Membership, str]:
    """A new member, and the address at which they set the password: "" if none is needed.

    None is needed by a system, nor by somebody who has a password from another organization. Raises
    ``MembershipRefused``.
    """
    membership = add_member(organization=organization, email=email, name=name, perfil=perfil, person=person)
    user = membership.user
    if perfil == Perfil.INTEGRATION or user.has_usable_password():
        return membership, ""
    if belongs_elsewhere(user, organization.pk):
        raise MembershipRefused(
            "Esta pessoa ainda não definiu a senha em outra organização. "
            "Peça que ela use o link que recebeu de lá e inclua de novo."
        )
    return membership, create_link(membership=membership, person=person)


@transaction.atomic
def create_link(*, membership: Membership, person: Membership) -> str:
    """A new address to set the password; the former one stops working. Raises ``MembershipRefused``."""
    user = User.objects.select_for_update().get(pk=membership.user_id)
    refusal = explain_refusal(membership, user)
    if refusal:
        raise MembershipRefused(refusal)
    token = secrets.token_urlsafe(32)
    now = clock.now()
    PasswordLink.objects.update_or_create(
        membership=membership,
        defaults={"token_hash": hash_token(token), "created_at": now, "expires_at": now + LIFETIME},
    )
    audit.record("password_link.created", person=person, subject=membership)
    return str(settings.PUBLIC_URL) + reverse("accounts:set_password", args=[token])


def explain_refusal(membership: Membership, user: User) -> str:
    """Why there is no link for this member; "" if there may be one."""
    if membership.perfil == Perfil.INTEGRATION:
        return "Um usuário de integração não tem senha."
    if not membership.is_active or not user.is_active:
        return "Este usuário está inativo. Reative antes de gerar um link."
    if belongs_elsewhere(user, membership.organization_id):
        return (
            "Esta pessoa também usa o Entreposto em outra organização, com a mesma senha. "
            "Por segurança, um administrador não pode trocá-la."
        )
    return ""


def find_link(token: str) -> PasswordLink:
    """The link with its ``membership``, ``user`` and ``organization``. Raises ``LinkUnusable``."""
    ids = gateways.password_link(hash_token(token))
    if ids is None:
        raise LinkUnusable
    with tenant(ids.organization_id):
        links = PasswordLink.objects.select_related("membership__user", "organization")
        link = links.filter(pk=ids.link_id, expires_at__gt=clock.now()).first()
        if link is None or explain_refusal(link.membership, link.membership.user):
            raise LinkUnusable
    return link


@transaction.atomic
def use_link(*, token: str, password: str) -> User:
    """Set the password; the link is gone. Raises ``LinkUnusable``."""
    link = find_link(token)
    # The lock that ``add_member`` takes: another organization may be taking the person in just now.
    user = User.objects.select_for_update().get(pk=link.membership.user_id)
    with tenant(link.organization_id):
        membership = Membership.objects.select_related("user").get(pk=link.membership_id)
        used, _ = PasswordLink.objects.filter(pk=link.pk, token_hash=hash_token(token)).delete()
        if not used or explain_refusal(membership, user):
            raise LinkUnusable
        user.set_password(password)
        user.save(update_fields=["password"])
        audit.record("password.set", person=membership, subject=membership)
    return user
