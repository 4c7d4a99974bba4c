"""What to enrol, and how it is read from a CSV manifest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, Final, cast, get_args

from fairness.errors import CohortError
from fairness.manifests import ManifestTable, TableRow, age_in_years, calendar_day, read_table
from matcher.arguments import expect, expect_age, expect_day, path_of
from matcher.errors import ManifestError
from matcher.gallery.records import Sex, Subject
from matcher.names import controls
from matcher.paths import from_reference, shown
from matcher.photos import LeftOut


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
    dated_by
        What gave `taken_on`, if the photo itself did; None if the caller did.

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
    dated_by: str | None = None

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

PHOTO_FACTS = tuple(name for name in _PHOTO if name != "path")
"""Fields of a `PhotoRecord` that the caller gives. The others follow from the file."""

_DATES: Final = ("photo", "taken_on")


@dataclass(frozen=True)
class RefusedRow:
    """One row of a manifest, or one photo or folder, that is not enrolled.

    Parameters
    ----------
    photo, subject
        What stands in these cells, so that somebody can be looked up; empty where nothing does.
    error
        Why it is refused; it names line and column, or the folder.
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
        The rows of a manifest that could be read, or the photos of a folder.
    refused
        The others.
    unknown_columns
        Columns of a manifest that were not read, in the order of the file.
    left_out
        What a folder holds beside the photos of its subjects.
    without_photos
        Subjects whose folder holds no photo.
    remarks
        What a person should know about how it was read, as sentences; also the columns that were
        not read, and the counts of what was left out.
    """

    photos: tuple[PhotoOfSubject, ...]
    refused: tuple[RefusedRow, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    without_photos: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[ManifestError, ...]:
        """Why each refused row is refused."""
        return tuple(row.error for row in self.refused)

    def rows_left_out(self) -> list[dict[str, str]]:
        """Return a flat row for a report for everything that was left out."""
        return [
            {
                "photo": shown(item.path),
                "subject": "",
                "status": "left out",
                "code": "left_out",
                "reason": item.reason.one,
                "also_under": "",
            }
            for item in self.left_out
        ]


def read_manifest(path: Path | str) -> Manifest:
    """Read a CSV manifest (header row, see `COLUMNS`); photo paths are relative to it.

    Dates are ISO 8601 (2019-05-28), ages are years or as in "3 months" and "2y 6m", sex is female,
    male, other or unknown, and tags are separated by semicolons. Labels that only an evaluation
    needs, such as skin tone, are not read. They never enter a gallery. An audit reads tables in the
    same way, see `fairness.manifests.read_table`.

    Rows of one subject complete each other: what one leaves empty, another may say. Rows that
    contradict each other are all refused, for nobody can tell which one is right.

    Raises
    ------
    ManifestError
        The file cannot be read as a table. A row that breaks a rule becomes one of
        `Manifest.refused` instead, so that the other rows are not lost.
    """
    path = path_of("path", path)
    table = _table(path, COLUMNS, required=("photo", "subject"))
    parsed: list[tuple[TableRow, PhotoOfSubject]] = []
    refused: list[RefusedRow] = []
    for row in table.rows:
        try:
            parsed.append((row, _parse_row(row, path)))
        except ManifestError as error:
            refused.append(_refused(row, error))
    agreed, contradicting = _settled(parsed, path)
    unknown = tuple(name for name in table.columns if name not in COLUMNS)
    remarks = table.remarks
    if unknown:
        remarks = (*remarks, f"Columns that are not read: {', '.join(unknown)}.")
    return Manifest(tuple(agreed), (*refused, *contradicting), unknown, remarks=remarks)


def read_dates(path: Path | str) -> dict[Path, date]:
    """Read days of capture from a CSV file with the columns `photo` and `taken_on`.

    Paths are relative to the file, and dates are ISO 8601, as in `read_manifest`. Other columns are
    not read. A row without a date says nothing.

    Returns
    -------
    dict
        Day of capture by path.

    Raises
    ------
    ManifestError
        The file cannot be read as a table, a row breaks a rule, or two rows give one photo
        different days.
    """
    path = path_of("path", path)
    table = _table(path, _DATES, required=_DATES)
    found: dict[Path, date] = {}
    for row in table.rows:
        cell = _Cells(row.cells, path, row.line)
        if row.fault:
            raise cell.refusal(f"line {row.line}", "must have a cell for each column", row.fault)
        photo, day = cell.path("photo"), cell.date("taken_on")
        if day is not None and found.setdefault(photo, day) != day:
            raise cell.error("taken_on", f"{found[photo]}, as an earlier line has it", day)
    return found


def _table(path: Path, columns: Sequence[str], required: Sequence[str]) -> ManifestTable:
    try:
        return read_table(path, columns, required=required)
    except CohortError as error:
        raise ManifestError(
            error.what, rule=error.rule, got=error.got, next_step=error.next_step, path=error.path
        ) from error


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
        value = (self.row.get(column) or "").strip() or None
        if value is not None and controls(value) and (column in _NAMES or "\0" in value):
            raise self.error(column, "must have no control characters", ascii(value))
        return value

    def required(self, column: str) -> str:
        value = self.text(column)
        if value is None:
            raise self.error(column, "must not be empty", "an empty cell")
        return value

    def date(self, column: str) -> date | None:
        value = self.text(column)
        try:
            return None if value is None else calendar_day(value)
        except ValueError as error:
            raise self.error(column, "a date such as 2019-05-28", error) from error

    def path(self, column: str) -> Path:
        given = self.required(column)
        path = self.manifest.parent / from_reference(given)
        as_in_windows = self.manifest.parent / given.replace("\\", "/")
        return as_in_windows if as_in_windows.exists() and not path.exists() else path

    def age(self, column: str) -> float | None:
        value = self.text(column)
        try:
            age = None if value is None else age_in_years(value)
        except ValueError as error:
            rule = "a number of years, or an age such as 3 months"
            raise self.error(column, rule, repr(value)) from error
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


_NAMES: Final = frozenset({"subject", "region", "tags", "case_reference"})
"""Columns with names; other texts may have several lines."""

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
