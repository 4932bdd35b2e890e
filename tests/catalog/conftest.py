"""An ERP that is connected, and an Administrador's browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Organization, User
from tests.catalog.received import Erp, connect


@pytest.fixture
def erp(organization: Organization) -> Erp:
    return Erp(connect(organization))


@pytest.fixture
def client(admin: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(admin)
