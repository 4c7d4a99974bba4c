"""Convert records to rows and back: all statements on subjects, faces and vectors."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final, get_args

import numpy as np
from numpy.typing import NDArray

from matcher.gallery.records import (
    AddOutcome,
    Enrolment,
    PhotoRecord,
    Sex,
    StoredFace,
    Subject,
)
from matcher.gallery.store import columns
from matcher.gallery.store.columns import (
    BOX,
    DATES,
    NUMBERS,
    OLDEST,
    OPTIONAL,
    PHOTO,
    SUBJECT,
    placeholders,
)
from matcher.gallery.store.schema import now
from matcher.gallery.store.sqlite_errors import checked
from matcher.gallery.store.store import Store
from matcher.gallery.store.vector_rows import packed, unpacked
from matcher.names import forms
from matcher.strict_reading import list_of, number_of, object_of, read_json, text_of

PAGE: Final = 10_000

_TAGS: Final = """
(SELECT json_group_array(tag) FROM (
    SELECT tag FROM subject_tags t WHERE t.subject_id = s.subject_id ORDER BY tag)) AS tags
"""
_FACE: Final = ("face_id", *BOX, "probability", "quality", "weight", "enrolled_at")


def insert(
    store: Store, entries: Sequence[Enrolment], vectors: NDArray[np.float32], generation: int
) -> list[AddOutcome]:
    """Write the new subjects and faces. Call it within `store.writing()`.

    The vectors have the shape (n, names, d).
    """
    holders = _holders(store, {entry.photo.sha256 for entry in entries})
    first = 1 + int(store.value("SELECT max(seq) FROM sqlite_sequence WHERE name='faces'") or 0)
    fresh: list[tuple[int, int]] = []
    places: list[tuple[str, int]] = []
    for position, entry in enumerate(entries):
        by_subject = holders[entry.photo.sha256]
        known = by_subject.get(entry.subject.subject_id)
        face_id = first + len(fresh) if known is None else known
        if known is None:
            by_subject[entry.subject.subject_id] = face_id
            fresh.append((face_id, position))
        places.append(("enrolled" if known is None else "duplicate", face_id))
    _insert_subjects(store, [entries[position].subject for _, position in fresh])
    _insert_faces(store, [(face_id, entries[position]) for face_id, position in fresh], generation)
    _insert_vectors(store, [(face_id, vectors[position]) for face_id, position in fresh])
    return [
        _outcome(status, face_id, entry, holders)
        for (status, face_id), entry in zip(places, entries, strict=True)
    ]


def _holders(store: Store, hashes: Collection[str]) -> defaultdict[str, dict[str, int]]:
    """Return, for each photo hash, the subjects that hold it and the face id of each."""
    records = store.query(
        "SELECT sha256, subject_id, face_id FROM faces "
        "WHERE sha256 IN (SELECT value FROM json_each(?))",
        (json.dumps(list(hashes)),),
    )
    holders: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for sha256, subject_id, face_id in records:
        holders[sha256][subject_id] = face_id
    return holders


def _outcome(
    status: Any, face_id: int, entry: Enrolment, holders: dict[str, dict[str, int]]
) -> AddOutcome:
    others = set(holders[entry.photo.sha256]) - {entry.subject.subject_id}
    return AddOutcome(status, face_id, tuple(sorted(others)))


def _insert_subjects(store: Store, subjects: Sequence[Subject]) -> None:
    subject_ids = json.dumps([subject.subject_id for subject in subjects])
    known = store.query(
        "SELECT subject_id FROM subjects WHERE subject_id IN (SELECT value FROM json_each(?))",
        (subject_ids,),
    )
    new = {subject.subject_id: subject for subject in reversed(subjects)}
    for (subject_id,) in known:
        del new[subject_id]
    store.change_many(
        f"INSERT INTO subjects ({', '.join(SUBJECT)}) VALUES ({placeholders(SUBJECT)})",  # noqa: S608 - constant
        (_columns(record) for record in new.values()),
    )
    _insert_tags(store, list(new.values()))


def insert_subject_if_new(store: Store, subject: Subject) -> None:
    """Write a subject unless there is one of that identifier."""
    _insert_subjects(store, [subject])


def _columns(subject: Subject) -> tuple[Any, ...]:
    return tuple(stored(getattr(subject, name)) for name in SUBJECT)


def _insert_tags(store: Store, subjects: Sequence[Subject]) -> None:
    pairs = ((subject.subject_id, tag) for subject in subjects for tag in subject.tags)
    store.change_many("INSERT INTO subject_tags VALUES (?, ?)", pairs)


def _insert_faces(store: Store, entries: Sequence[tuple[int, Enrolment]], generation: int) -> None:
    moment = now()
    rows = (
        (
            face_id,
            entry.subject.subject_id,
            *(stored(getattr(entry.photo, name)) for name in PHOTO),
            *(float(side) for side in entry.box),
            float(entry.probability),
            json.dumps({name: float(number) for name, number in entry.quality.items()}),
            float(entry.weight),
            moment,
            generation,
        )
        for face_id, entry in entries
    )
    sql = f"INSERT INTO faces ({', '.join(columns.FACE)}) VALUES ({placeholders(columns.FACE)})"  # noqa: S608 - constant
    store.change_many(sql, rows)


def _insert_vectors(store: Store, vectors: Sequence[tuple[int, NDArray[np.float32]]]) -> None:
    rows = ((face_id, *packed(vector)) for face_id, vector in vectors)
    store.change_many("INSERT INTO vectors VALUES (?, ?, ?)", rows)


def replace_subject(store: Store, subject: Subject) -> bool:
    """Overwrite the record of an existing subject; return False if there is none."""
    subject_id, *values = _columns(subject)
    changed = store.change(
        f"UPDATE subjects SET {', '.join(f'{name} = ?' for name in SUBJECT[1:])} "  # noqa: S608 - constant
        "WHERE subject_id = ?",
        (*values, subject_id),
    )
    if changed:
        store.change("DELETE FROM subject_tags WHERE subject_id = ?", (subject_id,))
        _insert_tags(store, [subject])
    return changed > 0


def delete_subject(store: Store, subject_id: str, generation: int) -> int:
    """Delete a subject with all faces and leave tombstones; return the number of faces."""
    faces = store.change(
        "INSERT OR REPLACE INTO removed SELECT face_id, ? FROM faces WHERE subject_id = ?",
        (generation, subject_id),
    )
    store.change("DELETE FROM subjects WHERE subject_id = ?", (subject_id,))
    return faces


def delete_faces(store: Store, face_ids: Collection[int], generation: int) -> int:
    """Delete faces and leave tombstones; return how many faces there were."""
    ids = json.dumps(list(face_ids))
    where = "face_id IN (SELECT value FROM json_each(?1))"
    store.change(
        f"INSERT OR REPLACE INTO removed SELECT face_id, ?2 FROM faces WHERE {where}",  # noqa: S608 - constant
        (ids, generation),
    )
    return store.change(f"DELETE FROM faces WHERE {where}", (ids,))  # noqa: S608 - constant


def faces_of_photo(store: Store, sha256: str, subject_id: str | None) -> list[int]:
    """Return the face ids of a photo, of one subject or of all."""
    sql = "SELECT face_id FROM faces WHERE sha256 = ?1 AND (?2 IS NULL OR subject_id = ?2)"
    return [face_id for (face_id,) in store.query(sql, (sha256, subject_id))]


def faces_of_subject(store: Store, subject_id: str) -> list[int]:
    """Return the face ids of a subject."""
    sql = "SELECT face_id FROM faces WHERE subject_id = ?"
    return [face_id for (face_id,) in store.query(sql, (subject_id,))]


def subjects(store: Store, *, only_hidden: bool = False) -> Iterator[Subject]:
    """Yield all subjects, or the hidden ones, by their identifiers, a page at a time."""
    last = ""
    which = "AND s_hidden_because IS NOT NULL" if only_hidden else ""
    while page := store.records(
        f"SELECT {_subject_columns(store)} FROM subjects s "  # noqa: S608 - constant
        f"WHERE subject_id > ? {which} ORDER BY subject_id LIMIT ?",
        (last, PAGE),
    ):
        with checked(store.path):
            found = [_subject(row) for row in page]
        yield from found
        last = store.onward(last, page[-1]["s_subject_id"])


def known_as(store: Store, subject_ids: Collection[str]) -> dict[str, str]:
    """Return, for each identifier that the store has in some form, the form that it has."""
    written = {name: (name,) if name.isascii() else tuple(forms(name)) for name in subject_ids}
    found = store.query(
        "SELECT subject_id FROM subjects WHERE subject_id IN (SELECT value FROM json_each(?))",
        (json.dumps([form for forms_of in written.values() for form in forms_of]),),
    )
    there = {subject_id for (subject_id,) in found}
    return {
        name: name if name in there else min(there.intersection(forms_of))
        for name, forms_of in written.items()
        if there.intersection(forms_of)
    }


def subject(store: Store, subject_id: str) -> Subject | None:
    """Return one subject; None if there is none."""
    sql = f"SELECT {_subject_columns(store)} FROM subjects s WHERE subject_id = ?"  # noqa: S608 - constant
    rows = store.records(sql, (subject_id,))
    with checked(store.path):
        return _subject(rows[0]) if rows else None


def photos(store: Store, subject_id: str, sha256: str | None = None) -> list[PhotoRecord]:
    """Return the photos of a subject, or the one of a hash, in the order of enrolment."""
    photo = store.selected("faces", "f", PHOTO)
    rows = store.records(
        f"SELECT {photo} FROM faces f "  # noqa: S608 - constant
        "WHERE subject_id = ?1 AND (?2 IS NULL OR sha256 = ?2) ORDER BY face_id",
        (subject_id, sha256),
    )
    with checked(store.path):
        return [photo_of(row) for row in rows]


def faces(store: Store, face_ids: Sequence[int]) -> dict[int, StoredFace]:
    """Return the records of the faces that exist, by face id, in the requested order."""
    rows = store.records(
        f"SELECT {_face_columns(store)} "  # noqa: S608 - constant
        "FROM json_each(?) AS asked JOIN faces f ON f.face_id = asked.value "
        "LEFT JOIN subjects s USING (subject_id) LEFT JOIN vectors v ON v.face_id = f.face_id "
        "ORDER BY asked.key",
        (json.dumps([int(face_id) for face_id in face_ids]),),
    )
    return {row["f_face_id"]: face for row, face in zip(rows, _faces(store, rows), strict=True)}


def _subject_columns(store: Store) -> str:
    return f"{store.selected('subjects', 's', SUBJECT)}, {_TAGS}"


def _face_columns(store: Store) -> str:
    face = store.selected("faces", "f", (*PHOTO, *_FACE))
    return f"{_subject_columns(store)}, {face}, v.vector AS vector, v.crc32 AS crc32"


def _faces(store: Store, rows: Sequence[sqlite3.Row]) -> list[StoredFace]:
    blobs = [(row["f_face_id"], row["vector"], row["crc32"]) for row in rows]
    vectors = unpacked(store, blobs)
    with checked(store.path):
        return [_face(store, row, of_face) for row, of_face in zip(rows, vectors, strict=True)]


def _face(store: Store, row: sqlite3.Row, vectors: NDArray[np.float32]) -> StoredFace:
    left, top, right, bottom = (number_of(row[f"f_{side}"]) for side in BOX)
    quality = object_of(read_json(row["f_quality"]))
    return StoredFace(
        face_id=row["f_face_id"],
        subject=_subject(row),
        photo=photo_of(row),
        vectors=dict(zip(store.model.vector_names, vectors, strict=True)),
        box=(left, top, right, bottom),
        probability=number_of(row["f_probability"], 0, 1),
        quality={name: number_of(value) for name, value in quality.items()},
        weight=number_of(row["f_weight"], 0),
        enrolled_at=moment_of(row["f_enrolled_at"]),
    )


def owners(store: Store, face_ids: NDArray[np.int64]) -> list[list[str | None]]:
    """Return the subject identifier of each face id; None for a face that does not exist."""
    found = store.query(
        "SELECT face_id, subject_id FROM faces WHERE face_id IN (SELECT value FROM json_each(?))",
        (json.dumps(np.unique(face_ids).tolist()),),
    )
    owner: dict[int, str] = dict(found)
    return [[owner.get(face_id) for face_id in row] for row in face_ids.tolist()]


def faces_of(store: Store, subject_ids: Collection[str]) -> dict[str, list[StoredFace]]:
    """Return the faces of the subjects that have any, by subject identifier."""
    rows = store.records(
        f"SELECT {_face_columns(store)} FROM faces f JOIN subjects s USING (subject_id) "  # noqa: S608 - constant
        "LEFT JOIN vectors v USING (face_id) "
        "WHERE f.subject_id IN (SELECT value FROM json_each(?)) ORDER BY f.face_id",
        (json.dumps(list(subject_ids)),),
    )
    grouped: defaultdict[str, list[StoredFace]] = defaultdict(list)
    for row, face in zip(rows, _faces(store, rows), strict=True):
        grouped[row["s_subject_id"]].append(face)
    return dict(grouped)


def added_since(store: Store, generation: int) -> int:
    """Return the number of faces that were added after a generation and exist now."""
    return int(store.value("SELECT count(*) FROM faces WHERE generation > ?", (generation,)))


def step_after(store: Store, generation: int, faces: int) -> int:
    """Return the generation by which about `faces` faces were added after `generation`."""
    sql = "SELECT generation FROM faces WHERE generation > ? ORDER BY generation LIMIT 1 OFFSET ?"
    found = store.value(sql, (generation, faces))
    return store.generation if found is None else int(found)


def face_ids(store: Store) -> NDArray[np.int64]:
    """Return all face ids, ascending."""
    rows = store.query("SELECT face_id FROM faces ORDER BY face_id")
    return np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))


def removed_since(store: Store, generation: int) -> NDArray[np.int64]:
    """Return the ids of faces removed after a generation.

    A face can be there again. A removal begins with the other editions; if its process dies before
    it reaches the current edition, the next job brings the face back to the others.
    """
    rows = store.query("SELECT face_id FROM removed WHERE generation > ?", (generation,))
    return np.array([row[0] for row in rows], dtype=np.int64)


def gone_since(store: Store, generation: int) -> NDArray[np.int64]:
    """Return the ids of faces removed after a generation that are not there again."""
    removed = removed_since(store, generation)
    there = store.query(
        "SELECT face_id FROM faces WHERE face_id IN (SELECT value FROM json_each(?))",
        (json.dumps(removed.tolist()),),
    )
    return np.setdiff1d(removed, [row[0] for row in there])


def _subject(row: sqlite3.Row) -> Subject:
    values = {name: _read(name, row[f"s_{name}"]) for name in SUBJECT}
    if values["recorded_sex"] not in get_args(Sex):
        raise ValueError("no such recorded sex")
    tags = tuple(text_of(tag) for tag in list_of(read_json(row["tags"])))
    return Subject(**values, tags=tags)


def photo_of(row: sqlite3.Row) -> PhotoRecord:
    """Return the record of the photo in a row of `faces`."""
    return PhotoRecord(**{name: _read(name, row[f"f_{name}"]) for name in PHOTO})


def stored(value: Any) -> Any:
    """Return a value as a column holds it."""
    return value.isoformat() if isinstance(value, date) else value


def _read(column: str, value: Any) -> Any:
    """Return the value of a field; raise ValueError for one that no record holds."""
    if value is None and column in OPTIONAL:
        return None
    if column in DATES:
        return day_of(value)
    return number_of(value, 0, OLDEST) if column in NUMBERS else text_of(value)


def day_of(value: object) -> date:
    """Return a day from the text of a column or of a change; raise ValueError for any other."""
    return date.fromisoformat(text_of(value))


def moment_of(value: object) -> datetime:
    """Return a moment with its zone from the text of a column; raise ValueError for any other."""
    moment = datetime.fromisoformat(text_of(value))
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment
