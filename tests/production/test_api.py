"""The REST API through the real web server, where addresses and bodies arrive as clients write them."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from catalog.models import Product
from tests.production.conftest import Web
from tests.rest import create_api

pytestmark = pytest.mark.django_db(transaction=True)


def test_addresses_and_bodies_arrive_as_they_were_written(
    start_web: Callable[..., Web], organization: Organization
) -> None:
    web, api = start_web(), create_api(organization)
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=30)
    headers = {
        "Host": Web.HOST,
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "203.0.113.7",
        "Authorization": f"Bearer {api.token}",
        "Content-Type": "application/json",
    }

    def ask(method: str, path: str, body: Any = None, **more: str) -> tuple[int, Any]:
        chunks = iter(body) if isinstance(body, list) else body
        named = {name.replace("_", "-"): value for name, value in more.items()}
        connection.request(method, path, chunks, headers | named, encode_chunked=isinstance(body, list))
        response = connection.getresponse()
        assert response.headers.get_all("Set-Cookie") is None
        return response.status, json.loads(response.read())

    body = json.dumps({"sku": "A/B ç", "name": "Ação"}).encode()
    # In pieces, without a length.
    status, made = ask("POST", "/api/v1/products/", [body[:7], body[7:]], Transfer_Encoding="chunked")
    assert (status, made["name"]) == (201, "Ação")
    for address in ("A%2FB%20%C3%A7", "A/B%20%c3%a7"):
        assert ask("GET", f"/api/v1/stock/{address}/") == (200, {"sku": "A/B ç", "stock": None})
    assert ask("GET", "/api/v1/stock/A%252FB%20%C3%A7/")[0] == 404
    assert ask("PATCH", "/api/v1/products/A%2FB%20%C3%A7/", b'{"price": 7.10}')[1]["price"] == "7.10"
    status, problem = ask("POST", "/api/v1/products/", b'{"sku": "' + b"x" * 3_000_000 + b'"}')
    assert (status, problem["title"]) == (413, "Corpo grande demais")
    assert ask("GET", "/api/v1/products/", Authorization="Bearer nada")[0] == 401
    connection.close()
    with tenant(organization):
        assert [row.sku for row in Product.objects.all()] == ["A/B ç"]
    assert api.token not in web.process.output
