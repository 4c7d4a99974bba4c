"""The tasks of a re-indexing job, and their results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from matcher.errors import PhotoChangedError

Status = Literal["done", "changed", "duplicate", "missing", "failed"]


@dataclass(frozen=True)
class ReindexTask:
    """One face of the current edition that has no vector of the new model yet.

    Parameters
    ----------
    face_id
        Id of the face, the same in both editions.
    sha256
        Hash of the photo that was enrolled.
    reference
        Path or other reference of that photo when it was enrolled.
    box
        left, top, right, bottom in pixels of that photo.
    """

    face_id: int
    sha256: str
    reference: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class ReindexResult:
    """The result of one task. It is plain data, so that it may come from another machine.

    Parameters
    ----------
    face_id
        Id of the task's face.
    status
        `done`; `changed`: the file has other bytes than the enrolled ones, see
        `JobSettings.take_changed`; `duplicate`: the subject already has the changed photo;
        `missing`: no file; `failed`.
    code, reason
        Why there is no vector of the file as it is, without path or name.
    reference, sha256
        Path of the photo that was read, and the hash of its bytes.
    bytes, mtime_ns
        Size and time of the file. They tell a later run that it need not hash the file again.
    vectors
        Vectors by name, float32 arrays of shape (d,), unit length; none without a face.
    box, probability, quality, weight
        As in `Enrolment`.
    md5, sha1
        Further hashes of the bytes that were read.
    """

    face_id: int
    status: Status
    code: str = ""
    reason: str = ""
    reference: str = ""
    sha256: str = ""
    bytes: int | None = None
    mtime_ns: int | None = None
    vectors: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    probability: float = 0.0
    quality: Mapping[str, float] = field(default_factory=dict)
    weight: float = 1.0
    md5: str | None = None
    sha1: str | None = None


@dataclass(frozen=True)
class ReindexOutcome:
    """The stored outcome of one task, for a report.

    Parameters
    ----------
    face_id, subject_id, reference
        The face, its subject, and the reference of its photo when it was enrolled.
    status, code, reason
        As in `ReindexResult`.
    """

    face_id: int
    subject_id: str
    reference: str
    status: Status
    code: str
    reason: str


def changed_since_enrolment(path: Path | None = None) -> PhotoChangedError:
    """Return the error for a photo whose file has other bytes than the enrolled ones."""
    return PhotoChangedError(
        "the photo",
        rule="must have the bytes that were enrolled",
        got="a file that changed since",
        next_step="Look at it; it may show somebody else. Bring the former file back, or take it.",
        path=path,
    )


Outcome = ReindexOutcome
"""The former name of `ReindexOutcome`."""
