"""What is removed from a gallery is removed from its shadow and from its kept editions too."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

from matcher.errors import GalleryError
from matcher.gallery.editions import directory_of, names, sweep
from matcher.gallery.index import open_index
from matcher.gallery.shard_folders import drop_shard_folders
from matcher.gallery.store import Store, rows

log = logging.getLogger(__name__)


def forget_elsewhere(
    gallery: Path,
    edition: str,
    face_ids: Collection[int],
    *,
    subject_ids: Collection[str] = (),
    photo: tuple[str, str | None] | None = None,
    busy_timeout: float,
) -> None:
    """Remove subjects, faces, or a photo (hash, subject) from all other editions.

    Call while the store of `edition`, the current one, is locked for writing and before the same
    removal is committed there: then a job cannot bring back what is being removed, and a crash in
    between leaves a removal that was not yet reported, and that is simply asked for again. Results
    of a job that wait in files are deleted, whosever they are: their photos are done again.
    """
    for directory, store in _others(gallery, edition, busy_timeout):
        drop_shard_folders(directory)
        with store.writing() as generation:
            for subject_id in subject_ids:
                rows.delete_subject(store, subject_id, generation)
            held = rows.faces_of_photo(store, *photo) if photo else []
            rows.delete_faces(store, {*face_ids, *held}, generation)
            if store.has_table("outcomes"):
                asked = (json.dumps(list(face_ids)),)
                store.change(
                    "DELETE FROM outcomes WHERE face_id IN (SELECT value FROM json_each(?))", asked
                )


def clear_elsewhere(gallery: Path, edition: str, busy_timeout: float) -> None:
    """Clear the files of the other editions of removed bytes, and those of dropped ones altogether.

    Their indexes are deleted: an edition that becomes current has its index built anew.
    """
    try:
        sweep(gallery)
        for directory, store in _others(gallery, edition, busy_timeout):
            if store.holds_removed_bytes:
                _clear(directory, store, busy_timeout)
    except GalleryError as error:  # one that is damaged must not keep the current one closed
        log.warning("other editions not cleared yet (%s); the next open tries again", error.code)


def _clear(directory: Path, store: Store, busy_timeout: float) -> None:
    with store.locked():
        generation = store.generation
        open_index(directory, store, busy_timeout).discard()
    store.clear_removed(generation)


def _others(gallery: Path, edition: str, busy_timeout: float) -> Iterator[tuple[Path, Store]]:
    for name in names(gallery):
        if name != edition:
            directory = directory_of(gallery, name)
            try:
                store = Store(directory, busy_timeout)
            except GalleryError:
                if name in names(gallery):
                    raise
                continue  # dropped since
            with closing(store):
                yield directory, store
