"""Translate errors of SQLite into errors of the library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matcher import sqlite
from matcher.errors import (
    GalleryBusyError,
    GalleryDamagedError,
    GalleryError,
    GalleryWriteError,
    InputError,
)

_BUSY = {"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL"}
_DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR_READ", "SQLITE_IOERR_SHORT_READ"}
_UNREADABLE = {"SQLITE_ERROR", "SQLITE_MISMATCH", "SQLITE_TOOBIG"}
"""What a constant statement raises only where the schema or a row is damaged."""

_UNWRITABLE = {"SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_PERM"}


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise the library's own error instead of one of SQLite about the file at `path`."""
    try:
        yield
    except sqlite.errors() as error:
        name = getattr(error, "sqlite_errorname", "")
        raise _matching(name, error, path) from error
    except UnicodeDecodeError as error:  # in a column, or in the name of one
        raise damaged(path, rule="must be a whole SQLite file", got=str(error)) from error
    except UnicodeEncodeError as error:  # sqlite3 takes no text with lone surrogates
        raise InputError(
            "text for the gallery",
            rule="must be Unicode text",
            got=ascii(error.object),
            next_step="Take the name as the gallery lists it.",
            path=path,
        ) from error


@contextmanager
def checked(path: Path) -> Iterator[None]:
    """Raise GalleryDamagedError where a value of the store is none that was written there."""
    try:
        yield
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        got = str(error) or type(error).__name__
        raise damaged(path, rule="must hold the records that were written", got=got) from error


def damaged(path: Path, *, rule: str, got: object) -> GalleryDamagedError:
    """Return the error for a store that holds something else than what was written."""
    return GalleryDamagedError(
        "gallery store",
        rule=rule,
        got=got,
        next_step="Run: matcher gallery verify. Restore the gallery from a backup, or make it anew "
        "from the photos.",
        path=path,
    )


def _matching(name: str, error: Exception, path: Path) -> GalleryError:
    family = "_".join(name.split("_")[:2])
    if family in _BUSY:
        return GalleryBusyError(
            "gallery",
            rule="one process writes at a time",
            got="another process that kept writing until the time limit",
            next_step="Wait for it to end and try again.",
            path=path,
        )
    if name in _DAMAGED or family in _DAMAGED or _is_unreadable(name, error):
        return damaged(path, rule="must be a whole SQLite file", got=str(error))
    if family == "SQLITE_READONLY":
        return GalleryWriteError(
            "gallery store",
            rule="must be writable to be changed",
            got=f"a read-only file or medium: {error}",
            next_step="Free space, correct the rights, or copy the gallery to a place that can be "
            "written.",
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


def _is_unreadable(name: str, error: Exception) -> bool:
    """Return whether the schema or a row is damaged; a text that is not UTF-8 has no name."""
    return name in _UNREADABLE or (not name and "UTF-8" in str(error))
