"""Translate errors of SQLite into errors of the library."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matcher.errors import (
    GalleryBusyError,
    GalleryDamagedError,
    GalleryError,
    GalleryWriteError,
    InputError,
)

_BUSY = {"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL"}
_DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR_READ", "SQLITE_IOERR_SHORT_READ"}
_UNWRITABLE = {"SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_PERM"}


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise the library's own error instead of an `sqlite3` error about the file at `path`."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        raise _matching(name, error, path) from error
    except UnicodeEncodeError as error:  # sqlite3 takes no text with lone surrogates
        raise InputError(
            "text for the gallery",
            rule="must be Unicode text",
            got=ascii(error.object),
            next_step="Take the name as the gallery lists it.",
            path=path,
        ) from error


def _matching(name: str, error: sqlite3.DatabaseError, path: Path) -> GalleryError:
    family = "_".join(name.split("_")[:2])
    if family in _BUSY:
        return GalleryBusyError(
            "gallery",
            rule="one process writes at a time",
            got="another process that kept writing until the time limit",
            next_step="Wait for it to end and try again.",
            path=path,
        )
    if name in _DAMAGED or family in _DAMAGED or "no such table" in str(error):
        return GalleryDamagedError(
            "gallery store",
            rule="must be a whole SQLite file",
            got=str(error),
            next_step="Restore the gallery from a backup, or re-index it from the photos.",
            path=path,
        )
    if family == "SQLITE_READONLY":
        return GalleryWriteError(
            "gallery store",
            rule="must be writable to be changed",
            got=f"a read-only file or medium: {error}",
            next_step="Copy the gallery to a place that can be written, or correct the rights.",
            path=path,
        )
    if family in _UNWRITABLE:
        return GalleryWriteError(
            "gallery store",
            rule="must be writable, with room on the disk",
            got=f"{error} ({name})",
            next_step="The last write was undone; free space or correct the rights, then retry.",
            path=path,
        )
    return GalleryError(
        "gallery store",
        rule="must accept the statement",
        got=f"{error} ({name or type(error).__name__})",
        next_step="Run verify on the gallery; if it is clean, please report this.",
        path=path,
    )
