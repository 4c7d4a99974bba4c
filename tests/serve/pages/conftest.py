"""A browser, and pages for it."""

from __future__ import annotations

from collections.abc import Iterator

import chromium
import pytest
from chromium import Browser
from page_server import PageServer, page_server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium without a window."""
    with chromium.started() as started:
        yield started


@pytest.fixture
def served() -> Iterator[PageServer]:
    """Example pages on this machine."""
    with page_server() as server:
        yield server
