"""A system that speaks with the REST API."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from accounts import api_tokens, services
from accounts.models import Membership, Organization, Perfil, Scope
from accounts.tenancy import tenant
from tests.openapi import check_exchange

CUSTOMER_SCOPES = (Scope.READ_CUSTOMERS, Scope.WRITE_CUSTOMERS)
ORDER_SCOPES = (Scope.READ_ORDERS, Scope.WRITE_ORDERS)
PRODUCT_SCOPES = (Scope.READ_PRODUCTS, Scope.WRITE_PRODUCTS, Scope.READ_STOCK, Scope.WRITE_STOCK)


@dataclass
class Api:
    """``api.get("products/")`` and its like, under ``/api/v1/``, with ``token``."""

    token: str
    client: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))

    def send(self, method: str, path: str, body: Any = None, **extra: Any) -> Any:
        """``body``: bytes as they are, anything else as JSON.

        Whatever comes back must be as the OpenAPI document says.
        """
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        extra.setdefault("content_type", "application/json")
        if self.token:
            extra.setdefault("headers", {"Authorization": f"Bearer {self.token}"})
        response = self.client.generic(method, f"/api/v1/{path}", body or b"", **extra)
        check_exchange(method, body or b"", response)
        return response

    def get(self, path: str, **extra: Any) -> Any:
        return self.send("GET", path, **extra)

    def post(self, path: str, body: Any, **extra: Any) -> Any:
        return self.send("POST", path, body, **extra)

    def patch(self, path: str, body: Any, **extra: Any) -> Any:
        return self.send("PATCH", path, body, **extra)


def create_api(
    organization: Organization, scopes: Iterable[str] = PRODUCT_SCOPES, *, name: str = "Loja"
) -> Api:
    """A new integration user of the organization with one token."""
    with tenant(organization):
        serial = Membership.objects.count()
    system = services.add_member(
        organization=organization,
        email=f"sistema{serial}@{organization.slug}.test",
        name=name,
        perfil=Perfil.INTEGRATION,
    )
    with tenant(organization):
        _, token = api_tokens.create_token(
            membership=system, name=name, scopes=list(scopes), days=None, person=system
        )
    return Api(token)


def problem_of(response: Any) -> tuple[int, str, list[tuple[str, str]]]:
    """(status, the last word of the type, [(field, message)]) of an answer that must be a problem."""
    assert response["Content-Type"] == "application/problem+json", response.content
    body = response.json()
    assert sorted(body) == ["detail", "errors", "status", "title", "type"]
    assert body["status"] == response.status_code
    assert body["title"]
    assert body["detail"]
    kind = body["type"].removeprefix("urn:problem-type:entreposto:")
    return response.status_code, kind, [(error["field"], error["message"]) for error in body["errors"]]
