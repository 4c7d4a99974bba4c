"""Files of a gallery: names that survive a power cut, and errors for failed writes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matcher.errors import GalleryWriteError


def sync_directory(directory: Path) -> None:
    """Make the names in a directory survive a power cut.

    Windows opens no directory as a file; there the file system itself keeps names in its journal.
    """
    if os.name == "nt":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def unwritable_reported(what: str, path: Path) -> Iterator[None]:
    """Turn an `OSError` into a `GalleryWriteError` about `what`, a part of the gallery."""
    try:
        yield
    except OSError as error:
        raise GalleryWriteError(
            what,
            rule="must be writable, with room on the disk",
            got=error,
            next_step="Free space or correct the rights, then try again.",
            path=path,
        ) from error
