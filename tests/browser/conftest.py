"""A real browser in front of the whole platform."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import Window
from tests.browser.platform import Company, Platform
from tests.browser.screens import World, make_world

COMPANIES = {
    "novata": "Novata Decorações Ltda",
    "negada": "Pedra Lisa Utilidades Ltda",
    "revogada": "Rio Claro Calçados Ltda",
    "vazia": "Serra Azul Esportes Ltda",
    "de-token": "Cerrado Utilidades Ltda",
    "de-token-errado": "Pampa Bicicletas Ltda",
    "vista": "Vista Alegre Móveis Ltda",
    "testada": "Testada Comércio",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(__file__.rpartition("/")[0]):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def platform(browser: Browser) -> Iterator[Platform]:
    """Gone when the last of them is over: its polls would take a processor from all other tests."""
    with Platform(browser) as running:
        yield running


@pytest.fixture(scope="package")
def companies(platform: Platform) -> dict[str, Company]:
    return platform.create_companies(COMPANIES)


@pytest.fixture(scope="package")
def world(platform: Platform) -> World:
    return make_world(platform)


@pytest.fixture
def open_page(platform: Platform) -> Iterator[Callable[..., Page]]:
    """``open_page(email, width=1440, is_dark=False)``: a window of a person; its complaints fail the test."""
    windows: list[Window] = []

    def open_one(email: str = "", **options: Any) -> Page:
        windows.append(platform.open_window(email, **options))
        return windows[-1].page

    yield open_one
    for window in windows:
        window.close()
    assert [problem for window in windows for problem in window.problems] == []


@pytest.fixture(scope="package")
def kept_windows() -> Iterator[dict[Any, Window]]:
    windows: dict[Any, Window] = {}
    yield windows
    for window in windows.values():
        window.close()


@pytest.fixture
def borrow_page(platform: Platform, kept_windows: dict[Any, Window]) -> Iterator[Callable[..., Page]]:
    """As ``open_page``, with the window of the last test that asked for the same: for those who only look."""

    def borrow(email: str = "", **options: Any) -> Page:
        key = (email, *sorted(options.items()))
        if key not in kept_windows:
            kept_windows[key] = platform.open_window(email, **options)
        return kept_windows[key].page

    yield borrow
    problems = [problem for window in kept_windows.values() for problem in window.problems]
    for window in kept_windows.values():
        window.problems.clear()
    assert problems == []
