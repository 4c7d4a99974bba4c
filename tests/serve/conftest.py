"""One world for the tests of the server that change nothing that others look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_server import World, copy_of, make_world


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
