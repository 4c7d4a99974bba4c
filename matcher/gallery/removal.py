"""Remove faces also from the shadow and from the kept editions of a gallery."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from pathlib import Path

from matcher.errors import GalleryError, MatcherError
from matcher.gallery.editions import directory_of, names
from matcher.gallery.index import open_index
from matcher.gallery.shard_folders import drop_shard_folders
from matcher.gallery.store import Store, history, rows

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

    Call it while the store of `edition`, the current one, is locked for writing, and before the
    same removal is committed there. Then a job cannot bring back what is being removed. After a
    crash in between, the removal was not yet reported, and the caller asks for it again. Results of
    a job that wait in files are all deleted, whatever faces they hold. The job then processes their
    photos again.
    """
    for directory, store in _others(gallery, edition, busy_timeout):
        drop_shard_folders(directory)
        with store.writing() as generation:
            for subject_id in subject_ids:
                rows.delete_subject(store, subject_id, generation)
            of_photo = rows.faces_of_photo(store, *photo) if photo else []
            rows.delete_faces(store, {*face_ids, *of_photo}, generation)
            if photo:
                history.forget_photo(store, *photo)
            store.mark_removed(generation)
            if store.has_table("outcomes"):
                ids = (json.dumps(list(face_ids)),)
                store.change(
                    "DELETE FROM outcomes WHERE face_id IN (SELECT value FROM json_each(?))", ids
                )


def change_elsewhere(
    gallery: Path,
    edition: str,
    change: Callable[[Store, int], object],
    *,
    busy_timeout: float,
) -> None:
    """Make a change also in all other editions, each in one transaction.

    `change` gets the store, and the generation that the commit will have. Call it while the store
    of `edition`, the current one, is locked for writing.
    """
    for _, store in _others(gallery, edition, busy_timeout):
        with store.writing() as generation:
            change(store, generation)


def clear_elsewhere(gallery: Path, edition: str, busy_timeout: float) -> None:
    """Clear bytes of removed faces from other editions.

    The indexes of the other editions are deleted. If such an edition becomes current, its index is
    rebuilt.
    """
    try:
        for directory, store in _others(gallery, edition, busy_timeout):
            if store.holds_removed_bytes:
                _clear(directory, store, busy_timeout)
    except MatcherError as error:  # a damaged edition must not keep the current one from opening
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
                continue  # dropped in the meantime
            with closing(store):
                yield directory, store
