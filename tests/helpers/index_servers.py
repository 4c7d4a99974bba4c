"""The servers that can hold an index, as fixtures: each of them, and one after the other."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from milvus_server import MilvusOnLoopback, etcd_is_taken
from postgres_server import PostgresOnLoopback

IndexServer = MilvusOnLoopback | PostgresOnLoopback


@contextmanager
def _running(server: IndexServer) -> Iterator[IndexServer]:
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="module")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IndexServer]:
    """A running Milvus, for all tests of a module."""
    pytest.importorskip("pymilvus")
    pytest.importorskip("milvus")
    if etcd_is_taken():
        pytest.skip("another Milvus or etcd runs on this machine")
    with _running(MilvusOnLoopback(tmp_path_factory.mktemp("milvus"))) as made:
        yield made


@pytest.fixture(scope="module")
def postgres() -> Iterator[IndexServer]:
    """A running PostgreSQL, for all tests of a module."""
    pytest.importorskip("psycopg")
    pytest.importorskip("psutil")
    try:
        server = PostgresOnLoopback()
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"PostgreSQL cannot be run here: {error}")
    with _running(server) as made:
        yield made


@pytest.fixture(scope="module", params=["milvus", "postgres"])
def server(request: pytest.FixtureRequest) -> IndexServer:
    """Each of the servers in turn."""
    running: IndexServer = request.getfixturevalue(request.param)
    return running


@pytest.fixture
def confirmed(server: IndexServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name the server, and the user, as whoever opens a gallery with a remote index must."""
    monkeypatch.setenv(server.variable, server.url)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
