"""A photo of a report in the words of a language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from matcher.casework.exports.languages import Messages
from matcher.casework.exports.photos import FacePictures, ReportPhoto
from matcher.casework.exports.texts import Line, lines, short
from matcher.words import figure


@dataclass(frozen=True, eq=False)
class ShownPhoto:
    """A photo on the page: its role, its pictures or why there are none, what was done, facts."""

    role: str
    pictures: FacePictures | None
    missing: str
    alt: str
    alt_whole: str
    said: tuple[str, ...]
    facts: tuple[Line, ...]


def name_of(photo: ReportPhoto) -> str:
    """Return what a photo is called: its file, or the beginning of its hash."""
    return short(photo.name or (photo.sha256 or "")[:12])


def shown_photo(role: str, photo: ReportPhoto, words: Messages) -> ShownPhoto:
    """Return a photo in the words of a language; the role says whose photo it is."""
    return ShownPhoto(
        role=role,
        pictures=photo.pictures,
        missing=words.named("missing", photo.missing) if photo.missing else "",
        alt=words("lead.alt", role=role),
        alt_whole=words("lead.alt_whole", role=role),
        said=() if photo.pictures is None else tuple(_said(photo.pictures, words)),
        facts=tuple(_photo_facts(photo, words)),
    )


def _said(pictures: FacePictures, words: Messages) -> Iterator[str]:
    """Yield what was done to make the pictures, and how large the face is in its photo."""
    width, height = pictures.face_size
    yield words("photo.face_size", width=width, height=height)
    if pictures.eye_distance is None:
        yield words("photo.not_aligned")
    else:
        yield words("photo.aligned", eyes=f"{pictures.eye_distance:.0f}")
    if pictures.scale >= 1:
        yield words("photo.enlarged", times=f"{pictures.scale:.1f}")
    else:
        yield words("photo.reduced", times=f"{1 / pictures.scale:.1f}")
    if pictures.blurred:
        yield words("photo.blurred", number=pictures.blurred)
    if pictures.overlapping:
        yield words("photo.overlapping")


def _photo_facts(photo: ReportPhoto, words: Messages) -> Iterator[Line]:
    taken = None if photo.taken_on is None else str(photo.taken_on)
    if taken is not None and photo.dated_by is not None:
        taken = words("photo.dated_by", day=taken, field=photo.dated_by)
    age = photo.age_at_capture
    unknown = words("photo.not_recorded")
    yield from lines(
        "photo",
        {
            "file": photo.name,
            "sha256": photo.sha256,
            "taken_on": taken or unknown,
            "age": unknown if age is None else words("photo.years", years=f"{age:.1f}"),
            "size": _pixels(photo.pictures, words),
            "source": photo.source,
            "captured_with": photo.captured_with,
        },
        words,
    )
    yield from lines(
        "quality", {name: figure(value, 3) for name, value in photo.quality.items()}, words
    )
    if photo.notes:
        yield words("photo.read_as"), short("; ".join(photo.notes))


def _pixels(pictures: FacePictures | None, words: Messages) -> str:
    if pictures is None:
        return ""
    width, height = pictures.photo_size
    return words("photo.pixels", width=width, height=height)
