"""Read what to enrol: a folder with a sub-folder for each subject, or a CSV manifest with dates."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, cast, get_args

from matcher.arguments import expect, expect_age, expect_day, path_of
from matcher.enrolment.manifest_table import TableRow, read_table, unreadable
from matcher.errors import ManifestError
from matcher.gallery.records import Sex, Subject
from matcher.paths import from_reference, shown
from matcher.photos import find_photos


@dataclass(frozen=True)
class PhotoOfSubject:
    """One photo to enrol, and its subject.

    Parameters
    ----------
    path
        Path of the photo; a text becomes a Path.
    subject
        The person, as the caller's records name it.
    taken_on
        Day of capture, if known.
    age_at_capture
        Age in years, if recorded.
    source, captured_with
        Origin of the photo, and the device that took it.

    Raises
    ------
    InputError
        For a date or an age as text, or anything but a `Subject`.
    """

    path: Path
    subject: Subject
    taken_on: date | None = None
    age_at_capture: float | None = None
    source: str | None = None
    captured_with: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", path_of("path", self.path))
        expect(
            "subject",
            self.subject,
            Subject,
            rule="must be a Subject",
            next_step="Give Subject(name), with what else is known of the person.",
        )
        expect_day("taken_on", self.taken_on)
        expect_age("age_at_capture", self.age_at_capture)


_PHOTO = tuple(field.name for field in fields(PhotoOfSubject) if field.name != "subject")
_SUBJECT = tuple(field.name for field in fields(Subject) if field.name != "source")
_COLUMN_OF = {"path": "photo", "subject_id": "subject", "recorded_sex": "sex"}

_DEFAULTS = {f.name: f.default for f in fields(Subject) if f.name in _SUBJECT and f.name != "tags"}

COLUMNS = tuple(_COLUMN_OF.get(name, name) for name in (*_PHOTO, *_SUBJECT))
"""Columns that enrolment reads; `photo` and `subject` are required, unknown ones are ignored."""


@dataclass(frozen=True)
class RefusedRow:
    """One row of a manifest that is not enrolled.

    Parameters
    ----------
    photo, subject
        What stands in these cells, so that somebody can be looked up; empty where nothing does.
    error
        Why it is refused; it names line and column.
    """

    photo: str
    subject: str
    error: ManifestError


@dataclass(frozen=True)
class Manifest:
    """What is to be enrolled, and what is not.

    Parameters
    ----------
    photos
        The rows that could be read.
    refused
        The others.
    unknown_columns
        Columns that were not read, in the order of the file.
    """

    photos: tuple[PhotoOfSubject, ...]
    refused: tuple[RefusedRow, ...] = ()
    unknown_columns: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[ManifestError, ...]:
        """Why each refused row is refused."""
        return tuple(row.error for row in self.refused)


def read_manifest(path: Path | str) -> Manifest:
    """Read a CSV manifest (header row, see `COLUMNS`); photo paths are relative to it.

    Dates are ISO 8601 (2019-05-28), ages are years, sex is female, male, other or unknown, and tags
    are separated by semicolons. Labels that only an evaluation needs, such as skin tone, are not
    read. They never enter a gallery. How the table may look: see
    `matcher.enrolment.manifest_table.read_table`.

    Rows of one subject complete each other: what one leaves empty, another may say. Rows that
    contradict each other are all refused, for nobody can tell which one is right.

    Raises
    ------
    ManifestError
        The file cannot be read as a table. A row that breaks a rule becomes one of
        `Manifest.refused` instead, so that the other rows are not lost.
    """
    path = path_of("path", path)
    table = read_table(path, COLUMNS)
    parsed: list[tuple[TableRow, PhotoOfSubject]] = []
    refused: list[RefusedRow] = []
    for row in table.rows:
        try:
            parsed.append((row, _parse_row(row, path)))
        except ManifestError as error:
            refused.append(_refused(row, error))
    agreed, contradicting = _settled(parsed, path)
    return Manifest(tuple(agreed), (*refused, *contradicting), table.unknown)


def _refused(row: TableRow, error: ManifestError) -> RefusedRow:
    return RefusedRow(row.cells.get("photo", ""), row.cells.get("subject", ""), error)


def _settled(
    parsed: Sequence[tuple[TableRow, PhotoOfSubject]], path: Path
) -> tuple[list[PhotoOfSubject], list[RefusedRow]]:
    """Give each photo the whole record of its subject; refuse the rows that contradict others."""
    by_subject: dict[str, list[tuple[TableRow, PhotoOfSubject]]] = defaultdict(list)
    for row, photo in parsed:
        by_subject[photo.subject.subject_id].append((row, photo))
    whole: dict[str, Subject] = {}
    refused: list[RefusedRow] = []
    for subject_id, rows in by_subject.items():
        try:
            whole[subject_id] = _whole_record(rows, path)
        except ManifestError as error:
            refused += [_refused(row, error) for row, _ in rows]
    kept = [photo for _, photo in parsed if photo.subject.subject_id in whole]
    return [replace(one, subject=whole[one.subject.subject_id]) for one in kept], refused


def _whole_record(rows: Sequence[tuple[TableRow, PhotoOfSubject]], path: Path) -> Subject:
    """Return what all rows of a subject say together.

    Raises
    ------
    ManifestError
        Two rows say different things.
    """
    said: dict[str, tuple[int, Any]] = {}
    tags = {tag for _, photo in rows for tag in photo.subject.tags}
    for row, photo in rows:
        for name, default in _DEFAULTS.items():
            value = getattr(photo.subject, name)
            if value == default:
                continue
            line, before = said.setdefault(name, (row.line, value))
            if value != before:
                raise ManifestError(
                    f"lines {line} and {row.line}, column {_COLUMN_OF.get(name, name)}",
                    rule="must say the same of one subject",
                    got=f"{before} and {value}",
                    next_step="Correct the wrong one and run again; no row of it was enrolled.",
                    path=path,
                )
    return Subject(**{name: value for name, (_, value) in said.items()}, tags=tuple(sorted(tags)))


def read_folder(folder: Path | str) -> Manifest:
    """Read a folder with one sub-folder for each subject, named by the subject's identifier.

    In a name that is not UTF-8, `matcher.paths.shown` writes each byte that is none.

    Raises
    ------
    ManifestError
        There is no such folder, no sub-folder holds a photo, or the names of two sub-folders become
        the same identifier.
    """
    folder = path_of("folder", folder)
    if not folder.is_dir():
        raise unreadable(folder, "is not a folder")
    subjects = [subject for subject in sorted(folder.iterdir()) if subject.is_dir()]
    _require_own_names(subjects, folder)
    photos = tuple(
        PhotoOfSubject(photo, Subject(shown(subject.name)))
        for subject in subjects
        for photo in find_photos(subject)
    )
    if not photos:
        raise unreadable(folder, "no photos in any sub-folder")
    return Manifest(photos)


def _require_own_names(subjects: Sequence[Path], folder: Path) -> None:
    """Refuse sub-folders whose photos would all be taken for one person's."""
    counts = Counter(shown(subject.name) for subject in subjects)
    if twice := [name for name, count in counts.items() if count > 1]:
        raise ManifestError(
            "folder of photos",
            rule="has one sub-folder for each subject",
            got=f"two sub-folders that are both written {twice[0]}",
            next_step="Rename one of them.",
            path=folder,
        )


def _parse_row(row: TableRow, manifest: Path) -> PhotoOfSubject:
    cell = _Cells(row.cells, manifest, row.line)
    if row.fault:
        raise cell.refusal(f"line {row.line}", "must have a cell for each column", row.fault)
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
        given = self.required(column)
        path = self.manifest.parent / from_reference(given)
        as_in_windows = self.manifest.parent / given.replace("\\", "/")
        return as_in_windows if as_in_windows.exists() and not path.exists() else path

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
        return self.refusal(f"line {self.number}, column {column}", rule, got)

    def refusal(self, what: str, rule: str, got: object) -> ManifestError:
        return ManifestError(
            what,
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
