"""One world for the tests of the server that change nothing that others look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_server import World, make_world


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, as uvicorn does."""
    return "asyncio"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A gallery, five accounts, and nothing done yet."""
    return make_world(tmp_path)
