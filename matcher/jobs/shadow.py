"""The edition that a job fills: its tasks, and the outcome of each photo, a batch at a time.

Every change, and every removal, locks the current store for writing first, and then the shadow's. A
face is therefore copied only while it exists, and a removal reaches every copy.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matcher.embedding import UNRECORDED, ModelIdentity
from matcher.encryption import keys_of
from matcher.errors import GalleryWriteError, PhotoChangedError
from matcher.gallery.creation import create_gallery
from matcher.gallery.editions import directory_of, new_name, shadow_of
from matcher.gallery.gallery import Gallery
from matcher.gallery.index import remove_index
from matcher.gallery.store import Store
from matcher.gallery.store.columns import BOX, FACE, SUBJECT
from matcher.gallery.validation import checked_face_vectors
from matcher.jobs.tasks import (
    ReindexOutcome,
    ReindexResult,
    ReindexTask,
    Status,
    changed_since_enrolment,
)

BUSY_TIMEOUT: Final = 300.0
"""Seconds that a job waits for another writer. Clearing removed bytes may take a writer long."""

PAGE: Final = 1000
_SUBJECT: Final = ", ".join(SUBJECT)

_OUTCOMES: Final = """
outcomes (
    face_id INTEGER PRIMARY KEY,
    status TEXT NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    bytes INTEGER,
    mtime_ns INTEGER
) STRICT
"""

_TASKS: Final = """
FROM source.faces f
WHERE NOT EXISTS (SELECT 1 FROM main.faces m WHERE m.face_id = f.face_id)
AND NOT EXISTS (
    SELECT 1 FROM outcomes o WHERE o.face_id = f.face_id
    AND o.status NOT IN (SELECT value FROM json_each(?1)))
