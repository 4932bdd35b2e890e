"""The simulator's own pages in a browser: axe finds nothing, nothing scrolls sideways or complains."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser.chromium import Window
from tests.simulated_tiny import SimulatedAccount, SimulatedTiny
from tests.simulator.conftest import App

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize(("width", "is_dark"), [(1440, False), (390, True), (320, False)])
def test_pages_are_clean(
    app: App, simulator: SimulatedTiny, browser: Browser, width: int, is_dark: bool
) -> None:
    account = f"{simulator.url}/contas/{app.account_id}"
    (order,) = simulator.control(
        "POST", f"accounts/{app.account_id}/orders", {"count": 1, "with_invoices": True}
    )
    app.refresh("nothing")
    simulator.add_fault(account_id=app.account_id, route="GET /pedidos", preset="html_200", times=None)
    simulator.add_fault(route="*", status=500, after=3, times=2)
    tabs = [
        f"{account}/{tab}"
        for tab in ("pedidos", "produtos", "aplicativos", "integracoes", "chamadas", "tokens", "falhas")
    ]
    integration = SimulatedAccount(simulator, app.account_id).add_integration()
    simulated = SimulatedAccount(simulator, app.account_id)
    simulated.add_deposito("Avarias", desconsiderar=True)
    products = {product["sku"]: product["id"] for product in simulated.list_products()}
    tabs += [f"{account}/produtos/{products[sku]}" for sku in ("PAN-7-GRF", "LEN-PER", "KIT-MESA")]
    manage = f"{account}/integracoes/{integration['ecommerce_id']}"
    nowhere = "http://127.0.0.1:9/"
    simulated.save_urls({"estoque": nowhere})
    simulated.save_urls({"estoque": nowhere, "produto": nowhere}, integration["ecommerce_id"])
    simulated.change_product(products["LEN-PER"], descricao="Lençol")
    simulated.set_stock(products["PAN-7-GRF"], 3)
    simulator.wait_until_sent()
    simulator.add_sender_fault("shuffle", value=60, share=0.5)
    tabs += [manage, f"{manage}/notificacoes", f"{manage}/mapeamentos", f"{account}/webhooks"]
    window = Window(browser, width=width, is_dark=is_dark)
    for address in (f"{simulator.url}/", *tabs, f"{account}/pedidos/{order['id']}"):
        window.page.goto(address)
        found = Axe().run(window.page).response["violations"]
        assert [violation["id"] for violation in found] == [], address
        assert window.page.evaluate("document.documentElement.scrollWidth") <= width, address
    window.close()
    assert window.problems == []
