"""The records that the store keeps of a subject, a photo and a face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import NoneType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from matcher.arguments import expect, expect_day
from matcher.embedding import FACE, ModelIdentity
from matcher.paths import from_reference

Sex = Literal["female", "male", "other", "unknown"]
"""Recorded sex: the entry in the case file, never a guess from a photo."""


@dataclass(frozen=True)
class Subject:
    """One person in the gallery.

    Parameters
    ----------
    subject_id
        The caller's own identifier of the person, unique in a gallery.
    date_of_birth
        Date of birth, if known.
    recorded_sex
        Sex as recorded in the case file.
    region
        Free text, compared exactly.
    tags
        Free labels, sorted, without duplicates.
    source
        Origin of the record.
    case_reference
        Number or name of the case file.
    note
        Free text for readers of the record. No search uses it.
    hidden_because
        Why the subject is left out of lists of leads and of groups; None if it is not.

    Raises
    ------
    InputError
        For anything but texts where texts are due, and for anything but a date of birth.
    """

    subject_id: str
    date_of_birth: date | None = None
    recorded_sex: Sex = "unknown"
    region: str | None = None
    tags: tuple[str, ...] = ()
    source: str | None = None
    case_reference: str | None = None
    note: str | None = None
    hidden_because: str | None = None

    def __post_init__(self) -> None:
        step = "Give it as a text."
        expect("subject_id", self.subject_id, str, rule="must be a text", next_step=step)
        for name in ("region", "source", "case_reference", "note", "hidden_because"):
            given = getattr(self, name)
            expect(name, given, (str, NoneType), rule="must be a text, or None", next_step=step)
        expect_day("date_of_birth", self.date_of_birth)


@dataclass(frozen=True)
class PhotoRecord:
    """One photo of a subject. The pixels are not stored.

    Parameters
    ----------
    sha256
        Hash of the photo's bytes.
    reference
        Path of the photo as text, see `matcher.paths.to_reference`; or any other reference of the
        caller.
    taken_on
        Day of capture, if known.
    age_at_capture
        Age in years, if recorded. Otherwise it is derived from the dates if both are known.
    source
        Origin of the photo: a school, a social network, a camera in a shop.
    captured_with
        The device: a phone, a scanner, a model of camera. No search uses it.
    dated_by
        What gave `taken_on`, if the photo itself did; None if the caller did.
    md5, sha1
        Further hashes of the photo's bytes, by which other agencies know it. Lower-case
        hexadecimal digits, 32 and 40.
    """

    sha256: str
    reference: str
    taken_on: date | None = None
    age_at_capture: float | None = None
    source: str | None = None
    captured_with: str | None = None
    dated_by: str | None = None
    md5: str | None = None
    sha1: str | None = None

    @property
    def path(self) -> Path:
        """Path of the photo, if the reference is one."""
        return from_reference(self.reference)


@dataclass(frozen=True, eq=False)
class Enrolment:
    """One face to enrol: its subject, its photo, and its vectors.

    Parameters
    ----------
    subject, photo
        The records. The record of a subject that already exists stays as it is.
    vectors
        Vectors by name, float32 arrays of shape (d,), unit length. The names are exactly those of
        the gallery's model, see `ModelIdentity.vector_names`. A model that makes one vector of a
        face calls it "face".
    box
        left, top, right, bottom in pixels of the upright photo.
    probability
        The detector's output in [0, 1].
    quality
        Quality measures by name.
    weight
        Weight of the photo in the subject's template, > 0.
    """

    subject: Subject
    photo: PhotoRecord
    vectors: Mapping[str, NDArray[np.float32]]
    box: tuple[float, float, float, float]
    probability: float
    quality: Mapping[str, float] = field(default_factory=dict)
    weight: float = 1.0


@dataclass(frozen=True)
class Moment:
    """A state of a gallery.

    Parameters
    ----------
    generation
        Number of its last committed write.
    stamp
        Random name of that write. It tells apart two histories that reached the same number, as
        after the restoration of a backup.
    """

    generation: int
    stamp: str


@dataclass(frozen=True)
class FaceFacts:
    """The facts of a face by which the meaning of its scores is looked up.

    Parameters
    ----------
    face_id, subject_id
        The face and its subject.
    date_of_birth, taken_on, age_at_capture
        As in `Subject` and `PhotoRecord`.
    """

    face_id: int
    subject_id: str
    date_of_birth: date | None
    taken_on: date | None
    age_at_capture: float | None


@dataclass(frozen=True)
class AddOutcome:
    """The result of one enrolment.

    Parameters
    ----------
    status
        "duplicate" when this subject already has this photo. Then nothing was written.
    face_id
        The row of the face: the new row, or the existing one.
    also_under
        Identifiers of other subjects with the same photo, sorted. Both are kept. A person should
        check why one photo stands under two subjects.
    """

    status: Literal["enrolled", "duplicate"]
    face_id: int
    also_under: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class StoredFace:
    """All facts that the gallery has about one face.

    Parameters
    ----------
    face_id
        Row number. It is never used twice.
    subject, photo
        The subject of the face, and the photo that shows it.
    vectors
        Vectors by name, float32 arrays of shape (d,), unit length.
    box
        left, top, right, bottom in pixels of the upright photo.
    probability
        The detector's output in [0, 1].
    quality
        Quality measures by name.
    weight
        Weight of the photo in the subject's template, > 0.
    enrolled_at
        Time at which the row was written, in UTC.
    """

    face_id: int
    subject: Subject
    photo: PhotoRecord
    vectors: Mapping[str, NDArray[np.float32]]
    box: tuple[float, float, float, float]
    probability: float
    quality: Mapping[str, float]
    weight: float
    enrolled_at: datetime

    @property
    def vector(self) -> NDArray[np.float32]:
        """The vector that every model makes of a face, and that the index holds."""
        return self.vectors[FACE]


ChangeKind = Literal[
    "subject edited",
    "photo edited",
    "photo taken out",
    "subject renamed",
    "subjects merged",
    "folder moved",
    "taken back",
    "subject hidden",
    "subject shown again",
]
"""What a correction did."""


@dataclass(frozen=True)
class Change:
    """One correction of a record, kept so that it can be taken back.

    Parameters
    ----------
    change_id
        Its number in the gallery, ascending in time.
    at
        Time of the change, in UTC.
    kind
        What was done.
    subject_id
        The subject, by the identifier that it has now; None if the whole gallery is concerned.
    sha256
        The photo, if the change is about one.
    before, after
        The fields that changed, and what each held.
    undoes
        Number of the change that this one took back.
    undone
        Whether a later change took this one back.
    """

    change_id: int
    at: datetime
    kind: ChangeKind
    subject_id: str | None
    sha256: str | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    undoes: int | None = None
    undone: bool = False

    def row(self) -> dict[str, str | int | None]:
        """Return the change as one flat row for a report."""
        return {
            "change": self.change_id,
            "at": self.at.isoformat(timespec="seconds"),
            "kind": self.kind,
            "subject": self.subject_id,
            "photo": self.sha256,
            "before": _said(self.before),
            "after": _said(self.after),
            "takes_back": self.undoes,
            "taken_back": "yes" if self.undone else "",
        }


def said(value: object) -> str:
    """Return the value of a field as a reader is shown it."""
    if isinstance(value, tuple):
        return ";".join(map(str, value)) or "nothing"
    if isinstance(value, Mapping):
        return _said(value)
    return "nothing" if value is None else str(value)


def _said(values: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name}: {said(value)}"
        for name, value in values.items()
        if not name.endswith("_ids") and value not in (None, ())
    )


@dataclass(frozen=True)
class Compaction:
    """What `Gallery.compact` would free.

    Parameters
    ----------
    store_bytes
        Bytes of the store that hold nothing. Enrolments use them again.
    index_bytes
        Bytes of the rows of removed faces in the index files.
    needed_bytes
        Room on the disk that the work needs for a while.
    """

    store_bytes: int
    index_bytes: int
    needed_bytes: int

    @property
    def bytes(self) -> int:
        """What the files will be smaller by, at least."""
        return self.store_bytes + self.index_bytes


@dataclass(frozen=True)
class GalleryInfo:
    """The figures of a gallery at one moment.

    Parameters
    ----------
    path, model, created, format_version
        Path, model, time of creation (UTC) and format of the gallery.
    encrypted
        Whether the files are encrypted.
    detectors
        Names of the detectors that found its faces; "not recorded" for unknown ones.
    subjects, photos, faces
        Counts. `photos` counts different photos: a photo of two subjects counts once.
    hidden
        Number of hidden subjects, which are among `subjects`.
    index
        The kind that was asked for, or the address of the server that keeps the index.
    index_kind, index_rows, index_generation
        Facts of the index as stored on disk or on its server; None if no index can be read.
    generation
        Number of the last committed write.
    store_bytes, index_bytes
        Sizes of the files.
    governed
        Whether each use of the gallery needs a case and is recorded, see `Gallery.govern`.
    """

    path: Path
    model: ModelIdentity
    detectors: tuple[str, ...]
    created: datetime
    format_version: int
    encrypted: bool
    subjects: int
    hidden: int
    photos: int
    faces: int
    index: str
    index_kind: str | None
    index_rows: int | None
    index_generation: int | None
    generation: int
    store_bytes: int
    index_bytes: int
    governed: bool = False
