"""What may be asked before the organization is known: ids, and only of what is asked for."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, transaction

from accounts import gateways, selectors, services
from accounts.models import Membership, Organization, Perfil, User
from accounts.tenancy import tenant
from integrations.services import hash_nonce
from jobs import queue
from tests.accounts.breaches import find_function_breaches
from tests.accounts.schema import TENANT_MODELS, insert
from tests.database import connect, run_sql

pytestmark = pytest.mark.django_db(transaction=True)


def membership_of(organization: Organization, user: User) -> Membership:
    with tenant(organization):
        return Membership.objects.get(user=user)


def deactivate(organization: Organization, user: User) -> None:
    with tenant(organization):
        Membership.objects.filter(user=user).update(is_active=False)


def test_memberships_of_a_person(
    organization: Organization, other_organization: Organization, admin: User, stranger: User
) -> None:
    services.add_member(organization=other_organization, email=admin.email, name="Ana", perfil=Perfil.VIEWER)
    here, there = membership_of(organization, admin), membership_of(other_organization, admin)

    assert gateways.memberships_of(admin.pk) == sorted(
        [(organization.pk, here.pk), (other_organization.pk, there.pk)]
    )
    assert gateways.memberships_of(stranger.pk) == [
        (other_organization.pk, membership_of(other_organization, stranger).pk)
    ]
    deactivate(organization, admin)
    assert gateways.memberships_of(admin.pk) == [(other_organization.pk, there.pk)]
    assert gateways.memberships_of(0) == []


def test_membership_by_the_address_of_a_company(
    organization: Organization, admin: User, stranger: User
) -> None:
    membership = membership_of(organization, admin)

    assert gateways.membership_in(admin.pk, "casa-aurora") == (organization.pk, membership.pk)
    for user, slug in ((stranger, "casa-aurora"), (admin, "CASA-AURORA"), (admin, "nunca"), (admin, "")):
        assert gateways.membership_in(user.pk, slug) is None
    deactivate(organization, admin)
    assert gateways.membership_in(admin.pk, "casa-aurora") is None


def test_the_authorisation_of_a_nonce(organization: Organization, other_organization: Organization) -> None:
    model: Any = next(m for m in TENANT_MODELS if m._meta.db_table == "integrations_oauthstate")
    ours = insert(model, organization, nonce_hash=hash_nonce("ours"))
    insert(model, other_organization, nonce_hash=hash_nonce("theirs"))

    assert gateways.oauth_state(hash_nonce("ours")) == (organization.pk, ours)
    assert gateways.oauth_state(hash_nonce("other")) is None
    assert gateways.oauth_state("") is None


def test_the_address_of_a_notification(organization: Organization, other_organization: Organization) -> None:
    """A key that a renewal ended is nobody's; what is posted is kept where the key belongs."""
    by_table: dict[str, Any] = {model._meta.db_table: model for model in TENANT_MODELS}
    address = by_table["webhooks_webhookaddress"]
    ours = insert(address, organization, key_hash="ours")
    theirs = insert(address, other_organization, key_hash="theirs")
    insert(address, organization, key_hash="ended", valid_until="2026-01-01T00:00:00Z")
    for company in (organization, other_organization):
        with tenant(company):
            integration = address.objects.get(pk=ours if company == organization else theirs).integration_id
            queue.ensure_channel(f"webhooks:{integration}")

    assert gateways.webhook_address("ours") == (organization.pk, ours)
    assert gateways.webhook_address("theirs") == (other_organization.pk, theirs)
    assert [gateways.webhook_address(key) for key in ("ended", "", "OURS")] == [None] * 3
    assert [gateways.accept_webhook(key, b"x", {}, "") for key in ("ended", "", "OURS")] == [None] * 3
    kept = gateways.accept_webhook("theirs", b"\x00\xff", {"A": "b"}, "::1")
    assert kept is not None
    assert kept.organization_id == other_organization.pk
    receipts = by_table["webhooks_webhookreceipt"].objects
    with tenant(organization):
        assert receipts.count() == 0
    with tenant(other_organization):
        (row,) = receipts.all()
        assert (row.pk, bytes(row.body), row.headers) == (kept.receipt_id, b"\x00\xff", {"A": "b"})


def test_the_list_of_companies_is_read_inside_each_of_them(
    organization: Organization, other_organization: Organization, admin: User
) -> None:
    services.add_member(organization=other_organization, email=admin.email, name="Ana", perfil=Perfil.VIEWER)

    assert [
        (membership.organization.name, membership.perfil) for membership in selectors.list_memberships(admin)
    ] == [("Casa Aurora", Perfil.ADMIN), ("Loja Vizinha Ltda", Perfil.VIEWER)]


def test_no_other_role_may_ask(process_database: Any) -> None:
    staff = connect("staff", process_database.name)
    try:
        with pytest.raises(Exception, match="permission denied for function gateway_memberships"):
            run_sql(staff, "SELECT * FROM gateway_memberships(1)")
        assert run_sql(staff, "SELECT count(*) FROM accounts_membership") == [(0,)]
        with pytest.raises(Exception, match="permission denied"):
            run_sql(staff, "DELETE FROM accounts_membership")
    finally:
        staff.close()


def test_the_app_cannot_become_the_gateway() -> None:
    for role in (settings.DATABASE_GATEWAY_ROLE, settings.DATABASE_OWNER_ROLE, settings.DATABASE_STAFF_ROLE):
        with (
            pytest.raises(ProgrammingError, match="permission denied to set role"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f'SET ROLE "{role}"')


def test_every_function_that_python_asks_is_a_gateway(
    owner_sql: Callable[..., list[tuple[Any, ...]]],
) -> None:
    """Nothing asked here is a plain function, which would see no row, and none is asked nowhere."""
    assert find_function_breaches(owner_sql) == []
    names = {
        name
        for (name,) in owner_sql(
            "SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
        )
    }
    asked = set(re.findall(r"\bgateway_\w+", inspect.getsource(gateways)))
    assert asked == names
