"""Enrol photos: extract, apply the quality policy, store; one outcome for each photo."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import islice
from typing import Literal

from matcher.embedding import EmbeddedFace, Extractor, PhotoExtraction
from matcher.enrolment.manifest import PhotoOfSubject
from matcher.errors import FaceRefusedError, MatcherError
from matcher.faces import POLICIES, QualityPolicy, refusals, require_one_face, weight
from matcher.gallery.gallery import Gallery
from matcher.gallery.records import Enrolment, PhotoRecord
from matcher.photos import sha256_of
from matcher.progress import ProgressHook, silent

_BATCH = 32  # photos in one transaction; an interruption loses at most one batch

_PHOTO_FACTS = tuple({field.name for field in fields(PhotoRecord)} - {"sha256", "reference"})

Status = Literal["enrolled", "already there", "failed"]


@dataclass(frozen=True)
class EnrolmentOutcome:
    """The result for one photo.

    Parameters
    ----------
    photo
        The photo and its subject.
    status
        `enrolled`; `already there` (the same bytes under the same subject); or `failed`.
    error
        The error that made it fail.
    also_under
        Other subjects with the same photo. A person should check them, since one may be wrong.
    notes
        What was converted, chosen or lost while the photo was read, see `Photo.notes`.
    """

    photo: PhotoOfSubject
    status: Status
    error: MatcherError | None = None
    also_under: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def row(self) -> dict[str, str]:
        """Return the outcome as one flat row for a report; an error gives its code and message."""
        return {
            "photo": str(self.photo.path),
            "subject": self.photo.subject.subject_id,
            "status": self.status,
            "code": "" if self.error is None else self.error.code,
            "reason": "" if self.error is None else str(self.error),
            "also_under": ";".join(self.also_under),
            "notes": "; ".join(self.notes),
        }


def enrol(
    gallery: Gallery,
    extractor: Extractor,
    photos: Sequence[PhotoOfSubject],
    *,
    choose: Literal["one", "largest"] = "one",
    policy: QualityPolicy = POLICIES["standard"],
    on_progress: ProgressHook = silent,
) -> tuple[EnrolmentOutcome, ...]:
    """Enrol photos; return one outcome for each, in order.

    Photos that are already enrolled are skipped by their hash before they are decoded. An
    interrupted run can therefore simply be started again. Each batch is one transaction.

    Parameters
    ----------
    gallery, extractor
        The gallery to write to, and the extractor. Both must use the same model.
    photos
        The photos and their subjects.
    choose
        `one` (a photo with several faces fails) or `largest`.
    policy
        A face below the policy fails with `FaceRefusedError`, which holds the reasons.
    on_progress
        Called after each batch.

    Raises
    ------
    InputError
        `choose` is neither "one" nor "largest".
    GalleryModelError
        Gallery and extractor use different models.
    GalleryBusyError, GalleryWriteError
        The gallery cannot be written. Earlier batches are stored.
    """
    require_one_face(choose)
    gallery.require_model(extractor.model)
    outcomes: list[EnrolmentOutcome] = []
    remaining = iter(photos)
    while batch := list(islice(remaining, _BATCH)):
        outcomes.extend(_enrol_batch(gallery, extractor, batch, choose, policy))
        on_progress("enrol", len(outcomes), len(photos))
    return tuple(outcomes)


def without_a_face(gallery: Gallery, subject_ids: Iterable[str]) -> tuple[str, ...]:
    """Return those subjects of whom the gallery has no face: no search can find them.

    Parameters
    ----------
    gallery
        The gallery, after an enrolment.
    subject_ids
        Everybody who was to be enrolled.
    """
    return tuple(name for name in dict.fromkeys(subject_ids) if not gallery.photos(name))


def _enrol_batch(
    gallery: Gallery,
    extractor: Extractor,
    batch: list[PhotoOfSubject],
    choose: Literal["one", "largest"],
    policy: QualityPolicy,
) -> Iterator[EnrolmentOutcome]:
    known = [_is_known(gallery, photo) for photo in batch]
    new = [photo.path for photo, is_known in zip(batch, known, strict=True) if not is_known]
    extractions = extractor.extract_many(new, choose=choose)
    judged: list[tuple[Enrolment | MatcherError | None, tuple[str, ...]]] = [
        (None, ()) if is_known else _judge(photo, next(extractions), policy)
        for photo, is_known in zip(batch, known, strict=True)
    ]
    added = iter(gallery.add([item for item, _ in judged if isinstance(item, Enrolment)]))
    for photo, (item, notes) in zip(batch, judged, strict=True):
        if item is None:
            yield EnrolmentOutcome(photo, "already there")
        elif isinstance(item, MatcherError):
            yield EnrolmentOutcome(photo, "failed", error=item, notes=notes)
        else:
            outcome = next(added)
            status: Status = "enrolled" if outcome.status == "enrolled" else "already there"
            yield EnrolmentOutcome(photo, status, also_under=outcome.also_under, notes=notes)


def _is_known(gallery: Gallery, photo: PhotoOfSubject) -> bool:
    try:
        return gallery.has_photo(sha256_of(photo.path), photo.subject.subject_id)
    except MatcherError:
        return False  # extraction meets the same fault and records it


def _judge(
    photo: PhotoOfSubject, extraction: PhotoExtraction, policy: QualityPolicy
) -> tuple[Enrolment | MatcherError, tuple[str, ...]]:
    """Return what to add, or why nothing is added, and the notes on the photo."""
    notes = () if extraction.photo is None else extraction.photo.notes
    return _judged(photo, extraction, policy), notes


def _judged(
    photo: PhotoOfSubject, extraction: PhotoExtraction, policy: QualityPolicy
) -> Enrolment | MatcherError:
    if extraction.error is not None:
        return extraction.error
    embedded = extraction.faces[0]
    if reasons := refusals(embedded.face.quality, policy):
        return FaceRefusedError(
            "face",
            rule=f"must satisfy the quality policy {policy.name!r}",
            got="; ".join(str(reason) for reason in reasons),
            next_step="Use a better photo, or enrol it with the policy 'off' to override.",
            path=photo.path,
        )
    return _record(photo, embedded)


def _record(photo: PhotoOfSubject, found: EmbeddedFace) -> Enrolment:
    face = found.face
    left, top, right, bottom = (float(side) for side in face.box)
    return Enrolment(
        subject=photo.subject,
        photo=PhotoRecord(
            sha256=face.photo.sha256,
            reference=str(photo.path.absolute()),  # the same photo from any folder
            **{name: getattr(photo, name) for name in _PHOTO_FACTS},
        ),
        vectors=found.vectors,
        box=(left, top, right, bottom),
        probability=face.probability,
        quality=asdict(face.quality),
        weight=weight(face.quality),
    )
