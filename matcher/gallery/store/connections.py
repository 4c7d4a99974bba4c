"""The connections to the file of a store: one for each thread, none in a forked process.

A gallery that was closed properly can be read where nothing can be written, as on a read-only
medium. SQLite then needs to be told that nobody changes the file: in write-ahead mode it would
otherwise make files beside it (https://www.sqlite.org/wal.html, "Read-Only Databases").
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from pathlib import Path
from typing import Final

from matcher.errors import GalleryError, GalleryWriteError
from matcher.forks import require_own
from matcher.gallery.store.schema import check_format
from matcher.gallery.store.sqlite_errors import translated

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
    """

    def __init__(self, path: Path, busy_timeout: float) -> None:
        self._path = path
        self._busy_timeout = busy_timeout
        self._fixed = _is_fixed(path)
        self._process = os.getpid()
        self._closed = False
        self._own = threading.local()
        self._all: weakref.WeakSet[_Held] = weakref.WeakSet()
        self._changing = threading.Lock()

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
        if held is None or self._closed:
            with self._changing:
                held = self._opened()
        return held.connection

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
            held = _Held(self._connected())
        except GalleryWriteError as error:
            raise self._unmoved() or error from None
        self._own.held = held
        self._all.add(held)
        return held

    def _connected(self) -> sqlite3.Connection:
        with translated(self._path):
            connection = sqlite3.connect(
                self.address("rw"),
                uri=True,
                timeout=self._busy_timeout,
                isolation_level=None,
                check_same_thread=False,  # `close` closes those of other threads too
            )
            try:
                check_format(connection, self._path)  # before a setting changes the file
                connection.executescript(_READING if self._fixed else SETTINGS)
            except BaseException:
                connection.close()
                raise
        return connection

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

    def address(self, mode: str) -> str:
        """Return the file as a URI of SQLite, for this mode of access."""
        fixed = "&immutable=1" if self._fixed else ""
        return f"{self._path.resolve().as_uri()}?mode={mode}{fixed}"

    def close(self) -> None:
        """Close the connections of all threads. A forked process leaves those of its parent."""
        if self.closed:
            return
        with self._changing:
            self._closed = True
            for held in list(self._all):
                held.connection.close()


class _Held:
    """A connection that is closed when its thread ends."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        weakref.finalize(self, connection.close).atexit = False


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
