"""What the tests of the server share: a browser."""

from __future__ import annotations

from collections.abc import Iterator

import chromium
import pytest
from chromium import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium without a window."""
    with chromium.started() as started:
        yield started
