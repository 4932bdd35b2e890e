"""What Tiny posts, as the tests of notifications write it, and what became of it here."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from accounts.tenancy import tenant
from tests.flows.conftest import Company, TokenCompany
from webhooks.models import WebhookReceipt
from webhooks.services.addresses import ensure_address, read_url


def post(company: Company, body: bytes | dict[str, Any]) -> None:
    """To the company's address, which is made when it is first needed."""
    with tenant(company.organization):
        ensure_address(integration=company.integration)
        url = read_url(integration=company.integration)
    path = url[url.index("/webhooks/") :]
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = Client().post(path, content, content_type="application/json")
    assert response.status_code == 200, response.content


def tell(company: Company, tipo: str, *, cnpj: str = "11222333000181", **dados: Any) -> None:
    post(company, envelope(company, tipo, cnpj=cnpj, **dados))


def envelope(company: Company, tipo: str, *, cnpj: str = "11222333000181", **dados: Any) -> dict[str, Any]:
    own = {"idEcommerce": int(company.access["ecommerce_id"])} if isinstance(company, TokenCompany) else {}
    return {"cnpj": cnpj, **own, "tipo": tipo, "versao": "1.0.0", "dados": dados}


def tell_stock(
    company: Company, product: dict[str, Any], saldo: float | str, tipo: str = "D", **more: Any
) -> None:
    told = {"tipoEstoque": tipo, "saldo": saldo, "idProduto": product["id"], "sku": product["sku"]}
    tell(company, "estoque", **told, **more)


def receipts(company: Company) -> list[WebhookReceipt]:
    """In the order in which they came."""
    with tenant(company.organization):
        return list(WebhookReceipt.objects.order_by("id"))


def states(company: Company) -> list[tuple[str, str]]:
    """(state, reason) of each."""
    return [(row.state, row.reason_code) for row in receipts(company)]


def change(label: str, before: str, after: str) -> dict[str, str]:
    return {"label": label, "before": before, "after": after}
