"""The history of corrections: what a record held before, what it holds since, and when it changed.

A row of the history is about one subject, or about the whole gallery. It goes when its subject is
removed, and when its photo is. Call what writes within `store.writing()`.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final, get_args

from matcher.gallery.records import Change, ChangeKind
from matcher.gallery.store.columns import DATES, FACE, OPTIONAL, placeholders
from matcher.gallery.store.rows import day_of, moment_of
from matcher.gallery.store.schema import now
from matcher.gallery.store.sqlite_errors import checked
from matcher.gallery.store.store import Store
from matcher.gallery.store.vector_rows import unpacked
from matcher.strict_reading import list_of, object_of, read_json, text_of

_CHANGE: Final = (
    "change_id, at, kind, subject_id, sha256, before, after, undoes, "
    "EXISTS (SELECT 1 FROM changes u WHERE u.undoes = c.change_id) AS undone"
)
_LISTS: Final = frozenset({"tags", "change_ids"})
_CHECKSUM: Final = "crc32"
_ALONE: Final = ("face_id", "generation")
"""Columns of a face that it gets anew when it comes back."""
_NOT_KNOWN_THEN: Final = dict.fromkeys(name for name in FACE if name in OPTIONAL)
"""What a face lacks that an earlier version took out."""


def record(
    store: Store,
    generation: int,
    kind: ChangeKind,
    subject_id: str | None,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    sha256: str | None = None,
    undoes: int | None = None,
) -> int:
    """Write one change; return its number."""
    columns = "generation, at, kind, subject_id, sha256, before, after, undoes"
    values = (generation, now(), kind, subject_id, sha256, _text(before), _text(after), undoes)
    store.change(f"INSERT INTO changes ({columns}) VALUES ({_marks(values)})", values)  # noqa: S608 - constant
    return int(store.value("SELECT last_insert_rowid()"))


def changes(store: Store, subject_id: str | None = None) -> list[Change]:
    """Return the changes of one subject, or of all, the earliest first."""
    if not store.has_table("changes"):
        return []
    rows = store.query(
        f"SELECT {_CHANGE} FROM changes c "  # noqa: S608 - constant
        "WHERE ?1 IS NULL OR subject_id = ?1 ORDER BY change_id",
        (subject_id,),
    )
    with checked(store.path):
        return [_change(row) for row in rows]


def standing(store: Store, change: Change) -> int | None:
    """Return the latest change of the same subject after `change` that was not taken back."""
    found = store.value(
        "SELECT max(change_id) FROM changes c WHERE change_id > ?1 AND subject_id IS ?2 "
        "AND undoes IS NULL AND NOT EXISTS (SELECT 1 FROM changes u WHERE u.undoes = c.change_id)",
        (change.change_id, change.subject_id),
    )
    return None if found is None else int(found)


def generation_of(store: Store, change_id: int) -> int:
    """Return the generation of the commit that made a change."""
    return int(store.value("SELECT generation FROM changes WHERE change_id = ?", (change_id,)))


def hand_over(store: Store, change_ids: Collection[int], subject_id: str) -> None:
    """Put changes under another subject."""
    store.change(
        "UPDATE changes SET subject_id = ?2 WHERE change_id IN (SELECT value FROM json_each(?1))",
        (json.dumps(list(change_ids)), subject_id),
    )


def forget_photo(store: Store, sha256: str, subject_id: str | None) -> None:
    """Delete what the history holds about a photo of one subject, or of all."""
    among = "(SELECT change_id FROM changes WHERE ?2 IS NULL OR subject_id = ?2)"
    store.change(
        f"DELETE FROM set_aside WHERE sha256 = ?1 AND change_id IN {among}",  # noqa: S608 - constant
        (sha256, subject_id),
    )
    store.change(
        f"DELETE FROM changes WHERE sha256 = ?1 AND change_id IN {among}",  # noqa: S608 - constant
        (sha256, subject_id),
    )


def moved(store: Store, change_id: int) -> list[int]:
    """Return the faces that a change moved to another subject."""
    found = store.query("SELECT face_id FROM moved_faces WHERE change_id = ?", (change_id,))
    return [face_id for (face_id,) in found]


def record_moved(store: Store, change_id: int, face_ids: Collection[int]) -> None:
    """Write which faces a change moved to another subject."""
    pairs = ((change_id, face_id) for face_id in face_ids)
    store.change_many("INSERT INTO moved_faces VALUES (?, ?)", pairs)


def set_aside(store: Store, change_id: int, face_ids: Collection[int]) -> None:
    """Keep faces with their vectors under a change, before they are deleted.

    The checksum of the vectors is kept with the columns of the face.
    """
    pairs = ", ".join(f"'{name}', f.{name}" for name in FACE)
    pairs += f", '{_CHECKSUM}', v.crc32"
    store.change(
        f"INSERT INTO set_aside SELECT ?1, f.sha256, json_object({pairs}), v.vector "  # noqa: S608 - constant
        "FROM faces f JOIN vectors v USING (face_id) "
        "WHERE f.face_id IN (SELECT value FROM json_each(?2))",
        (change_id, json.dumps(list(face_ids))),
    )


def aside(store: Store, change_id: int) -> list[tuple[dict[str, Any], bytes | None]]:
    """Return the columns and the vectors of the faces that a change took out."""
    rows = store.query("SELECT face, vector FROM set_aside WHERE change_id = ?", (change_id,))
    with checked(store.path):
        faces = [(_face(face), vector) for face, vector in rows]
    held = [(face, vector) for face, vector in faces if vector is not None]
    # A store of an earlier version keeps no checksum there; length and norm are looked at.
    unpacked(
        store,
        [(face["face_id"], blob, face.get(_CHECKSUM, zlib.crc32(blob))) for face, blob in held],
    )
    return faces


def _face(text: object) -> dict[str, Any]:
    face = _NOT_KNOWN_THEN | object_of(read_json(text_of(text)))
    if missing := set(FACE) - set(face):
        raise ValueError(f"a face without {', '.join(sorted(missing))}")
    return face


def bring_back(store: Store, change_id: int, subject_id: str, generation: int) -> int:
    """Insert the faces that a change took out, under new numbers; return how many there are.

    A photo that the subject has again in the meantime is left as it is.
    """
    columns = [name for name in FACE if name not in _ALONE]
    count = 0
    for face, vector in aside(store, change_id):
        face["subject_id"] = subject_id
        values = (*(face[name] for name in columns), generation)
        written = store.change(
            f"INSERT OR IGNORE INTO faces ({', '.join(columns)}, generation) "  # noqa: S608 - constant
            f"VALUES ({_marks(values)})",
            values,
        )
        if written and vector is not None:
            face_id = store.value("SELECT last_insert_rowid()")
            row = (face_id, vector, zlib.crc32(vector))
            store.change("INSERT INTO vectors VALUES (?, ?, ?)", row)
            follow = "UPDATE moved_faces SET face_id = ? WHERE face_id = ?"
            store.change(follow, (face_id, face["face_id"]))
        count += written
    store.change("DELETE FROM set_aside WHERE change_id = ?", (change_id,))
    return count


def _marks(values: Sequence[object]) -> str:
    return placeholders("?" for _ in values)


def _text(values: Mapping[str, Any]) -> str:
    return json.dumps(dict(values), default=_plain, ensure_ascii=False)


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no JSON form for {type(value).__name__}")


def _values(text: object) -> dict[str, Any]:
    return {
        name: _value(name, value) for name, value in object_of(read_json(text_of(text))).items()
    }


def _value(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {inner: _value(inner, held) for inner, held in value.items()}
    if name in DATES and value is not None:
        return day_of(value)
    if name in _LISTS:
        return tuple(list_of(value))
    return value if isinstance(value, int | float | None) else text_of(value)


def _change(row: tuple[Any, ...]) -> Change:
    change_id, at, kind, subject_id, sha256, before, after, undoes, undone = row
    if kind not in get_args(ChangeKind):
        raise ValueError("no such kind of correction")
    return Change(
        change_id,
        moment_of(at),
        kind,
        subject_id,
        sha256,
        _values(before),
        _values(after),
        undoes,
        bool(undone),
    )
