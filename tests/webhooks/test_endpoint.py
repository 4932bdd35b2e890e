"""What is posted is kept as it came; nothing but the address decides who may."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts import clock, gateways
from accounts.log_filters import HideInvitations
from accounts.tenancy import tenant
from integrations import registry
from integrations.models import Integration
from tests.database import connect as connect_raw
from tests.database import run_sql
from tests.processes import wait_until
from tests.webhooks.conftest import Sender
from webhooks import api, pulse
from webhooks.models import ReceiptState
from webhooks.services.arrivals import await_arrivals, request_reading

pytestmark = pytest.mark.django_db(transaction=True)

STOCK = json.dumps(
    {
        "versao": "1.0.1",
        "cnpj": "11222333000181",
        "idEcommerce": 77,
        "tipo": "estoque",
        "dados": {"tipoEstoque": "F", "saldo": 5, "idProduto": 900, "sku": "LUM-01"},
    }
).encode()
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")


# --- what is kept ---


def test_a_post_is_kept_as_it_came_and_has_a_job(sender: Sender, other_sender: Sender) -> None:
    before = clock.now()
    response = sender.post(STOCK, HTTP_X_TRACE="abc", REMOTE_ADDR="203.0.113.9")

    assert (response.status_code, response.content) == (200, b'{"ok": true}')
    assert response["Content-Type"] == "application/json"
    assert response.cookies == {}
    (receipt,) = sender.receipts()
    assert bytes(receipt.body) == STOCK
    assert receipt.organization_id == sender.integration.organization_id
    assert (receipt.state, receipt.kind, receipt.entity) == (ReceiptState.RECEIVED, "", "")
    assert before < receipt.received_at < clock.now()
    assert receipt.headers == {
        "Content-Type": "application/json",
        "Content-Length": str(len(STOCK)),
        "X-Trace": "abc",
    }
    assert receipt.remote_ip == "203.0.113.9"
    (job,) = sender.jobs()
    assert (job.channel, job.key, job.lock) == (
        f"webhooks:{sender.integration.pk}",
        str(sender.integration.pk),
        "read_receipts",
    )
    assert (job.status, job.priority, job.payload, job.step) == ("pending", 30, {}, {})
    assert (other_sender.receipts(), other_sender.jobs()) == ([], [])


def test_many_posts_leave_one_job(sender: Sender) -> None:
    for number in range(20):
        assert sender.post(b"%d" % number).status_code == 200

    assert sender.bodies() == [b"%d" % number for number in range(20)]
    assert len(sender.jobs()) == 1


def test_who_asks_for_a_reading_means_the_same_job(sender: Sender) -> None:
    with tenant(sender.integration.organization_id):
        request_reading(integration_id=sender.integration.pk)
    sender.post(STOCK)

    assert len(sender.jobs()) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_whatever_brings_something_is_kept(sender: Sender, method: str) -> None:
    assert sender.send(method, STOCK).status_code == 200
    assert sender.bodies() == [STOCK]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_probe_is_answered_and_leaves_nothing(sender: Sender, method: str) -> None:
    response = sender.send(method)

    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert response.content == (b"" if method == "HEAD" else b'{"ok": true}')
    assert (sender.receipts(), sender.jobs()) == ([], [])


def test_an_empty_post_is_answered_and_kept(sender: Sender) -> None:
    assert sender.post(b"").status_code == 200
    assert sender.bodies() == [b""]


def test_the_last_slash_is_not_needed(sender: Sender) -> None:
    sender.path = sender.path.rstrip("/")

    assert sender.send("GET").status_code == 200
    assert sender.post(STOCK).status_code == 200
    assert sender.bodies() == [STOCK]


def test_neither_the_host_nor_a_session_nor_http_matters(sender: Sender, admin: Any, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["painel.example"]
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)

    response = client.post(sender.path, STOCK, "application/json", SERVER_NAME="evil.example")

    assert response.status_code == 200
    assert response.cookies == {}
    assert sender.bodies() == [STOCK]


# --- who may ---


def strange_paths(sender: Sender) -> list[str]:
    key = sender.key
    return [
        "/webhooks/",
        "/webhooks/tiny/never-was/",
        f"/webhooks/bling/{key}/",
        f"/webhooks/TINY/{key}/",
        f"/webhooks/tiny/{key[:-1]}/",
        f"/webhooks/tiny/{key}x/",
        f"/webhooks/tiny/{key.swapcase()}/",
        f"/webhooks/tiny/{key}/more/",
        f"/webhooks/tiny/{key}%00/",
        f"/webhooks/tiny//{key}/",
        f"/webhooks/{key}/",
        f"/webhooks/{key}",
        "/webhooks/tiny/",
        "/webhooks/tiny/%FF%FE/",
        "/webhooks/tiny/" + "k" * 5000 + "/",
    ]


@pytest.mark.parametrize("method", METHODS)
def test_an_unknown_address_is_not_found_alike_for_every_method(sender: Sender, method: str) -> None:
    client = Client(enforce_csrf_checks=True)
    expected = b"" if method == "HEAD" else b'{"error": "not found"}'
    for path in strange_paths(sender):
        response = client.generic(method, path, STOCK, "application/json")
        assert (response.status_code, response.content) == (404, expected), path
        assert response["Content-Type"] == "application/json"

    assert (sender.receipts(), sender.jobs()) == ([], [])


def test_a_foreign_key_writes_where_it_belongs(sender: Sender, other_sender: Sender) -> None:
    other_sender.post(STOCK)

    assert sender.receipts() == []
    assert [row.organization_id for row in other_sender.receipts()] == [
        other_sender.integration.organization_id
    ]


# --- size ---


def test_a_body_up_to_the_limit_is_kept_and_a_larger_one_refused(sender: Sender) -> None:
    limit = settings.WEBHOOK_MAX_BYTES
    largest, too_large = b"x" * limit, b"x" * (limit + 1)

    assert sender.post(largest).status_code == 200
    response = sender.post(too_large)

    assert (response.status_code, response.content) == (413, b'{"error": "too large"}')
    assert sender.bodies() == [largest]


@pytest.mark.parametrize(
    ("length", "status", "kept"),
    [
        ("", 200, [b""]),
        ("abc", 200, [b""]),
        ("-5", 200, [b""]),
        ("3", 200, [b"abc"]),
        ("999999999999999999999", 413, []),
    ],
)
def test_a_content_length_that_lies(sender: Sender, length: str, status: int, kept: list[bytes]) -> None:
    """What the server did not already refuse: never more is read than is said, nor an error answered."""
    assert sender.post(b"abcdef", CONTENT_LENGTH=length).status_code == status
    assert sender.bodies() == kept


# --- headers ---


def test_headers_are_kept_without_what_opens_a_door(sender: Sender) -> None:
    sender.post(
        STOCK,
        HTTP_COOKIE="entreposto_sessao=geheim",
        HTTP_AUTHORIZATION="Bearer geheim",
        HTTP_PROXY_AUTHORIZATION="Basic geheim",
        HTTP_REFERER=f"https://loja.example{sender.path}?x=1",
        HTTP_X_LONG=f"{'x' * 490}{sender.key}",
        HTTP_USER_AGENT="Tiny/1.0\x00\x1b[0m",
    )
    (receipt,) = sender.receipts()

    assert receipt.headers == {
        "Content-Type": "application/json",
        "Content-Length": str(len(STOCK)),
        "Cookie": "•••",
        "Authorization": "•••",
        "Proxy-Authorization": "•••",
        "Referer": "https://loja.example/webhooks/tiny/•••/?x=1",
        "X-Long": f"{'x' * 490}•••",
        "User-Agent": "Tiny/1.0??[0m",
    }


def test_headers_are_bounded(sender: Sender) -> None:
    many = {f"HTTP_X_{number}": "v" * 2000 for number in range(100)}
    sender.post(STOCK, **many, HTTP_Y="y" * 100_000)
    (receipt,) = sender.receipts()

    assert len(receipt.headers) == 40
    assert {len(value) for name, value in receipt.headers.items() if name.startswith("X-")} == {500}


def test_a_strange_remote_address_is_cut(sender: Sender) -> None:
    sender.post(STOCK, REMOTE_ADDR="2001:db8::1," * 20)

    assert [row.remote_ip for row in sender.receipts()] == [("2001:db8::1," * 20)[:45]]


# --- the reply that a product waits for ---


def product(cnpj: str = "11222333000181", sku: str = "VEST", *variations: tuple[str, str]) -> bytes:
    rows = [
        {"id": 9002 + number, "idMapeamento": mapping, "codigo": code, "anuncios": []}
        for number, (mapping, code) in enumerate(variations)
    ]
    return json.dumps(
        {
            "versao": "1.0.0",
            "cnpj": cnpj,
            "idEcommerce": 77,
            "tipo": "produto",
            "dados": {
                "id": "9001",
                "idMapeamento": "55",
                "codigo": sku,
                "nome": "Vestido",
                "variacoes": rows,
            },
        }
    ).encode()


def test_a_product_is_mapped_at_once_with_its_variations(sender: Sender) -> None:
    response = sender.post(product("11222333000181", "VEST", ("56", "VEST-P"), ("57", "")))

    assert response.status_code == 200
    parent, small, nameless = json.loads(response.content)
    assert parent == {"idMapeamento": "55", "skuMapeamento": "VEST"}
    assert small == {"idMapeamento": "56", "skuMapeamento": "VEST-P"}
    assert nameless == {
        "idMapeamento": "57",
        "skuMapeamento": "",
        "error": "Produto sem SKU: preencha o código (SKU) no Tiny e envie de novo.",
    }
    assert len(sender.receipts()) == 1


@pytest.mark.parametrize(
    "form",
    [
        {"tipo": "produto"},
        {"cnpj": "11222333000181", "tipo": " Produto "},
        {"idEcommerce": "77", "tipo": "produto", "versao": "1.0.0"},
    ],
)
def test_a_product_in_a_form_is_mapped_at_once_too(sender: Sender, form: dict[str, str]) -> None:
    dados = json.dumps(json.loads(product("11222333000181", "VEST"))["dados"])
    for body in (urlencode({**form, "dados": dados}), urlencode({"dados": dados, **form})):
        response = sender.post(body.encode(), "application/x-www-form-urlencoded")
        assert json.loads(response.content) == [{"idMapeamento": "55", "skuMapeamento": "VEST"}]


def test_a_product_of_another_account_is_kept_and_not_mapped(sender: Sender) -> None:
    response = sender.post(product("11444777000161"))

    assert (response.status_code, response.content) == (200, b'{"ok": true}')
    assert len(sender.receipts()) == 1


def test_before_the_account_is_known_every_product_is_mapped(sender: Sender) -> None:
    with tenant(sender.integration.organization_id):
        Integration.objects.update(account_document="")

    assert json.loads(sender.post(product("11444777000161")).content) == [
        {"idMapeamento": "55", "skuMapeamento": "VEST"}
    ]


@pytest.mark.parametrize(
    "body",
    [
        b'{"tipo": "produto"}',
        b'{"tipo": "produto", "dados": 5}',
        b'{"tipo": "produto", "dados": ' + b"[" * 100_000,
        b'\xff"produto"',
        STOCK.replace(b"LUM-01", b"produto"),
    ],
)
def test_what_only_looks_like_a_product_is_kept_and_answered_plainly(sender: Sender, body: bytes) -> None:
    response = sender.post(body)

    assert (response.status_code, response.content) == (200, b'{"ok": true}')
    assert sender.bodies() == [body]


# --- without PostgreSQL ---


@contextmanager
def postgresql_away() -> Iterator[None]:
    port = connection.settings_dict["PORT"]
    connection.close()
    # Where nobody listens.
    connection.settings_dict["PORT"] = "1"
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["PORT"] = port


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_postgresql_the_sender_is_asked_to_come_again(
    sender: Sender, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = pulse.Witness()
    monkeypatch.setattr(pulse, "note_refusal", witness.note_refusal)
    with postgresql_away():
        response = sender.send(method, STOCK)

    assert (response.status_code, response.content) == (503, b'{"error": "try again"}')
    assert response["Retry-After"] == "5"
    assert witness.refused_at is not None
    assert sender.post(b"afterwards").status_code == 200
    assert sender.bodies() == [b"afterwards"]


def test_what_is_kept_is_not_asked_for_again_though_postgresql_goes_away(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.ERP_PROVIDERS, "tiny", "tests.webhooks.breaking_tiny.LeavingTiny")
    registry.get_provider.cache_clear()
    witness = pulse.Witness()
    monkeypatch.setattr(pulse, "note_refusal", witness.note_refusal)
    port = connection.settings_dict["PORT"]
    try:
        response = sender.post(product("11222333000181", "VEST"))
    finally:
        connection.close()
        connection.settings_dict["PORT"] = port
        registry.get_provider.cache_clear()

    assert (response.status_code, response.content) == (200, b'{"ok": true}')
    assert witness.refused_at is None
    assert sender.bodies() == [product("11222333000181", "VEST")]


def test_after_a_restart_of_postgresql_nobody_notices(sender: Sender, process_database: Any) -> None:
    assert sender.post(b"before").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = connect_raw("app", process_database.name)
    try:
        run_sql(other, "SELECT pg_terminate_backend(%s, 10000)", [pid])
    finally:
        other.close()

    assert sender.post(b"after").status_code == 200
    assert sender.bodies() == [b"before", b"after"]


def test_what_cannot_be_kept_for_another_reason_is_asked_for_again_and_logged_without_data(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told = f"{sender.key} 529.982.247-25"

    def fail(request: Any) -> bytes:
        raise ValueError(told)

    monkeypatch.setattr(api, "read_body", fail)
    response = sender.post(STOCK)

    assert (response.status_code, response["Retry-After"]) == (503, "5")
    (line,) = [record.getMessage() for record in caplog.records if record.name == "webhooks.api"]
    assert line.startswith("a notification was not accepted: ValueError\n")
    assert "raise ValueError(told)" in line
    assert (sender.key in line, "982" in line) == (False, False)


def test_no_log_tells_the_key_of_an_address(sender: Sender) -> None:
    """Django's own line about a refused request is the one that would."""
    hide = HideInvitations()
    bare = f"/webhooks/{sender.key}"
    for path in (sender.path, sender.path.rstrip("/"), f"{sender.path}more/", bare, f"{bare}/"):
        record = logging.makeLogRecord({"msg": "%s: %s", "args": ("Not Found", path)})
        assert hide.filter(record)
        assert record.getMessage() == "Not Found: /webhooks/•••"


