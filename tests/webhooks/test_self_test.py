"""«Enviar notificação de teste», against the real web server."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.tenancy import tenant
from tests.webhooks.conftest import Sender
from tests.webhooks.test_pages import plain
from tests.webhooks.test_web_server import Web, web
from webhooks.models import ReceiptState
from webhooks.services.receipts import read_batch

pytestmark = pytest.mark.django_db(transaction=True)

__all__ = ["web"]


def test_a_test_goes_the_way_of_the_erp(
    web: Web, sender: Sender, admin: User, client_of: Callable[[User], Client], settings: Any
) -> None:
    settings.PUBLIC_URL = f"http://127.0.0.1:{web.port}"
    client, integration = client_of(admin), sender.integration
    tab = f"/o/casa-aurora/integracoes/erp/nativos/tiny/{integration.pk}/notificacoes/"
    page = client.post(f"{tab}testar/", follow=True).content.decode()
    with tenant(integration.organization_id):
        read_batch(integration=integration)
    (receipt,) = sender.receipts()
    one = plain(client.get(f"/o/casa-aurora/notificacoes/{receipt.pk}/").content.decode())

    assert re.search(r"A URL respondeu 200 em \d+ ms\.", plain(page))
    assert (bytes(receipt.body), receipt.kind, receipt.state) == (b"", "probe", ReceiptState.IGNORED)
    assert receipt.headers["X-Entreposto-Teste"] == "1"
    assert "Teste da URL" in one
    assert "Teste enviado daqui." in one
    assert "alguém salva o campo" not in one
