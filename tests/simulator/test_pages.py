"""The web page: register an app, look at orders, change them; everything escaped."""

from __future__ import annotations

import re

import requests

from tests.simulated_tiny import SimulatedAccount, SimulatedTiny
from tests.simulator.conftest import App, Reader

HOSTILE = "<script>alert('1')</script>\"&{x}"
ESCAPED = "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;&quot;&amp;{x}"


def get(simulator: SimulatedTiny, path: str, status: int = 200) -> str:
    answer = requests.get(simulator.url + path, timeout=10)
    assert answer.status_code == status, answer.text
    return answer.text


def post(simulator: SimulatedTiny, path: str, **form: str) -> requests.Response:
    return requests.post(simulator.url + path, data=form, allow_redirects=False, timeout=10)


def test_home_lists_accounts(app: App, simulator: SimulatedTiny) -> None:
    page = get(simulator, "/")
    assert "CASA AROEIRA LTDA" in page
    assert "11.222.333/0001-81" in page


def test_registered_app_shows_what_the_form_of_the_platform_asks(simulator: SimulatedTiny) -> None:
    account = simulator.add_account()
    path = f"/contas/{account.id}/aplicativos"
    answer = post(simulator, path, nome="Entreposto", redirect_uri="http://127.0.0.1:8000/retorno/")
    assert answer.status_code == 303
    page = get(simulator, answer.headers["Location"])
    (registered,) = simulator.control("GET", "accounts")[0]["apps"]
    assert re.fullmatch(r"tiny-api-[0-9a-f]{40}-\d{10}", registered["client_id"])
    assert registered["client_id"] in page
    assert registered["client_secret"] in page
    invitation = f"/convite/{registered['client_id']}"
    assert f"{simulator.url}{invitation}" in page
    assert "Instalar Entreposto" in get(simulator, invitation)


def test_incomplete_app_is_told(simulator: SimulatedTiny) -> None:
    account = simulator.add_account()
    path = f"/contas/{account.id}/aplicativos"
    answer = post(simulator, path, nome="X", redirect_uri="retorno")
    assert answer.status_code == 400
    assert "Informe a URL de redirecionamento completa, com http ou https." in answer.text
    assert "Informe o nome do aplicativo." in post(simulator, path, nome=" ", redirect_uri="http://x/").text


def test_person_moves_an_order(reader: Reader, simulator: SimulatedTiny) -> None:
    (order,) = reader.add_orders(situacao=3)
    page = f"/contas/{reader.account_id}/pedidos/{order['id']}"
    assert "Ainda sem nota fiscal." in get(simulator, page)

    assert post(simulator, f"{page}/situacao", situacao="1").headers["Location"] == page
    post(simulator, f"{page}/nota")
    post(simulator, f"{page}/rastreio", codigo=" AA123456785BR ", url="https://x.example/?a=1&b=2")

    detail = reader.get(f"/pedidos/{order['id']}").json()
    assert detail["situacao"] == 1
    assert detail["transportador"]["codigoRastreamento"] == "AA123456785BR"
    assert detail["transportador"]["urlRastreamento"] == "https://x.example/?a=1&b=2"
    nota = reader.get(f"/notas/{detail['idNotaFiscal']}").json()
    key = nota["chaveAcesso"]
    assert " ".join(re.findall("....", key)) in get(simulator, page)

    post(simulator, f"{page}/nota")
    assert len(reader.list_ids("/notas")) == 1, "a second press issues nothing"


def test_person_ships_an_order_with_carrier_and_code(reader: Reader, simulator: SimulatedTiny) -> None:
    (order,) = reader.add_orders(situacao=7)
    page = f"/contas/{reader.account_id}/pedidos/{order['id']}"
    chosen = {"forma": "Transportadora", "transportador": " Rodonaves ", "codigo": "R-1", "url": ""}
    post(simulator, f"{page}/rastreio", decisao="despachar", **chosen)
    detail = reader.get(f"/pedidos/{order['id']}").json()
    carriage = detail["transportador"]
    assert (detail["situacao"], carriage["codigoRastreamento"]) == (5, "R-1")
    assert (carriage["formaEnvio"]["nome"], carriage["nome"]) == ("Transportadora", "Rodonaves")
    assert '<option value="Transportadora" selected>' in get(simulator, page)

    post(simulator, f"{page}/rastreio", **{**chosen, "forma": "Foguete", "codigo": "R-2"})
    carriage = reader.get(f"/pedidos/{order['id']}").json()["transportador"]
    assert (carriage["formaEnvio"]["nome"], carriage["codigoRastreamento"]) == ("Transportadora", "R-2")


def test_list_filters_and_pages(reader: Reader, simulator: SimulatedTiny) -> None:
    reader.add_orders(count=30, situacoes=[3, 5])
    base = f"/contas/{reader.account_id}/pedidos"
    assert "1 a 25 de 30" in get(simulator, base)
    assert "26 a 30 de 30" in get(simulator, f"{base}?pagina=2")
    assert "1 a 15 de 15" in get(simulator, f"{base}?situacao=5")
    assert "1 a 1 de 1" in get(simulator, f"{base}?numero=7")
    assert "Nenhum pedido com este filtro." in get(simulator, f"{base}?numero=999")


