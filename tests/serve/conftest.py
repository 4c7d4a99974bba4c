"""What the tests of the server share: a browser, and a world that nobody used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import chromium
import pytest
from chromium import Browser
from made_server import World, copy_of, make_world


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium without a window."""
    with chromium.started() as started:
        yield started


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, as uvicorn does."""
    return "asyncio"


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A gallery, five accounts, and nothing done yet. Only copies of it are used."""
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def world(untouched: World, tmp_path: Path) -> World:
    """A copy of it."""
    return copy_of(untouched, tmp_path)
