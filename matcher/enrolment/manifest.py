"""Read what to enrol: a folder with a sub-folder for each subject, or a CSV manifest with dates."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, cast, get_args

from matcher.errors import ManifestError
from matcher.gallery.records import Sex, Subject
from matcher.photos import find_photos


@dataclass(frozen=True)
class PhotoOfSubject:
    """One photo to enrol, and its subject.

    Parameters
    ----------
    path
        Path of the photo.
    subject
        The person, as the caller's records name it.
    taken_on
        Day of capture, if known.
    age_at_capture
        Age in years, if recorded.
    source, captured_with
        Origin of the photo, and the device that took it.
    """

    path: Path
    subject: Subject
    taken_on: date | None = None
    age_at_capture: float | None = None
    source: str | None = None
    captured_with: str | None = None


_PHOTO = tuple(field.name for field in fields(PhotoOfSubject) if field.name != "subject")
_SUBJECT = tuple(field.name for field in fields(Subject) if field.name != "source")
_COLUMN_OF = {"path": "photo", "subject_id": "subject", "recorded_sex": "sex"}

COLUMNS = tuple(_COLUMN_OF.get(name, name) for name in (*_PHOTO, *_SUBJECT))
"""Columns that enrolment reads; `photo` and `subject` are required, unknown ones are ignored."""


@dataclass(frozen=True)
class Manifest:
    """The rows that could be read, and one error for each row that could not."""

    photos: tuple[PhotoOfSubject, ...]
    errors: tuple[ManifestError, ...]


def read_manifest(path: Path) -> Manifest:
    """Read a CSV manifest (UTF-8, header row, see `COLUMNS`); photo paths are relative to it.

    Dates are ISO 8601 (2019-05-28), ages are years, sex is female, male, other or unknown, and tags
    are separated by semicolons. Labels that only an evaluation needs, such as skin tone, are not
    read. They never enter a gallery.

    Raises
    ------
    ManifestError
        There is no file, it is not UTF-8 text, or a required column is absent. A row that breaks a
        rule becomes one of `Manifest.errors` instead, so that the other rows are not lost.
    """
    rows = _read_rows(path)
    photos: list[PhotoOfSubject] = []
    errors: list[ManifestError] = []
    for number, row in rows:
        try:
            photos.append(_parse_row(row, path, number))
        except ManifestError as error:
            errors.append(error)
    return Manifest(tuple(photos), tuple(errors))


def read_folder(folder: Path) -> Manifest:
    """Read a folder with one sub-folder for each subject, named by the subject's identifier.

    Raises
    ------
    ManifestError
        There is no such folder, or no sub-folder holds a photo.
    """
    if not folder.is_dir():
        raise _not_readable(folder, "is not a folder")
    photos = tuple(
        PhotoOfSubject(photo, Subject(subject.name))
        for subject in sorted(folder.iterdir())
        if subject.is_dir()
        for photo in find_photos(subject)
    )
    if not photos:
        raise _not_readable(folder, "no photos in any sub-folder")
    return Manifest(photos, ())


def _read_rows(path: Path) -> list[tuple[int, Mapping[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            _require_columns(path, reader.fieldnames or ())
            return [(reader.line_num, row) for row in reader]
    except OSError as error:
        raise _not_readable(path, error.strerror or type(error).__name__) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise _not_readable(path, str(error)) from error


def _require_columns(path: Path, found: Iterable[str]) -> None:
    missing = {"photo", "subject"} - set(found)
    if missing:
        raise ManifestError(
            "manifest",
            rule="needs the columns photo and subject",
            got=f"no column {' and '.join(sorted(missing))}",
            next_step=f"Name them in the first row; known columns are {', '.join(COLUMNS)}.",
            path=path,
        )


def _parse_row(row: Mapping[str, str], manifest: Path, number: int) -> PhotoOfSubject:
    cell = _Cells(row, manifest, number)
    subject = Subject(**{name: cell.value(_COLUMN_OF.get(name, name)) for name in _SUBJECT})
    facts = {name: cell.value(_COLUMN_OF.get(name, name)) for name in _PHOTO}
    photo = PhotoOfSubject(**facts, subject=subject)
    if photo.taken_on and subject.date_of_birth and photo.taken_on < subject.date_of_birth:
        raise cell.error("taken_on", "not before date_of_birth", photo.taken_on)
    return photo


@dataclass(frozen=True)
class _Cells:
    """Typed access to the cells of one row. Every error names the row and the column."""

    row: Mapping[str, str]
    manifest: Path
    number: int

    def value(self, column: str) -> Any:
        """Return the value of a cell by the rule of its column; without a rule, return its text."""
        return _READERS.get(column, _Cells.text)(self, column)

    def text(self, column: str) -> str | None:
        return (self.row.get(column) or "").strip() or None

    def required(self, column: str) -> str:
        value = self.text(column)
        if value is None:
            raise self.error(column, "must not be empty", "an empty cell")
        return value

    def date(self, column: str) -> date | None:
        value = self.text(column)
        try:
            return None if value is None else date.fromisoformat(value)
        except ValueError as error:
            raise self.error(column, "a date such as 2019-05-28", repr(value)) from error

    def path(self, column: str) -> Path:
        return self.manifest.parent / self.required(column)

    def age(self, column: str) -> float | None:
        value = self.text(column)
        try:
            age = None if value is None else float(value)
        except ValueError as error:
            raise self.error(column, "a number of years", repr(value)) from error
        if age is not None and not 0 <= age <= 130:
            raise self.error(column, "between 0 and 130 years", value)
        return age

    def sex(self, column: str) -> Sex:
        value = (self.text(column) or "unknown").lower()
        if value not in get_args(Sex):
            raise self.error(column, f"one of {', '.join(get_args(Sex))}", repr(value))
        return cast("Sex", value)

    def tags(self, column: str) -> tuple[str, ...]:
        return tuple(sorted({tag.strip() for tag in (self.text(column) or "").split(";")} - {""}))

    def error(self, column: str, rule: str, got: object) -> ManifestError:
        return ManifestError(
            f"line {self.number}, column {column}",
            rule=rule,
            got=got,
            next_step="Correct the row and run again; rows already enrolled are skipped.",
            path=self.manifest,
        )


_READERS: Mapping[str, Callable[[_Cells, str], Any]] = {
    "photo": _Cells.path,
    "subject": _Cells.required,
    "taken_on": _Cells.date,
    "date_of_birth": _Cells.date,
    "age_at_capture": _Cells.age,
    "sex": _Cells.sex,
    "tags": _Cells.tags,
}
"""The rule for a cell, by column."""


def _not_readable(path: Path, got: str) -> ManifestError:
    return ManifestError(
        "what to enrol",
        rule="a CSV manifest in UTF-8, or a folder with one sub-folder of photos for each subject",
        got=got,
        next_step="Check the path.",
        path=path,
    )
