"""The REST API of customers (docs/API.md)."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_auth import Resource, token_method
from accounts.models import Scope
from customers import operations, selectors, services
from customers.models import Customer
from customers.operations import DOCUMENT_TAKEN
from customers.serializers import customer_json, read_changes, read_new_customer, single_json
from customers.services import DocumentTaken, SaveRefused
from customers.values import InvalidField, read_document
from ui.rest import INVALID_FIELDS, INVALID_PARAMETER, NOT_FOUND, FieldError, Problem
from ui.revisions import Listing, list_since

LISTING = Listing("customers", "revision", customer_json)


class CustomerList(Resource):
    @token_method(Scope.READ_CUSTOMERS, operations.LIST)
    def get(self, request: Request) -> Response:
        rows = _named_in(request.query_params)
        return Response(list_since(LISTING, rows, request.query_params, filters=["document"]))

    @token_method(Scope.WRITE_CUSTOMERS, operations.CREATE)
    def post(self, request: Request) -> Response:
        customer = _save(request, None, read_new_customer(request.data))
        address = reverse("customers_api:customer", args=[customer.pk])
        return Response(_single_json(customer), status=201, headers={"Location": address})


class CustomerDetail(Resource):
    @token_method(Scope.READ_CUSTOMERS, operations.READ)
    def get(self, request: Request, customer_id: int) -> Response:
        return Response(_single_json(_find(customer_id)))

    @token_method(Scope.WRITE_CUSTOMERS, operations.CHANGE)
    def patch(self, request: Request, customer_id: int) -> Response:
        customer = _find(customer_id)
        return Response(_single_json(_save(request, customer.pk, read_changes(request.data))))


def _save(request: Request, customer_id: int | None, values: dict[str, object]) -> Customer:
    try:
        saved = services.save_customer(customer_id=customer_id, values=values, person=request.user.name)
    except DocumentTaken as taken:
        detail = f"{taken} É o de id {taken.customer_id}."
        raise Problem(DOCUMENT_TAKEN, detail, [FieldError("document", str(taken))]) from None
    except SaveRefused as refused:
        raise Problem(INVALID_FIELDS, str(refused), [FieldError(refused.field, str(refused))]) from None
    return saved.customer


def _find(customer_id: int) -> Customer:
    customer = Customer.objects.filter(pk=customer_id).first() if customer_id < 1 << 63 else None
    if customer is None:
        raise Problem(NOT_FOUND, "Não há cliente com este id.")
    return customer


def _named_in(query: QueryDict) -> QuerySet[Customer]:
    """All customers, or the one that ``?document=`` names; a document of nobody is no error in a list."""
    customers: QuerySet[Customer] = Customer.objects.all()
    text = query.get("document")
    if text is None:
        return customers
    try:
        return customers.filter(document=read_document(text) or "-")
    except InvalidField as error:
        errors = [FieldError("document", str(error))]
        raise Problem(INVALID_PARAMETER, "O CPF/CNPJ não pôde ser lido.", errors) from None


def _single_json(customer: Customer) -> dict[str, object]:
    return single_json(customer, selectors.find_target(customer))
