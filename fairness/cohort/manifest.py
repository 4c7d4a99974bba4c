"""Labels from CSV files: the manifest of a cohort, or further labels for the photos of a folder."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fairness.cohort.cohort import Cohort, Sample, SetAside
from fairness.cohort.groups import UNKNOWN
from fairness.errors import require_none
from fairness.manifests import ALIASES, TableRow, age_in_years, calendar_day, read_table

_REQUIRED = ("photo", "subject")


def _word(text: str) -> str:
    return text.lower().replace(" ", "_")


def _number(text: str) -> float:
    return float(text)


def _whole(text: str) -> int:
    return int(text)


def _posix(text: str) -> str:
    return text.replace("\\", "/")


_DAY = "a date such as 2019-05-28 (where only a year is known, give age_at_capture)"
_PARSERS: Mapping[str, tuple[Callable[[str], Any], str]] = MappingProxyType(
    {
        "photo": (_posix, "a path"),
        "sex": (_word, "a word"),
        "sex_provenance": (_word, "a word"),
        "taken_on": (calendar_day, _DAY),
        "date_of_birth": (calendar_day, _DAY),
        "age_at_capture": (age_in_years, "a number of years, or an age such as 3 months"),
        "skin_tone_monk": (_whole, "a whole number"),
        "skin_tone_fitzpatrick": (_whole, "a whole number"),
        "skin_tone_l": (_number, "a number"),
        "skin_tone_hue": (_number, "a number"),
        "quality": (_number, "a number"),
    }
)
COLUMNS = tuple(field.name for field in fields(Sample) if field.name != "labels")
"""Columns with a fixed meaning: the fields of `Sample`. Any other column becomes a label."""


@dataclass(frozen=True)
class ManifestRow:
    """One row of a file of labels.

    Parameters
    ----------
    line
        Number of its last line in the file, from 1.
    known
        Parsed values by field of `Sample`; empty and unknown cells are absent.
    labels
        Values of the other columns.
    """

    line: int
    known: Mapping[str, Any]
    labels: Mapping[str, str]

    @property
    def photo(self) -> str:
        """Identifier of the photo."""
        return str(self.known["photo"])

    def sample(self) -> Sample:
        """Return the photo that the row describes."""
        return Sample(**self.known, labels=self.labels)


@dataclass(frozen=True)
class LabelTable:
    """A file of labels as it was read.

    Parameters
    ----------
    rows
        The rows that could be read.
    refused
        The others. No reason holds the content of a cell, for it stands in the report.
    remarks
        What a person should know about how the file was read.
    """

    rows: tuple[ManifestRow, ...]
    refused: tuple[SetAside, ...] = ()
    remarks: tuple[str, ...] = ()


def read_manifest(path: Path | str) -> Cohort:
    """Read a cohort from a CSV manifest: a header row, and one row for each photo.

    Parameters
    ----------
    path
        The file; how it may look, see `fairness.manifests.read_table`. Its folder becomes
        `Cohort.folder`. The columns `photo` and `subject` are required. `photo` is a path relative
        to the folder, or the name in a file of scores. `COLUMNS` lists all columns with a fixed
        meaning. Any other column becomes a factor. An empty cell, or the word unknown, means that
        the value is not known.

    Returns
    -------
    Cohort
        A row that cannot be read, or with an impossible value, is one of `Cohort.refused`.

    Raises
    ------
    CohortError
        If the file cannot be read, a required column is absent, no row can be read, or rows
        contradict each other. The message names the first ten faults.
    """
    path = Path(path)
    table = read_rows(path, required=_REQUIRED)
    name = path.resolve().parent.name
    samples = (row.sample() for row in table.rows)
    set_aside, remarks = table.refused, table.remarks
    return Cohort.of(samples, name=name, folder=path.parent, set_aside=set_aside, remarks=remarks)


def read_rows(
    path: Path, *, required: tuple[str, ...] = ("photo",), aliases: Mapping[str, str] = ALIASES
) -> LabelTable:
    """Read a file of labels.

    Parameters
    ----------
    path
        CSV with a header row.
    required
        Fields of `Sample` that every row must have.
    aliases
        Other accepted names of columns, each with the name of the column.

    Raises
    ------
    CohortError
        If the file cannot be read, a required column is missing, or no row can be read.
    """
    table = read_table(path, COLUMNS, required=required, aliases=aliases)
    rows: list[ManifestRow] = []
    refused: list[SetAside] = []
    for cells in table.rows:
        row, faults = _row(cells, required)
        if faults:
            why = f"{path.name}, line {cells.line}: {', '.join(faults)}"
            refused.append(SetAside(cells.cells.get("photo", ""), why, refused=True))
        else:
            rows.append(row)
    if not rows:
        require_none(
            (row.why for row in refused),
            what="table of labels",
            rule="cells of the kind that their column asks for, empty where not known",
            next_step="Correct these lines.",
            path=path,
        )
    return LabelTable(tuple(rows), tuple(refused), table.remarks)


def columns_of(path: Path, aliases: Mapping[str, str] = ALIASES) -> set[str]:
    """Return the column names of a file of labels, aliases resolved."""
    return set(read_table(path, COLUMNS, required=(), aliases=aliases).columns)


def _row(row: TableRow, required: Collection[str]) -> tuple[ManifestRow, list[str]]:
    """Return the values of a row, and what is wrong with it."""
    if row.fault:
        return ManifestRow(row.line, {}, {}), [row.fault]
    known: dict[str, Any] = {}
    labels: dict[str, str] = {}
    faults: list[str] = []
    for column, text in row.cells.items():
        if text.lower() in ("", UNKNOWN):
            continue
        if column not in COLUMNS:
            labels[column] = text
            continue
        parse, kind = _PARSERS.get(column, (str, "text"))
        try:
            known[column] = parse(text)
        except ValueError:
            faults.append(f"{column} is not {kind}")
    faults += [f"{name} is not given" for name in required if name not in known]
    if not faults:
        whole = {"subject": known["photo"], **known}  # a set without identities names none
        faults = [fault.rule for fault in Sample(**whole).faults()]
    return ManifestRow(row.line, known, labels), faults
