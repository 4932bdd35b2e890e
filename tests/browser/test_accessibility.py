"""WCAG 2.2 AA as far as a machine can tell, on every screen and state; no sideways scroll on a narrow one."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.screens import SCREENS, Screen, Visit, World

OpenPage = Callable[..., Page]
ALL_SETTINGS = {
    "1440 light": {"width": 1440, "is_dark": False},
    "1440 dark": {"width": 1440, "is_dark": True},
    "390 light": {"width": 390, "is_dark": False},
    "390 dark": {"width": 390, "is_dark": True},
}
NARROW = "390 dark"
# AXE_SETTINGS="1440 light,390 dark" or "all": `make soak` looks at every combination.
_wanted = os.environ.get("AXE_SETTINGS", "1440 light,390 dark")
SETTINGS = list(ALL_SETTINGS) if _wanted == "all" else _wanted.split(",")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# What is asked for is what is wrong: to describe all that is right takes axe as long again.
AXE = {"runOnly": RULES, "resultTypes": ["violations"]}


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_axe_finds_nothing(screen: Screen, setting: str, world: World, borrow_page: OpenPage) -> None:
    """And at 320 pixels, to which a narrow window is drawn together, nothing is wider than that."""
    page = borrow_page(screen.email(world), **ALL_SETTINGS[setting])
    screen.lead(Visit(world, page))
    found = Axe().run(page, options=AXE).response["violations"]
    assert [
        (rule["id"], node["target"], node.get("failureSummary")) for rule in found for node in rule["nodes"]
    ] == []
    if setting == NARROW:
        page.set_viewport_size({"width": 320, "height": 844})
        check_width(page)


def check_width(page: Page) -> None:
    widths = page.evaluate(
        """() => [document.scrollingElement, ...document.querySelectorAll("dialog[open], .db")]
            .map((box) => [box.tagName + "." + box.className, box.scrollWidth - box.clientWidth])"""
    )
    assert [(name, excess) for name, excess in widths if excess > 0] == []
    outside = page.evaluate(
        """() => [...document.querySelectorAll("body *")].filter((one) => {
            const box = one.getBoundingClientRect(), scrolls = one.closest(".tabs");
            return box.width && !scrolls && !one.matches(".vh, .vh *, .skip") && box.right > innerWidth + 1;
        }).map((one) => one.outerHTML.slice(0, 120))"""
    )
    assert outside == []
