"""`make screenshots`: a picture of every screen and state, at two widths, light and dark."""

from __future__ import annotations

import shutil

import pytest

from tests.browser.screens import SCREENS, Visit, World
from tests.browser.test_accessibility import ALL_SETTINGS
from tests.database import ROOT

FOLDER = ROOT / "var" / "screenshots"


@pytest.fixture(scope="module", autouse=True)
def folder() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)


@pytest.mark.parametrize("setting", ALL_SETTINGS)
def test_picture(setting: str, world: World) -> None:
    options = ALL_SETTINGS[setting]
    for screen in SCREENS:
        window = world.platform.open_window(screen.email(world), **options)
        screen.lead(Visit(world, window.page))
        path = FOLDER / f"{screen.name}-{setting.replace(' ', '-')}.png"
        window.page.screenshot(path=path, full_page=True, animations="disabled")
        window.close()
        assert window.problems == []


def test_where_they_are() -> None:
    print(f"\n{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}")
