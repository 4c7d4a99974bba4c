"""Steps from one format of the store to the next.

Step n brings a store from format n to format n + 1. A new store takes all steps. The first write
migrates a store, with all steps in one transaction: a process that is killed leaves either the old
format or the new one. Before the migration, an older store can be read if it lacks only `OPTIONAL`
columns. A step never changes after a version with it was published.
"""

from __future__ import annotations

import sqlite3
from typing import Final

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        "ALTER TABLE subjects ADD COLUMN case_reference TEXT",
        "ALTER TABLE subjects ADD COLUMN note TEXT",
        "ALTER TABLE faces ADD COLUMN captured_with TEXT",
    ),
    (
        """
        -- One row for each correction of a record. It goes with the subject that it is about.
        -- `before` and `after` are JSON: the fields that changed, and what they held.
        CREATE TABLE changes (
            change_id INTEGER PRIMARY KEY AUTOINCREMENT,
            generation INTEGER NOT NULL,
            at TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (length(kind) > 0),
            subject_id TEXT REFERENCES subjects ON DELETE CASCADE,
            sha256 TEXT CHECK (length(sha256) = 64),
            before TEXT NOT NULL,
            after TEXT NOT NULL,
            undoes INTEGER UNIQUE REFERENCES changes ON DELETE CASCADE
        ) STRICT
        """,
        "CREATE INDEX changes_by_subject ON changes (subject_id)",
        """
        -- Faces that a correction took out, so that it can be taken back. `face` is JSON: the
        -- columns of `faces`. There is no vector after a change of the model.
        CREATE TABLE set_aside (
            change_id INTEGER NOT NULL REFERENCES changes ON DELETE CASCADE,
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
            face TEXT NOT NULL,
            vector BLOB
        ) STRICT
        """,
        "CREATE INDEX set_aside_by_change ON set_aside (change_id)",
        """
        -- Faces that a correction moved to another subject. One that was taken out and came back
        -- has another number; it is followed here.
        CREATE TABLE moved_faces (
            change_id INTEGER NOT NULL REFERENCES changes ON DELETE CASCADE,
            face_id INTEGER NOT NULL,
            PRIMARY KEY (change_id, face_id)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX moved_by_face ON moved_faces (face_id)",
    ),
    (
        "ALTER TABLE subjects ADD COLUMN hidden_because TEXT CHECK (length(hidden_because) > 0)",
        "ALTER TABLE faces ADD COLUMN dated_by TEXT",
        "ALTER TABLE faces ADD COLUMN md5 TEXT CHECK (length(md5) = 32)",
        "ALTER TABLE faces ADD COLUMN sha1 TEXT CHECK (length(sha1) = 40)",
        "CREATE INDEX faces_by_md5 ON faces (md5)",
        "CREATE INDEX faces_by_sha1 ON faces (sha1)",
    ),
    (
        # Random identifier of a governed gallery, in the store of each of its editions; empty for
        # any other gallery.
        "INSERT OR IGNORE INTO meta VALUES ('governed', '')",
    ),
)
"""For each format, the statements that lead to the next format."""

FORMAT_VERSION: Final = 1 + len(MIGRATIONS)
"""The format that this version writes."""


def version_of(connection: sqlite3.Connection) -> int:
    """Return the format of an open store."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, until: int = FORMAT_VERSION) -> None:
    """Bring a store to a format. Call it in a transaction that keeps other writers out."""
    for version in range(version_of(connection), until):
        for statement in MIGRATIONS[version - 1]:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version + 1}")
