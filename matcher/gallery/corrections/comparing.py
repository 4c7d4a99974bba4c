"""Compare two records of a subject or a photo, and put two records of one person together."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Any, Final

from matcher.errors import InputError
from matcher.gallery.records import PhotoRecord, Subject, said

_SEARCHED: Final = ("date_of_birth", "recorded_sex", "region")
_FREE_TEXT: Final = ("source", "case_reference", "note")
_EMPTY: Final = Subject("nobody")


def changed(
    before: Subject | PhotoRecord, after: Subject | PhotoRecord
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return the fields that differ, with what each held and holds; None if none does."""
    names = [f.name for f in fields(before) if getattr(before, f.name) != getattr(after, f.name)]
    if not names:
        return None
    one, other = ({name: getattr(record, name) for name in names} for record in (before, after))
    return one, other


def together(gone: Subject, kept: Subject) -> Subject:
    """Return the record of `kept`, completed by that of `gone`."""
    if gone.subject_id == kept.subject_id:
        raise InputError(
            "subjects to merge",
            rule="must be two",
            got=f"{kept.subject_id!r} twice",
            next_step="Name the subject that goes, then the one that stays.",
        )
    values: dict[str, Any] = {"tags": tuple(sorted({*gone.tags, *kept.tags}))}
    values["hidden_because"] = _both_hidden(gone, kept)
    for name in (*_SEARCHED, *_FREE_TEXT):
        here, there, empty = (getattr(one, name) for one in (kept, gone, _EMPTY))
        if there in (empty, here):
            continue
        if here == empty:
            values[name] = there
        elif name in _FREE_TEXT:
            values[name] = f"{here}; {there}"
        else:
            raise InputError(
                f"{name} of the subjects to merge",
                rule="must not contradict each other",
                got=f"{said(here)} of {kept.subject_id!r}, {said(there)} of {gone.subject_id!r}",
                next_step="Correct the wrong one with `matcher gallery edit`, then merge.",
            )
    return replace(kept, **values)


def _both_hidden(gone: Subject, kept: Subject) -> str | None:
    """Return why both are hidden; None if one of them is not, so that a merge hides nobody."""
    here, there = kept.hidden_because, gone.hidden_because
    if here is None or there is None:
        return None
    return here if here == there else f"{here}; {there}"


def require_born(birth: date | None, photos: list[PhotoRecord]) -> None:
    """Refuse a date of birth after a photo of the same person."""
    days = [photo.taken_on for photo in photos if photo.taken_on is not None]
    if birth is not None and days and min(days) < birth:
        raise InputError(
            "date of birth",
            rule="must not be after the day of a photo",
            got=f"{birth}, and a photo of {min(days)}",
            next_step="Correct the one that is wrong first.",
        )
