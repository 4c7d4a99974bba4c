"""Enrol photos: extract, apply the quality policy, store; one outcome for each photo."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Literal

from matcher.arguments import expect, expect_hook, listed
from matcher.embedding import EmbeddedFace, Extractor, PhotoExtraction
from matcher.enrolment.dating import Dater, Dating
from matcher.enrolment.differences import Difference, of_photo, of_subject
from matcher.enrolment.known_hashes import NOT_LISTED, HashLists, Known, OnList, known_of
from matcher.enrolment.manifest import PHOTO_FACTS, PhotoOfSubject
from matcher.errors import FaceRefusedError, InputError, MatcherError, UnknownSubjectError
from matcher.faces import (
    POLICIES,
    FaceNumber,
    OneFace,
    QualityPolicy,
    note_of_several,
    refusals,
    require_one_face,
    weight,
)
from matcher.gallery.gallery import Gallery
from matcher.gallery.records import Enrolment, PhotoRecord, Subject
from matcher.hashes import HashList
from matcher.paths import shown, to_reference
from matcher.photos import DecodeLimits
from matcher.progress import ProgressHook, silent

_BATCH = 32  # photos in one transaction; an interruption loses at most one batch

Status = Literal["enrolled", "already there", "skipped", "failed"]


@dataclass(frozen=True)
class EnrolmentOutcome:
    """The result for one photo.

    Parameters
    ----------
    photo
        The photo and its subject.
    status
        `enrolled`; `already there` (the same bytes under the same subject); `skipped`, because it
        is on a list; or `failed`.
    error
        The error that made it fail.
    also_under
        Other subjects with the same photo. A person should check them, since one may be wrong.
    face
        Which of the photo's faces was enrolled or refused; None if no face was chosen.
    differences
        What the gallery held differently about the photo, if it is already there, and about the
        subject. The first photo of a subject has those of the subject.
    updated
        Whether the gallery now holds what was given.
    notes
        What was converted, chosen or lost while the photo was read, see `Photo.notes`.
    dating
        The date that the photo carries, and what was done with it; None if it carries none, if it
        failed, and if it is already there with a recorded day.
    on_list
        By which hash the photo is on the lists of photos to skip and to flag.
    """

    photo: PhotoOfSubject
    status: Status
    error: MatcherError | None = None
    also_under: tuple[str, ...] = ()
    face: FaceNumber | None = None
    differences: tuple[Difference, ...] = ()
    updated: bool = False
    notes: tuple[str, ...] = ()
    dating: Dating | None = None
    on_list: OnList = NOT_LISTED

    def row(self) -> dict[str, str]:
        """Return the outcome as one flat row for a report; an error gives its code and message."""
        return {
            "photo": shown(self.photo.path),
            "subject": self.photo.subject.subject_id,
            "status": self.status,
            "code": "" if self.error is None else self.error.code,
            "reason": "" if self.error is None else str(self.error),
            "also_under": ";".join(self.also_under),
            "face": note_of_several(self.face),
            "differs": "; ".join(map(str, self.differences)),
            "updated": ("yes" if self.updated else "no") if self.differences else "",
            "notes": "; ".join(self.notes),
            **({} if self.dating is None else self.dating.row()),
            "listed": str(self.on_list),
        }


@dataclass(frozen=True, eq=False)
class _Judged:
    """What is to be stored of a photo, or why nothing is; and how it was read."""

    result: Enrolment | MatcherError
    face: FaceNumber | None = None
    notes: tuple[str, ...] = ()
    dating: Dating | None = None


def enrol(
    gallery: Gallery,
    extractor: Extractor,
    photos: Iterable[PhotoOfSubject],
    *,
    choose: OneFace = "one",
    policy: QualityPolicy = POLICIES["standard"],
    update: bool = False,
    skip: HashList | None = None,
    flag: HashList | None = None,
    dates_from_photos: bool = False,
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
        `one` (a photo with several faces fails, unless one of them dominates the others) or
        `largest`.
    policy
        A face below the policy fails with `FaceRefusedError`, which holds the reasons.
    update
        Whether what differs is taken over: the record of a subject who is there, and of a photo
        that is already there. What the caller leaves empty stays. Each change is kept, see
        `Gallery.undo`.
    skip, flag
        Lists of hashes. A photo on the first is not enrolled; one that is already there stays. A
        photo on the second is enrolled, and its outcome says so.
    dates_from_photos
        Whether a good date that a photo carries is its day of capture, where no record has one. Of
        a photo that is already there it is a difference, for `update`. Otherwise the outcomes say
        what could be taken.
    on_progress
        Called before the first batch and after each.

    Raises
    ------
    InputError
        `choose` is neither "one" nor "largest", or an argument is of another type.
    GalleryModelError
        Gallery and extractor use different models.
    GalleryBusyError, GalleryWriteError
        The gallery cannot be written. Earlier batches are stored.
    NotAuthorisedError
        The gallery is governed, and was opened without a context. Nothing is read.
    """
    photos = _checked(gallery, extractor, photos, policy)
    expect_hook("on_progress", on_progress)
    require_one_face(choose)
    lists = HashLists(skip, flag)
    gallery.require_model(extractor.model)
    gallery.require_context("enrolment")
    outcomes: list[EnrolmentOutcome] = []
    remaining = iter(photos)
    compared: set[str] = set()
    dater = Dater(gallery, dates_from_photos, update, extractor.limits)
    on_progress("enrol", 0, len(photos))
    while batch := list(islice(remaining, _BATCH)):
        records = [_compare_subject(gallery, photo.subject, compared) for photo in batch]
        known = [known_of(gallery, photo, lists, extractor.limits) for photo in batch]
        enrolled = list(_enrol_batch(gallery, extractor, batch, known, choose, policy, dater))
        for outcome, of_its_subject, found in zip(enrolled, records, known, strict=True):
            whole = replace(
                outcome,
                differences=(*of_its_subject, *outcome.differences),
                on_list=found.on_list,
            )
            outcomes.append(_update(gallery, whole, extractor.limits) if update else whole)
        on_progress("enrol", len(outcomes), len(photos))
    return tuple(outcomes)


