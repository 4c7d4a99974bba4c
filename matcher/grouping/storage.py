"""The rows of a file of groups: photos, files, faces with vectors, groups, and the history."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, fields
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher import databases
from matcher.databases import FileKind, SmallDatabase
from matcher.errors import GroupFileError
from matcher.faces import LANDMARKS, FaceQuality
from matcher.grouping.faces import PhotoFile, Place, ReadFace, ReadPhoto, StoredFace
from matcher.grouping.settings import Settings
from matcher.strict_reading import list_of, object_of, read_json, text_of, whole_of

_TABLES: Final = """
CREATE TABLE settings (value TEXT NOT NULL) STRICT;
CREATE TABLE photos (
    sha256 TEXT PRIMARY KEY,
    looks INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    notes TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE files (
    reference TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    taken_on TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX files_of_a_photo ON files (sha256);
CREATE TABLE faces (
    face_id INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 TEXT NOT NULL,
    number INTEGER NOT NULL,
    probability REAL NOT NULL,
    measures BLOB NOT NULL,
    vectors BLOB NOT NULL,
    group_number INTEGER,
    corrected INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    copy_of INTEGER,
    UNIQUE (sha256, number)
) STRICT;
CREATE TABLE changes (
    change_id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    words TEXT NOT NULL,
    before TEXT NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0
) STRICT;
"""

_QUALITY: Final = tuple(one.name for one in fields(FaceQuality))
_BOX, _LANDMARKS = 4, 2 * len(LANDMARKS)
_POINTS: Final = slice(_BOX, _BOX + _LANDMARKS)
"""The measures of a face are numbers of 64 bits: its box, its landmarks, its quality in the order
of `FaceQuality`. Another measure of quality is another version of the file."""

_UNIT_TOLERANCE: Final = 2e-3


class Rows:
    """The rows of an open file of groups. Get it by `opened`."""

    def __init__(self, database: SmallDatabase) -> None:
        self._database = database
        self.path = database.path

    def writing(self) -> AbstractContextManager[None]:
        """Write everything in the block, or, if it ends with an exception, nothing."""
        return self._database.writing()

    def settings(self) -> Settings | None:
        """Return the settings; None for a file in which nothing was grouped."""
        row = self._database.row("SELECT value FROM settings")
        if row is None:
            return None
        with self._readable("settings"):
            return Settings.of(object_of(read_json(text_of(row[0]))))

    def set_settings(self, settings: Settings) -> None:
        """Replace the settings."""
        self._database.run("DELETE FROM settings")
        self._database.run("INSERT INTO settings VALUES (?)", (json.dumps(settings.facts()),))

    def knows_photo(self, sha256: str) -> bool:
        """Tell whether a photo of these bytes was read."""
        found = self._database.row("SELECT 1 FROM photos WHERE sha256 = ?", (sha256,))
        return found is not None

    def add_photo(self, photo: ReadPhoto, faces: Sequence[ReadFace]) -> None:
        """Add a photo that was read, with all its faces."""
        signed = int(np.uint64(photo.looks).astype(np.int64))
        self._database.run(
            "INSERT INTO photos VALUES (?, ?, ?, ?, ?)",
            (photo.sha256, signed, *photo.size, json.dumps(photo.notes)),
        )
        self._database.run_each(
            "INSERT INTO faces (sha256, number, probability, measures, vectors) "
            "VALUES (?, ?, ?, ?, ?)",
            map(_row_of_face, faces),
        )

    def set_file(self, file: PhotoFile) -> None:
        """Note what became of a file; what it was before is forgotten."""
        self._database.run(
            "DELETE FROM files WHERE reference = ? AND sha256 != ?", (file.reference, file.sha256)
        )
        day = None if file.taken_on is None else file.taken_on.isoformat()
        self._database.run(
            "INSERT INTO files VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "code = excluded.code, reason = excluded.reason, "
            "taken_on = coalesce(excluded.taken_on, taken_on)",
            (file.reference, file.sha256, file.code, file.reason, day),
        )

    def forget_failures(self, references: Iterable[str]) -> None:
        """Forget failures of files."""
        self._database.run_each(
            "DELETE FROM files WHERE reference = ? AND code != ''", ((one,) for one in references)
        )

    def forget_places(self, references: Iterable[str]) -> None:
        """Forget files of photos that another file holds too; a photo keeps one of its files."""
        self._database.run_each(
            "DELETE FROM files WHERE reference = ? AND code = '' AND EXISTS (SELECT 1 FROM files "
            "AS other WHERE other.sha256 = files.sha256 AND other.reference != files.reference)",
            ((one,) for one in references),
        )

    def files(self) -> list[PhotoFile]:
        """Return all files, sorted by their path."""
        rows = self._database.rows(
            "SELECT reference, sha256, code, reason, taken_on FROM files ORDER BY reference"
        )
        with self._readable("files"):
            return [
                PhotoFile(name, sha256, code, reason, day and date.fromisoformat(day))
                for name, sha256, code, reason, day in rows
            ]

    def photos(self) -> dict[str, ReadPhoto]:
        """Return the photos that were read, by the hash of their bytes."""
        rows = self._database.rows("SELECT sha256, looks, width, height, notes FROM photos")
        with self._readable("photos"):
            return {row[0]: _photo_of(*row) for row in rows}

    def faces(self) -> list[StoredFace]:
        """Return all faces in the order of their numbers."""
        settings = self.settings()
        if settings is None:
            return []
        names, dimension = settings.model.vector_names, settings.model.dimension
        rows = self._database.rows(
            "SELECT face_id, sha256, number, probability, measures, vectors, group_number, "
            "corrected, reason, copy_of FROM faces ORDER BY face_id"
        )
        with self._readable("faces"):
            return [_face_of(row, names, dimension) for row in rows]

    def forget_photos(self, photos: Collection[str]) -> int:
        """Delete photos with their faces and files; return the number of faces.

        SQLite overwrites what was deleted with zeros.
        """
        self._database.run("PRAGMA secure_delete = ON")
        hashes = [(one,) for one in photos]
        with self.writing():
            before = self._count()
            for table in ("faces", "files", "photos"):
                self._database.run_each(f"DELETE FROM {table} WHERE sha256 = ?", hashes)  # noqa: S608
            self.part_copies()
            return before - self._count()

    def _count(self) -> int:
        return int(self._database.row("SELECT count(*) FROM faces")[0])

    def places(self) -> dict[int, tuple[Place, int | None]]:
        """Return where each face is, and which face it is a copy of, by its number."""
        rows = self._database.rows(
            "SELECT face_id, group_number, corrected, reason, copy_of FROM faces ORDER BY face_id"
        )
        with self._readable("faces"):
            return {row[0]: (Place(row[1], bool(row[2]), row[3]), row[4]) for row in rows}

    def set_places(self, places: Mapping[int, Place]) -> None:
        """Put faces into groups, or out of them."""
        self._database.run_each(
            "UPDATE faces SET group_number = ?, corrected = ?, reason = ? WHERE face_id = ?",
            ((one.group, one.corrected, one.reason, face) for face, one in places.items()),
        )

    def set_copies(self, copies: Mapping[int, int]) -> None:
        """Note which faces are near-identical pictures of which others; all others are none."""
        self._database.run("UPDATE faces SET copy_of = NULL WHERE copy_of IS NOT NULL")
        self._database.run_each(
            "UPDATE faces SET copy_of = ? WHERE face_id = ?",
            ((kept, copy) for copy, kept in copies.items()),
        )

    def part_copies(self) -> None:
        """Let no face be a copy of one that is gone, or is in another group."""
        self._database.run(
            "UPDATE faces SET copy_of = NULL WHERE copy_of IS NOT NULL AND NOT EXISTS (SELECT 1 "
            "FROM faces AS kept WHERE kept.face_id = faces.copy_of "
            "AND kept.group_number IS faces.group_number)"
        )

    def add_change(self, at: str, words: str, before: Mapping[int, Place]) -> int:
        """Add a correction to the history; return its number."""
        held = [[face, *asdict(place).values()] for face, place in before.items()]
        return self._database.run(
            "INSERT INTO changes (at, words, before) VALUES (?, ?, ?)",
            (at, words, json.dumps(held)),
        )

    def changes(self) -> list[tuple[int, str, str, bool]]:
        """Return number, time, words, and whether it was undone, of each correction, in order."""
        rows = self._database.rows(
            "SELECT change_id, at, words, undone FROM changes ORDER BY change_id"
        )
        with self._readable("history"):
            return [(row[0], row[1], row[2], bool(row[3])) for row in rows]

    def before(self, change_id: int) -> dict[int, Place]:
        """Return where the faces of a correction were before."""
        row = self._database.row("SELECT before FROM changes WHERE change_id = ?", (change_id,))
        with self._readable("history"):
            held = [list_of(one) for one in list_of(read_json(text_of(row[0])))]
            return {
                whole_of(face): Place(
                    None if group is None else whole_of(group), bool(corrected), text_of(reason)
                )
                for face, group, corrected, reason in held
            }

    def mark_undone(self, change_id: int) -> None:
        """Note that a correction was taken back."""
        self._database.run("UPDATE changes SET undone = 1 WHERE change_id = ?", (change_id,))

    @contextmanager
    def _readable(self, what: str) -> Iterator[None]:
        try:
            yield
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise unusable(self.path, f"{what} that cannot be read ({error})") from error


@contextmanager
def opened(path: Path | None) -> Iterator[Rows]:
    """Open a file of groups, or make it; None keeps everything in memory.

    Raises
    ------
    GroupFileError
        If it is no such file, is damaged, cannot be written, or another process has it open.
    """
    with databases.opened(path, _KIND) as database:
        yield Rows(database)


def _row_of_face(face: ReadFace) -> tuple[Any, ...]:
    quality = [getattr(face.quality, name) for name in _QUALITY]
    measures = np.array([*face.box, *face.landmarks.ravel().tolist(), *quality], dtype="<f8")
    vectors = np.concatenate([*face.vectors.values()]).astype("<f4")
    return face.sha256, face.number, face.probability, measures.tobytes(), vectors.tobytes()


def _photo_of(
    sha256: object, looks: object, width: object, height: object, notes: str
) -> ReadPhoto:
    return ReadPhoto(
        text_of(sha256),
        int(np.int64(whole_of(looks, -(2**63))).astype(np.uint64)),
        (whole_of(width, 1), whole_of(height, 1)),
        tuple(text_of(note) for note in list_of(read_json(notes))),
    )


def _face_of(row: Sequence[Any], names: Sequence[str], dimension: int) -> StoredFace:
    face_id, sha256, number, probability, blob, vector_blob, *place, copy_of = row
    measures = np.frombuffer(blob, dtype="<f8")
    vectors = np.frombuffer(vector_blob, dtype="<f4").reshape(len(names), dimension)
    right_size = len(measures) == _BOX + _LANDMARKS + len(_QUALITY)
    if not right_size or not np.isfinite(measures).all() or not _are_units(vectors):
        raise ValueError("measures of another number, or vectors that are not of unit length")
    left, top, right, bottom, *quality = np.delete(measures, _POINTS).tolist()
    group, corrected, reason = place
    face = ReadFace(
        sha256,
        number,
        (left, top, right, bottom),
        measures[_POINTS].reshape(-1, 2).astype(np.float32),
        probability,
        FaceQuality(*quality),
        dict(zip(names, vectors, strict=True)),
    )
    return StoredFace(face_id, face, Place(group, bool(corrected), reason), copy_of)


def _are_units(vectors: NDArray[np.float32]) -> bool:
    lengths = np.einsum("nd,nd->n", vectors, vectors)
    return bool((np.abs(lengths - 1) <= _UNIT_TOLERANCE).all())  # false for nan too


def unusable(path: Path, got: object) -> GroupFileError:
    """Return the error of a file that cannot be used."""
    return GroupFileError(
        "The file of groups cannot be used",
        rule="it must be one that `matcher group` of this version wrote, and writable",
        got=got,
        next_step="Name another file. All photos are then read anew, without your corrections.",
        path=path,
    )


def _busy(path: Path) -> GroupFileError:
    return GroupFileError(
        "The file of groups is in use",
        rule="one process at a time uses it",
        got="another process that has it open",
        next_step="Wait for the other run, or name another file.",
        path=path,
    )


_KIND: Final = FileKind(
    application_id=0x6D746772,  # "mtgr"
    version=1,
    tables=_TABLES,
    unusable=unusable,
    busy=_busy,
)
