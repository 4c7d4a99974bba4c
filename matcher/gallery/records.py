"""What the store remembers of a subject, a photo and a face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from matcher.embedding import FACE, ModelIdentity

Sex = Literal["female", "male", "other", "unknown"]
"""Recorded sex: what the case file says, never a guess from a photo."""


@dataclass(frozen=True)
class Subject:
    """One person in the gallery.

    Parameters
    ----------
    subject_id
        The caller's own identifier of the person; unique in a gallery.
    date_of_birth
        If known.
    recorded_sex
        As recorded in the case file.
    region
        Free text, compared exactly.
    tags
        Free labels, sorted, without duplicates.
    source
        Where the record comes from.
    case_reference
        Number or name of the case file.
    note
        Free text for whoever reads the record; never searched for.
    """

    subject_id: str
    date_of_birth: date | None = None
    recorded_sex: Sex = "unknown"
    region: str | None = None
    tags: tuple[str, ...] = ()
    source: str | None = None
    case_reference: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class PhotoRecord:
    """One photo of a subject; the pixels are not kept.

    Parameters
    ----------
    sha256
        Hash of the photo's bytes.
    reference
        Where the photo is: a path or any other reference of the caller.
    taken_on
        Day of capture, if known.
    age_at_capture
        Age in years, if recorded; otherwise derived from the dates where both are known.
    source
        Where the photo comes from: a school, a social network, a camera in a shop.
    captured_with
        What it was taken with: a phone, a scanner, a model of camera. Never searched for.
    """

    sha256: str
    reference: str
    taken_on: date | None = None
    age_at_capture: float | None = None
    source: str | None = None
    captured_with: str | None = None


@dataclass(frozen=True, eq=False)
class Enrolment:
    """One face to be enrolled: whose, from which photo, and its vector.

    Parameters
    ----------
    subject, photo
        The records. A subject that is already there is left as it is.
    vectors
        float32 arrays of shape (d,), unit length, by name: exactly those of the gallery's model,
        see `ModelIdentity.vector_names`. A model that makes one vector of a face calls it "face".
    box
        left, top, right, bottom in pixels of the upright photo.
    probability
        The detector's output in [0, 1].
    quality
        Names and numbers of the quality measures.
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
class AddOutcome:
    """What became of one enrolment.

    Parameters
    ----------
    status
        "duplicate" when this subject already has this photo: nothing was written for it.
    face_id
        The row of the face, the new one or the one already there.
    also_under
        Identifiers of other subjects that hold the same photo, sorted. Both are kept; a person
        should look at why one photo stands under two subjects.
    """

    status: Literal["enrolled", "duplicate"]
    face_id: int
    also_under: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class StoredFace:
    """All that the gallery knows of one face.

    Parameters
    ----------
    face_id
        Row number, never used twice.
    subject, photo
        Whose face, from which photo.
    vectors
        float32 arrays of shape (d,), unit length, by name.
    box
        left, top, right, bottom in pixels of the upright photo.
    probability
        The detector's output in [0, 1].
    quality
        Names and numbers of the quality measures.
    weight
        Weight of the photo in the subject's template, > 0.
    enrolled_at
        When the row was written, UTC.
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
        """The vector that every model makes of a face, and the index holds."""
        return self.vectors[FACE]


@dataclass(frozen=True)
class GalleryInfo:
    """The figures of a gallery at one moment.

    Parameters
    ----------
    path, model, created, format_version
        Which gallery, made by which model, when (UTC), in which format.
    subjects, photos, faces
        Counts; `photos` counts different photos, so one held by two subjects is counted once.
    index
        The kind asked for, or the address of the server that keeps the index.
    index_kind, index_rows, index_generation
        Facts of the index as it is on disk or on its server, None when there is none to be read.
    generation
        Number of the last committed write.
    store_bytes, index_bytes
        Size of the files.
    """

    path: Path
    model: ModelIdentity
    created: datetime
    format_version: int
    subjects: int
    photos: int
    faces: int
    index: str
    index_kind: str | None
    index_rows: int | None
    index_generation: int | None
    generation: int
    store_bytes: int
    index_bytes: int
