"""`make screenshots`: a picture of every screen and state, at two widths, light and dark."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.screens import SCREENS, Screen, Visit, World
from tests.browser.test_accessibility import ALL_SETTINGS
from tests.database import ROOT

FOLDER = ROOT / "var" / "screenshots"


@pytest.fixture(scope="module", autouse=True)
def folder() -> Iterator[None]:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    yield
    print(f"\n{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}")


@pytest.mark.parametrize("setting", ALL_SETTINGS)
@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_picture(screen: Screen, setting: str, world: World, borrow_page: Callable[..., Page]) -> None:
    page = borrow_page(screen.email(world), **ALL_SETTINGS[setting])
    screen.lead(Visit(world, page))
    path = FOLDER / f"{screen.name}-{setting.replace(' ', '-')}.png"
    page.screenshot(path=path, full_page=True, animations="disabled")
