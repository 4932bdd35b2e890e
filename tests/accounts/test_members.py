"""People and systems in companies."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import clock, gateways, services
from accounts.models import Membership, Organization, Perfil, User
from accounts.services import MembershipRefused, add_member
from accounts.tenancy import tenant
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_system_belongs_to_one_organization_only(
    organization: Organization, other_organization: Organization, admin: User
) -> None:
    system = services.add_member(
        organization=organization, email="erp@aurora.test", name="ERP", perfil=Perfil.INTEGRATION
    )

    assert services.is_integration_user(system.user)
    assert not services.is_integration_user(admin)
    for email, perfil in (
        ("erp@aurora.test", Perfil.ADMIN),
        ("ERP@Aurora.test ", Perfil.INTEGRATION),
        (admin.email, Perfil.INTEGRATION),
    ):
        with pytest.raises(services.MembershipRefused):
            services.add_member(organization=other_organization, email=email, name="X", perfil=perfil)
    assert gateways.memberships_of(system.user_id) == [(organization.pk, system.pk)]
    assert clock.now() >= system.created_at


def test_an_e_mail_is_one_person_however_it_is_written(
    organization: Organization, other_organization: Organization
) -> None:
    first = add_member(
        organization=organization, email=" Ana@Aurora.TEST ", name="Ana", perfil=Perfil.ADMIN
    ).user
    second = add_member(
        organization=other_organization, email="ANA@aurora.test", name="Outra", perfil=Perfil.VIEWER
    ).user

    assert first == second == User.objects.get_by_natural_key(" ana@AURORA.test")
    assert (first.email, first.name, first.initials) == ("ana@aurora.test", "Ana", "A")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="Ana@aurora.test", name="X")


def test_a_person_is_in_a_company_once(organization: Organization, admin: User) -> None:
    with pytest.raises(MembershipRefused, match="e-mail: Ana Souza"):
        add_member(organization=organization, email=admin.email, name="Ana", perfil=Perfil.VIEWER)
    with pytest.raises(IntegrityError), transaction.atomic(), tenant(organization):
        Membership.objects.create(user=admin, perfil=Perfil.VIEWER, created_at=clock.now())
    assert len(gateways.memberships_of(admin.pk)) == 1


def somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted"
            " AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
        )
        return bool(cursor.fetchone()[0])


def test_a_system_does_not_become_two_side_by_side(
    organization: Organization, other_organization: Organization
) -> None:
    """The second one waits for the first and then sees what it made."""
    user = User.objects.create_user("erp@aurora.test", None, name="ERP")
    refused: list[str] = []

    def add_second() -> None:
        try:
            add_member(
                organization=other_organization, email=user.email, name="ERP", perfil=Perfil.INTEGRATION
            )
        except MembershipRefused as error:
            refused.append(str(error))
        finally:
            connection.close()

    second = threading.Thread(target=add_second)
    with transaction.atomic():
        add_member(organization=organization, email=user.email, name="ERP", perfil=Perfil.INTEGRATION)
        second.start()
        wait_until(somebody_waits_for_us)
    second.join()

    assert refused == ["Este e-mail já é de um usuário de integração."]
    assert [ids.organization_id for ids in gateways.memberships_of(user.pk)] == [organization.pk]
