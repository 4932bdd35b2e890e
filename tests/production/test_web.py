"""The real web server with production settings, behind (and beside) its proxy."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable

import pytest

from tests.production.conftest import Web

pytestmark = pytest.mark.django_db(transaction=True)


def test_pages_are_https_only_and_say_so_for_a_year(start_web: Callable[..., Web]) -> None:
    web = start_web()

    plain, _ = web.get("/entrar/", X_Forwarded_Proto="http")
    unknown, _ = web.get("/entrar/")
    secure, page = web.get("/entrar/", X_Forwarded_Proto="https")

    assert (plain.status, plain.headers["Location"]) == (301, f"https://{Web.HOST}/entrar/")
    assert (unknown.status, unknown.headers["Location"]) == (301, f"https://{Web.HOST}/entrar/")
    assert secure.status == 200
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert b"csrfmiddlewaretoken" in page
    cookies = secure.headers.get_all("Set-Cookie") or []
    assert [cookie.split("=")[0] for cookie in cookies] == ["entreposto_sessao_csrf"]
    assert all("; Secure" in cookie for cookie in cookies)


def test_a_probe_is_answered_without_https_and_strange_hosts_are_refused(
    start_web: Callable[..., Web],
) -> None:
    web = start_web()

    probe, body = web.get("/saude/", host="localhost")
    strange, _ = web.get("/entrar/", host="evil.example", X_Forwarded_Proto="https")

    assert (probe.status, json.loads(body)["status"]) == (200, "degraded")
    assert strange.status == 400


def test_headers_of_a_proxy_that_was_not_named_are_worth_nothing(start_web: Callable[..., Web]) -> None:
    web = start_web(TRUSTED_PROXY="192.0.2.7")

    response, _ = web.get("/entrar/", X_Forwarded_Proto="https")

    assert (response.status, response.headers["Location"]) == (301, f"https://{Web.HOST}/entrar/")


def test_without_a_proxy_nothing_redirects_to_itself_for_ever(start_web: Callable[..., Web]) -> None:
    web = start_web(TRUSTED_PROXY="")

    assert web.get("/entrar/")[0].status == 200


def test_files_of_the_page_are_compressed_and_kept_for_ever(start_web: Callable[..., Web]) -> None:
    web = start_web()
    _, page = web.get("/entrar/", X_Forwarded_Proto="https")
    addresses = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.decode()))

    assert {address.rpartition(".")[2] for address in addresses} >= {"css", "js"}
    for address in addresses:
        assert re.search(r"\.[0-9a-f]{12}\.\w+$", address), address
        response, body = web.get(address, X_Forwarded_Proto="https", Accept_Encoding="gzip")
        assert response.status == 200
        assert "immutable" in response.headers["Cache-Control"]
        if response.headers["Content-Encoding"] == "gzip":
            assert gzip.decompress(body)


def test_an_error_tells_nothing_of_the_inside(start_web: Callable[..., Web]) -> None:
    web = start_web()

    response, page = web.get("/nao-existe/", X_Forwarded_Proto="https")

    assert response.status == 404
    assert b"Traceback" not in page and b"urlpatterns" not in page and b"DEBUG" not in page
