"""Where the files of a watch list lie, and the lock that lets one run at a time use them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from matcher.errors import GalleryBusyError
from matcher.gallery.files import unwritable_reported
from matcher.gallery.store import STORE_NAME
from matcher.private_files import held_alone

FOLDER_NAME: Final = "watch"
SETTINGS_NAME: Final = "watch.json"
PAIRS_NAME: Final = "watch.pairs"
OUTBOX_NAME: Final = "outbox.sqlite3"
LOCK_NAME: Final = "watch.lock"

WAIT: Final = 10.0
"""Seconds that a run waits for another one."""


def folder_of(gallery: Path) -> Path:
    """Return the folder of a gallery's watch list."""
    return gallery / FOLDER_NAME


def has_probes(gallery: Path) -> bool:
    """Return whether a gallery has a watch list that can be opened: a store in its folder."""
    return (folder_of(gallery) / STORE_NAME).is_file()


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a watch list. The system releases it when the process ends, however it ends.

    Raises
    ------
    GalleryBusyError
        If another run holds it for longer than `WAIT`.
    GalleryWriteError
        If the file of the lock cannot be made.
    """
    path = folder / LOCK_NAME
    busy = GalleryBusyError(
        "watch list",
        rule="is used by one run at a time",
        got="another run",
        next_step="Nothing is lost. Wait for the other run, then run it again.",
        path=folder,
    )
    reported = unwritable_reported("lock of the watch list", path)
    with held_alone(path, WAIT, busy=busy, reported=reported):
        yield
