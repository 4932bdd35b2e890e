"""The inbox of notifications, and one of them, as a person gets them."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import clock, services
from accounts.models import Organization, Perfil, User
from accounts.tenancy import tenant
from history.models import HistoryEntry
from integrations.models import Integration
from jobs.models import Call, Job, JobAttempt
from tests.catalog.received import Erp, connect, make_row
from tests.webhooks.conftest import Sender
from tests.webhooks.test_endpoint import product as product_body
from webhooks.models import ReceiptState, WebhookReceipt
from webhooks.services.receipts import read_batch

pytestmark = pytest.mark.django_db

BASE = "/o/casa-aurora/notificacoes/"
FRAGMENT = {"HX-Request": "true"}
STOCK = {"cnpj": "11222333000181", "tipo": "estoque", "versao": "1.0.1", "dados": {}}


def told_stock(sku: str = "LUM-01", product: int = 900, amount: int = 39, **changes: Any) -> bytes:
    """As Tiny tells of stock; ``changes`` are of the envelope."""
    data = {"tipoEstoque": "D", "saldo": amount, "idProduto": product, "sku": sku}
    return json.dumps(STOCK | {"dados": data} | changes).encode()


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def listed(page: str) -> list[str]:
    """The rows of a list, in its order."""
    return re.findall(r'class="main-link" href="[^"]*/notificacoes/\d+/">([^<]*)</a>', page)


def tabs(page: str) -> dict[str, int]:
    found = re.findall(r'<a href="\?[^"]*"[^>]*>([^<]*) <span class="count">([\d.]+)</span></a>', page)
    return {label: int(count.replace(".", "")) for label, count in found}


@pytest.fixture
def client(admin: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(admin)


@pytest.fixture
def viewer(organization: Organization, client_of: Callable[[User], Client]) -> Client:
    return client_of(
        services.add_member(
            organization=organization, email="vera@aurora.test", name="Vera Lima", perfil=Perfil.VIEWER
        ).user
    )


@pytest.fixture
def integration(sender: Sender) -> Integration:
    return sender.integration


@pytest.fixture
def read(sender: Sender, integration: Integration) -> Callable[..., list[WebhookReceipt]]:
    """``read(body, …)``: posted in this order, and read as the job reads them."""

    def post(*bodies: bytes) -> list[WebhookReceipt]:
        for body in bodies:
            assert sender.post(body).status_code == 200
        with tenant(integration.organization_id):
            read_batch(integration=integration)
        return sender.receipts()[-len(bodies) :]

    return post


@pytest.fixture
def set_row(integration: Integration) -> Callable[..., None]:
    def change(receipt: WebhookReceipt, **values: Any) -> None:
        with tenant(integration.organization_id):
            WebhookReceipt.objects.filter(pk=receipt.pk).update(**values)

    return change


def add_receipts(integration: Integration, count: int, **values: Any) -> list[int]:
    """Receipts that were read; ids ascending."""
    with tenant(integration.organization_id):
        rows = WebhookReceipt.objects.bulk_create(
            WebhookReceipt(
                **{
                    "organization_id": integration.organization_id,
                    "integration": integration,
                    "received_at": clock.now(),
                    "settled_at": clock.now(),
                    "body": b"{}",
                    "state": ReceiptState.APPLIED,
                    "kind": "stock",
                    "entity": f"product:{number}",
                    "facts": {"sku": f"SKU-{number}", "stock": str(number)},
                    **values,
                }
            )
            for number in range(count)
        )
    return [row.pk for row in rows]


# --- the list ---


def test_before_the_first_one_it_leads_to_the_address(client: Client, integration: Integration) -> None:
    page = client.get(BASE).content.decode()

    assert "Nenhuma notificação ainda" in page
    assert f'href="/o/casa-aurora/integracoes/erp/nativos/tiny/{integration.pk}/notificacoes/"' in page
    assert 'id="primeira"' in page


def test_without_an_integration_it_leads_to_connecting_one(
    organization: Organization, client: Client
) -> None:
    page = client.get(BASE).content.decode()

    assert "Conecte seu ERP" in plain(page)
    assert 'id="primeira"' not in page


def test_the_empty_page_notices_the_first_one(
    client: Client, read: Callable[..., list[WebhookReceipt]]
) -> None:
    headers = FRAGMENT | {"HX-Trigger": "primeira"}
    before = client.get(BASE, headers=headers)
    read(told_stock())
    after = client.get(BASE, headers=headers)

    assert (before.status_code, before.headers.get("HX-Refresh")) == (204, None)
    assert (after.status_code, after.headers.get("HX-Refresh")) == (204, "true")


def test_the_newest_come_first_each_in_a_line(
    client: Client, read: Callable[..., list[WebhookReceipt]], set_row: Callable[..., None]
) -> None:
    other = json.dumps({"cnpj": "11222333000181", "tipo": "cotacao", "dados": {"cep": "80010000"}}).encode()
    first, *_ = read(told_stock(), told_stock("VASO-02", 901, 0), other, b"", b"nem json")
    now = clock.now()
    set_row(
        first,
        state=ReceiptState.APPLIED,
        received_at=now - dt.timedelta(seconds=2),
        settled_at=now - dt.timedelta(milliseconds=800),
        attempts=1,
        replays=1,
    )
    page = client.get(BASE).content.decode()

    assert listed(page) == [
        "Não reconhecida",
        "Teste da URL",
        "cotacao",
        "VASO-02: saldo 0",
        "LUM-01: saldo 39",
    ]
    assert tabs(page) == {
        "Todas": 5,
        "Falharam": 2,
        "Aguardando": 1,
        "Processadas": 1,
        "Ignoradas": 1,
        "Repetidas": 0,
    }
    text = plain(page)
    assert "Escolher Estoque: LUM-01: saldo 39" in text
    assert "agora Processada Reprocessada 1,2 s 1" in text
    assert "5 recebidas" in text


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ({"visao": "falharam"}, ["Não reconhecida"]),
        ({"visao": "aguardando"}, ["VASO-02: saldo 0", "LUM-01: saldo 39"]),
        ({"visao": "nenhuma"}, ["Não reconhecida", "VASO-02: saldo 0", "LUM-01: saldo 39"]),
        ({"tipo": "stock"}, ["VASO-02: saldo 0", "LUM-01: saldo 39"]),
        ({"tipo": "price"}, []),
        ({"q": "vaso"}, ["VASO-02: saldo 0"]),
        ({"q": "901"}, ["VASO-02: saldo 0"]),
        ({"q": "\0"}, ["Não reconhecida", "VASO-02: saldo 0", "LUM-01: saldo 39"]),
        ({"q": "%"}, []),
        ({"periodo": "24h"}, ["Não reconhecida", "VASO-02: saldo 0"]),
        ({"periodo": "7d"}, ["Não reconhecida", "VASO-02: saldo 0", "LUM-01: saldo 39"]),
        ({"motivo": "tiny.notification_unreadable"}, ["Não reconhecida"]),
        ({"motivo": "webhook.other_account"}, []),
    ],
)
def test_a_filter_leaves_what_was_asked_for(
    client: Client,
    read: Callable[..., list[WebhookReceipt]],
    set_row: Callable[..., None],
    query: dict[str, str],
    rows: list[str],
) -> None:
    first, *_ = read(told_stock(), told_stock("VASO-02", 901, 0), b"nem json")
    set_row(first, received_at=clock.now() - dt.timedelta(days=2))
    page = client.get(BASE, query).content.decode()

    assert listed(page) == rows
    assert ("Nenhuma notificação com estes filtros" in page) is (not rows)


def test_a_text_is_looked_for_in_the_last_days_unless_a_period_is_chosen(
    client: Client, read: Callable[..., list[WebhookReceipt]], set_row: Callable[..., None]
) -> None:
    old, _ = read(told_stock(), told_stock(amount=38))
    set_row(old, received_at=clock.now() - dt.timedelta(days=8))
    lately = client.get(BASE, {"q": "lum"}).content.decode()
    longer = client.get(BASE, {"q": "lum", "periodo": "30d"}).content.decode()

    assert listed(lately) == ["LUM-01: saldo 38"]
    assert "Busca: lum (últimos 7 dias)" in lately
    assert listed(longer) == ["LUM-01: saldo 38", "LUM-01: saldo 39"]
    assert "últimos 7 dias)" not in longer


def test_beyond_a_thousand_of_a_state_nobody_counts(
    client: Client, integration: Integration, read: Callable[..., list[WebhookReceipt]]
) -> None:
    read(b"nem json")
    add_receipts(integration, 1001)
    page = client.get(BASE).content.decode()
    shown = dict(re.findall(r'<a href="\?[^"]*"[^>]*>([^<]*) <span class="count">([^<]*)</span></a>', page))

    assert (shown["Processadas"], shown["Falharam"], shown["Todas"]) == ("1.000+", "1", "1.001+")
    assert "Reprocessar todas as 1.001+ da lista" in plain(page)


def test_with_two_integrations_one_can_be_chosen(
    client: Client,
    organization: Organization,
    read: Callable[..., list[WebhookReceipt]],
    integration: Integration,
) -> None:
    second = connect(organization, "Filial Sul", account_document="11444777000161")
    read(told_stock())
    everything = client.get(BASE).content.decode()
    own = client.get(BASE, {"integracao": str(integration.pk)}).content.decode()
    others = client.get(BASE, {"integracao": str(second.pk)}).content.decode()

    assert listed(everything) == listed(own) == ["LUM-01: saldo 39"]
    assert 'title="Integração Tiny ERP"' in own
    assert listed(others) == []


def test_fifty_at_a_time(
    client: Client, integration: Integration, read: Callable[..., list[WebhookReceipt]]
) -> None:
    read(b"")
    ids = add_receipts(integration, 60)
    page = client.get(BASE).content.decode()
    more = re.findall(r'<tr class="last">.*?hx-get="([^"]*)"', page)
    rest = client.get(html.unescape(more[0]), headers=FRAGMENT).content.decode()
    whole = client.get(html.unescape(more[0])).content.decode()

    assert listed(page) == [f"SKU-{number}: saldo {number}" for number in range(59, 9, -1)]
    assert more == [f"{BASE}?pagina={ids[10]}"]
    assert listed(rest) == [*(f"SKU-{number}: saldo {number}" for number in range(9, -1, -1)), "Teste da URL"]
    assert rest.lstrip().startswith("<tr>")
    assert 'class="last"' not in rest
    # Without script the same address is a page.
    assert listed(whole) == listed(rest)
    assert "Voltar às mais novas" in whole
    # From there a tab begins with its own newest.
    assert "pagina=" not in "".join(re.findall(r'<nav class="tabs.*?</nav>', whole, re.S))


def test_what_comes_meanwhile_is_offered_and_moves_nothing(
    client: Client, read: Callable[..., list[WebhookReceipt]]
) -> None:
    read(told_stock())
    page = client.get(BASE, {"tipo": "stock"}).content.decode()
    asks = html.unescape(re.findall(r'id="novas"[^>]*hx-get="([^"]*)"', page)[0])
    nothing = client.get(asks, headers=FRAGMENT).content.decode()
    read(told_stock("VASO-02", 901), b"nem json", told_stock("VASO-03", 902))
    two = client.get(asks, headers=FRAGMENT).content.decode()

    assert plain(nothing).strip() == ""
    assert plain(two).strip() == "2 novas"
    assert f'hx-get="{BASE}?tipo=stock" hx-target="#lista"' in two


def test_the_last_day_is_drawn_by_the_hour(
    client: Client, read: Callable[..., list[WebhookReceipt]], set_row: Callable[..., None]
) -> None:
    """Of Brasília, and told as a table too."""
    first, second, bad = read(told_stock(), told_stock("VASO-02", 901), b"nem json")
    hours = [clock.now().astimezone(clock.SAO_PAULO) - dt.timedelta(hours=back) for back in (3, 3, 1)]
    for receipt, at in zip((first, second, bad), hours, strict=True):
        set_row(receipt, received_at=at)
    page = client.get(BASE).content.decode()
    table = re.findall(
        r'<tr><td class="num">([^<]*)</td><td class="r">(\d+)</td><td class="r">(\d+)</td>', page
    )

    assert table == [(f"{hours[2]:%d/%m %H}:00", "1", "1"), (f"{hours[0]:%d/%m %H}:00", "2", "0")]
    assert page.count('width="7"') == 3


# --- who may see what ---


def test_who_only_looks_sees_the_list_and_no_body(
    viewer: Client, client: Client, read: Callable[..., list[WebhookReceipt]]
) -> None:
    receipt = read(told_stock())[0]
    rows, one = viewer.get(BASE).content.decode(), viewer.get(f"{BASE}{receipt.pk}/").content.decode()

    assert listed(rows) == ["LUM-01: saldo 39"]
    assert 'name="id"' not in rows
    assert "Reprocessar" not in rows + one
    assert "tipoEstoque" not in one
    assert "127.0.0.1" not in one
    assert "Baixar" not in one
    for path in ("baixar/", "reprocessar/"):
        assert viewer.post(f"{BASE}{receipt.pk}/{path}").status_code == 404
    assert "tipoEstoque" in client.get(f"{BASE}{receipt.pk}/").content.decode()


# --- one ---


def test_a_body_is_shown_in_lines_and_without_a_whole_cpf(
    client: Client, read: Callable[..., list[WebhookReceipt]]
) -> None:
    body = told_stock(cliente={"nome": "<b>Maria</b>", "cpfCnpj": "529.982.247-25"}, outro="52998224725")
    receipt = read(body)[0]
    page = client.get(f"{BASE}{receipt.pk}/").content.decode()
    shown = re.findall(r'<pre class="code"[^>]*>(.*?)</pre>', page, re.S)[0]

    assert "&quot;saldo&quot;: 39" in shown
    assert "&lt;b&gt;Maria&lt;/b&gt;" in shown
    assert shown.count("***.982.247-**") == 2
    # Nor in what is copied.
    assert "529.982.247-25" not in page
    assert "52998224725" not in page


@pytest.mark.parametrize(
    "body",
    [
        told_stock(tipo="529.982.247-25"),
        told_stock(cnpj="52998224725"),
        told_stock(sku="52998224725"),
    ],
    ids=["as its type", "as its account", "as its SKU"],
)
def test_nor_is_one_that_stands_elsewhere(
    client: Client, read: Callable[..., list[WebhookReceipt]], body: bytes
) -> None:
    receipt = read(body)[0]
    pages = client.get(BASE).content.decode() + client.get(f"{BASE}{receipt.pk}/").content.decode()

    assert "***.982.247-**" in pages
    assert "529.982.247-25" not in pages
    assert "52998224725" not in pages


def test_the_bytes_can_be_taken_along_which_is_written_down(
    client: Client, organization: Organization, read: Callable[..., list[WebhookReceipt]]
) -> None:
    body = b'\xff\x00<script>{"cpf":"529.982.247-25"}'
    receipt = read(body)[0]
    response = client.post(f"{BASE}{receipt.pk}/baixar/")

    assert response.content == body
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == f'attachment; filename="notificacao-{receipt.pk}.txt"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    with tenant(organization):
        line = HistoryEntry.objects.get(subject_kind="receipt", subject_id=receipt.pk)
    assert (line.code, line.person) == ("receipt.body_taken", "Ana Souza")
    assert "Conteúdo baixado" in client.get(f"{BASE}{receipt.pk}/").content.decode()


def test_it_says_why_nothing_was_used_and_what_to_do(
    client: Client, read: Callable[..., list[WebhookReceipt]]
) -> None:
    receipt = read(told_stock(cnpj="11444777000161"))[0]
    text = plain(client.get(f"{BASE}{receipt.pk}/").content.decode())

    assert "Falhou" in text
    assert "Veio de outra conta do Tiny." in text
    assert "O CNPJ da notificação (11.444.777/0001-61) não é o desta integração" in text
    assert "Nada desta notificação foi usado." in text


def test_what_the_sender_was_told_is_kept_and_shown(
    client: Client, viewer: Client, sender: Sender, read: Callable[..., list[WebhookReceipt]]
) -> None:
    """That it arrived, or what it waited for: our SKU for each product, or why there is none."""
    told = sender.post(product_body("11222333000181", "")).content
    read(told_stock())
    mapped, plain_one = sender.receipts()
    address = f"{BASE}{mapped.pk}/"
    page = client.get(address).content.decode()

    def answered(page: str) -> str:
        return html.unescape(re.findall(r'aria-label="Texto da nossa resposta">(.*?)</pre>', page, re.S)[0])

    assert (mapped.answer, plain_one.answer) == (told.decode(), "")
    assert json.loads(answered(page)) == json.loads(told)
    assert "preencha o código (SKU) no Tiny" in answered(page)
    assert json.loads(answered(client.get(f"{BASE}{plain_one.pk}/").content.decode())) == {"ok": True}
    assert "Texto da resposta" not in viewer.get(address).content.decode()


def test_it_shows_what_changed_and_leads_there(
    client: Client,
    integration: Integration,
    read: Callable[..., list[WebhookReceipt]],
    set_row: Callable[..., None],
) -> None:
    receipt = read(told_stock())[0]
    Erp(integration).list(make_row())
    set_row(
        receipt,
        state=ReceiptState.APPLIED,
        settled_at=clock.now(),
        effect=[{"label": "Estoque", "before": "41", "after": "39"}],
        provisional_at=clock.now(),
    )
    page = client.get(f"{BASE}{receipt.pk}/").content.decode()

    assert "Campo Antes Depois Estoque 41 39" in plain(page)
    assert "antes de o conferirmos no Tiny" in page
    assert re.findall(r'<a href="/o/casa-aurora/produtos/\d+/">Luminária 900</a>', page)


def test_repetitions_name_each_other(
    client: Client, read: Callable[..., list[WebhookReceipt]], set_row: Callable[..., None]
) -> None:
    earlier, newest = read(told_stock(), told_stock(amount=38))
    set_row(newest, state=ReceiptState.APPLIED, settled_at=clock.now())
    set_row(earlier, state=ReceiptState.REPEATED, settled_at=clock.now(), repeats=newest)
    of_earlier = client.get(f"{BASE}{earlier.pk}/").content.decode()
    of_newest = client.get(f"{BASE}{newest.pk}/").content.decode()

    at = f"às {newest.received_at.astimezone(clock.SAO_PAULO):%H:%M}"
    assert f'Repetida de <a href="{BASE}{newest.pk}/">' in of_earlier
    assert f"Repetida de outra , {at}." in plain(of_earlier)
    assert f"Já existe uma mais nova , {at}." in plain(of_earlier)
    assert "Reprocessar não muda o estoque." in plain(of_earlier)
    assert f'<li><a href="{BASE}{earlier.pk}/">' in of_newest
    assert "Já existe" not in of_newest


def test_a_page_waits_for_the_outcome(
    client: Client, read: Callable[..., list[WebhookReceipt]], set_row: Callable[..., None]
) -> None:
    receipt = read(told_stock())[0]
    address, headers = f"{BASE}{receipt.pk}/", FRAGMENT | {"HX-Trigger": "acompanhar"}
    page = client.get(address).content.decode()
    waiting = client.get(address, headers=headers)
    set_row(receipt, state=ReceiptState.APPLIED, settled_at=clock.now())
    done = client.get(address, headers=headers)

    assert 'id="acompanhar"' in page
    assert "Reprocessar agora" not in page
    assert (waiting.status_code, waiting.headers.get("HX-Refresh")) == (204, None)
    assert done.headers.get("HX-Refresh") == "true"
    assert "Reprocessar agora" in client.get(address).content.decode()


def test_a_reading_that_failed_says_when_it_is_tried_again(
    client: Client, organization: Organization, read: Callable[..., list[WebhookReceipt]]
) -> None:
    receipt = read(told_stock())[0]
    with tenant(organization):
        Job.objects.filter(kind="follow_notification").update(
            failures=2, not_before=clock.now() + dt.timedelta(minutes=5, seconds=30)
        )
    text = plain(client.get(f"{BASE}{receipt.pk}/").content.decode())

    assert "Nova tentativa" in text
    assert "Tentamos de novo em 5 min" in text
    assert "Nova tentativa" in plain(client.get(BASE).content.decode())
    with tenant(organization):
        Job.objects.filter(kind="follow_notification").update(status="parked", parked_at=clock.now())
    stopped = client.get(f"{BASE}{receipt.pk}/").content.decode()

    assert "Precisa de ação" in stopped
    assert 'href="/o/casa-aurora/erros/"' in stopped
    errors = client.get("/o/casa-aurora/erros/").content.decode()
    assert f'<a href="{BASE}{receipt.pk}/">Notificação LUM-01: saldo 39</a>' in errors


def test_each_reading_at_the_erp_is_listed(
    client: Client, viewer: Client, organization: Organization, read: Callable[..., list[WebhookReceipt]]
) -> None:
    receipt = read(told_stock())[0]
    address = f"{BASE}{receipt.pk}/"
    before = client.get(address).content.decode()
    with tenant(organization):
        job = Job.objects.get(kind="follow_notification")
        for number, minutes in ((1, -5), (2, 0), (3, 1)):
            # The first one was for an earlier notification of the same product.
            JobAttempt.objects.create(
                job=job,
                number=number,
                lease=9000 + number,
                worker="w",
                started_at=receipt.received_at + dt.timedelta(minutes=minutes),
                finished_at=receipt.received_at + dt.timedelta(minutes=minutes, seconds=2),
                outcome="failed" if number == 2 else "done",
                reason_code="tiny.unstable" if number == 2 else "",
            )
        at = receipt.received_at + dt.timedelta(seconds=1)
        Call.objects.create(
            channel=job.channel,
            job=job,
            method="GET",
            path="/produtos/900",
            status=503,
            duration_ms=140,
            created_at=at,
        )
    page = client.get(address).content.decode()
    told = re.findall(r"<span>(Leitura no Tiny: [^<]*)</span>", page)

    assert 'id="tentativas"' not in before
    assert told == ["Leitura no Tiny: Concluído", "Leitura no Tiny: Falhou, vai tentar de novo"]
    assert "GET /produtos/900 503 140 ms" in plain(page)
    assert "O Tiny está instável" in page
    assert 'id="tentativas"' not in viewer.get(address).content.decode()


# --- again ---


def test_one_is_read_again(
    client: Client, organization: Organization, read: Callable[..., list[WebhookReceipt]]
) -> None:
    receipt = read(told_stock(cnpj="11444777000161"))[0]
    response = client.post(f"{BASE}{receipt.pk}/reprocessar/", follow=True)

    assert response.redirect_chain == [(f"{BASE}{receipt.pk}/", 302)]
    text = plain(response.content.decode())
    assert "A notificação está sendo processada de novo." in text
    assert "Recebida, em instantes é lida." in text
    assert "Reprocessamento pedido Ana Souza" in text
    with tenant(organization):
        row = WebhookReceipt.objects.get()
    assert (row.state, row.replays) == (ReceiptState.RECEIVED, 1)
    again = client.post(f"{BASE}{receipt.pk}/reprocessar/", follow=True)
    assert "A notificação já está na fila." in again.content.decode()
    with tenant(organization):
        assert WebhookReceipt.objects.get().replays == 1


def test_what_failed_can_be_ignored_and_only_that(
    client: Client, organization: Organization, read: Callable[..., list[WebhookReceipt]]
) -> None:
    bad, good = read(b"nem json", told_stock())
    response = client.post(f"{BASE}escolhidas/", {"id": [bad.pk, good.pk], "action": "ignore"}, follow=True)

    assert "1 notificação ignorada." in response.content.decode()
    with tenant(organization):
        states = dict(WebhookReceipt.objects.values_list("pk", "state"))
        reason = WebhookReceipt.objects.get(pk=bad.pk).reason_code
        lines = list(HistoryEntry.objects.values_list("subject_id", "code", "person"))
    assert states == {bad.pk: ReceiptState.IGNORED, good.pk: ReceiptState.WAITING}
    assert reason == "tiny.notification_unreadable"
    assert lines == [(bad.pk, "receipt.ignored", "Ana Souza")]

    again = client.post(
        f"{BASE}escolhidas/", {"id": ["x", "9" * 30, bad.pk], "action": "ignore"}, follow=True
    )
    assert "nada mudou" in plain(again.content.decode())


# --- the frame ---


def test_every_page_says_that_something_was_not_used_until_it_is_ignored(
    client: Client, viewer: Client, read: Callable[..., list[WebhookReceipt]], set_row: Callable[..., None]
) -> None:
    unknown = json.dumps({"cnpj": "11222333000181", "tipo": "cotacao", "dados": {"cep": "80010000"}}).encode()
    first, followed, second = read(unknown, told_stock(), told_stock(cnpj="11444777000161"))
    # What a product lacks is said by the product.
    set_row(followed, state=ReceiptState.FAILED, reason_code="webhook.product_unknown")
    page = viewer.get("/o/casa-aurora/pedidos/").content.decode()
    banner = re.findall(
        r'<div class="banner wraps warn">.*?</form>|<div class="banner wraps warn">.*?</a>', page
    )

    assert [plain(text).strip() for text in banner] == [
        "Integração Tiny ERP: 2 notificações não foram usadas. Veio de outra conta do Tiny. "
        "Nada mudou aqui. Ver notificações"
    ]
    target = html.unescape(re.findall(r'<a class="btn[^"]*" href="([^"]*)"', banner[0])[0])
    assert len(listed(viewer.get(target).content.decode())) == 3
    client.post(f"{BASE}escolhidas/", {"id": [first.pk, second.pk], "action": "ignore"})
    assert "não foram usadas" not in viewer.get("/o/casa-aurora/pedidos/").content.decode()
