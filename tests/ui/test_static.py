"""The sheet, the sprite and the script: what a strict Content-Security-Policy and the eye need."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
SHEET = (ROOT / "static" / "entreposto.css").read_text()
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))

TONES = ("ok", "warn", "err", "info", "mute")
TEXT_PAIRS = [
    *product(("text", "text-2", "text-3", "link"), ("bg", "surface", "surface-2")),
    *product(("on-primary",), ("primary", "primary-hover")),
    *product(("link", "text", "text-2"), ("primary-weak",)),
    *((f"{tone}-t", f"{tone}-b") for tone in TONES),
    *((f"{tone}-t", "surface") for tone in TONES),
    *product(("text", "text-2"), (f"{tone}-b" for tone in TONES)),
]
SHAPE_PAIRS = [
    *product(("line-strong", "focus"), ("surface", "bg")),
    *((f"{tone}-s", "surface") for tone in TONES),
    ("c1", "surface"),
]


def themes() -> Iterator[tuple[str, dict[str, str]]]:
    def read(css: str) -> dict[str, str]:
        return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", css))

    light = read(SHEET.split("@media")[0])
    yield "light", light
    yield "dark", light | read(SHEET.split("@media")[1])


def contrast(first: str, second: str) -> float:
    """WCAG 2.2, 1.4.3."""

    def luminance(colour: str) -> float:
        parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("theme", "tokens"), list(themes()), ids=["light", "dark"])
def test_everything_can_be_read(theme: str, tokens: dict[str, str]) -> None:
    pale = [
        f"{first} on {second}: {contrast(tokens[first], tokens[second]):.2f}"
        for pairs, least in ((TEXT_PAIRS, 4.5), (SHAPE_PAIRS, 3.0))
        for first, second in pairs
        if contrast(tokens[first], tokens[second]) < least
    ]
    assert pale == []


def test_rules_use_tokens_that_exist() -> None:
    defined = set(re.findall(r"--([\w-]+):", SHEET))
    assert set(re.findall(r"var\(--([\w-]+)\)", SHEET)) - defined == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_no_template_carries_inline_style_or_script(path: Path) -> None:
    text = path.read_text()
    found = re.findall(r"<style|\sstyle=|\son[a-z]+=|hx-on|javascript:|<script(?![^>]*\ssrc=)", text)
    assert found == []


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static" / "icons.svg").read_text()))
    named = {
        name
        for path in TEMPLATES
        for name in re.findall(r'{% (?:icon|chip [^%"]*"[^"]*" "[^"]*") "([\w-]+)"', path.read_text())
        + re.findall(r'{% chip \S+ "[^"]*" "([\w-]+)"', path.read_text())
        + re.findall(r'mark="([\w-]+)"', path.read_text())
    }
    assert named - drawn == set()


def test_the_script_stays_small() -> None:
    assert len((ROOT / "static" / "entreposto.js").read_bytes()) < 5_000
