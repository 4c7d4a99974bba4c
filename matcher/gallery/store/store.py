"""The store: one SQLite file that holds the truth of a gallery."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from matcher import sqlite
from matcher.embedding import UNRECORDED, ModelIdentity
from matcher.encryption import GalleryKeys, keys_of
from matcher.errors import GalleryError, GalleryFormatError
from matcher.gallery.files import home_of
from matcher.gallery.store import migrations
from matcher.gallery.store.columns import OPTIONAL
from matcher.gallery.store.connections import SETTINGS, Connections
from matcher.gallery.store.schema import create_tables, new_stamp, now, read_model
from matcher.gallery.store.sqlite_errors import checked, translated
from matcher.gallery.store.unused_bytes import UnusedBytesError
from matcher.private_files import claim_private
from matcher.strict_reading import list_of, read_json, text_of, whole_of

log = logging.getLogger(__name__)

STORE_NAME = "store.sqlite3"

_CLEARED: Final = """
UPDATE meta SET value = iif(CAST(value AS INTEGER) < ?1, ?1, value) WHERE key = 'scrubbed'
"""
_SMALL: Final = 2_500
_GROWN: Final = 1.25

_GOVERNED: Final = re.compile(r"([0-9a-f]{32})?")


class Store:
    """An open store. A failed statement raises an error of the library, never of `sqlite3`.

    Any thread can use it: each has a connection of its own, and one at a time writes. A process
    that was forked from the one that opened it cannot.

    Parameters
    ----------
    directory
        Directory of the store.
    busy_timeout
        Seconds to wait for another process that writes.

    Raises
    ------
    GalleryKeyError, MissingExtraError
        If the gallery is encrypted and cannot be opened, see `keys_of`.
    """

    def __init__(self, directory: Path, busy_timeout: float) -> None:
        self.path = directory / STORE_NAME
        self.keys = keys_of(home_of(directory))
        """The keys of the files of the gallery; None if it is not encrypted."""
        self._columns: dict[tuple[str, int], frozenset[str]] = {}
        self._writer = threading.RLock()
        key = None if self.keys is None else self.keys.store
        self._connections = Connections(self.path, busy_timeout, key)
        try:
            self.model = read_model(self.meta("model"), self.path)
        except BaseException:
            self.close()
            raise

    @staticmethod
    def create(
        directory: Path,
        model: ModelIdentity,
        index: str,
        *,
        governed: str = "",
        keys: GalleryKeys | None = None,
    ) -> None:
        """Write an empty store into an existing directory; with keys, an encrypted one."""
        path = directory / STORE_NAME
        with translated(path):
            claim_private(path)
            key = None if keys is None else keys.store
            connection = sqlite.connect(path, key, isolation_level=None)
            try:
                connection.executescript(SETTINGS)
                create_tables(connection, model, index, governed)
            finally:
                connection.close()

    def close(self) -> None:
        """Close all connections. The last one to close empties the write-ahead log."""
        self._connections.close()

    @property
    def closed(self) -> bool:
        """Whether it was closed, or belongs to the process that this one was forked from."""
        return self._connections.closed

    def attach(self, other: Store, name: str) -> None:
        """Attach another store of the same gallery, to read it by a name beside this one."""
        with translated(self.path):
            address, key = other._connections.address, other._connections.key
            sqlite.attach(self._connection, address, name, key)

    @property
    def _connection(self) -> sqlite3.Connection:
        return self._connections.own()

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Return all rows of a statement."""
        with translated(self.path):
            found = self._connection.execute(sql, sqlite.bound(sql, parameters)).fetchall()
        self._connections.require_unchanged()
        return found

    def records(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Return all rows of a statement, with their values by name."""
        with translated(self.path):
            cursor = self._connection.cursor()
            cursor.row_factory = sqlite.row_type(self._connection)
            found = cursor.execute(sql, sqlite.bound(sql, parameters)).fetchall()
        self._connections.require_unchanged()
        return found

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """Return the first column of the first row; None without rows."""
        with translated(self.path):
            row = self._connection.execute(sql, sqlite.bound(sql, parameters)).fetchone()
        self._connections.require_unchanged()
        return None if row is None else row[0]

    def change(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Execute one statement and return how many rows it changed."""
        with translated(self.path):
            return self._connection.execute(sql, sqlite.bound(sql, parameters)).rowcount

    def change_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Execute one statement for each row of parameters."""
        with translated(self.path):
            self._connection.executemany(sql, (sqlite.bound(sql, row) for row in rows))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """See one state of the store throughout, whatever other processes commit meanwhile."""
        if self._connection.in_transaction:
            yield
            return
        self.change("BEGIN")
        try:
            yield
        finally:
            self._rollback()

    @contextmanager
    def writing(self) -> Iterator[int]:
        """Commit all or nothing; yield the generation that the commit will have.

        A store of an older format is migrated first.
        """
        self.migrate()
        with self.locked():
            generation = self.generation + 1
            row = (generation, new_stamp(), now())
            self.change("INSERT INTO commits VALUES (?, ?, ?)", row)
            yield generation
            self.change("COMMIT")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other writers out. Changes that are not committed are undone."""
        with self._writer:
            self._connections.open_for_writing()
            self.change("BEGIN IMMEDIATE")
            try:
                yield
            finally:
                self._rollback()

    def _rollback(self) -> None:
        # After some failures, such as a full disk, SQLite has already rolled back by itself.
        with suppress(*sqlite.errors()):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    @property
    def format_version(self) -> int:
        """Format of the file. Another process may migrate it at any time."""
        with translated(self.path):
            return migrations.version_of(self._connection)

    def migrate(self) -> None:
        """Bring the file to the format that this version writes, in one transaction."""
        if self.format_version == migrations.FORMAT_VERSION:
            return
        with self.locked():
            with translated(self.path):
                migrations.migrate(self._connection)
            self.change("COMMIT")

    def selected(self, table: str, alias: str, columns: Iterable[str]) -> str:
        """Return columns of a table for a SELECT, each named `ALIAS_NAME`.

        A column that an older format lacks is NULL.

        Raises
        ------
        GalleryFormatError
            When a missing column is not one of the `OPTIONAL` columns.
        """
        existing = self._columns_of(table)
        absent = [name for name in columns if name not in existing]
        if needed := [name for name in absent if name not in OPTIONAL]:
            raise GalleryFormatError(
                "gallery store",
                rule=f"must have the columns {', '.join(needed)} to be read",
                got=f"format {self.format_version}",
                next_step="Run: matcher gallery migrate.",
                path=self.path,
            )
        return ", ".join(
            f"{'NULL' if name in absent else f'{alias}.{name}'} AS {alias}_{name}"
            for name in columns
        )

    def _columns_of(self, table: str) -> frozenset[str]:
        key = (table, self.format_version)
        if key not in self._columns:
            found = self.query("SELECT name FROM pragma_table_info(?)", (table,))
            self._columns[key] = frozenset(name for (name,) in found)
        return self._columns[key]

    @property
    def generation(self) -> int:
        """Number of the last committed write."""
        with checked(self.path):
            return whole_of(self.value("SELECT max(generation) FROM commits"))

    @property
    def faces(self) -> int:
        """Number of faces."""
        return int(self.value("SELECT count(*) FROM faces"))

    def stamp(self, generation: int) -> str | None:
        """Return the random name of a commit; None if the store has no such commit."""
        found = self.value("SELECT stamp FROM commits WHERE generation = ?", (generation,))
        return None if found is None else str(found)

    def meta(self, key: str) -> str:
        """Return one fact of the store as text."""
        with checked(self.path):
            return text_of(self.value("SELECT value FROM meta WHERE key = ?", (key,)))

    @property
    def detectors(self) -> tuple[str, ...]:
        """Names of the detectors that found the faces, in order; `UNRECORDED` for unknown ones."""
        noted = self.value("SELECT value FROM meta WHERE key = 'detectors'")
        with checked(self.path):
            if noted is not None:
                return tuple(map(text_of, list_of(read_json(text_of(noted)))))
        return (UNRECORDED,) if self.faces else ()

    def note_detectors(self, names: Iterable[str]) -> None:
        """Record that these detectors, too, found faces of this store."""
        known, names = set(self.detectors), set(names)
        if not known >= names:
            noted = json.dumps(sorted(known | names))
            self.change("INSERT OR REPLACE INTO meta VALUES ('detectors', ?)", (noted,))

    def has_table(self, name: str) -> bool:
        """Return whether the store has a table."""
        sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        return self.value(sql, (name,)) is not None

    def onward(self, last: Any, new: Any) -> Any:
        """Return the key after which the next page begins, if rows come in their order.

        Raises
        ------
        GalleryDamagedError
            Where the keys of a table do not ascend; a reader would go round in circles.
        """
        with checked(self.path):
            if not new > last:
                raise ValueError("rows that are not in the order of their keys")
        return new

    @property
    def holds_removed_bytes(self) -> bool:
        """Whether the files may still hold bytes of a committed removal."""
        newest = self.value(
            "SELECT max(generation) FROM (SELECT generation FROM removed UNION ALL "
            "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'removed')"
        )
        with checked(self.path):
            return newest is not None and int(newest) > int(self.meta("scrubbed"))

    def clear_removed(self, generation: int) -> None:
        """Erase what was removed up to a generation, unless a reader prevents it."""
        if not self._clear_in_place(generation):
            log.warning("a reader keeps removed data in the log; the next close or open clears it")

    def _clear_in_place(self, generation: int) -> bool:
        """Return False if a reader still needs the old bytes."""
        try:
            if self.keys is None:
                return self._connections.clear_unused_bytes(_CLEARED, (generation,))
        except UnusedBytesError as error:
            log.info("the store is written anew, as it has %s", error)
        if not self._write_anew():
            return False
        self.change(_CLEARED, (generation,))
        return True

    def _write_anew(self) -> bool:
        """Write the store anew from its live rows; return False if a reader prevents it.

        VACUUM copies only live rows. The checkpoint then puts them in place of everything that was
        in the file and in the log.
        """
        self.change("VACUUM")
        return bool(self.query("PRAGMA wal_checkpoint(TRUNCATE)")[0][0] == 0)

    @property
    def free_bytes(self) -> int:
        """Bytes of the file in pages that hold nothing."""
        free, size = self.value("PRAGMA freelist_count"), self.value("PRAGMA page_size")
        return int(free) * int(size)

    def compact(self) -> None:
        """Write the store anew without pages that hold nothing."""
        if not self._write_anew():
            log.info("the file gets smaller when the last reader has closed it")

    def clear_after_growth(self) -> None:
        """Clear unused bytes if the file grew by more than a quarter since they were cleared.

        A later removal then finds few of them. What cannot be cleared now is left to it.
        """
        if self.keys is not None:
            return
        before = self.value("SELECT value FROM meta WHERE key = 'cleared_pages'")
        pages = self.value("PRAGMA page_count")
        if pages > _SMALL and pages > _GROWN * int(before or 0):
            with suppress(GalleryError, UnusedBytesError):
                note = "INSERT OR REPLACE INTO meta VALUES ('cleared_pages', ?)"
                self._connections.clear_unused_bytes(note, (str(pages),))

    @property
    def governed_as(self) -> str:
        """Random identifier of a governed gallery; empty for any other."""
        found = self.value("SELECT value FROM meta WHERE key = 'governed'")
        with checked(self.path):
            if found is not None and not _GOVERNED.fullmatch(text_of(found)):
                raise ValueError("an identifier of a governed gallery that is none")
        return found or ""

    def govern(self, gallery_id: str) -> None:
        """Record that the gallery is governed. Call it while the store is locked for writing."""
        self.change("UPDATE meta SET value = ? WHERE key = 'governed'", (gallery_id,))

    def set_index(self, index: str) -> None:
        """Record the kind of index that is asked for."""
        self.change("UPDATE meta SET value = ? WHERE key = 'index'", (index,))

    def mark_removed(self, generation: int) -> None:
        """Record that a commit removed bytes, also where it removed no face."""
        self.change("INSERT OR REPLACE INTO meta VALUES ('removed', ?)", (str(generation),))
