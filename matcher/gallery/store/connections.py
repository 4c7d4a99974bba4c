"""The connections to the file of a store: one for each thread, none in a forked process.

A gallery that was closed properly can be read where nothing can be written, as on a read-only
medium or a full disk. SQLite then needs to be told that nobody changes the file: in write-ahead
mode it would otherwise make files beside it (https://www.sqlite.org/wal.html, "Read-Only
Databases"). Somebody may change the file all the same, as when the disk has room again. So its time
and size are compared after each statement, and what was read meanwhile is not handed on.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from matcher import sqlite
from matcher.errors import GalleryBusyError, GalleryError, GalleryWriteError
from matcher.forks import require_own
from matcher.gallery.files import unwritable_reported
from matcher.gallery.store.schema import check_format
from matcher.gallery.store.sqlite_errors import translated
from matcher.gallery.store.unused_bytes import StoreFile

_TRIES: Final = 5
"""Times to wait for a moment in which nobody writes."""

_READING: Final = """
PRAGMA foreign_keys = ON;
PRAGMA temp_store = MEMORY;
"""
SETTINGS: Final = f"""
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = ON;
{_READING}
"""


class Connections:
    """One connection for each thread that uses a store.

    Parameters
    ----------
    path
        File of the store.
    busy_timeout
        Seconds to wait for another process that writes.
    key
        Key of an encrypted file; None for a plain one.
    """

    def __init__(self, path: Path, busy_timeout: float, key: bytes | None = None) -> None:
        self.key = key
        self._path = path
        self._busy_timeout = busy_timeout
        self._process = os.getpid()
        self._closed = False
        self._own = threading.local()
        self._all: weakref.WeakSet[_Held] = weakref.WeakSet()
        self._changing = threading.Lock()
        self._file = StoreFile(path)

    @property
    def closed(self) -> bool:
        """Whether there is nothing for this process to close."""
        return self._closed or os.getpid() != self._process

    def own(self) -> sqlite3.Connection:
        """Return the connection of this thread.

        Raises
        ------
        ForkError
            In a process that was forked after the store was opened.
        GalleryError
            After `close`, and as `translated` does.
        """
        require_own("gallery", self._process)
        held: _Held | None = getattr(self._own, "held", None)
        if held is not None and held.is_behind and not held.connection.in_transaction:
            held = None  # the file was changed since; it is opened anew
        if held is None or self._closed:
            with self._changing:
                held = self._opened()
        return held.connection

    def open_for_writing(self) -> None:
        """Open the file as usual if this thread took it for unchanging, as on a full disk.

        Raises
        ------
        GalleryWriteError
            When it still cannot be opened so.
        """
        self.own()
        if self._own.held.is_fixed and _is_writable(self._path):
            with self._changing:
                self._own.held = self._held(fixed=False)
                self._all.add(self._own.held)

    def require_unchanged(self) -> None:
        """Refuse what was read from a file that was taken for unchanging, and was changed.

        Raises
        ------
        GalleryBusyError
            When it was changed since this thread opened it.
        """
        held: _Held | None = getattr(self._own, "held", None)
        if held is not None and held.is_behind:
            raise GalleryBusyError(
                "gallery that was read where nothing could be written",
                rule="must not change while it is read",
                got="a change by somebody else",
                next_step="Try again.",
                path=self._path,
            )

    def _opened(self) -> _Held:
        if self._closed:
            raise GalleryError(
                "gallery",
                rule="is used while it is open",
                got="one that was closed",
                next_step="Open it again.",
                path=self._path,
            )
        try:
            held = self._held(_is_fixed(self._path))
        except GalleryWriteError as error:
            if _has_content(_log_of(self._path)):
                raise self._unmoved() or error from None
            held = self._held(fixed=True)  # a full disk: SQLite finds no room for its own files
        self._own.held = held
        self._all.add(held)
        return held

    def _held(self, fixed: bool) -> _Held:
        state = _state_of(self._path) if fixed else None
        return _Held(self._connected(fixed), self._path, state)

    def _connected(self, fixed: bool) -> sqlite3.Connection:
        with translated(self._path):
            self._file.enter()
            connection = sqlite.connect(
                self._address("rw", fixed),
                self.key,
                uri=True,
                timeout=self._busy_timeout,
                isolation_level=None,
                check_same_thread=False,  # `close` closes those of other threads too
            )
            try:
                check_format(connection, self._path)  # before a setting changes the file
                connection.executescript(_READING if fixed else SETTINGS)
            except BaseException:
                connection.close()
                raise
        return connection

    def clear_unused_bytes(self, note: str, parameters: Sequence[object]) -> bool:
        """Overwrite what no row uses any more, and execute the statement `note` with it.

        A connection of its own keeps writers out meanwhile. Its cache holds no page that was read
        before, and its commit makes all other connections read their pages anew. So nobody writes
        an earlier state of a page back.

        Returns
        -------
        Whether it was done; not while somebody needs the write-ahead log.

        Raises
        ------
        UnusedBytesError
            As `clear_unused_bytes` does, for an encrypted file for example.
        """
        for _ in range(_TRIES):
            with translated(self._path):
                if self.own().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                    return False
            connection = self._connected(fixed=False)
            try:
                with translated(self._path):
                    connection.execute("BEGIN IMMEDIATE")
                    if _has_content(_log_of(self._path)):
                        continue  # somebody wrote in between
                    with unwritable_reported("gallery store", self._path):
                        self._file.clear_unused_bytes()
                    connection.execute(note, sqlite.bound(note, parameters))
                    connection.execute("COMMIT")
                    return True
            finally:
                connection.close()
        return False

    def _unmoved(self) -> GalleryWriteError | None:
        """Return the error for changes that wait beside the store and cannot be moved into it."""
        if _is_writable(self._path) or not _has_content(_log_of(self._path)):
            return None
        return GalleryWriteError(
            "gallery on a read-only medium",
            rule="must have been closed properly before it was put there",
            got=f"changes in {_log_of(self._path).name} that are not in the store's file yet",
            next_step="Copy the whole folder to a place that can be written, and open it there.",
            path=self._path,
        )

    @property
    def address(self) -> str:
        """The file as a URI of SQLite, to read it as this thread does."""
        self.own()
        return self._address("ro", self._own.held.is_fixed)

    def _address(self, mode: str, fixed: bool) -> str:
        unchanging = "&immutable=1" if fixed else ""
        return f"{self._path.resolve().as_uri()}?mode={mode}{unchanging}"

    def close(self) -> None:
        """Close the connections of all threads. A forked process leaves those of its parent."""
        if self.closed:
            return
        with self._changing:
            self._closed = True
            for held in list(self._all):
                held.connection.close()
            self._file.leave()


class _Held:
    """A connection that is closed when its thread ends.

    Parameters
    ----------
    connection
        The connection.
    path
        File of the store.
    state
        What `_state_of` returned before the file was opened as one that nobody changes; None if it
        was opened as usual.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, state: object) -> None:
        self.connection = connection
        self._path = path
        self._state = state
        weakref.finalize(self, connection.close).atexit = False

    @property
    def is_fixed(self) -> bool:
        """Whether the file was opened as one that nobody changes."""
        return self._state is not None

    @property
    def is_behind(self) -> bool:
        """Whether somebody changed it nevertheless."""
        return self._state is not None and self._state != _state_of(self._path)


def _state_of(path: Path) -> object:
    """Return times and sizes of the store and of the changes that wait beside it."""
    found = []
    for file in (path, _log_of(path)):
        try:
            facts = file.stat()
        except FileNotFoundError:
            found.append((0, 0, 0))
        else:
            found.append((facts.st_ino, facts.st_mtime_ns, facts.st_size))
    return [found[0], found[1] if found[1][2] else None]


def _is_fixed(path: Path) -> bool:
    """Return whether the file cannot be written here and holds everything that was committed."""
    return path.exists() and not _is_writable(path) and not _has_content(_log_of(path))


def _is_writable(path: Path) -> bool:
    return os.access(path.parent, os.W_OK)


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _has_content(log: Path) -> bool:
    try:
        return log.stat().st_size > 0
    except FileNotFoundError:
        return False
