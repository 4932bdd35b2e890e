"""The whole page for a browser, the part that changes for htmx."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from ui.fragments import render_page

PAGE, FRAGMENT = "errors/503.html", "components/brand.html"


def ask(**headers: str) -> tuple[bool, str, int]:
    request = RequestFactory().get("/", headers=headers)
    response = render_page(request, PAGE, {"href": "/"}, fragment=FRAGMENT, status=422)
    return b"<!doctype html>" in response.content, response["Vary"], response.status_code


@pytest.mark.parametrize(
    ("headers", "is_page"),
    [
        ({}, True),
        ({"HX-Request": "true"}, False),
        ({"HX-Request": "true", "HX-History-Restore-Request": "true"}, True),
        ({"HX-Request": "true", "HX-Boosted": "true"}, True),
    ],
)
def test_who_asks_decides(headers: dict[str, str], is_page: bool) -> None:
    page, vary, status = ask(**headers)
    assert page is is_page
    assert "HX-Request" in vary
    assert status == 422