# --- no receipt stays unread ---


def test_a_reading_waits_for_the_posts_that_left_their_receipt_to_it(
    sender: Sender, process_database: Any
) -> None:
    """The post is under way while its job is claimed: it blocks neither, and is not missed."""
    sender.post(b"first")
    post = connect_raw("app", process_database.name)
    post.autocommit = False
    seen: list[list[bytes]] = []

    def read() -> None:
        try:
            await_arrivals(integration_id=sender.integration.pk)
            seen.append(sender.bodies())
        finally:
            connection.close()

    reader = threading.Thread(target=read)
    try:
        key_hash = api.hash_address(f"tiny/{sender.key}")
        ((_, _, job_id),) = run_sql(
            post, "SELECT * FROM gateway_accept_webhook(%s, %s, '{}', '')", [key_hash, b"under way"]
        )
        assert job_id is None
        claim = gateways.claim_job("test", lease_seconds=60, wait_seconds=0)
        assert claim is not None
        assert claim.job_id == sender.jobs()[0].pk
        reader.start()
        wait_until(lambda: waits_for_a_lock(process_database))
        assert seen == []
        post.commit()
        reader.join(30)
    finally:
        post.close()

    assert seen == [[b"first", b"under way"]]


def waits_for_a_lock(process_database: Any) -> bool:
    return bool(
        run_sql(
            process_database.owner,
            "SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            " WHERE l.locktype = 'advisory' AND l.classid = 7260012 AND NOT l.granted AND d.datname = %s",
            [process_database.name],
        )
    )


def test_a_post_during_a_reading_has_a_job_of_its_own(sender: Sender) -> None:
    sender.post(b"first")
    first = gateways.claim_job("test", lease_seconds=60, wait_seconds=0)
    sender.post(b"second")

    assert [job.status for job in sender.jobs()] == ["running", "pending"]
    assert first is not None
    # Its turn comes when the former reading ends.
    assert gateways.claim_job("test", lease_seconds=60, wait_seconds=0) is None


def test_two_posts_hold_each_other_up_in_nothing(sender: Sender, process_database: Any) -> None:
    sender.post(b"first")
    post = connect_raw("app", process_database.name)
    post.autocommit = False
    key_hash = api.hash_address(f"tiny/{sender.key}")
    try:
        run_sql(post, "SELECT * FROM gateway_accept_webhook(%s, 'slow', '{}', '')", [key_hash])
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
        assert sender.post(b"quick").status_code == 200
        post.rollback()
    finally:
        post.close()

    assert sender.bodies() == [b"first", b"quick"]
