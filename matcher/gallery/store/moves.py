"""Move faces from one subject to another, and references from one folder to another.

Each of these can be done to every edition of a gallery alike: they go by the numbers of faces,
which are the same in all. Call them within `store.writing()`.
"""

from __future__ import annotations

import json
from collections.abc import Collection

from matcher.gallery.records import PhotoRecord, Subject
from matcher.gallery.store import rows
from matcher.gallery.store.columns import PHOTO, SUBJECT
from matcher.gallery.store.store import Store

_AMONG = "face_id IN (SELECT value FROM json_each(?1))"


def rename(store: Store, subject_id: str, new: str) -> None:
    """Give a subject, its faces and its history another identifier; do nothing without it."""
    rest = ", ".join(SUBJECT[1:])
    store.change(
        f"INSERT INTO subjects (subject_id, {rest}) "  # noqa: S608 - constant
        f"SELECT ?2, {rest} FROM subjects WHERE subject_id = ?1",
        (subject_id, new),
    )
    for table in ("subject_tags", "faces", "changes"):
        store.change(
            f"UPDATE {table} SET subject_id = ?2 WHERE subject_id = ?1",  # noqa: S608 - constant
            (subject_id, new),
        )
    store.change("DELETE FROM subjects WHERE subject_id = ?", (subject_id,))


def give(store: Store, face_ids: Collection[int], subject: Subject, generation: int) -> None:
    """Give faces to a subject, who is made if need be.

    A face whose photo the subject already has is deleted.
    """
    rows.insert_subject_if_new(store, subject)
    ids = json.dumps(list(face_ids))
    store.change(
        f"UPDATE OR IGNORE faces SET subject_id = ?2 WHERE {_AMONG}",  # noqa: S608 - constant
        (ids, subject.subject_id),
    )
    left = store.query(
        f"SELECT face_id FROM faces WHERE {_AMONG} AND subject_id <> ?2",  # noqa: S608 - constant
        (ids, subject.subject_id),
    )
    rows.delete_faces(store, [face_id for (face_id,) in left], generation)


def shared_photos(store: Store, subject_id: str, other: str) -> list[int]:
    """Return the faces of a subject whose photos another subject has as well."""
    found = store.query(
        "SELECT face_id FROM faces WHERE subject_id = ? "
        "AND sha256 IN (SELECT sha256 FROM faces WHERE subject_id = ?)",
        (subject_id, other),
    )
    return [face_id for (face_id,) in found]


def replace_photo(store: Store, face_ids: Collection[int], photo: PhotoRecord) -> None:
    """Overwrite the record of a photo for some faces; its hash stays."""
    facts = [name for name in PHOTO if name != "sha256"]
    store.change(
        f"UPDATE faces SET {', '.join(f'{name} = ?' for name in facts)} "  # noqa: S608 - constant
        "WHERE face_id IN (SELECT value FROM json_each(?))",
        (*(rows.stored(getattr(photo, name)) for name in facts), json.dumps(list(face_ids))),
    )


def references_below(store: Store, folder: str, *, until: int = 2**62) -> list[int]:
    """Return the faces whose photo lies below a folder, given with its last separator.

    `until` is the last generation to include.
    """
    found = store.query(
        "SELECT face_id FROM faces WHERE substr(reference, 1, length(?1)) = ?1 "
        "AND generation <= ?2",
        (folder, until),
    )
    return [face_id for (face_id,) in found]


def move_references(store: Store, face_ids: Collection[int], folder: str, new: str) -> None:
    """Replace the folder at the start of references, both given with their last separator."""
    store.change(
        f"UPDATE faces SET reference = ?3 || substr(reference, length(?2) + 1) "  # noqa: S608 - constant
        f"WHERE {_AMONG} AND substr(reference, 1, length(?2)) = ?2",
        (json.dumps(list(face_ids)), folder, new),
    )
