"""Clear what dead processes left: half files, half galleries, and folders that were dropped.

Whatever a living process uses has a lock that it holds, and is left alone.
"""

from __future__ import annotations

import glob
import logging
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from matcher.errors import GalleryBusyError, GalleryError
from matcher.gallery.creation import clear_drafts
from matcher.gallery.editions import (
    FOLDER_NAME,
    PART_NAME,
    directory_of,
    names,
    read_pointer,
    sweep,
)
from matcher.gallery.files import unwritable_reported
from matcher.gallery.index import INDEX_PART
from matcher.gallery.shard_folders import sweep_shard_folders
from matcher.gallery.store import Store

log = logging.getLogger(__name__)


def clear_leftovers(gallery: Path) -> None:
    """Clear what dead processes left in a gallery and beside it. A failure is only logged."""
    try:
        sweep(gallery)
        for name in names(gallery):
            sweep_shard_folders(directory_of(gallery, name))
        for part, edition in _parts(gallery):
            _clear(part, edition)
    except GalleryError as error:
        log.warning("leftovers not cleared yet (%s); the next open tries again", error.code)
    whole = gallery.absolute()
    clear_drafts(whole.parent, glob.escape(whole.name))
    clear_drafts(whole / FOLDER_NAME, "[0-9]*")


def _parts(gallery: Path) -> Iterator[tuple[Path, Path]]:
    """Yield half files, each with the edition whose store is locked while one is written."""
    if os.path.lexists(gallery / PART_NAME):
        yield gallery / PART_NAME, directory_of(gallery, read_pointer(gallery).current)
    for name in names(gallery):
        edition = directory_of(gallery, name)
        if os.path.lexists(edition / INDEX_PART):
            yield edition / INDEX_PART, edition


def _clear(part: Path, edition: Path) -> None:
    try:
        with (
            closing(Store(edition, 0)) as store,
            store.locked(),
            unwritable_reported("half file of the gallery", part),
        ):
            part.unlink(missing_ok=True)
    except GalleryBusyError:
        return  # a living process writes, maybe this file
