"""Clear what dead processes left: half files, half galleries, and folders that were dropped.

Whatever a living process uses has a lock that it holds, and is left alone.
"""

from __future__ import annotations

import glob
import logging
import os
from collections.abc import Callable
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
from matcher.gallery.index import index_parts
from matcher.gallery.shard_folders import sweep_shard_folders
from matcher.gallery.store import Store

log = logging.getLogger(__name__)


def clear_leftovers(gallery: Path) -> None:
    """Clear what dead processes left in a gallery and beside it. A failure is only logged."""
    try:
        sweep(gallery)
        for name in names(gallery):
            sweep_shard_folders(directory_of(gallery, name))
        _clear_pointer_part(gallery)
        for name in names(gallery):
            edition = directory_of(gallery, name)
            for part in index_parts(edition):
                _clear(part, edition, lambda: True)
    except GalleryError as error:
        log.warning("leftovers not cleared yet (%s); the next open tries again", error.code)
    whole = gallery.absolute()
    clear_drafts(whole.parent, glob.escape(whole.name))
    clear_drafts(whole / FOLDER_NAME, "[0-9]*")


def _clear_pointer_part(gallery: Path) -> None:
    """Clear a half pointer file. It is written only while the current edition is locked.

    That edition may be another one once its lock is held, and a switch away from it under way.
    """
    if os.path.lexists(gallery / PART_NAME):
        current = read_pointer(gallery).current
        _clear(
            gallery / PART_NAME,
            directory_of(gallery, current),
            lambda: read_pointer(gallery).current == current,
        )


def _clear(part: Path, edition: Path, is_written_here: Callable[[], bool]) -> None:
    """Clear a half file that is written only while an edition is locked."""
    if not os.path.lexists(part):
        return
    try:
        with (
            closing(Store(edition, 0)) as store,
            store.locked(),
            unwritable_reported("half file of the gallery", part),
        ):
            if is_written_here():
                part.unlink(missing_ok=True)
    except GalleryBusyError:
        return  # a living process writes, maybe this file
