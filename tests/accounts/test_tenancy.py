"""The first wall: the scope, its way back, and what refuses to work outside of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts import clock
from accounts.models import Membership, Organization, Perfil, User
from accounts.tenancy import TenantMismatch, TenantNotSet, adopt, current_organization_id, tenant
from jobs.models import Budget, Channel

pytestmark = pytest.mark.django_db(transaction=True)


def setting() -> str:
    """The organization that PostgreSQL believes in, as a string; empty for none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('app.organization', true), '')")
        return str(cursor.fetchone()[0])


def scopes() -> tuple[int | None, str]:
    """What both walls believe."""
    try:
        return current_organization_id(), setting()
    except TenantNotSet:
        return None, setting()


def inside(organization: Organization) -> tuple[int, str]:
    return organization.pk, str(organization.pk)


OUTSIDE = (None, "")


def test_both_walls_know_the_organization_inside_and_forget_it_after(organization: Organization) -> None:
    with tenant(organization) as organization_id:
        assert organization_id == organization.pk
        assert connection.in_atomic_block
        assert scopes() == inside(organization)
    assert scopes() == OUTSIDE
    with tenant(organization.pk):
        assert scopes() == inside(organization)


def test_a_nested_scope_gives_the_former_one_back(
    organization: Organization, other_organization: Organization
) -> None:
    with tenant(organization):
        with tenant(other_organization):
            assert scopes() == inside(other_organization)
            with tenant(organization):
                assert scopes() == inside(organization)
            assert scopes() == inside(other_organization)
        assert scopes() == inside(organization)
    assert scopes() == OUTSIDE


@pytest.mark.parametrize("statement", ["", "SELECT 1/0"])
def test_a_nested_scope_gives_the_former_one_back_after_an_exception(
    organization: Organization, other_organization: Organization, statement: str
) -> None:
    """Of ours, and of the database, which breaks the savepoint."""
    with tenant(organization):
        with pytest.raises((RuntimeError, DatabaseError)), tenant(other_organization):
            Channel.objects.create(name="gone")
            if statement:
                with connection.cursor() as cursor:
                    cursor.execute(statement)
            raise RuntimeError
        assert scopes() == inside(organization)
        Channel.objects.create(name="kept")
    assert scopes() == OUTSIDE
    with tenant(other_organization):
        assert not Channel.objects.exists()
    with tenant(organization):
        assert Channel.objects.get().name == "kept"


def test_an_exception_rolls_the_scope_back(organization: Organization) -> None:
    with pytest.raises(RuntimeError), tenant(organization):
        Channel.objects.create(name="gone")
        raise RuntimeError
    assert scopes() == OUTSIDE
    with tenant(organization):
        assert not Channel.objects.exists()


def test_a_broken_transaction_around_keeps_its_first_error(
    organization: Organization, other_organization: Organization
) -> None:
    """A statement failed and was swallowed: nothing may hide that, and the scope ends all the same."""
    with pytest.raises(DatabaseError), tenant(organization):
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")
        with tenant(other_organization):
            pass
    assert scopes() == OUTSIDE


def test_a_transaction_that_must_roll_back_can_still_be_left(organization: Organization) -> None:
    with transaction.atomic():
        with tenant(organization):
            Channel.objects.create(name="gone")
            transaction.set_rollback(True)
        assert connection.in_atomic_block
    assert scopes() == OUTSIDE
    with tenant(organization):
        assert not Channel.objects.exists()


def test_a_rollback_to_before_an_inner_scope_keeps_the_outer_one(
    organization: Organization, other_organization: Organization
) -> None:
    with tenant(organization):
        with pytest.raises(RuntimeError), transaction.atomic():
            with tenant(other_organization):
                pass
            raise RuntimeError
        assert scopes() == inside(organization)


def test_a_scope_in_a_transaction_of_no_company_leaves_none(organization: Organization) -> None:
    with transaction.atomic():
        with tenant(organization):
            pass
        assert scopes() == OUTSIDE


def test_a_generator_keeps_its_scope_to_itself(
    organization: Organization, other_organization: Organization
) -> None:
    def names() -> Any:
        with tenant(organization):
            Channel.objects.create(name="a")
            yield from Channel.objects.values_list("name", flat=True)

    assert list(names()) == ["a"]
    assert scopes() == OUTSIDE


# --- the manager ---


def test_a_tenant_model_refuses_to_be_asked_outside_a_scope(organization: Organization) -> None:
    for ask in (
        lambda: Channel.objects.all(),
        lambda: Channel.objects.filter(name="x"),
        lambda: Channel.objects.get(pk=1),
        lambda: Channel.objects.count(),
        lambda: Channel.objects.create(name="x"),
        lambda: Channel.objects.bulk_create([Channel(name="x")]),
        lambda: Channel.objects.update(name="x"),
        lambda: Channel(name="x").save(),
        lambda: Channel(name="x", organization=organization).save(),
        lambda: Membership.objects.exists(),
    ):
        with pytest.raises(TenantNotSet):
            ask()
    assert not Budget.objects.exists()


def test_the_manager_sees_its_own_rows(organization: Organization, other_organization: Organization) -> None:
    with tenant(organization):
        Channel.objects.create(name="ours")
    with tenant(other_organization):
        Channel.objects.create(name="theirs")
        assert [channel.name for channel in Channel.objects.all()] == ["theirs"]


def test_the_loud_way_out_is_still_walled_by_the_database(
    organization: Organization, other_organization: Organization
) -> None:
    for company in (organization, other_organization):
        with tenant(company):
            Channel.objects.create(name=company.slug)

    assert list(Channel.objects.all_tenants()) == []
    with tenant(organization):
        assert [channel.name for channel in Channel.objects.all_tenants()] == [organization.slug]
        assert Channel.objects.all_tenants().update(name="x") == 1
        assert Channel.objects.all_tenants().delete()[0] == 1
    with tenant(other_organization):
        assert Channel.objects.get().name == other_organization.slug


# --- whose a row becomes ---


def test_a_new_row_takes_the_organization_of_the_scope(organization: Organization) -> None:
    with tenant(organization):
        saved = Channel(name="saved")
        saved.save()
        (made,) = Channel.objects.bulk_create([Channel(name="made")])
        adopted = Channel(name="adopted")
        adopt(adopted)
    assert {saved.organization_id, made.organization_id, adopted.organization_id} == {organization.pk}


def test_a_row_of_another_organization_is_refused(
    organization: Organization, other_organization: Organization, admin: User, stranger: User
) -> None:
    with tenant(organization):
        channel = Channel.objects.create(name="ours")
        membership = Membership.objects.get(user=admin)
    with tenant(other_organization):
        for write in (
            channel.save,
            membership.save,
            lambda: adopt(channel),
            lambda: Channel.objects.bulk_create([Channel(name="x", organization=organization)]),
            lambda: Membership.objects.create(
                organization=organization, user=stranger, perfil=Perfil.ADMIN, created_at=clock.now()
            ),
        ):
            with pytest.raises(TenantMismatch):
                write()
        assert Channel.objects.count() == 0
        assert Membership.objects.count() == 1
