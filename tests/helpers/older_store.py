"""Galleries of format 1, made larger by the statements of that format."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "golden" / "format-1" / "gallery"


def format_1_gallery(path: Path, more: int = 0) -> Path:
    """Return a copy of the golden gallery with `more` subjects, each with one face."""
    shutil.copytree(GOLDEN, path)
    with closing(sqlite3.connect(path / "store.sqlite3")) as store, store:
        generation = 1 + store.execute("SELECT max(generation) FROM commits").fetchone()[0]
        vector, crc32 = store.execute("SELECT vector, crc32 FROM vectors").fetchone()
        store.execute("INSERT INTO commits VALUES (?, 'grown', '2026-11-01')", (generation,))
        for number in range(more):
            name, face_id = f"more-{number:05d}", 1000 + number
            store.execute(
                "INSERT INTO subjects VALUES (?, '2012-02-03', 'female', 'north', 'case file')",
                (name,),
            )
            store.execute(
                "INSERT INTO faces VALUES (?, ?, ?, ?, '2020-01-01', 7.5, 'school', "
                "1, 2, 30, 40, 0.9, '{}', 1.0, '2026-11-01T00:00:00.000000+00:00', ?)",
                (face_id, name, f"{number:064x}", f"photos/{number}.jpg", generation),
            )
            store.execute("INSERT INTO vectors VALUES (?, ?, ?)", (face_id, vector, crc32))
    return path


def format_of(gallery: Path) -> int:
    """Return the format of a gallery's store."""
    with closing(sqlite3.connect(gallery / "store.sqlite3")) as store:
        return int(store.execute("PRAGMA user_version").fetchone()[0])
