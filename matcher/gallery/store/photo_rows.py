"""The records of all photos, and the hashes that older formats of the store did not keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from matcher.gallery.records import PhotoRecord
from matcher.gallery.store.columns import PHOTO
from matcher.gallery.store.rows import photo_of
from matcher.gallery.store.sqlite_errors import checked
from matcher.gallery.store.store import Store
from matcher.hashes import FileHashes
from matcher.strict_reading import text_of, whole_of

PAGE: Final = 10_000


def photo_records(store: Store) -> Iterator[tuple[str, PhotoRecord]]:
    """Yield the subject and the record of each photo, by hash, a page at a time."""
    columns = store.selected("faces", "f", (*PHOTO, "subject_id", "face_id"))
    last = ("", 0)
    while page := store.records(
        f"SELECT {columns} FROM faces f WHERE (sha256, face_id) > (?, ?) "  # noqa: S608 - constant
        "ORDER BY sha256, face_id LIMIT ?",
        (*last, PAGE),
    ):
        with checked(store.path):
            found = [(text_of(row["f_subject_id"]), photo_of(row)) for row in page]
            end = text_of(page[-1]["f_sha256"]), whole_of(page[-1]["f_face_id"])
        yield from found
        last = store.onward(last, end)


def fill_hashes(store: Store, found: Iterable[FileHashes]) -> None:
    """Write MD5 and SHA-1 where a photo of that SHA-256 lacks them. Call it while writing."""
    store.change_many(
        "UPDATE faces SET md5 = coalesce(md5, ?), sha1 = coalesce(sha1, ?) WHERE sha256 = ?",
        ((one.md5, one.sha1, one.sha256) for one in found),
    )
