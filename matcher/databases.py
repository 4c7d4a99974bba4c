"""Small SQLite files: their tables are made once, and all of a change is written or none of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from matcher import sqlite
from matcher.private_files import claim_private

_IN_MEMORY: Final = Path(":memory:")
_PAGE: Final = 10_000  # rows that are read together
_PATIENCE: Final = 5.0  # seconds to wait for another process, where two may have the file open


@dataclass(frozen=True)
class FileKind:
    """What tells a file from other SQLite files, and what to raise for one that cannot be used.

    Parameters
    ----------
    application_id, version
        Numbers in the head of the file: what wrote it, and the format.
    tables
        Statements that make the tables of a new file, each with a semicolon at its end.
    unusable
        Returns the error of a file and what was found instead.
    busy
        Returns the error of a file that another process has open. Without it, processes may share
        the file.
    settings
        Settings of SQLite for each connection, such as "secure_delete = ON".
    """

    application_id: int
    version: int
    tables: str
    unusable: Callable[[Path, object], Exception]
    busy: Callable[[Path], Exception] | None = None
    settings: tuple[str, ...] = ()

    @contextmanager
    def reported(self, path: Path) -> Iterator[None]:
        """Raise the error of the kind for one of SQLite, or of the system, about a file."""
        try:
            yield
        except sqlite.errors(OSError) as error:
            code = getattr(error, "sqlite_errorcode", None)
            if self.busy is not None and code == sqlite3.SQLITE_BUSY:
                raise self.busy(path) from error
            raise self.unusable(path, error) from error


class SmallDatabase:
    """An open file of one kind. Get it by `opened`.

    Faults of the file become errors of its kind. A fault of whoever uses it stays what it is.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, kind: FileKind) -> None:
        self._connection, self._kind = connection, kind
        self.path = path

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one statement; return the number of the row that it added, if it added one."""
        with self._kind.reported(self.path):
            return int(self._connection.execute(sql, values).lastrowid or 0)

    def run_each(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row of values."""
        with self._kind.reported(self.path):
            self._connection.executemany(sql, rows)

    def row(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Return the first row that a statement finds, or None."""
        with self._kind.reported(self.path):
            return self._connection.execute(sql, values).fetchone()

    def rows(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        """Yield all rows that a statement finds, read page by page."""
        with self._kind.reported(self.path):
            found = self._connection.execute(sql, values)
        while True:
            with self._kind.reported(self.path):
                page = found.fetchmany(_PAGE)
            if not page:
                return
            yield from page

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write everything in the block or, after any exception, nothing."""
        with self._kind.reported(self.path), _transaction(self._connection, "IMMEDIATE"):
            yield


@contextmanager
def opened(path: Path | None, kind: FileKind, key: bytes | None = None) -> Iterator[SmallDatabase]:
    """Open a file that only its owner can read, or make it; None keeps everything in memory.

    If the kind has an error for a busy file, no other process has it open meanwhile. With a key of
    32 bytes the file is an encrypted one, see `matcher.sqlite`.
    """
    place = _IN_MEMORY if path is None else path
    alone = kind.busy is not None
    with kind.reported(place):
        if path is not None:
            claim_private(path)
        wait = 0 if alone else _PATIENCE
        connection = sqlite.connect(place, key, isolation_level=None, timeout=wait)
    with closing(connection):
        with kind.reported(place):
            if alone:
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            for setting in kind.settings:
                connection.execute(f"PRAGMA {setting}")
            # Most files have their tables: who only reads then waits for no writer, and stops none.
            is_ours = not alone and _is_of(connection, kind)
            if not is_ours:
                with _transaction(connection, "EXCLUSIVE" if alone else "IMMEDIATE"):
                    is_ours = _has_tables(connection, kind)
        if not is_ours:
            raise kind.unusable(place, "another file, or one of another version")
        yield SmallDatabase(connection, place, kind)


@contextmanager
def _transaction(connection: sqlite3.Connection, lock: str) -> Iterator[None]:
    connection.execute(f"BEGIN {lock}")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _has_tables(connection: sqlite3.Connection, kind: FileKind) -> bool:
    """Make the tables of an empty file, within a transaction; return whether a file has them."""
    identifier = connection.execute("PRAGMA application_id").fetchone()[0]
    if identifier == 0 and not connection.execute("SELECT 1 FROM sqlite_master").fetchall():
        for statement in filter(str.strip, kind.tables.split(";")):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {kind.application_id}")
        connection.execute(f"PRAGMA user_version = {kind.version}")
        return True
    return _is_of(connection, kind)


def _is_of(connection: sqlite3.Connection, kind: FileKind) -> bool:
    found = tuple(
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("application_id", "user_version")
    )
    return found == (kind.application_id, kind.version)
