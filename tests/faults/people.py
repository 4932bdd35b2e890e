"""``python -m tests.faults.people <slug> <email>``: an Administrador of an organization that exists."""

from __future__ import annotations

import sys

import django


def main(slug: str, email: str) -> None:
    from accounts import services
    from accounts.models import Organization, Perfil
    from accounts.tenancy import tenant
    from tests.browser.people import PASSWORD

    with tenant(int(slug.rpartition("-")[2])):
        organization = Organization.objects.get(slug=slug)
    services.add_member(
        organization=organization, email=email, name="Dona da Loja", perfil=Perfil.ADMIN, password=PASSWORD
    )


if __name__ == "__main__":
    django.setup()
    main(*sys.argv[1:])
