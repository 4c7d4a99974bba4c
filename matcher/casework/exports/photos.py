"""The two pictures of a photo in a lead report, without other faces and without metadata."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import NoneType
from typing import Final, Literal

import numpy as np
from PIL import Image

from matcher.arguments import described, expect
from matcher.casework.exports.obscuring import obscured, reaches_over
from matcher.errors import InputError, MatcherError, PhotoChangedError
from matcher.faces import Detector, FaceNumber
from matcher.failures import as_photo_errors
from matcher.gallery import PhotoRecord, Subject
from matcher.paths import shown
from matcher.photos import DecodeLimits, Photo, load_photo
from matcher.search.ages import age_on
from matcher.search.lead_sheet.pictures import cut_out, draw_boxes, load_shown
from matcher.search.lead_sheet.places import Box, Place, others_than, place_among

FACE_SIDE: Final = 720
"""Side in pixels of the picture of a face."""

WHOLE_SIDE: Final = 600
"""Longest side in pixels of the picture of a whole photo. A smaller photo is not enlarged."""

Missing = Literal["", "changed", "not kept", "no face", "several faces", "unreadable"]
"""Why a photo has no pictures in a report; empty if it has."""


@dataclass(frozen=True, eq=False)
class FacePictures:
    """The pictures of a photo, and what was done to make them.

    Parameters
    ----------
    face
        A JPEG of the face, `FACE_SIDE` pixels square, sRGB, without metadata. Other faces that the
        detector found are obscured in it.
    whole
        A JPEG of the whole photo with a box around the face, at most `WHOLE_SIDE` pixels long; the
        same faces are obscured in it.
    whole_size, photo_size
        Width and height of that picture, and of the photo, in pixels.
    face_size
        Width and height of the face's box in pixels of the photo.
    eye_distance
        Distance of the eyes in pixels of the photo; None if the eyes were not found again. The face
        is then cut out by its box, and not aligned.
    scale
        Pixels of the face's picture for one pixel of the photo.
    blurred
        Number of other faces that were found, and obscured.
    overlapping
        Whether a part of another face lies in the box of this face. That part is not obscured.
    """

    face: bytes
    whole: bytes
    whole_size: tuple[int, int]
    photo_size: tuple[int, int]
    face_size: tuple[int, int]
    eye_distance: float | None
    scale: float
    blurred: int = 0
    overlapping: bool = False


@dataclass(frozen=True, eq=False)
class ReportPhoto:
    """A photo as a report shows it; `report_photo` makes one from the bytes.

    Parameters
    ----------
    sha256
        Hash of the photo's bytes; None if there was no photo, as for a probe that is a vector.
    name
        Name of the file, without its folder.
    pictures
        The pictures; None if there are none, see `missing`.
    missing
        Why there are no pictures.
    quality
        Quality measures by name, as when the photo was enrolled or searched with.
    taken_on, dated_by
        Day of capture, and what gave it if the photo itself did.
    age_at_capture
        Age in years as recorded or given, or from the dates; None if it is not known.
    source, captured_with
        Origin of the photo, and the device, as recorded.
    notes
        What was converted or lost while it was decoded, in English.
    """

    sha256: str | None = None
    name: str = ""
    pictures: FacePictures | None = None
    missing: Missing = ""
    quality: Mapping[str, float] = field(default_factory=dict)
    taken_on: date | None = None
    dated_by: str | None = None
    age_at_capture: float | None = None
    source: str | None = None
    captured_with: str | None = None
    notes: tuple[str, ...] = ()


def facts_of(photo: PhotoRecord, subject: Subject, quality: Mapping[str, float]) -> ReportPhoto:
    """Return what a report says of an enrolled photo, without pictures.

    Parameters
    ----------
    photo, subject
        The records of the photo and of whom it shows.
    quality
        Quality measures at enrolment.
    """
    return ReportPhoto(
        sha256=photo.sha256,
        name=shown(photo.path.name),
        quality=quality,
        taken_on=photo.taken_on,
        dated_by=photo.dated_by,
        age_at_capture=age_on(subject.date_of_birth, photo.taken_on, photo.age_at_capture),
        source=photo.source or subject.source,
        captured_with=photo.captured_with,
    )


def report_photo(
    source: Path | Photo | bytes | None,
    facts: ReportPhoto,
    box: Box | None,
    *,
    detector: Detector,
    number: FaceNumber | None = None,
    limits: DecodeLimits = DecodeLimits(),  # noqa: B008 - frozen, so one instance serves all calls
) -> ReportPhoto:
    """Return a photo with its pictures, or with the reason why it has none.

    Parameters
    ----------
    source
        The photo: a file, its bytes, or a loaded one; None if it was not kept.
    facts
        What is known of the photo. A file or bytes with another hash than `facts.sha256` may show
        somebody else, and get no picture.
    box
        The compared face: left, top, right, bottom in pixels of the upright photo. None if the
        photo has one face.
    detector
        Finds the eyes, and the other faces, which are obscured. A face that it does not find is not
        obscured.
    number
        Which of the faces it is, if the box is not known: it counts only if as many faces are found
        again.
    limits
        Limits on the size of photos that are decoded.

    Raises
    ------
    InputError
        For arguments of other types.
    """
    step = "Give the path of a photo, its bytes, or what load_photo returned."
    kinds = (Path, Photo, bytes, NoneType)
    expect("source", source, kinds, rule="must be a photo", next_step=step)
    rule, step = "must be a ReportPhoto", "Give ReportPhoto(sha256)."
    expect("facts", facts, ReportPhoto, rule=rule, next_step=step)
    expect_detector(detector)
    if source is None:
        return replace(facts, missing="not kept")
    path = source if isinstance(source, Path) else getattr(source, "path", None)
    try:
        with as_photo_errors("the report", path):
            photo, notes = _loaded(source, facts.sha256, limits)
            known = replace(facts, notes=tuple(dict.fromkeys((*facts.notes, *notes))))
            return _with_pictures(known, photo, box, number, detector)
    except PhotoChangedError:
        return replace(facts, missing="changed")
    except MatcherError as error:
        return replace(facts, missing="unreadable", notes=(*facts.notes, error.code))


def expect_detector(detector: object) -> None:
    """Raise InputError unless something finds faces: without it no other face is obscured."""
    if not callable(getattr(detector, "detect", None)):
        raise InputError(
            "detector",
            rule="must have a method detect",
            got=described(detector),
            next_step="Give an Extractor, or what matcher.faces.load_detector returns.",
        )


def _loaded(
    source: Path | Photo | bytes, sha256: str | None, limits: DecodeLimits
) -> tuple[Photo, tuple[str, ...]]:
    if not isinstance(source, bytes):
        return load_shown(source, sha256, limits)
    photo = load_photo(source, limits=limits, salvage=True)
    if sha256 is not None and photo.sha256 != sha256:
        raise PhotoChangedError(
            "the photo",
            rule=f"has the hash {sha256[:12]}",
            got=photo.sha256[:12],
            next_step="Give the bytes that were searched with.",
        )
    return photo, photo.notes


def _with_pictures(
    facts: ReportPhoto,
    photo: Photo,
    box: Box | None,
    number: FaceNumber | None,
    detector: Detector,
) -> ReportPhoto:
    (faces,) = detector.detect([photo])
    if box is None and number is not None and len(faces) == number.of:
        left, top, right, bottom = faces[number.number - 1].box.tolist()
        box = (left, top, right, bottom)
    place = place_among(faces, box)
    if len(place.boxes) != 1:
        return replace(facts, missing="several faces" if place.boxes else "no face")
    others = others_than(place, faces)
    shown = replace(photo, pixels=obscured(photo.pixels, others, place.boxes[0]))
    cut = cut_out(shown, place, FACE_SIDE)
    whole = Image.fromarray(shown.pixels)
    whole.thumbnail((WHOLE_SIDE, WHOLE_SIDE))
    draw_boxes(whole, place.boxes, photo.size)
    pictures = FacePictures(
        face=_jpeg(cut.picture, 92),
        whole=_jpeg(whole, 85),
        whole_size=whole.size,
        photo_size=photo.size,
        face_size=_size_of(place.boxes[0]),
        eye_distance=_eye_distance(place),
        scale=cut.scale,
        blurred=len(others),
        overlapping=reaches_over(others, place.boxes[0]),
    )
    return replace(facts, pictures=pictures)


def _size_of(box: Box) -> tuple[int, int]:
    return max(1, round(box[2] - box[0])), max(1, round(box[3] - box[1]))


def _eye_distance(place: Place) -> float | None:
    if place.eyes is None:
        return None
    return float(np.linalg.norm(place.eyes[1] - place.eyes[0]))


def _jpeg(image: Image.Image, quality: int) -> bytes:
    """Return pixels alone as JPEG: a picture made from an array has no metadata to pass on."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling=0)  # colour as fine as light
    return buffer.getvalue()
