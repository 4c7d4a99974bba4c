"""Steps from one format of the store to the next.

Step n brings a store of format n to format n + 1; a new store takes all of them. A store is
migrated by its first write, all steps in one transaction: a process that is killed leaves the
format of before or the one of after. Until then an older store can be read, as long as it lacks
nothing but `OPTIONAL` columns. A step is never changed once a version with it was published.
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
"""For each format, the statements that lead to the next one."""

FORMAT_VERSION: Final = 1 + len(MIGRATIONS)
"""The format that this version writes."""


def version_of(connection: sqlite3.Connection) -> int:
    """Return the format of an open store."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a store to `FORMAT_VERSION`; call within a transaction that keeps other writers out."""
    for version in range(version_of(connection), FORMAT_VERSION):
        for statement in MIGRATIONS[version - 1]:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version + 1}")
