"""Organizations and memberships: writes."""

from __future__ import annotations

import logging

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction

from accounts import audit, clock, gateways, selectors
from accounts.models import PEOPLE, Membership, Organization, PasswordLink, Perfil, User
from accounts.tenancy import current_organization_id, tenant

logger = logging.getLogger(__name__)


class MembershipRefused(ValueError):
    """What was asked of a membership may not be; the text says why, for the person who asked."""


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
    *,
    organization: Organization,
    email: str,
    name: str,
    perfil: str,
    password: str | None = None,
    person: Membership | None = None,
) -> Membership:
    """Make the user a member, creating the user when the e-mail is new; an old one keeps name and password.

    ``person`` is who includes them. Raises ``MembershipRefused``.
    """
    values = {"name": name.strip(), "password": make_password(password)}
    user, is_new = User.objects.get_or_create(email=email.strip().lower(), defaults=values)
    # Locked, so that a person and a system do not become one user side by side.
    user = User.objects.select_for_update().get(pk=user.pk)
    if not is_new:
        _refuse_mixing(user, organization, perfil)
    with tenant(organization):
        membership = Membership.objects.create(user=user, perfil=perfil, created_at=clock.now())
        audit.record("user.added", person=person, subject=membership, perfil=perfil)
    return membership


def _refuse_mixing(user: User, organization: Organization, perfil: str) -> None:
    memberships = gateways.all_memberships_of(user.pk)
    if any(ids.organization_id == organization.pk for ids in memberships):
        raise MembershipRefused(f"Já existe um usuário com este e-mail: {user.name}.")
    if _is_system(user):
        raise MembershipRefused("Este e-mail já é de um usuário de integração.")
    if perfil == Perfil.INTEGRATION and memberships:
        raise MembershipRefused("Este e-mail já é de uma pessoa; use um e-mail só da integração.")


@transaction.atomic
def change_member(*, membership: Membership, name: str, perfil: str, person: Membership) -> None:
    """Another name, another perfil. Raises ``MembershipRefused`` with nothing changed.

    The name is the user's own in every organization, so it is kept when there is another one. A person does
    not become a system, nor a system a person.
    """
    membership = _lock(membership)
    user = membership.user
    if (perfil in PEOPLE) != (membership.perfil in PEOPLE):
        raise MembershipRefused("O perfil Integração não pode ser dado nem tirado depois.")
    if perfil != membership.perfil:
        refusal = explain_demotion(membership, person)
        if refusal:
            raise MembershipRefused(refusal)
        former, membership.perfil = membership.perfil, perfil
        membership.save()
        audit.record(
            "user.perfil_changed", person=person, subject=membership, former_perfil=former, perfil=perfil
        )
    name = name.strip()
    if name != user.name and not selectors.belongs_elsewhere(user, current_organization_id()):
        former, user.name = user.name, name
        user.save(update_fields=["name"])
        audit.record("user.renamed", person=person, subject=membership, former=former)


@transaction.atomic
def deactivate_member(*, membership: Membership, person: Membership) -> None:
    """Shut every door of this organization at once. Raises ``MembershipRefused``."""
    membership = _lock(membership)
    if not membership.is_active:
        return
    refusal = explain_demotion(membership, person)
    if refusal:
        raise MembershipRefused(refusal)
    membership.is_active = False
    membership.save()
    PasswordLink.objects.filter(membership=membership).delete()
    audit.record("user.deactivated", person=person, subject=membership)


@transaction.atomic
def reactivate_member(*, membership: Membership, person: Membership) -> None:
    membership = _lock(membership)
    if membership.is_active:
        return
    membership.is_active = True
    membership.save()
    audit.record("user.reactivated", person=person, subject=membership)


def explain_demotion(membership: Membership, person: Membership) -> str:
    """Why ``person`` may not take this member's perfil or place away; "" if nothing speaks against it."""
    if membership.pk == person.pk:
        return (
            "Você não pode desativar nem mudar o perfil do seu próprio usuário. Peça a outro administrador."
        )
    admins = Membership.objects.filter(perfil=Perfil.ADMIN, is_active=True, user__is_active=True)
    if (
        membership.perfil == Perfil.ADMIN
        and membership.is_active
        and not admins.exclude(pk=membership.pk).exists()
    ):
        return "Este é o último administrador ativo. Torne outra pessoa Administrador antes."
    return ""


def _lock(membership: Membership) -> Membership:
    """The row as it is now; no other change of members of the organization comes between."""
    Organization.objects.select_for_update(no_key=True).get(pk=current_organization_id())
    return Membership.objects.select_related("user").get(pk=membership.pk)


def is_integration_user(user: User) -> bool:
    """Whether the user is a system, which has no place in the panel."""
    if _is_system(user):
        logger.warning("login refused: user %s is of perfil Integração", user.pk)
        return True
    return False


def _is_system(user: User) -> bool:
    for ids in gateways.all_memberships_of(user.pk):
        with tenant(ids.organization_id):
            membership = Membership.objects.get(pk=ids.membership_id)
        if membership.perfil == Perfil.INTEGRATION:
            return True
    return False
