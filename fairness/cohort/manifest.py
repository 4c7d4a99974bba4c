"""Labels from CSV files: the manifest of a cohort, or further labels for the photos of a folder."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fairness.cohort.cohort import Cohort, Sample
from fairness.cohort.groups import UNKNOWN
from fairness.errors import CohortError, require_none
from fairness.words import counted

ALIASES: Mapping[str, str] = MappingProxyType(
    {"file": "photo", "age": "age_at_capture", "gender": "sex"}
)
"""Other accepted names of columns, each with the name of the column."""

_REQUIRED = ("photo", "subject")


def _word(text: str) -> str:
    return text.lower().replace(" ", "_")


def _number(text: str) -> float:
    return float(text)


def _whole(text: str) -> int:
    return int(text)


def _posix(text: str) -> str:
    return text.replace("\\", "/")


_PARSERS: Mapping[str, tuple[Callable[[str], Any], str]] = MappingProxyType(
    {
        "photo": (_posix, "a path"),
        "sex": (_word, "a word"),
        "sex_provenance": (_word, "a word"),
        "taken_on": (date.fromisoformat, "a date such as 2019-05-28"),
        "date_of_birth": (date.fromisoformat, "a date such as 2019-05-28"),
        "age_at_capture": (_number, "a number of years"),
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


def read_manifest(path: Path | str) -> Cohort:
    """Read a cohort from a CSV manifest: UTF-8, a header row, one row for each photo.

    Parameters
    ----------
    path
        The file. Its folder becomes `Cohort.folder`. The columns `photo` and `subject` are
        required. `photo` is a path relative to the folder, or the name in a file of scores.
        `COLUMNS` lists all columns with a fixed meaning. Any other column becomes a factor. An
        empty cell, or the word unknown, means that the value is not known.

    Raises
    ------
    CohortError
        If the file cannot be read, a required column is absent, or labels are impossible or
        contradict each other. The message names the first ten faults.
    """
    path = Path(path)
    rows = read_rows(path, required=_REQUIRED)
    name = path.resolve().parent.name
    return Cohort.of((row.sample() for row in rows), name=name, folder=path.parent)


def read_rows(
    path: Path, *, required: Iterable[str] = ("photo",), aliases: Mapping[str, str] = ALIASES
) -> list[ManifestRow]:
    """Read a file of labels.

    Parameters
    ----------
    path
        CSV in UTF-8 with a header row.
    required
        Fields of `Sample` that every row must have.
    aliases
        Other accepted names of columns, each with the name of the column.

    Raises
    ------
    CohortError
        If the file cannot be read, a required field is missing, or a cell cannot be parsed.
    """
    columns, rows = _read(path, aliases)
    missing = [name for name in required if name not in columns]
    if missing:
        raise _unreadable(path, f"no column {' and '.join(missing)} in the first row")
    faults: list[str] = []
    parsed = [_row(line, columns, cells, required, faults) for line, cells in rows]
    require_none(
        faults,
        what="table of labels",
        rule="cells of the kind that their column asks for, empty where not known",
        next_step="Correct these lines.",
        path=path,
    )
    return parsed


def columns_of(path: Path, aliases: Mapping[str, str] = ALIASES) -> set[str]:
    """Return the column names of a file of labels, aliases resolved."""
    return set(_read(path, aliases)[0])


def _read(path: Path, aliases: Mapping[str, str]) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            rows = [(reader.line_num, cells) for cells in reader if cells]
    except OSError as error:
        raise _unreadable(path, error.strerror or type(error).__name__) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, str(error)) from error
    columns = [aliases.get(name, name) for name in header]
    if not all(columns) or len(set(columns)) < len(columns):
        raise _unreadable(path, f"the first row {', '.join(header) or '(empty)'}")
    return columns, rows


def _row(
    line: int, columns: list[str], cells: list[str], required: Iterable[str], faults: list[str]
) -> ManifestRow:
    if len(cells) != len(columns):
        faults.append(f"line {line} has {counted(len(cells), 'cell')} instead of {len(columns)}")
    known: dict[str, Any] = {}
    labels: dict[str, str] = {}
    for column, cell in zip(columns, cells, strict=False):
        text = cell.strip()
        if text.lower() in ("", UNKNOWN):
            continue
        if column not in COLUMNS:
            labels[column] = text
            continue
        parse, kind = _PARSERS.get(column, (str, "text"))
        try:
            known[column] = parse(text)
        except ValueError:
            faults.append(f"line {line}, column {column}: {text!r} is not {kind}")
    faults.extend(f"line {line}: {name} is not given" for name in required if name not in known)
    return ManifestRow(line, known, labels)


def _unreadable(path: Path, got: str) -> CohortError:
    return CohortError(
        "table of labels",
        rule="a CSV file in UTF-8, different names of columns in its first row, "
        f"{' and '.join(_REQUIRED)} in a manifest",
        got=got,
        next_step=f"Check the path and the first row; known columns are {', '.join(COLUMNS)}.",
        path=path,
    )