def _checked(
    gallery: object, extractor: object, photos: object, policy: object
) -> list[PhotoOfSubject]:
    """Return the photos; refuse arguments of another type before any work."""
    expect("gallery", gallery, Gallery, rule="must be a Gallery", next_step="Open one first.")
    expect(
        "extractor",
        extractor,
        Extractor,
        rule="must be an Extractor",
        next_step="Give load_extractor(name).",
    )
    expect(
        "policy",
        policy,
        QualityPolicy,
        rule="must be a QualityPolicy",
        next_step='Give matcher.faces.POLICIES["standard"], for example.',
    )
    return listed(
        "photos",
        photos,
        PhotoOfSubject,
        rule="must be a sequence of PhotoOfSubject",
        next_step="Give `read_manifest(path).photos`, or [PhotoOfSubject(path, Subject(name))].",
    )


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


def hidden_among(gallery: Gallery, subject_ids: Iterable[str]) -> tuple[str, ...]:
    """Return those subjects who are hidden: no list of leads shows their photos.

    Parameters
    ----------
    gallery
        The gallery, after an enrolment.
    subject_ids
        Subjects of the gallery.
    """
    if not gallery.hidden():
        return ()
    names = dict.fromkeys(subject_ids)
    return tuple(name for name in names if gallery.subject(name).hidden_because is not None)


