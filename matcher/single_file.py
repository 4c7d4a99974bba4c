"""An SQLite file of one kind, which only its owner can read and one process at a time has open."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

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
def opened_alone(path: Path | None, kind: FileKind) -> Iterator[sqlite3.Connection]:
    """Open a file, or make it; None keeps everything in memory. No other process has it open.

    The caller begins and ends transactions, see `writing`. Every error of SQLite in the block
    becomes one of the kind.
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
            connection.execute("BEGIN EXCLUSIVE")
            _make_or_check(connection, place, kind)
            connection.execute("COMMIT")
            yield connection
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            raise kind.busy(place) from error
        raise kind.unusable(place, error) from error
    except sqlite3.Error as error:
        raise kind.unusable(place, error) from error


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Write everything in the block, or, if it ends with an exception, nothing."""
    connection.execute("BEGIN")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _make_or_check(connection: sqlite3.Connection, place: Path, kind: FileKind) -> None:
    application, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("application_id", "user_version")
    )
    tables: list[Any] = connection.execute("SELECT 1 FROM sqlite_master").fetchall()
    if application == 0 and not tables:
        for statement in filter(str.strip, kind.tables.split(";")):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {kind.application_id}")
        connection.execute(f"PRAGMA user_version = {kind.version}")
    elif (application, version) != (kind.application_id, kind.version):
        raise kind.unusable(place, "another file")
