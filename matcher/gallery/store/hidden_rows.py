"""Read which subjects are hidden. In a store of an older format nobody is."""

from __future__ import annotations

import json
from collections.abc import Collection

from matcher.gallery.store.store import Store


def hidden_subjects(store: Store) -> dict[int, str]:
    """Return the identifier of each hidden subject, by the number of its row."""
    columns = store.selected("subjects", "s", ("subject_id", "hidden_because"))
    found = store.query(
        f"SELECT s.rowid, {columns} FROM subjects s WHERE s_hidden_because IS NOT NULL"  # noqa: S608 - constant
    )
    return {row: subject_id for row, subject_id, _ in found}


def face_counts(store: Store, subject_ids: Collection[str]) -> dict[str, int]:
    """Return the number of faces of each of these subjects who has any."""
    found = store.query(
        "SELECT subject_id, count(*) FROM faces "
        "WHERE subject_id IN (SELECT value FROM json_each(?)) GROUP BY subject_id",
        (json.dumps(list(subject_ids)),),
    )
    return dict(found)