def _enrol_batch(
    gallery: Gallery,
    extractor: Extractor,
    batch: list[PhotoOfSubject],
    known: list[Known],
    choose: OneFace,
    policy: QualityPolicy,
    dater: Dater,
) -> Iterator[EnrolmentOutcome]:
    new = [photo.path for photo, one in zip(batch, known, strict=True) if not one.settled]
    extractions = extractor.extract_many(new, choose=choose)
    judged: list[Known | _Judged] = [
        one if one.settled else _judge(photo, next(extractions), policy, dater)
        for photo, one in zip(batch, known, strict=True)
    ]
    added = iter(gallery.add(_to_store(judged), detector=extractor.detector))
    for photo, item in zip(batch, judged, strict=True):
        if isinstance(item, Known):
            if item.stored is None:
                yield EnrolmentOutcome(photo, "skipped")
            else:
                given, dating = dater.of_stored(photo, item.stored)
                yield replace(_already_there(given, item.stored), photo=photo, dating=dating)
        elif isinstance(item.result, MatcherError):
            yield EnrolmentOutcome(
                photo, "failed", error=item.result, face=item.face, notes=item.notes
            )
        elif (outcome := next(added)).status == "enrolled":
            yield EnrolmentOutcome(
                photo,
                "enrolled",
                also_under=outcome.also_under,
                face=item.face,
                notes=item.notes,
                dating=item.dating,
            )
        else:  # two files of one batch have the same bytes
            fresh = item.result.photo
            stored = gallery.photo(fresh.sha256, photo.subject.subject_id) or fresh
            yield replace(_already_there(photo, stored), also_under=outcome.also_under)


def _to_store(judged: Sequence[Known | _Judged]) -> list[Enrolment]:
    results = [item.result for item in judged if isinstance(item, _Judged)]
    return [result for result in results if isinstance(result, Enrolment)]


def _already_there(photo: PhotoOfSubject, stored: PhotoRecord) -> EnrolmentOutcome:
    return EnrolmentOutcome(photo, "already there", differences=of_photo(stored, photo))


def _compare_subject(
    gallery: Gallery, given: Subject, compared: set[str]
) -> tuple[Difference, ...]:
    """Return what differs about a subject who is there, the first time the subject is met."""
    if given.subject_id in compared:
        return ()
    compared.add(given.subject_id)
    try:
        return of_subject(gallery.subject(given.subject_id), given)
    except UnknownSubjectError:
        return ()


def _update(gallery: Gallery, outcome: EnrolmentOutcome, limits: DecodeLimits) -> EnrolmentOutcome:
    """Take over what differs. A record that breaks a rule becomes the error of the outcome."""
    name = outcome.photo.subject.subject_id
    subject, photo = (
        {one.field: one.given for one in outcome.differences if one.of == what}
        for what in ("subject", "photo")
    )
    try:
        if subject:
            gallery.update_subject(replace(gallery.subject(name), **subject))
        if photo and (stored := known_of(gallery, outcome.photo, HashLists(), limits).stored):
            gallery.update_photo(name, replace(stored, **photo))
    except InputError as error:
        return replace(outcome, status="failed", error=error)
    return replace(outcome, updated=bool(outcome.differences))


def _judge(
    photo: PhotoOfSubject, extraction: PhotoExtraction, policy: QualityPolicy, dater: Dater
) -> _Judged:
    read = extraction.photo
    if read is None:
        return _judge_face(photo, extraction, policy)
    dated, dating = dater.of_new(photo, read.capture_date)
    return replace(_judge_face(dated, extraction, policy), notes=read.notes, dating=dating)


def _judge_face(
    photo: PhotoOfSubject, extraction: PhotoExtraction, policy: QualityPolicy
) -> _Judged:
    if extraction.error is not None:
        return _Judged(extraction.error)
    (embedded,) = extraction.faces
    if reasons := refusals(embedded.face.quality, policy):
        error = FaceRefusedError(
            "face",
            rule=f"must satisfy the quality policy {policy.name!r}",
            got="; ".join(str(reason) for reason in reasons),
            next_step="Use a better photo, or enrol it with the policy 'off' to override.",
            path=photo.path,
        )
        return _Judged(error, embedded.face.number)
    return _Judged(_record(photo, embedded), embedded.face.number)


def _record(photo: PhotoOfSubject, found: EmbeddedFace) -> Enrolment:
    face = found.face
    left, top, right, bottom = (float(side) for side in face.box)
    return Enrolment(
        subject=photo.subject,
        photo=PhotoRecord(
            sha256=face.photo.sha256,
            reference=to_reference(photo.path.absolute()),  # the same photo from any folder
            **{name: getattr(photo, name) for name in PHOTO_FACTS},
            md5=face.photo.md5,
            sha1=face.photo.sha1,
        ),
        vectors=found.vectors,
        box=(left, top, right, bottom),
        probability=face.probability,
        quality=asdict(face.quality),
        weight=weight(face.quality),
    )
