"""A gallery from somebody else names a server: nothing goes there that the caller did not name."""

# ruff: noqa: F401, F811 - fixtures are imported by name

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from gallery_builders import MODEL, VECTORS, enrolment, files_hold, filled, gallery

from matcher.errors import GalleryDamagedError, IndexServerError
from matcher.gallery import Gallery
from matcher.gallery.index.milvus_index import SERVER_VARIABLE, TOKEN_VARIABLE

pytest.importorskip("pymilvus")


class Stranger:
    """A server that only counts who comes."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def visited(self) -> bool:
        try:
            self._socket.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stranger]:
    monkeypatch.setenv(TOKEN_VARIABLE, "root:secret")
    monkeypatch.delenv(SERVER_VARIABLE, raising=False)
    with closing(Stranger()) as made:
        yield made


@pytest.fixture
def copied(filled: Gallery, stranger: Stranger) -> Path:
    """A gallery whose own file names the stranger."""
    filled.close()
    name_index(filled.path, f"milvus:{stranger.url}")
    return filled.path


def name_index(path: Path, index: str) -> None:
    with closing(sqlite3.connect(path / "store.sqlite3")) as store, store:
        store.execute("UPDATE meta SET value = ? WHERE key = 'index'", (index,))


def test_a_search_sends_nothing_to_a_server_that_only_the_file_names(
    copied: Path, stranger: Stranger
) -> None:
    with Gallery.open(copied, model=MODEL) as gallery:
        with pytest.raises(IndexServerError, match=SERVER_VARIABLE) as caught:
            gallery.nearest(VECTORS[:1], 3)
        assert stranger.url in str(caught.value)
        assert gallery.info().index_kind is None
        assert any("could not be checked" in fault for fault in gallery.verify().faults)
    assert not stranger.visited()


def test_another_server_than_the_confirmed_one_is_an_error(
    copied: Path, stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SERVER_VARIABLE, "http://milvus.example:19530")
    with Gallery.open(copied) as gallery, pytest.raises(IndexServerError, match=r"milvus\.example"):
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
    from matcher.gallery.index import milvus_index

    asked: list[str] = []

    def refuse(url: str, **_: object) -> None:
        asked.append(url)
        raise ValueError("no server of the test")

    monkeypatch.setattr(milvus_index._pymilvus(), "MilvusClient", refuse)
    with Gallery.open(copied) as gallery, pytest.raises(IndexServerError, match="no server of"):
        gallery.rebuild(f"milvus:{stranger.url}")
    assert asked == [stranger.url]
    monkeypatch.setenv(SERVER_VARIABLE, f"http://other:1 {stranger.url}")
    with Gallery.open(copied) as gallery, pytest.raises(IndexServerError, match="no server of"):
        gallery.nearest(VECTORS[:1], 3)
    assert asked == [stranger.url, stranger.url]


@pytest.mark.parametrize("index", ["milvus:ftp://host", "milvus:http://user:word@host", "milvus:"])
def test_an_address_that_is_none_is_damage(filled: Gallery, index: str) -> None:
    filled.close()
    name_index(filled.path, index)
    with Gallery.open(filled.path) as gallery:
        with pytest.raises(GalleryDamagedError, match="kind of index"):
            gallery.nearest(VECTORS[:1], 3)
        assert gallery.verify().faults
        gallery.rebuild("auto")
        assert gallery.nearest(VECTORS[:1], 1)[1][0, 0] == 1
        assert gallery.verify().ok
