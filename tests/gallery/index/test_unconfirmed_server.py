"""A gallery from somebody else names a server: nothing goes there that the caller did not name."""

# ruff: noqa: F401, F811 - fixtures are imported by name

from __future__ import annotations

import socket
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from gallery_builders import MODEL, VECTORS, enrolment, files_hold, filled, gallery

from matcher.errors import GalleryDamagedError, IndexServerError, InputError, MissingExtraError
from matcher.gallery import Gallery
from matcher.gallery.index.milvus_index import MilvusIndex
from matcher.gallery.index.postgres_index import PostgresIndex


class Stranger:
    """A server that only counts who comes."""

    def __init__(self, kind: str) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.port = self._socket.getsockname()[1]
        self.url, self.elsewhere, self.variable = {
            "milvus": (
                f"http://127.0.0.1:{self.port}",
                "http://milvus.example:19530",
                MilvusIndex.server_variable,
            ),
            "postgres": (
                f"postgresql://127.0.0.1:{self.port}/faces",
                "postgresql://postgres.example:5432/faces",
                PostgresIndex.server_variable,
            ),
        }[kind]
        self.index = f"{kind}:{self.url}"

    def visited(self) -> bool:
        try:
            self._socket.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["milvus", "postgres"])
def stranger(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stranger]:
    pytest.importorskip({"milvus": "pymilvus", "postgres": "psycopg"}[request.param])
    monkeypatch.setenv("MATCHER_MILVUS_TOKEN", "root:secret")
    monkeypatch.setenv("PGPASSWORD", "secret")
    with closing(Stranger(request.param)) as made:
        monkeypatch.delenv(made.variable, raising=False)
        yield made


@pytest.fixture
def copied(filled: Gallery, stranger: Stranger) -> Path:
    """A gallery whose own file names the stranger."""
    filled.close()
    name_index(filled.path, stranger.index)
    return filled.path


def name_index(path: Path, index: str) -> None:
    with closing(sqlite3.connect(path / "store.sqlite3")) as store, store:
        store.execute("UPDATE meta SET value = ? WHERE key = 'index'", (index,))


def test_a_search_sends_nothing_to_a_server_that_only_the_file_names(
    copied: Path, stranger: Stranger
) -> None:
    with Gallery.open(copied, model=MODEL) as gallery:
        with pytest.raises(IndexServerError, match=stranger.variable) as caught:
            gallery.nearest(VECTORS[:1], 3)
        assert stranger.url in str(caught.value)
        assert gallery.info().index_kind is None
        assert any("could not be checked" in fault for fault in gallery.verify().faults)
    assert not stranger.visited()


def test_another_server_than_the_confirmed_one_is_an_error(
    copied: Path, stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(stranger.variable, stranger.elsewhere)
    with Gallery.open(copied) as gallery, pytest.raises(IndexServerError, match=r"\.example"):
        gallery.nearest(VECTORS[:1], 3)
    assert not stranger.visited()


def test_what_is_written_and_removed_is_stored_and_nothing_is_sent(
    copied: Path, stranger: Stranger
) -> None:
    with Gallery.open(copied) as gallery:
        gallery.add([enrolment(number) for number in range(40, 44)])
        assert gallery.remove_subject("subject-0001") == 4
    assert not files_hold(copied, VECTORS[4].tobytes())
    with Gallery.open(copied) as gallery:
        assert len(gallery) == 40
    assert not stranger.visited()


def test_the_index_can_be_taken_back_without_the_server(copied: Path, stranger: Stranger) -> None:
    with Gallery.open(copied) as gallery:
        gallery.rebuild("auto")
        assert gallery.nearest(VECTORS[:1], 1)[1][0, 0] == 1
    with Gallery.open(copied) as gallery:
        assert gallery.nearest(VECTORS[:1], 1)[1][0, 0] == 1
        assert gallery.verify().ok
    assert not stranger.visited()


def test_the_caller_may_name_the_server(
    copied: Path, stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg
    import pymilvus

    asked: list[str] = []

    def refuse(url: str = "", **place: object) -> None:
        asked.append(url or "postgresql://{host}:{port}/{dbname}".format_map(place))
        raise (
            psycopg.OperationalError("no server of the test")
            if not url
            else ValueError("no server of the test")
        )

    monkeypatch.setattr(pymilvus, "MilvusClient", refuse)
    monkeypatch.setattr(psycopg, "connect", refuse)
    with Gallery.open(copied) as gallery, pytest.raises(IndexServerError, match="no server of"):
        gallery.rebuild(stranger.index)
    assert asked == [stranger.url]
    monkeypatch.setenv(stranger.variable, f"{stranger.elsewhere} {stranger.url}")
    with Gallery.open(copied) as gallery, pytest.raises(IndexServerError, match="no server of"):
        gallery.nearest(VECTORS[:1], 3)
    assert asked == [stranger.url, stranger.url]


BAD = [
    "milvus:",
    "milvus:ftp://host",
    "milvus:http://",
    "milvus:http://user:secret@host:1",
    "milvus:127.0.0.1:19530",
    "postgres:",
    "postgres:http://host/faces",
    "postgres:postgresql://host",
    "postgres:postgresql:///faces",
    "postgres:postgresql://user:secret@host/faces",
    "postgres:postgresql://host/faces?password=secret",
    "postgres:postgresql://host/faces#secret",
    "postgres:postgresql://host,other/faces",
    "postgres:postgresql://host:port/faces",
    "postgres:postgresql://host/faces/more",
    "postgres:postgresql://host/faces dbname=other",
    "postgres:host=elsewhere",
]


@pytest.mark.parametrize("index", BAD)
def test_an_address_that_is_none_is_refused(tmp_path: Path, index: str) -> None:
    with pytest.raises(InputError) as caught:
        Gallery.create(tmp_path / "g", model=MODEL, index=index)
    assert "secret" not in str(caught.value)
    assert not (tmp_path / "g").exists()


@pytest.mark.parametrize("index", BAD)
def test_such_an_address_in_the_file_is_damage(filled: Gallery, index: str) -> None:
    filled.close()
    name_index(filled.path, index)
    with Gallery.open(filled.path) as gallery:
        with pytest.raises(GalleryDamagedError, match="kind of index"):
            gallery.nearest(VECTORS[:1], 3)
        assert gallery.verify().faults
        gallery.rebuild("auto")
        assert gallery.nearest(VECTORS[:1], 1)[1][0, 0] == 1
        assert gallery.verify().ok


def test_without_the_client_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtraError, match=r'pip install "psycopg\[binary\]>=3\.2,<4"'):
        Gallery.create(tmp_path / "g", model=MODEL, index="postgres:postgresql://host:1/faces")
    assert not (tmp_path / "g").exists()
