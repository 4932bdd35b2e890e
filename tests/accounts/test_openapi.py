"""The OpenAPI document: whole, valid, and nothing in it that the API does not know.

That each answer of the API is as it says, ``tests.rest.Api`` looks at every time it is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import path
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_auth import Resource, token_method
from accounts.models import Organization, Scope
from tests.accounts.api_routes import API_ROUTES
from tests.accounts.test_api_walk import ADDRESSES, PREFIX, product  # noqa: F401  a fixture
from tests.accounts.test_url_walk import ROUTES
from tests.openapi import find_template, validate
from tests.rest import create_api
from ui.openapi import TEXT, Operation, Shape, describe_api, record

# A value that no field takes.
NOTHING = {"x": [[]]}
WHOLE = Operation("Teste", {200: Shape("Thing", record({"a": TEXT}))})


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for address, methods in describe_api()["paths"].items():
        for method, operation in methods.items():
            yield address, method.upper(), operation


def test_it_is_there_for_everybody() -> None:
    response = Client().get("/api/v1/openapi.json")

    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    document = response.json()
    assert document == describe_api()
    assert (document["openapi"], document["servers"]) == ("3.1.1", [{"url": settings.PUBLIC_URL}])
    assert Client().post("/api/v1/openapi.json").status_code == 405


def test_it_is_valid_and_nothing_in_it_was_guessed() -> None:
    document = SchemaGenerator().get_schema(request=None, public=True)

    assert not GENERATOR_STATS, (GENERATOR_STATS._warn_cache, GENERATOR_STATS._error_cache)
    validate_schema(document)
    for shape in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(shape)


def test_it_tells_of_every_route_and_method_with_its_scope() -> None:
    told = {(address, method): operation["security"] for address, method, operation in operations()}
    wanted = {
        (find_template(ADDRESSES[route]), method): answer
        for route, answers in API_ROUTES.items()
        for method, answer in answers.items()
        if method != "HEAD"
    }

    assert set(told) == set(wanted)
    for key, security in told.items():
        [[scope]] = [one["token"] for one in security]
        assert scope in wanted[key].scopes
        assert str(wanted[key].status) in describe_api()["paths"][key[0]][key[1].lower()]["responses"]


def test_each_operation_says_what_it_is() -> None:
    ids = [operation["operationId"] for _, _, operation in operations()]

    assert len(set(ids)) == len(ids) == sum(len(answers.keys() - {"HEAD"}) for answers in API_ROUTES.values())
    for address, method, operation in operations():
        assert operation["summary"]
        told = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
        assert told == set(re.findall(r"{(\w+)}", address))
        assert all(one["description"] for one in operation["parameters"])
        assert ("requestBody" in operation) == (method in ("POST", "PATCH"))
        assert {"401", "403", "500"} <= operation["responses"].keys()


def test_a_route_that_is_not_described_has_no_document() -> None:
    class Undescribed(Resource):
        def get(self, request: Request) -> Response:
            return Response({})

    class WithoutParameter(Resource):
        @token_method(Scope.READ_ORDERS, WHOLE)
        def get(self, request: Request, number: int) -> Response:
            return Response({})

    for pattern, view, error in (
        ("things/", Undescribed, AttributeError),
        ("things/<int:number>/", WithoutParameter, TypeError),
    ):
        with pytest.raises(error):
            SchemaGenerator(patterns=[path(pattern, view.as_view())]).get_schema(public=True)
    with pytest.raises(TypeError):
        token_method(Scope.READ_ORDERS)  # type: ignore[call-arg]


def test_an_answer_that_is_not_as_described_is_found() -> None:
    schema = {"$ref": "#/components/schemas/Price"}
    validate({"sku": "A", "price": "1.50", "promotional_price": None}, schema)
    for wrong in (
        {"sku": "A", "price": "1.5", "promotional_price": None},
        {"sku": "A", "price": None},
        {"sku": "A", "price": None, "promotional_price": None, "stock": "1"},
    ):
        with pytest.raises(ValidationError):
            validate(wrong, schema)


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return resolve(describe_api()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return resolve(schema["anyOf"][0])
    return schema


def list_fields(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """(path, a body in which only this field stands, and nothing can be read in it)."""
    schema = resolve(schema)
    if schema["type"] == "array":
        yield from ((f"[0]{_dot(name)}", [body]) for name, body in list_fields(schema["items"]))
    elif schema["type"] == "object":
        for name, inner in schema["properties"].items():
            yield name, {name: NOTHING}
            yield from ((f"{name}{_dot(deeper)}", {name: body}) for deeper, body in list_fields(inner))


def _dot(name: str) -> str:
    return name if name.startswith("[") else f".{name}"


@pytest.mark.django_db(transaction=True)
def test_every_field_and_parameter_that_it_names_is_known(
    organization: Organization,
    product: None,  # noqa: F811
) -> None:
    api = create_api(organization, Scope.values)
    addresses = {find_template(address): address.removeprefix(PREFIX) for address in ADDRESSES.values()}
    unknown = []
    count = 0
    for address, method, operation in operations():
        for one in operation["parameters"]:
            if one["in"] == "query":
                answer = api.get(f"{addresses[address]}?{one['name']}=1").json()
                errors = [error for error in answer.get("errors", []) if "desconhecido" in error["message"]]
                unknown += [(address, one["name"], errors)] if errors else []
                count += 1
        if "requestBody" not in operation:
            continue
        for name, body in list_fields(operation["requestBody"]["content"]["application/json"]["schema"]):
            answer = api.send(method, addresses[address], body)
            errors = answer.json()["errors"]
            messages = {error["field"]: error["message"] for error in errors}
            told = [found for found in messages if found == name or found.startswith(f"{name}.")]
            if not told or messages.get(name) == "Campo desconhecido.":
                unknown.append((address, name, errors))
            count += 1

    assert unknown == []
    assert count > 90
    assert ROUTES["openapi"] == "api/v1/openapi.json"
