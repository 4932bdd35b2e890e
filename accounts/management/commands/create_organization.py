from __future__ import annotations

import getpass
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts import services
from accounts.models import Organization, Perfil


class Command(BaseCommand):
    help = "Create an organization with its first Administrador (password: ADMIN_PASSWORD, or asked for)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--slug", required=True)
        parser.add_argument("--cnpj", default="")
        parser.add_argument("--admin-email", required=True)
        parser.add_argument("--admin-name", required=True)
        parser.add_argument("--if-missing", action="store_true", help="do nothing if the slug exists")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        if Organization.objects.filter(slug=options["slug"]).exists():
            if options["if_missing"]:
                return
            raise CommandError(f"An organization with the slug {options['slug']!r} exists already.")
        password = os.environ.get("ADMIN_PASSWORD") or getpass.getpass("Password: ")
        organization = services.create_organization(
            name=options["name"], slug=options["slug"], cnpj=options["cnpj"]
        )
        services.add_member(
            organization=organization,
            email=options["admin_email"],
            name=options["admin_name"],
            perfil=Perfil.ADMIN,
            password=password,
        )
        self.stdout.write(f"{organization.name}: /o/{organization.slug}/")
