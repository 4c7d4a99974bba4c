"""Example pages for a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from page_server import PageServer, page_server


@pytest.fixture
def served() -> Iterator[PageServer]:
    """Example pages on this machine."""
    with page_server() as server:
        yield server
