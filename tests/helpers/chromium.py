"""Debian's Chromium, without a window, by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

Browser = Any
Page = Any

_NAMES = "chromium", "chromium-browser", "google-chrome"


@contextmanager
def started() -> Iterator[Browser]:
    """Start the browser; skip the test, with the reason, where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"none of {', '.join(_NAMES)} is installed")
    with playwright.sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, width: int = 1280, height: int = 900, **more: Any) -> Iterator[Page]:
    """Open an empty page; a fault of a script, and what the policy stops, fail the test.

    So does a picture, a script or a style that is not there.
    """
    context = browser.new_context(viewport={"width": width, "height": height}, **more)
    page = context.new_page()
    faults: list[str] = []

    def said(line: Any) -> None:
        if line.type == "error" and not line.text.startswith("Failed to load resource"):
            faults.append(line.text)

    def answered(response: Any) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            faults.append(f"{response.status}: {response.url}")

    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", said)
    page.on("response", answered)
    try:
        yield page
        assert not faults, faults
    finally:
        context.close()


def complaints(page: Page) -> list[str]:
    """Return what axe finds wrong with a page: the rule, and the places."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is not installed"
    )
    found = axe.Axe().run(page).response
    assert len(found["passes"]) > 10, "axe looked at nothing"
    return [
        f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes']]}"
        for one in found["violations"]
    ]


def too_wide(page: Page) -> int:
    """Return by how many pixels the contents are wider than the window."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return max(0, wide)
