"""The probe: turn what the caller has into a vector, or into reasons for a refusal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import cast

import numpy as np
from numpy.typing import NDArray

from matcher.arguments import expect_age, expect_day
from matcher.embedding import FACE, EmbeddedFace, Extractor, PhotoExtraction, Template
from matcher.errors import InputError, MatcherError
from matcher.faces import Choice, Face, QualityPolicy, no_face_error, refusals
from matcher.photos import CaptureDate, Photo, PhotoSource
from matcher.search.candidates import ProbeFacts


@dataclass(frozen=True, eq=False)
class Probe:
    """The source to search for, and the facts that are known of it.

    Parameters
    ----------
    source
        A photo (path, bytes, file object, PIL image, uint8 array, or loaded photo), a face, a
        template, or a vector (float32 of shape (d,), unit length).
    taken_on
        Day of capture, if known.
    age_at_capture
        Age in years, if known.

    Raises
    ------
    InputError
        For a date or an age as text, and for no source.
    """

    source: PhotoSource | Face | Template | NDArray[np.float32]
    taken_on: date | None = None
    age_at_capture: float | None = None

    def __post_init__(self) -> None:
        if self.source is None:
            raise InputError(
                "probe",
                rule="must be a photo, a face, a template or a vector",
                got="None",
                next_step="Give the path of a photo, for example.",
            )
        expect_day("taken_on", self.taken_on)
        expect_age("age_at_capture", self.age_at_capture)


@dataclass(frozen=True, eq=False)
class PreparedProbe:
    """A probe with its `vector`, or with the `reasons` why it has none and the `error` if any.

    `codes` are the reasons as short names.

    It is compared with the vectors of the enrolled faces that have the name `compared_with`.
    """

    facts: ProbeFacts
    vector: NDArray[np.float32] | None = None
    compared_with: str = FACE
    reasons: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    error: MatcherError | None = None


def prepare(
    probes: Sequence[Probe],
    extractor: Extractor,
    policy: QualityPolicy,
    choose: Choice,
    *,
    dates_from_photos: bool = False,
) -> Iterator[tuple[PreparedProbe, ...]]:
    """Yield the prepared faces of each probe, in order. Photos are embedded in batches.

    There is one for each chosen face. There is one without a vector if the photo cannot be read or
    no face can be chosen, so that no probe is lost. With `dates_from_photos`, a good date that a
    photo carries is its day of capture, unless the caller gives one.
    """
    photos = [source for probe in probes if (source := _photo_of(probe)) is not None]
    extractions = extractor.extract_many(photos, choose=choose, purpose="search")
    for probe in probes:
        if _photo_of(probe) is not None:
            yield _from_photo(probe, next(extractions), policy, dates_from_photos)
        elif isinstance(probe.source, Face):
            (found,) = extractor.embed([probe.source], purpose="search")
            yield (_judge(probe, found, policy, dates_from_photos),)
        else:
            yield (PreparedProbe(_facts(probe), vector=_vector_of(probe)),)


def _photo_of(probe: Probe) -> PhotoSource | None:
    source = probe.source
    is_vector = isinstance(source, np.ndarray) and source.ndim == 1
    if is_vector or isinstance(source, Face | Template):
        return None
    return cast("PhotoSource", source)


def _vector_of(probe: Probe) -> NDArray[np.float32]:
    source = probe.source
    vector = source.vector if isinstance(source, Template) else source
    return np.asarray(vector, dtype=np.float32)


def _from_photo(
    probe: Probe, extraction: PhotoExtraction, policy: QualityPolicy, dates_from_photos: bool
) -> tuple[PreparedProbe, ...]:
    photo, error = extraction.photo, extraction.error
    if photo is not None and error is None and not extraction.faces:
        error = no_face_error(photo)
    if error is None:
        return tuple(_judge(probe, face, policy, dates_from_photos) for face in extraction.faces)
    facts = _facts(probe, photo, None, dates_from_photos)
    return (PreparedProbe(facts, reasons=(str(error),), codes=(error.code,), error=error),)


def _judge(
    probe: Probe, found: EmbeddedFace, policy: QualityPolicy, dates_from_photos: bool
) -> PreparedProbe:
    face = found.face
    facts = _facts(probe, face.photo, face, dates_from_photos)
    refused = refusals(face.quality, policy)
    if refused:
        codes = tuple(reason.code for reason in refused)
        return PreparedProbe(facts, reasons=tuple(map(str, refused)), codes=codes)
    facts = replace(facts, degraded=bool(found.degraded))
    return PreparedProbe(facts, vector=found.probe, compared_with=found.compared_with)


def _facts(
    probe: Probe,
    photo: Photo | None = None,
    face: Face | None = None,
    dates_from_photos: bool = False,
) -> ProbeFacts:
    facts = ProbeFacts(
        sha256=None if photo is None else photo.sha256,
        taken_on=probe.taken_on,
        age_at_capture=probe.age_at_capture,
        quality=None if face is None else asdict(face.quality),
        box=None if face is None else _corners(face),
        face=None if face is None else face.number,
        notes=() if photo is None else photo.notes,
    )
    carried = None if photo is None else photo.capture_date
    return facts if carried is None else _dated(facts, carried, dates_from_photos)


def _dated(facts: ProbeFacts, carried: CaptureDate, take: bool) -> ProbeFacts:
    """Return the facts with a note on the date of the photo; with the date, if it is taken."""
    if facts.taken_on is not None:
        use = "the day that was given is used"
    elif carried.reliability != "good":
        use = "it is not good enough to be used"
    elif not take:
        use = "it is used only with --dates-from-photos"
    else:
        use = "it is used"
        facts = replace(facts, taken_on=carried.day, dated_by=carried.source)
    return replace(facts, notes=(*facts.notes, f"the photo carries the date {carried}; {use}"))


def _corners(face: Face) -> tuple[float, float, float, float]:
    left, top, right, bottom = (float(side) for side in face.box)
    return left, top, right, bottom