"""


class Shadow:
    """The edition that a job fills, and the current edition that it copies from.

    It belongs to the thread that opened it.

    Parameters
    ----------
    gallery
        The gallery, opened for this job.
    directory
        Directory of the edition to fill.
    """

    def __init__(self, gallery: Gallery, directory: Path) -> None:
        self.source = gallery
        self.store = Store(directory, BUSY_TIMEOUT)
        self._source = Store(directory_of(gallery.path, gallery.edition), BUSY_TIMEOUT)
        if not self.store.has_table("outcomes"):
            self._make_outcomes()
        self.store.attach(self._source, "source")

    def _make_outcomes(self) -> None:
        """Make the table of outcomes; in memory, where nothing can be written."""
        try:
            self.store.change(f"CREATE TABLE IF NOT EXISTS {_OUTCOMES}")
        except GalleryWriteError:
            self.store.change(f"CREATE TEMP TABLE IF NOT EXISTS {_OUTCOMES}")

    @property
    def model(self) -> ModelIdentity:
        """The model of the vectors in this edition."""
        return self.store.model

    @property
    def directory(self) -> Path:
        """Directory of this edition."""
        return self.store.path.parent

    def close(self) -> None:
        """Close the files."""
        self.store.close()
        self._source.close()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process from writing to the current edition."""
        with self._source.locked():
            yield

    def migrate(self) -> None:
        """Bring both stores to the format that this version writes."""
        self._source.migrate()
        self.store.migrate()

    def count(self, again: Sequence[Status] = ()) -> int:
        """Return the number of tasks, see `tasks`."""
        return int(self.store.value(f"SELECT count(*) {_TASKS}", (json.dumps(again),)))

    def tasks(self, again: Sequence[Status] = ()) -> Iterator[ReindexTask]:
        """Yield the tasks in the order of face ids, a page at a time.

        Parameters
        ----------
        again
            Outcomes of tasks that are tried again. Tasks with other outcomes were tried once and
            stay.
        """
        yield from _tasks(self.store, _TASKS, json.dumps(again))

    def waiting(self, face_ids: Sequence[int], again: Sequence[Status] = ()) -> set[int]:
        """Return the faces that are still tasks, see `tasks`."""
        among = "f.face_id IN (SELECT value FROM json_each(?2))"
        sql = f"SELECT f.face_id {_TASKS} AND {among}"
        parameters = (json.dumps(again), json.dumps(list(face_ids)))
        return {face_id for (face_id,) in self.store.query(sql, parameters)}

    def commit(self, results: Sequence[ReindexResult]) -> None:
        """Write the results of one batch in one transaction.

        Nothing is written for a face that was removed in the meantime.
        """
        with self._source.locked(), self.store.writing() as generation:
            for result in results:
                if self._is_there(result.face_id):
                    self._record(result, generation)

    def _is_there(self, face_id: int) -> bool:
        sql = "SELECT 1 FROM source.faces WHERE face_id = ?"
        return self.store.value(sql, (face_id,)) is not None

    def _record(self, result: ReindexResult, generation: int) -> None:
        status = result.status
        if result.vectors:
            self._copy_subject(result.face_id)
            if not self._insert(result, generation):
                status = "duplicate"
        self.store.change(
            "INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?, ?, ?)",
            (
                result.face_id,
                status,
                result.code,
                result.reason,
                result.bytes,
                result.mtime_ns,
            ),
        )

    def _copy_subject(self, face_id: int) -> None:
        owner = "(SELECT subject_id FROM source.faces WHERE face_id = ?)"
        for table, columns in (("subjects", _SUBJECT), ("subject_tags", "subject_id, tag")):
            self.store.change(
                f"INSERT OR IGNORE INTO main.{table} ({columns}) "  # noqa: S608 - constant
                f"SELECT {columns} FROM source.{table} WHERE subject_id = {owner}",
                (face_id,),
            )

    def _insert(self, result: ReindexResult, generation: int) -> bool:
        """Write a face and its vectors; return False if its subject already has that photo."""
        vectors = checked_face_vectors(result.vectors, self.model)
        new_values = {
            "sha256": result.sha256,
            "md5": result.md5,
            "sha1": result.sha1,
            "reference": result.reference,
            **dict(zip(BOX, result.box, strict=True)),
            "probability": result.probability,
            "quality": json.dumps(dict(result.quality)),
            "weight": result.weight,
            "generation": generation,
        }
        values = ", ".join("?" if name in new_values else name for name in FACE)
        written = self.store.change(
            f"INSERT OR IGNORE INTO main.faces ({', '.join(FACE)}) "  # noqa: S608 - constant
            f"SELECT {values} FROM source.faces WHERE face_id = ?",
            (*(new_values[name] for name in FACE if name in new_values), result.face_id),
        )
        if written:
            blob = vectors.astype("<f4").tobytes()
            row = (result.face_id, blob, zlib.crc32(blob))
            self.store.change("INSERT INTO main.vectors VALUES (?, ?, ?)", row)
        return written > 0

    def copy_unchanged(self) -> None:
        """Copy all faces as they are, if the current edition belongs to the same model.

        Their files are then hashed like those of an earlier run, and only changed files are done.
        """
        if self.source.model != self.model:
            return
        new = "face_id NOT IN (SELECT face_id FROM main.faces UNION SELECT face_id FROM outcomes)"
        columns = ", ".join(name for name in FACE if name != "generation")
        with self._source.locked(), self.store.writing() as generation:
            self._copy_all_subjects()
            self.store.change(
                f"INSERT INTO main.faces ({columns}, generation) "  # noqa: S608 - constant
                f"SELECT {columns}, ? FROM source.faces WHERE {new}",
                (generation,),
            )
            self.store.change(
                "INSERT INTO main.vectors SELECT v.* FROM source.vectors v JOIN main.faces f "
                "USING (face_id) WHERE f.generation = ?",
                (generation,),
            )
            self.store.change(
                "INSERT INTO outcomes SELECT face_id, 'done', '', '', NULL, NULL FROM main.faces "
                "WHERE generation = ?",
                (generation,),
            )

    def note_detector(self, name: str | None) -> None:
        """Record what finds the faces of this edition, and what found those that it copies."""
        copied = self.source.detectors if self.source.model == self.model else ()
        with self._source.locked(), self.store.writing():
            self.store.note_detectors((*copied, UNRECORDED if name is None else name))

    def seen(self) -> Iterator[tuple[int, str, str, int | None, int | None]]:
        """Yield face id, reference, hash, size and time of every photo that is done."""
        last = 0
        while page := self.store.query(
            "SELECT face_id, reference, sha256, bytes, mtime_ns FROM main.faces "
            "JOIN outcomes USING (face_id) WHERE face_id > ? ORDER BY face_id LIMIT ?",
            (last, PAGE),
        ):
            last = self.store.onward(last, page[-1][0])
            yield from page

    def settle(self, unchanged: Sequence[tuple[int, int, int]]) -> None:
        """Store face id, size and time of files that have the hash of what was embedded."""
        with self._source.locked(), self.store.writing():
            self.store.change_many(
                "UPDATE outcomes SET bytes = ?2, mtime_ns = ?3 WHERE face_id = ?1", unchanged
            )
            self.store.change_many(
                "UPDATE outcomes SET status = 'done', code = '', reason = '' "
                "WHERE face_id = ?1 AND code = ?2",
                ((face_id, PhotoChangedError.code) for face_id, *_ in unchanged),
            )

    def mark_changed(self, face_ids: Sequence[int]) -> None:
        """Say of faces that their files changed since; they keep the vectors that they have."""
        error = changed_since_enrolment()
        values = (error.code, f"{error.what}: {error.rule}; got {error.got}", _ids(face_ids))
        with self._source.locked(), self.store.writing():
            self.store.change(
                "UPDATE outcomes SET status = 'changed', code = ?, reason = ?, bytes = NULL, "
                "mtime_ns = NULL WHERE face_id IN (SELECT value FROM json_each(?))",
                values,
            )

    def reopen(self, face_ids: Sequence[int]) -> None:
        """Turn faces into tasks again."""
        where = "face_id IN (SELECT value FROM json_each(?))"
        with self._source.locked(), self.store.writing():
            if face_ids:
                remove_index(self.directory)  # it cannot follow a face id to another vector
            for table in ("main.faces", "outcomes"):
                self.store.change(f"DELETE FROM {table} WHERE {where}", (_ids(face_ids),))  # noqa: S608 - constant

    def counts(self) -> dict[Status, int]:
        """Return the number of tasks for each outcome so far."""
        return dict(self.store.query("SELECT status, count(*) FROM outcomes GROUP BY status"))

    def outcomes(self) -> Iterator[ReindexOutcome]:
        """Yield the outcome of every task so far, in the order of face ids."""
        last = 0
        while page := self.store.query(
            "SELECT o.face_id, f.subject_id, f.reference, o.status, o.code, o.reason "
            "FROM outcomes o JOIN source.faces f USING (face_id) "
            "WHERE o.face_id > ? ORDER BY o.face_id LIMIT ?",
            (last, PAGE),
        ):
            last = self.store.onward(last, page[-1][0])
            yield from (ReindexOutcome(*row) for row in page)

    def common(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the faces that both editions have, and a number for the subject of each."""
        records = self.store.query(
            "SELECT m.face_id, s.rowid FROM main.faces m JOIN main.subjects s USING (subject_id) "
            "WHERE EXISTS (SELECT 1 FROM source.faces f WHERE f.face_id = m.face_id) "
            "ORDER BY m.face_id"
        )
        table = np.array(records, dtype=np.int64).reshape(-1, 2)
        return table[:, 0], table[:, 1]

    def lost(self) -> int:
        """Return the number of faces of the current edition that this one lacks."""
        sql = (
            "SELECT count(*) FROM source.faces "
            "WHERE face_id NOT IN (SELECT face_id FROM main.faces)"
        )
        return int(self.store.value(sql))

    def differs(self) -> bool:
        """Return whether this edition lacks a face of the current one, or has another photo."""
        sql = (
            "SELECT EXISTS (SELECT 1 FROM source.faces f LEFT JOIN main.faces m USING (face_id) "
            "WHERE m.sha256 IS NOT f.sha256)"
        )
        return bool(self.store.value(sql))

    def finish(self) -> None:
        """Copy all records as they are now. Call it while the current edition is locked.

        Subjects may have been added or corrected after their faces were done. New faces get ids
        above those of both editions.
        """
        with self.store.writing():
            self._copy_all_subjects()
            self._copy_history()
            self.store.govern(self._source.governed_as)
            self.store.change("DROP TABLE outcomes")
            highest = self.store.value(
                "SELECT max(seq) FROM (SELECT name, seq FROM main.sqlite_sequence "
                "UNION ALL SELECT name, seq FROM source.sqlite_sequence) WHERE name = 'faces'"
            )
            self.store.change("DELETE FROM main.sqlite_sequence WHERE name = 'faces'")
            self.store.change("INSERT INTO main.sqlite_sequence VALUES ('faces', ?)", (highest,))

    def _copy_history(self) -> None:
        """Copy the corrections. Vectors of faces that one took out serve their own model only."""
        vector = "vector" if self.source.model == self.model else "NULL"
        self.store.change("DELETE FROM main.changes")
        for table in ("changes", "moved_faces"):
            self.store.change(f"INSERT INTO main.{table} SELECT * FROM source.{table}")  # noqa: S608 - constant
        self.store.change(
            "INSERT INTO main.set_aside "  # noqa: S608 - constant
            f"SELECT change_id, sha256, face, {vector} FROM source.set_aside"
        )

    def _copy_all_subjects(self) -> None:
        self.store.change(
            f"INSERT INTO main.subjects ({_SUBJECT}) "  # noqa: S608 - constant
            f"SELECT {_SUBJECT} FROM source.subjects WHERE true "
            "ON CONFLICT (subject_id) DO UPDATE SET "
            + ", ".join(f"{name} = excluded.{name}" for name in SUBJECT[1:])
        )
        self.store.change("DELETE FROM main.subject_tags")
        self.store.change("INSERT INTO main.subject_tags SELECT * FROM source.subject_tags")


def all_tasks(gallery: Gallery) -> Iterator[ReindexTask]:
    """Yield the tasks of a job that was not begun: all faces of the current edition."""
    with closing(Store(directory_of(gallery.path, gallery.edition), BUSY_TIMEOUT)) as store:
        yield from _tasks(store, "FROM faces f WHERE ?1 IS NOT NULL", "")


def _tasks(store: Store, of: str, again: str) -> Iterator[ReindexTask]:
    last = 0
    sql = (
        "SELECT f.face_id, f.sha256, f.reference, f.box_left, f.box_top, f.box_right, "
        f"f.box_bottom {of} AND f.face_id > ?2 ORDER BY f.face_id LIMIT {PAGE}"
    )
    while page := store.query(sql, (again, last)):
        last = store.onward(last, page[-1][0])
        yield from (ReindexTask(row[0], row[1], row[2], tuple(row[3:])) for row in page)


def _ids(face_ids: Sequence[int]) -> str:
    return json.dumps(list(face_ids))


def make_shadow(gallery: Gallery, model: ModelIdentity) -> str:
    """Return the name of the gallery's shadow; create an empty shadow if there is none."""
    name = shadow_of(gallery.path)
    if name is None:
        name = new_name(gallery.path)
        governed = "" if gallery.activity is None else gallery.activity.log.gallery_id
        place, index = directory_of(gallery.path, name), gallery.info().index
        keys = keys_of(gallery.path)
        create_gallery(place, model, index, keys=keys, governed=governed, is_edition=True)
    return name


def model_of(gallery: Path, edition: str) -> ModelIdentity:
    """Return the model of an edition."""
    with closing(Store(directory_of(gallery, edition), BUSY_TIMEOUT)) as store:
        return store.model
