"""Small SQLite files: their tables are made once, and all of a change is written or none of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def writing(connection: sqlite3.Connection, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """Commit all changes or, after any exception, none. The connection commits nothing by itself.

    `begin` is the statement that begins the transaction.
    """
    connection.execute(begin)
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def is_of_kind(
    connection: sqlite3.Connection, application_id: int, version: int, tables: str
) -> bool:
    """Make the tables of an empty file, within a transaction; return whether a file has them.

    Parameters
    ----------
    connection
        The open file.
    application_id, version
        Numbers in the head of the file that tell it from other SQLite files, and its format.
    tables
        Statements that make the tables, each with a semicolon at its end.
    """
    found = tuple(
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("application_id", "user_version")
    )
    if found[0] == 0 and not connection.execute("SELECT 1 FROM sqlite_master").fetchall():
        for statement in filter(str.strip, tables.split(";")):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {application_id}")
        connection.execute(f"PRAGMA user_version = {version}")
        return True
    return found == (application_id, version)