def test_calls_and_tokens_are_shown(app: App, reader: Reader, simulator: SimulatedTiny) -> None:
    reader.get("/pedidos", dataInicial="2026-11-01")
    assert "/pedidos?dataInicial=2026-11-01" in get(simulator, f"/contas/{reader.account_id}/chamadas")
    app.refresh("nothing")
    page = get(simulator, f"/contas/{reader.account_id}/tokens")
    assert "Invalid refresh token" in page


def test_everything_is_escaped(reader: Reader, simulator: SimulatedTiny) -> None:
    simulator.control(
        "POST", f"accounts/{reader.account_id}/apps", {"name": HOSTILE, "redirect_uri": "http://x/"}
    )
    (order,) = reader.add_orders(
        situacao=3,
        numeroPedidoEcommerce=HOSTILE,
        cliente={"nome": HOSTILE, "email": HOSTILE},
        tracking={"code": HOSTILE, "url": HOSTILE},
    )
    reader.get("/pedidos", numeroPedidoEcommerce=HOSTILE)
    base = f"/contas/{reader.account_id}"
    for path in ("aplicativos", "pedidos", f"pedidos/{order['id']}"):
        page = get(simulator, f"{base}/{path}")
        assert "<script" not in page
        assert ESCAPED in page
    assert "<script" not in get(simulator, f"{base}/chamadas")


def test_forms_of_other_sites_are_refused(reader: Reader, simulator: SimulatedTiny) -> None:
    (order,) = reader.add_orders(situacao=3)
    answer = requests.post(
        f"{simulator.url}/contas/{reader.account_id}/pedidos/{order['id']}/situacao",
        data={"situacao": "2"},
        headers={"Origin": "https://evil.example"},
        timeout=10,
    )
    assert answer.status_code == 403
    assert reader.get(f"/pedidos/{order['id']}").json()["situacao"] == 3


def test_pages_forbid_scripts_and_strangers(app: App, simulator: SimulatedTiny) -> None:
    policy = requests.get(simulator.url + "/", timeout=10).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    consent = requests.get(app.auth_address, params=app.auth_query(), timeout=10)
    assert "form-action 'self' http://127.0.0.1:8000" in consent.headers["Content-Security-Policy"]


def test_missing_pages(simulator: SimulatedTiny) -> None:
    for path in ("/nada", "/contas/99/pedidos", "/convite/x", "/contas/1/pedidos/1"):
        get(simulator, path, 404)


def test_person_changes_a_product(reader: Reader, simulator: SimulatedTiny) -> None:
    account = SimulatedAccount(simulator, reader.account_id)
    broken = account.add_deposito("Avarias", desconsiderar=True)
    product = account.add_product(sku="X-1", descricao="Panela", marca="Lume", preco=1234.5, saldo=7)
    base = f"/contas/{account.id}/produtos"
    listed = get(simulator, f"{base}?busca=x-1")
    assert "1 a 1 de 1" in listed
    assert "R$ 1.234,50" in listed
    page = f"{base}/{product['id']}"
    assert 'value="1234,5"' in get(simulator, page)

    form = {
        "descricao": "Panela nova",
        "marca": "Nova",
        "preco": "1.999,90",
        "precoPromocional": "",
        "situacao": "I",
    }
    assert post(simulator, f"{page}/dados", **form).headers["Location"] == page
    stock = {"334779581": "2,5", str(broken["id"]): "4"}
    assert post(simulator, f"{page}/estoque", **stock).headers["Location"] == page
    read = reader.get(f"/produtos/{product['id']}").json()
    assert (read["descricao"], read["marca"]["nome"], read["situacao"]) == ("Panela nova", "Nova", "I")
    assert (read["precos"]["preco"], read["precos"]["precoPromocional"]) == (1999.9, 0)
    depositos = reader.get(f"/estoque/{product['id']}").json()["depositos"]
    assert [row["saldo"] for row in depositos] == [2.5, 4]

    before = account.list_products()
    wrong = post(simulator, f"{page}/dados", **{**form, "preco": "dez"})
    assert wrong.status_code == 400
    assert "Informe valores em números, como 19,90." in wrong.text
    assert 'value="dez"' in wrong.text
    assert "Informe o nome." in post(simulator, f"{page}/dados", **{**form, "descricao": " "}).text
    assert post(simulator, f"{page}/estoque", **{"334779581": "nan"}).status_code == 400
    assert account.list_products() == before
    get(simulator, f"{base}/1", 404)


def test_products_are_filtered_paged_and_escaped(reader: Reader, simulator: SimulatedTiny) -> None:
    account = SimulatedAccount(simulator, reader.account_id)
    product = account.add_product(sku=HOSTILE, descricao=HOSTILE, marca=HOSTILE, situacao="I")
    base = f"/contas/{account.id}/produtos"
    assert "1 a 25 de 26" in get(simulator, base)
    assert "26 a 26 de 26" in get(simulator, f"{base}?pagina=2")
    for path in (f"{base}?situacao=I", f"{base}/{product['id']}"):
        page = get(simulator, path)
        assert ESCAPED in page
        assert "<script" not in page
    assert "Nenhum produto com este filtro." in get(simulator, f"{base}?busca=nada")
    kit = next(row for row in account.list_products() if row["tipo"] == "K")
    page = get(simulator, f"{base}/{kit['id']}")
    assert "contados pelos componentes" in page
    assert "1 × FAC-CHEF-8, 1 × POT-VID-10" in page
