from __future__ import annotations

import getpass
import os
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError, transaction

from accounts import services
from accounts.models import Organization, Perfil, User


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
        given = {name: options[name] for name in ("name", "slug", "cnpj")}
        admin = {"email": options["admin_email"], "name": options["admin_name"]}
        try:
            Organization(**given).clean_fields(exclude=["created_at"])
            User(**admin).clean_fields(exclude=["password"])
        except ValidationError as error:
            raise CommandError(str(error.message_dict)) from error
        try:
            with transaction.atomic():
                organization = services.create_organization(**given)
        except IntegrityError as error:
            # Not looked up before: the app role sees no organization but the one it is in.
            if options["if_missing"]:
                return
            raise CommandError(
                f"An organization with the slug {options['slug']!r} exists already."
            ) from error
        services.add_member(organization=organization, perfil=Perfil.ADMIN, password=_password(), **admin)
        self.stdout.write(f"{organization.name}: /o/{organization.slug}/")


def _password() -> str:
    password = os.environ.get("ADMIN_PASSWORD") or getpass.getpass("Password: ")
    try:
        validate_password(password)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    return password
