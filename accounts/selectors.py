"""Organizations and memberships: reads."""

from __future__ import annotations

from accounts import gateways
from accounts.models import Membership, Organization, User
from accounts.tenancy import tenant


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
