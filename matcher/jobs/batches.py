"""The unit of a job: one batch of photos to embed. Plain data in, plain data out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matcher.embedding import EmbeddedFace, Extractor
from matcher.errors import MatcherError, NoFaceError, PhotoChangedError, PhotoNotFoundError
from matcher.faces import Face, choose_faces, several_faces_error, weight
from matcher.jobs.tasks import ReindexResult, ReindexTask, Status, changed_since_enrolment
from matcher.paths import to_reference
from matcher.photos import Photo
from matcher.words import counted

SAME_FACE: Final = 0.3
"""Smallest overlap (intersection over union) of a box with the enrolled box of the same face. Two
detectors differ in how much of a head they frame. The boxes of two people hardly overlap."""


@dataclass(frozen=True, eq=False)
class Read:
    """A task with its photo, or with the error that prevented reading it.

    Parameters
    ----------
    task
        The task, which names a face of the gallery.
    path
        Present path of its photo.
    bytes, mtime_ns
        Size and time of the file before it was read; None if there is no file.
    photo
        The decoded photo, or the error that prevented decoding.
    """

    task: ReindexTask
    path: Path
    bytes: int | None
    mtime_ns: int | None
    photo: Photo | MatcherError


def batched(reads: Iterable[Read], most: int, most_bytes: int) -> Iterator[list[Read]]:
    """Group into batches of at most `most` photos, or fewer when they are large."""
    batch: list[Read] = []
    size = 0
    for read in reads:
        batch.append(read)
        size += read.photo.pixels.nbytes if isinstance(read.photo, Photo) else 0
        if len(batch) == most or size >= most_bytes:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def embed_batch(
    extractor: Extractor, batch: Sequence[Read], *, take_changed: bool = False
) -> list[ReindexResult]:
    """Detect, choose, align and embed; return one result for each task, in order.

    In an unchanged photo, the enrolled face is taken, wherever other faces are. A changed photo is
    refused. With `take_changed`, its only face is taken, or the dominant face if it lies where the
    enrolled face was. No quality policy is applied, because the face was accepted when it was
    enrolled.

    Raises
    ------
    ModelError
        When the model makes no vector of any of several faces.
    """
    photos = [read.photo for read in batch if isinstance(read.photo, Photo)]
    detected = iter(extractor.detect_each(photos))
    chosen = [
        _chosen(read.task, read.photo, next(detected), take_changed)
        if isinstance(read.photo, Photo)
        else None
        for read in batch
    ]
    embedded = iter(extractor.embed_each([face for face in chosen if isinstance(face, Face)]))
    ended = [next(embedded) if isinstance(face, Face) else face for face in chosen]
    return [
        _found(read, end) if isinstance(end, EmbeddedFace) else _failed(read, end)
        for read, end in zip(batch, ended, strict=True)
    ]


def _chosen(
    task: ReindexTask, photo: Photo, faces: list[Face] | MatcherError, take_changed: bool
) -> Face | MatcherError:
    if isinstance(faces, MatcherError):
        return faces
    try:
        if photo.sha256 == task.sha256:
            return _enrolled(task, photo, faces)
        if not take_changed:
            raise changed_since_enrolment(photo.path)
        (face,) = choose_faces(faces, "one", photo=photo)
        if len(faces) > 1 and overlap(face.box, np.array(task.box)) < SAME_FACE:
            raise several_faces_error(faces, photo)
        return face
    except MatcherError as error:
        return error


def _enrolled(task: ReindexTask, photo: Photo, faces: list[Face]) -> Face:
    """Return the face whose box agrees with the enrolled box.

    Raises
    ------
    NoFaceError
        When no box agrees enough, see `SAME_FACE`.
    """
    box = np.array(task.box)
    closest = max(faces, key=lambda face: overlap(face.box, box), default=None)
    if closest is None or overlap(closest.box, box) < SAME_FACE:
        raise NoFaceError(
            "photo",
            rule="shows the face that was enrolled",
            got=f"{counted(len(faces), 'face')}, none of them there",
            next_step="Look at the photo; enrol it again if it shows the subject.",
            path=photo.path,
        )
    return closest


def overlap(one: NDArray[np.float32] | NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return intersection over union of two boxes (left, top, right, bottom), in [0, 1]."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    shared = float(np.prod(np.clip(high - low, 0, None)))
    both = float(np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2])) - shared
    return shared / both if both > 0 else 0.0


def _found(read: Read, extracted: EmbeddedFace) -> ReindexResult:
    face = extracted.face
    left, top, right, bottom = (float(side) for side in face.box)
    return ReindexResult(
        face_id=read.task.face_id,
        status="done" if face.photo.sha256 == read.task.sha256 else "changed",
        reference=to_reference(read.path),
        sha256=face.photo.sha256,
        bytes=read.bytes,
        mtime_ns=read.mtime_ns,
        vectors=extracted.vectors,
        box=(left, top, right, bottom),
        probability=float(face.probability),
        quality={name: float(number) for name, number in asdict(face.quality).items()},
        weight=float(weight(face.quality)),
        md5=face.photo.md5,
        sha1=face.photo.sha1,
    )


def _failed(read: Read, error: MatcherError | None) -> ReindexResult:
    reason = read.photo if isinstance(read.photo, MatcherError) else error
    assert reason is not None  # noqa: S101 - for the type checker: no face means an error
    return ReindexResult(
        face_id=read.task.face_id,
        status=_status_of(reason),
        code=reason.code,
        reason=f"{reason.what}: {reason.rule}; got {reason.got}",
    )


def _status_of(reason: MatcherError) -> Status:
    if isinstance(reason, PhotoChangedError):
        return "changed"
    return "missing" if isinstance(reason, PhotoNotFoundError) else "failed"
