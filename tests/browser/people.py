"""`python -m tests.browser.people`: companies and their people, from the JSON on standard input.

[{"slug", "name", "cnpj", "people": [{"email", "name", "perfil"}]}]; everybody's password is ``PASSWORD``.
"""

from __future__ import annotations

import json
import sys

import django
from django.contrib.auth.hashers import make_password

PASSWORD = "uma senha comprida"


def main() -> None:
    from accounts import services
    from accounts.models import User

    newcomers = []
    for company in json.load(sys.stdin):
        organization = services.create_organization(
            name=company["name"], slug=company["slug"], cnpj=company["cnpj"]
        )
        for person in company["people"]:
            services.add_member(organization=organization, **person)
            newcomers.append(person["email"])
    # Only theirs: another hash of the same password would end the sessions of all who are logged in.
    User.objects.filter(email__in=newcomers).update(password=make_password(PASSWORD))


if __name__ == "__main__":
    django.setup()
    main()
