"""Organizations and memberships: reads."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Max, Q, QuerySet

from accounts import gateways
from accounts.models import PEOPLE, AuditEntry, Membership, Organization, Perfil, User
from accounts.tenancy import tenant

SUBJECT = "membership"
ORGANIZATION_SUBJECT = "organization"


def list_memberships(user: User) -> list[Membership]:
    """The person's active memberships with their organizations, by name."""
    memberships = []
    for ids in gateways.memberships_of(user.pk):
        with tenant(ids.organization_id):
            organization = Organization.objects.get(pk=ids.organization_id)
            membership = Membership.objects.get(pk=ids.membership_id)
            membership.organization = organization
            memberships.append(membership)
    return sorted(memberships, key=lambda membership: membership.organization.name.casefold())


def list_people() -> QuerySet[Membership]:
    """Everybody of the organization who may open the panel, inactive ones too, by name."""
    return _by_name(PEOPLE)


def list_invited() -> QuerySet[Membership]:
    """Active people who have set no password yet, by name; ``link_expires_at`` is None without a link."""
    members = list_people().filter(is_active=True, user__password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return members.annotate(link_expires_at=Max("password_links__expires_at"))


def list_systems() -> QuerySet[Membership]:
    """Integration users, inactive ones too, by name; ``last_used_at`` is the last use of any token."""
    return _by_name([Perfil.INTEGRATION]).annotate(last_used_at=Max("api_tokens__last_used_at"))


def list_integration_users() -> QuerySet[Membership]:
    """Active memberships of perfil Integração of the current organization, with ``user``, by name."""
    return _by_name([Perfil.INTEGRATION]).filter(is_active=True)


def _by_name(perfis: Iterable[str]) -> QuerySet[Membership]:
    members = Membership.objects.filter(perfil__in=list(perfis))
    return members.select_related("user").order_by("user__name", "user__email")


def list_audit(membership: Membership, limit: int = 20) -> QuerySet[AuditEntry]:
    """What was done to or by this member, newest first."""
    mine = Q(subject_kind=SUBJECT, subject_id=membership.pk) | Q(person=membership)
    return AuditEntry.objects.filter(mine).select_related("person__user").order_by("-at", "-id")[:limit]


def list_organization_audit(organization: Organization, limit: int = 20) -> QuerySet[AuditEntry]:
    """What was changed of the organization itself, newest first."""
    entries = AuditEntry.objects.filter(subject_kind=ORGANIZATION_SUBJECT, subject_id=organization.pk)
    return entries.select_related("person__user").order_by("-at", "-id")[:limit]


def belongs_elsewhere(user: User, organization_id: int) -> bool:
    """Whether the user has, or had, a place in another organization, whose doors the login opens too."""
    return any(ids.organization_id != organization_id for ids in gateways.all_memberships_of(user.pk))
