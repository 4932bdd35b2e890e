"""The REST API of products, prices and stock (docs/API.md)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from urllib.parse import quote

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_auth import Resource, require_scope, token_method
from accounts.models import Scope
from catalog import operations, selectors, services
from catalog.models import ChangeSource, Product
from catalog.operations import MOST_SKUS, SKU_TAKEN
from catalog.serializers import (
    PRICES,
    price_json,
    product_json,
    read_changes,
    read_new_product,
    stock_json,
)
from catalog.services import Saved, SaveRefused
from ui.rest import INVALID_PARAMETER, NOT_FOUND, FieldError, Problem
from ui.revisions import Listing, list_since

PRODUCT_LISTING = Listing("products", "revision", product_json)
PRICE_LISTING = Listing("prices", "price_revision", price_json)
STOCK_LISTING = Listing("stock", "stock_revision", stock_json)


class ProductList(Resource):
    @token_method(Scope.READ_PRODUCTS, operations.LIST_PRODUCTS)
    def get(self, request: Request) -> Response:
        products = _named_in(request.query_params).select_related("parent")
        return Response(list_since(PRODUCT_LISTING, products, request.query_params, filters=["sku"]))

    @token_method(Scope.WRITE_PRODUCTS, operations.CREATE_PRODUCT)
    def post(self, request: Request) -> Response:
        sku, values = read_new_product(request.data)
        _require_scope_of(values, request)
        try:
            saved = services.save_product(
                sku=sku,
                values=values,
                person=request.user.name,
                source=ChangeSource.API,
                must_be_new=True,
            )
        except SaveRefused as refused:
            raise Problem(SKU_TAKEN, str(refused), [FieldError("sku", str(refused))]) from None
        address = f"{reverse('catalog_api:products')}{quote(sku, safe='')}/"
        return Response(_single_json(saved.product), status=201, headers={"Location": address})


class ProductDetail(Resource):
    @token_method(Scope.READ_PRODUCTS, operations.READ_PRODUCT)
    def get(self, request: Request, sku: str) -> Response:
        return Response(_single_json(_find(sku)))

    @token_method(Scope.WRITE_PRODUCTS, operations.CHANGE_PRODUCT)
    def patch(self, request: Request, sku: str) -> Response:
        product = _find(sku)
        values = read_changes(request.data)
        _require_scope_of(values, request)
        saved: Saved = services.save_product(
            sku=product.sku, values=values, person=request.user.name, source=ChangeSource.API
        )
        return Response(_single_json(saved.product))


class PriceList(Resource):
    @token_method(Scope.READ_STOCK, operations.LIST_PRICES)
    def get(self, request: Request) -> Response:
        return _list_figures(PRICE_LISTING, request)


class PriceDetail(Resource):
    @token_method(Scope.READ_STOCK, operations.READ_PRICE)
    def get(self, request: Request, sku: str) -> Response:
        return Response(price_json(_find(sku)))


class StockList(Resource):
    @token_method(Scope.READ_STOCK, operations.LIST_STOCK)
    def get(self, request: Request) -> Response:
        return _list_figures(STOCK_LISTING, request)


class StockDetail(Resource):
    @token_method(Scope.READ_STOCK, operations.READ_STOCK)
    def get(self, request: Request, sku: str) -> Response:
        return Response(stock_json(_find(sku)))


def _list_figures(listing: Listing, request: Request) -> Response:
    products = _named_in(request.query_params).defer("description")
    return Response(list_since(listing, products, request.query_params, filters=["sku"]))


def _find(sku: str) -> Product:
    try:
        return selectors.get_product(_without_nul([sku])[0])
    except (Product.DoesNotExist, IndexError):
        raise Problem(NOT_FOUND, "Não há produto com este SKU.") from None


def _without_nul(skus: Iterable[str]) -> list[str]:
    """PostgreSQL has no text with NUL, so no product has such a SKU, and it must not be asked."""
    return [sku for sku in skus if "\0" not in sku]


def _named_in(query: QueryDict) -> QuerySet[Product]:
    """All products, or those that ``?sku=a&sku=b`` names; a SKU of nothing is no error in a list."""
    products: QuerySet[Product] = Product.objects.all()
    skus = query.getlist("sku")
    if len(skus) > MOST_SKUS:
        errors = [FieldError("sku", f"Informe até {MOST_SKUS} SKUs.")]
        raise Problem(INVALID_PARAMETER, "São SKUs demais para uma chamada.", errors)
    return products.filter(sku__in=_without_nul(skus)) if skus else products


def _require_scope_of(values: Collection[str], request: Request) -> None:
    """A price is written only by whom the company let write prices."""
    if not set(PRICES).isdisjoint(values):
        require_scope(request, Scope.WRITE_STOCK)


def _single_json(product: Product) -> dict[str, object]:
    """``sending`` says that it waits to be written to the ERP; lists, which tell changes, are without it."""
    return {**product_json(product), "sending": product.changed_here_at is not None}
