"""Unused bytes of a store are overwritten where they are, and nothing else is."""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from gallery_builders import MODEL, enrolment
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.gallery import Gallery
from matcher.gallery.store import STORE_NAME
from matcher.gallery.store.unused_bytes import (
    StoreFile,
    UnusedBytesError,
    clear_unused_bytes,
)


def cleared(path: Path) -> int:
    file = os.open(path, os.O_RDWR)
    try:
        return clear_unused_bytes(file)
    finally:
        os.close(file)


def made(path: Path, seed: int, size: int, rows: int) -> list[tuple[object, ...]]:
    """Make a file with split and joined pages, overflow pages and free ones; return its rows."""
    chance = random.Random(seed)
    keys: list[str] = []
    with closing(sqlite3.connect(path, isolation_level=None)) as store:
        store.executescript(
            f"PRAGMA page_size = {size}; PRAGMA journal_mode = WAL; PRAGMA secure_delete = ON;"
            "CREATE TABLE t (a TEXT PRIMARY KEY, b TEXT, c BLOB); CREATE INDEX by_b ON t (b);"
            "CREATE TABLE w (a TEXT PRIMARY KEY, b TEXT) WITHOUT ROWID;"
        )
        for number in range(rows):
            key = f"{chance.random()}-{number}"
            content = chance.randbytes(chance.choice([3, 200, 600, 3 * size]))
            store.execute("INSERT INTO t VALUES (?, ?, ?)", (key, f"b{chance.random()}", content))
            store.execute("INSERT INTO w VALUES (?, ?)", (key, "w" * chance.randrange(300)))
            keys.append(key)
            if chance.random() < 0.4:
                gone = keys.pop(chance.randrange(len(keys)))
                for table in ("t", "w"):
                    store.execute(f"DELETE FROM {table} WHERE a = ?", (gone,))  # noqa: S608
        return held(store)


def held(store: sqlite3.Connection) -> list[tuple[object, ...]]:
    return [
        *store.execute("SELECT * FROM t ORDER BY a"),
        *store.execute("SELECT * FROM w ORDER BY a"),
        *store.execute("SELECT b, a FROM t INDEXED BY by_b ORDER BY b"),
    ]


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6), size=st.sampled_from([512, 4096, 65536]), rows=st.integers(0, 150)
)
def test_every_row_stays_and_the_second_time_nothing_is_left_to_do(
    tmp_path_factory: pytest.TempPathFactory, seed: int, size: int, rows: int
) -> None:
    path = tmp_path_factory.mktemp("store") / "s.sqlite3"
    before = made(path, seed, size, rows)
    cleared(path)
    assert cleared(path) == 0
    with closing(sqlite3.connect(path)) as store:
        assert held(store) == before
        assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_no_byte_of_a_deleted_key_is_left(tmp_path: Path) -> None:
    left = 0
    for seed in range(8):
        path = tmp_path / f"{seed}.sqlite3"
        made(path, seed, 4096, 600)
        with closing(sqlite3.connect(path, isolation_level=None)) as store:
            keys = [key for (key,) in store.execute("SELECT a FROM t")][::3]
            store.execute("PRAGMA secure_delete = ON")
            for table in ("t", "w"):
                store.executemany(f"DELETE FROM {table} WHERE a = ?", [(key,) for key in keys])  # noqa: S608
            store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        left += sum(key.encode() in path.read_bytes() for key in keys)
        cleared(path)
        assert not any(key.encode() in path.read_bytes() for key in keys)
    assert left > 0, "SQLite leaves copies behind; otherwise this module is not needed"


@pytest.mark.parametrize(
    "content", [b"", b"SQLite format 3\0", bytes(4096), b"MTCHSEA1" + bytes(9000)]
)
def test_what_is_no_sqlite_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s"
    path.write_bytes(content)
    with pytest.raises(UnusedBytesError):
        cleared(path)
    assert path.read_bytes() == content


def test_the_file_stays_open_until_its_last_store_leaves_it(tmp_path: Path) -> None:
    """To close it earlier would take SQLite's locks from the stores that are still open."""
    with Gallery.create(tmp_path / "g", model=MODEL) as gallery:
        gallery.add([enrolment(number) for number in range(20)])
        file = tmp_path / "g" / STORE_NAME
        inode = (file.stat().st_dev, file.stat().st_ino)
        with Gallery.open(tmp_path / "g") as other:
            other.remove_subject("subject-0001")
            assert inode in StoreFile._descriptors
        assert inode in StoreFile._descriptors
        assert len(gallery) == 16
    assert inode not in StoreFile._descriptors
    assert inode not in StoreFile._users
