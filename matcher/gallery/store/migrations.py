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
)
"""For each format, the statements that lead to the next format."""

FORMAT_VERSION: Final = 1 + len(MIGRATIONS)
"""The format that this version writes."""


def version_of(connection: sqlite3.Connection) -> int:
    """Return the format of an open store."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a store to `FORMAT_VERSION`. Call it in a transaction that keeps other writers out."""
    for version in range(version_of(connection), FORMAT_VERSION):
        for statement in MIGRATIONS[version - 1]:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version + 1}")
