"""Small SQLite files: their tables are made once, and all of a change is written or none of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matcher.private_files import claim_private

IN_MEMORY: Final = Path(":memory:")


@dataclass(frozen=True)
class FileKind:
    """What tells a file from other SQLite files, and what to raise for one that cannot be used.

    Parameters
    ----------
    application_id, version
        Numbers in the head of the file: what wrote it, and the format.
    tables
        Statements that make the tables of a new file.
    unusable
        Returns the error of a file and what was found instead.
    busy
        Returns the error of a file that another process has open.
    """

    application_id: int
    version: int
    tables: str
    unusable: Callable[[Path, object], Exception]
    busy: Callable[[Path], Exception]


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


@contextmanager
def opened_alone(path: Path | None, kind: FileKind) -> Iterator[sqlite3.Connection]:
    """Open a file, or make it; None keeps everything in memory. No other process has it open.

    Only its owner can read it. The caller begins and ends transactions, see `writing`. Every error
    of SQLite in the block becomes one of the kind.
    """
    place = IN_MEMORY if path is None else path
    try:
        if path is not None:
            claim_private(path)
    except OSError as error:
        raise kind.unusable(place, error) from error
    try:
        with closing(sqlite3.connect(place, isolation_level=None, timeout=0)) as connection:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            with writing(connection, "BEGIN EXCLUSIVE"):
                if not is_of_kind(connection, kind.application_id, kind.version, kind.tables):
                    raise kind.unusable(place, "another file")
            yield connection
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            raise kind.busy(place) from error
        raise kind.unusable(place, error) from error
    except sqlite3.Error as error:
        raise kind.unusable(place, error) from error
