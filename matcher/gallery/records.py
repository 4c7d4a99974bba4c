"""What the store remembers of a subject, a photo and a face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

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
    """

    subject_id: str
    date_of_birth: date | None = None
    recorded_sex: Sex = "unknown"
    region: str | None = None
    tags: tuple[str, ...] = ()
    source: str | None = None


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
        Where the photo comes from.
    """

    sha256: str
    reference: str
    taken_on: date | None = None
    age_at_capture: float | None = None
    source: str | None = None


@dataclass(frozen=True, eq=False)
class Enrolment:
    """One face to be enrolled: whose, from which photo, and its vector.

    Parameters
    ----------
    subject, photo
        The records. A subject that is already there is left as it is.
    vector
        float32 array of shape (d,), unit length.
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
    vector: NDArray[np.float32]
    box: tuple[float, float, float, float]
    probability: float
    quality: Mapping[str, float] = field(default_factory=dict)
    weight: float = 1.0
