"""The columns of each table, in one place. Records, statements and copies derive from them.

A record gains a field in two steps: the field in `matcher.gallery.records`, and a migration that
adds the column.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Final

from matcher.gallery.records import PhotoRecord, Subject

SUBJECT: Final = tuple(field.name for field in fields(Subject) if field.name != "tags")
"""Columns of `subjects`: the fields of a `Subject` except its tags, which have a table."""

PHOTO: Final = tuple(field.name for field in fields(PhotoRecord))
"""Columns of `faces` that hold a `PhotoRecord`."""

BOX: Final = ("box_left", "box_top", "box_right", "box_bottom")

FACE: Final = (
    "face_id",
    "subject_id",
    *PHOTO,
    *BOX,
    "probability",
    "quality",
    "weight",
    "enrolled_at",
    "generation",
)
"""Columns of `faces`."""

DATES: Final = frozenset({"date_of_birth", "taken_on"})
"""Columns that hold a day as ISO text."""

NUMBERS: Final = frozenset({"age_at_capture"})
"""Columns of records that hold a number: years, in [0, `OLDEST`]."""

OLDEST: Final = 130

OPTIONAL: Final = frozenset(
    field.name
    for record in (Subject, PhotoRecord)
    for field in fields(record)
    if field.default is None
)
"""Columns that a store of an older format may lack. The field of the record is then None."""


def placeholders(columns: Iterable[str]) -> str:
    """Return a question mark for each column, separated by commas."""
    return ", ".join("?" for _ in columns)
