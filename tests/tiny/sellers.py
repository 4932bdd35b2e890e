"""A seller's account at the simulator, connected by either protocol, as a ``ProviderContext``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from contracts.errors import ErpError
from contracts.http import HttpClient
from contracts.provider import Endpoints, ErpProtocol, OAuthApp
from contracts.records import (
    CheckStep,
    ErpInvoice,
    ErpListPrice,
    ErpOrder,
    ErpOrderDetail,
    ErpProduct,
    ErpProductRow,
    ErpStock,
    InvoiceQuery,
    OrderQuery,
    Page,
    ProductDraft,
    ProductQuery,
)
from tests.simulated_tiny import SimulatedAccount, SimulatedTiny
from tests.tiny.context import RecordingContext
from tiny.oauth import TinyOAuth
from tiny.provider import TinyProvider

REDIRECT_URI = "http://127.0.0.1:8000/integracoes/tiny/oauth/retorno/"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123456789"
DOCUMENT = "11222333000181"
# So short that a test can wait for it.
DEADLINE = 1.5
MAX_BYTES = 1_000_000


class Seller(RecordingContext):
    def __init__(self, tiny: SimulatedTiny, account: SimulatedAccount) -> None:
        super().__init__()
        self.tiny = tiny
        self.account = account
        self.http = HttpClient(deadline=DEADLINE, max_bytes=MAX_BYTES)
        self.provider = TinyProvider()

    @property
    def declared(self) -> ErpProtocol:
        return next(item for item in self.provider.protocols if item.key == self.protocol)

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def kill_access(self) -> None:
        """The seller takes the access back, at Tiny."""
        raise NotImplementedError

    def lay(self, route: str, **fields: Any) -> None:
        self.tiny.add_fault(account_id=self.account.id, route=route, **fields)

    def check(self, document: str = DOCUMENT) -> list[CheckStep]:
        return list(self.provider.check_connection(self, account_document=document))

    def list_orders(self, offset: int = 0, **query: Any) -> Page[ErpOrder]:
        return self.provider.list_orders(self, OrderQuery(**query), offset=offset)

    def list_ids(self, **query: Any) -> list[str]:
        return list(self.list_orders(**query).row_ids)

    def get_order(self, external_id: Any) -> ErpOrderDetail:
        return self.provider.get_order(self, str(external_id))

    def list_invoices(self, **query: Any) -> Page[ErpInvoice]:
        return self.provider.list_invoices(self, InvoiceQuery(**query), offset=0)

    def get_invoice(self, external_id: Any) -> ErpInvoice:
        return self.provider.get_invoice(self, str(external_id))

    def list_products(self, offset: int = 0, **query: Any) -> Page[ErpProductRow]:
        return self.provider.list_products(self, ProductQuery(**query), offset=offset)

    def get_product(self, external_id: Any) -> ErpProduct:
        return self.provider.get_product(self, str(external_id))

    def get_stock(self, external_id: Any) -> ErpStock:
        return self.provider.get_stock(self, str(external_id))

    def list_prices(self, price_list_id: Any, offset: int = 0) -> Page[ErpListPrice]:
        return self.provider.list_prices(self, str(price_list_id), offset=offset)

    def create_product(self, **draft: Any) -> str:
        return self.provider.create_product(self, ProductDraft(**draft))

    def update_product(self, external_id: Any, **draft: Any) -> None:
        self.provider.update_product(self, str(external_id), ProductDraft(**draft))

    def fail(self, call: Callable[[], Any]) -> ErpError:
        """The error of a call, which has a sentence and leaves the connection fit for the next one."""
        with pytest.raises(ErpError) as caught:
            call()
        error = caught.value
        assert self.provider.explain(error.code, error.params) is not None, error.code
        self.tiny.control("POST", "faults/clear")
        assert self.provider.get_account(self).document == DOCUMENT
        return error


class OAuthSeller(Seller):
    """By API v3."""

    def __init__(self, tiny: SimulatedTiny, account: SimulatedAccount) -> None:
        super().__init__(tiny, account)
        self.endpoints = Endpoints(api_url=tiny.api_url, accounts_url=tiny.accounts_url)
        self.flow = TinyOAuth(self.endpoints)
        registered = account.add_app(REDIRECT_URI)
        self.app = OAuthApp(registered["client_id"], registered["client_secret"], REDIRECT_URI)
        self.grant = self.flow.exchange(self.app, code=self.get_code(), code_verifier=VERIFIER)

    def get_code(self) -> str:
        address = self.flow.authorize_url(self.app, state="s", code_verifier=VERIFIER)
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        answer = self.tiny.control("POST", "authorize", query)
        return parse_qs(urlsplit(answer["redirect_to"]).query)["code"][0]

    def access_token(self, *, force: bool = False) -> str:
        if force:
            self.renewals += 1
            self.renew()
        return self.grant.access_token

    def renew(self) -> None:
        self.grant = self.flow.refresh(self.app, refresh_token=self.grant.refresh_token)

    def change_tokens(self, action: str) -> None:
        self.tiny.control("POST", "tokens", {"client_id": self.app.client_id, "action": action})

    def kill_access(self) -> None:
        self.change_tokens("revoke")


class TokenSeller(Seller):
    """By API v2."""

    def __init__(self, tiny: SimulatedTiny, account: SimulatedAccount) -> None:
        super().__init__(tiny, account)
        self.protocol = "v2"
        self.endpoints = Endpoints(api_url=tiny.api2_url, accounts_url=tiny.accounts_url)
        self.token = account.add_integration()["token"]

    def access_token(self, *, force: bool = False) -> str:
        return self.token

    def kill_access(self) -> None:
        self.account.revoke_token(self.token)
