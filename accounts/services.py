"""Organizations and memberships: writes."""

from __future__ import annotations

import logging

from django.db import connection, transaction

from accounts import clock, gateways
from accounts.models import Membership, Organization, Perfil, User
from accounts.tenancy import tenant

logger = logging.getLogger(__name__)


class MembershipRefused(ValueError):
    """A user of perfil Integração belongs to one organization only."""


@transaction.atomic
def create_organization(*, name: str, slug: str, cnpj: str = "") -> Organization:
    """The id is taken first: INSERT … RETURNING is refused while the scope is not the new organization."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('accounts_organization', 'id'))")
        (organization_id,) = cursor.fetchone()
    organization = Organization(id=organization_id, name=name, slug=slug, cnpj=cnpj, created_at=clock.now())
    with tenant(organization_id):
        organization.save(force_insert=True)
    return organization


@transaction.atomic
def add_member(
    *, organization: Organization, email: str, name: str, perfil: str, password: str | None = None
) -> Membership:
    """Make the person a member, creating the user when the e-mail is new. Raises ``MembershipRefused``."""
    # Locked, so that a person and a system do not become one user side by side.
    user = User.objects.select_for_update().filter(email=email.strip().lower()).first()
    if user is None:
        user = User.objects.create_user(email, password, name=name)
    elif perfil == Perfil.INTEGRATION and gateways.memberships_of(user.pk):
        raise MembershipRefused("Este e-mail já é de uma pessoa; use um e-mail só da integração.")
    elif is_integration_user(user):
        raise MembershipRefused("Este e-mail já é de um usuário de integração.")
    with tenant(organization):
        return Membership.objects.create(user=user, perfil=perfil, created_at=clock.now())


def is_integration_user(user: User) -> bool:
    """Whether the user is a system, which has no place in the panel."""
    for ids in gateways.memberships_of(user.pk):
        with tenant(ids.organization_id):
            membership = Membership.objects.get(pk=ids.membership_id)
        if membership.perfil == Perfil.INTEGRATION:
            logger.warning("login refused: user %s is of perfil Integração", user.pk)
            return True
    return False
