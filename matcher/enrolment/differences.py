"""Find what the gallery and the caller's records hold differently about one subject or photo."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final, Literal

from matcher.enrolment.manifest import PHOTO_FACTS, PhotoOfSubject
from matcher.gallery import PhotoRecord, Subject
from matcher.gallery.records import said
from matcher.gallery.validation import in_one_form
from matcher.paths import from_reference, to_reference

_SUBJECT: Final = tuple(field for field in fields(Subject) if field.name != "subject_id")


@dataclass(frozen=True)
class Difference:
    """One field that differs. What the caller leaves empty never differs.

    Parameters
    ----------
    of
        Whose record: that of the subject, or of the photo.
    field
        Name of the field of `Subject` or `PhotoRecord`.
    stored, given
        Its value in the gallery, and in what is enrolled.
    """

    of: Literal["subject", "photo"]
    field: str
    stored: Any
    given: Any

    def __str__(self) -> str:
        stored, given = said(self.stored), said(self.given)
        return f"{self.field} of the {self.of}: {stored} in the gallery, {given} given"


def of_subject(stored: Subject, given: Subject) -> tuple[Difference, ...]:
    """Return the fields of a subject that differ."""
    plain = in_one_form(given)
    return tuple(
        Difference("subject", field.name, getattr(stored, field.name), getattr(plain, field.name))
        for field in _SUBJECT
        if getattr(plain, field.name) not in (field.default, getattr(stored, field.name))
    )


def of_photo(stored: PhotoRecord, given: PhotoOfSubject) -> tuple[Difference, ...]:
    """Return the fields of a photo that differ; its reference only if no file is left there."""
    facts = tuple(
        Difference("photo", name, getattr(stored, name), getattr(given, name))
        for name in PHOTO_FACTS
        if getattr(given, name) not in (None, getattr(stored, name))
    )
    facts += _of_former_day(stored, facts)
    here = to_reference(given.path.absolute())
    if here == stored.reference or from_reference(stored.reference).exists():
        return facts
    return (*facts, Difference("photo", "reference", stored.reference, here))


def _of_former_day(stored: PhotoRecord, facts: tuple[Difference, ...]) -> tuple[Difference, ...]:
    """Return that another day no longer comes from what gave the former one."""
    names = {one.field for one in facts}
    if stored.dated_by is None or "taken_on" not in names or "dated_by" in names:
        return ()
    return (Difference("photo", "dated_by", stored.dated_by, None),)
