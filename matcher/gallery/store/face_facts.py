"""Read the facts of all faces without their vectors, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any, Final

from matcher.gallery.records import FaceFacts
from matcher.gallery.store.columns import OLDEST
from matcher.gallery.store.rows import day_of
from matcher.gallery.store.sqlite_errors import checked
from matcher.gallery.store.store import Store
from matcher.strict_reading import number_of, text_of

PAGE: Final = 50_000


def face_facts(store: Store, until: int) -> Iterator[FaceFacts]:
    """Yield the facts of the faces that were added up to a generation, by face id.

    Raises
    ------
    GalleryDamagedError
        For a row that holds what no record can.
    """
    last = 0
    while page := _page(store, "f.face_id > ? AND f.generation <= ?", (last, until)):
        yield from page
        last = store.onward(last, page[-1].face_id)


def facts_among(store: Store, until: int, face_ids: Collection[int]) -> Iterator[FaceFacts]:
    """Yield the facts of those of some faces that were added up to a generation, by face id.

    Raises
    ------
    GalleryDamagedError
        As for `face_facts`.
    """
    ordered = sorted(face_ids)
    for start in range(0, len(ordered), PAGE):
        some = json.dumps(ordered[start : start + PAGE])
        where = "f.face_id IN (SELECT value FROM json_each(?)) AND f.generation <= ?"
        yield from _page(store, where, (some, until))


def _page(store: Store, where: str, parameters: tuple[int | str, int]) -> list[FaceFacts]:
    found = store.query(
        "SELECT f.face_id, f.subject_id, s.date_of_birth, f.taken_on, f.age_at_capture "  # noqa: S608 - constant
        "FROM faces f LEFT JOIN subjects s USING (subject_id) "
        f"WHERE {where} ORDER BY f.face_id LIMIT ?",
        (*parameters, PAGE),
    )
    with checked(store.path):
        return [_facts(row) for row in found]


def _facts(row: tuple[Any, ...]) -> FaceFacts:
    face_id, subject_id, born, taken_on, age = row
    return FaceFacts(
        int(face_id),
        text_of(subject_id),
        None if born is None else day_of(born),
        None if taken_on is None else day_of(taken_on),
        None if age is None else number_of(age, 0, OLDEST),
    )


def subjects_and_photos(store: Store, face_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Return the subject and the photo's hash of each face that exists."""
    found = store.query(
        "SELECT face_id, subject_id, sha256 FROM faces "
        "WHERE face_id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(face_ids)),),
    )
    with checked(store.path):
        return {face_id: (text_of(name), text_of(sha256)) for face_id, name, sha256 in found}
