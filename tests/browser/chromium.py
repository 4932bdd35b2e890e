"""The installed browser, and pages that tell on what goes wrong in them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request, Response

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/usr/lib/chromium/chromium",
    "/snap/bin/chromium",
    "/opt/google/chrome/chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
MISSING = (
    "BROWSER TESTS DID NOT RUN: no Chromium and no Chrome on this machine. "
    "Install one (Debian: apt install chromium) to see what they see."
)
LOOPBACK = ("127.0.0.1", "localhost")
WAIT_MS = 60_000


def find_browser() -> str | None:
    found = (shutil.which(name) for name in NAMES)
    installed = (place for place in PLACES if Path(place).exists())
    return next((path for path in found if path), next(installed, None))


def require_browser() -> str:
    """The browser's path. Without one: a failure in CI, elsewhere a skip that says so."""
    path = find_browser()
    if path is None:
        is_ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
        (pytest.fail if is_ci else pytest.skip)(MISSING)
    return path


def launch(playwright: Playwright, path: str) -> Browser:
    return playwright.chromium.launch(
        executable_path=path,
        args=[
            # Chromium's sandbox refuses to run as root.
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--lang=pt-BR",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
        ],
        env={**os.environ, "LANGUAGE": "pt_BR"},
    )


class Window:
    """A browser context whose pages must stay on the loopback and complain of nothing.

    ``problems`` collects console errors (a Content-Security-Policy violation is one), exceptions, failed
    files and requests to other machines.
    """

    def __init__(self, browser: Browser, *, width: int, is_dark: bool, state: object = None) -> None:
        self.problems: list[str] = []
        self.context: BrowserContext = browser.new_context(
            viewport={"width": width, "height": 900 if width > 640 else 844},
            color_scheme="dark" if is_dark else "light",
            has_touch=width <= 640,
            locale="pt-BR",
            timezone_id="America/Sao_Paulo",
            permissions=["clipboard-read", "clipboard-write"],
            storage_state=state,  # type: ignore[arg-type]
        )
        self.context.set_default_timeout(WAIT_MS)
        self.context.on("console", self._hear_console)
        self.context.on("weberror", lambda error: self.problems.append(f"exception: {error.error}"))
        self.context.on("request", self._hear_request)
        self.context.on("response", self._hear_response)
        self.page: Page = self.context.new_page()

    def close(self) -> None:
        self.context.close()

    def _hear_console(self, message: ConsoleMessage) -> None:
        # What failed to load is heard as a response; that a page itself is a 404 or a 422 is no failure.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.problems.append(f"console: {message.text} ({message.location.get('url')})")

    def _hear_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.hostname not in LOOPBACK:
            self.problems.append(f"left the loopback: {request.url}")

    def _hear_response(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            self.problems.append(f"{response.status} from {response.request.method} {response.url}")
