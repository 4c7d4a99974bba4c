"""Tables of results: rows of plain values under columns that describe them.

`rate_row` turns a rate into a row and leaves out the values that its data do not support.
`withheld` of `fairness.tables.disclosure` says which groups have no numbers in a table, so that
nobody can find those of a small group by subtraction.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np

from fairness.errors import MissingExtraError
from fairness.rates import Rate
from fairness.tables.spreadsheet import guarded

if TYPE_CHECKING:
    import pandas as pd

Value = str | float | int | bool | None
Row = Mapping[str, Value]
Unit = Literal["text", "count", "rate", "points", "number", "score", "threshold", "p", "status"]
"""Unit of a column: a rate is a share in [0, 1], points are a difference of shares, p is a
p-value, a number has no unit. A threshold is written so that it can be typed again."""

OVERALL = "all"
"""Group name of the row that stands for all groups of a factor together."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name
        Key of the column in rows and files.
    title
        Heading for a reader.
    unit
        Unit of its values; it decides how they are written for a reader.
    description
        One sentence that explains the column to a reader.
    """

    name: str
    title: str
    unit: Unit = "text"
    description: str = ""


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of plain values under named columns.

    Parameters
    ----------
    name
        File stem, as in "rates".
    title
        Heading for a reader.
    columns
        At least one; names are unique.
    rows
        Values by column name. A missing value, and a number that is not finite, becomes None.
        NumPy scalars become Python numbers.
    note
        Text shown under the table.

    Raises
    ------
    ValueError
        If the name has other characters than lower-case letters, digits and "_", two columns share
        a name, or a row has a value for a column that does not exist.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            raise ValueError(f"a table is named in lower case, as in 'age_gap', got {self.name!r}")
        names = [column.name for column in self.columns]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"table {self.name!r}: columns need names of their own, got {names}")
        for row in self.rows:
            if strange := sorted(set(row) - set(names)):
                raise ValueError(f"table {self.name!r}: no column for {strange}")
        plain = ({name: _plain(row.get(name)) for name in names} for row in self.rows)
        object.__setattr__(self, "rows", tuple(MappingProxyType(row) for row in plain))

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def where(self, **values: Value) -> tuple[Row, ...]:
        """Return the rows that have these values, in order."""
        return tuple(
            row for row in self.rows if all(row.get(key) == value for key, value in values.items())
        )

    def values(self, column: str) -> tuple[Value, ...]:
        """Return the distinct values of a column without None, in order of appearance."""
        return tuple(dict.fromkeys(row[column] for row in self.rows if row.get(column) is not None))

    def has(self, *columns: str) -> bool:
        """Say whether the table has all these columns."""
        return set(columns) <= {column.name for column in self.columns}

    def to_csv(self) -> str:
        """Return the table as CSV (RFC 4180, but lines end in LF), with numbers in full precision.

        None becomes an empty field. A text that a spreadsheet would run as a formula gets a leading
        apostrophe.
        """
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(guarded(column.name) for column in self.columns)
        writer.writerows([_field(value) for value in row.values()] for row in self.rows)
        return buffer.getvalue()

    def to_json(self) -> str:
        """Return the table with its columns and note as JSON with sorted keys."""
        content = {
            "name": self.name,
            "title": self.title,
            "note": self.note,
            "columns": [asdict(column) for column in self.columns],
            "rows": [dict(row) for row in self.rows],
        }
        return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    def to_frame(self) -> pd.DataFrame:
        """Return the table as a data frame.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise MissingExtraError(
                "a data frame",
                rule="needs pandas",
                got="no pandas in this environment",
                next_step='Install it with: pip install "pandas>=2.3".',
            ) from error
        names = [column.name for column in self.columns]
        return pd.DataFrame([dict(row) for row in self.rows], columns=names)


def rate_row(rate: Rate, **keys: Value) -> dict[str, Value]:
    """Return a rate as a row, without the values that its status forbids to show.

    =============  ===========================================
    status         values besides the keys and the status
    =============  ===========================================
    ok, limited    estimate, low, high and all counts
    bound_only     bound and all counts
    insufficient   errors, trials, subjects, people, largest
    suppressed     nothing
    =============  ===========================================

    Parameters
    ----------
    rate
        The rate.
    keys
        Labels of the rate, as in ``factor="age", group="04 to under 08", metric="FNMR"``.
    """
    row: dict[str, Value] = {**keys, "status": rate.status}
    row |= dict.fromkeys(
        (
            "estimate",
            "low",
            "high",
            "bound",
            "errors",
            "trials",
            "subjects",
            "effective",
            "people",
            "largest",
        )
    )
    if rate.status == "suppressed":
        return row
    row |= {"errors": rate.errors, "trials": rate.trials, "subjects": rate.subjects}
    row |= {"people": rate.people, "largest": rate.largest if rate.errors else None}
    if rate.status == "insufficient":
        return row
    row["effective"] = rate.effective
    if rate.status == "bound_only":
        return row | {"bound": rate.high}
    return row | {"estimate": rate.estimate, "low": rate.low, "high": rate.high}


def number(value: Value) -> float:
    """Return a value that is a number; 0 where there is none."""
    return float(value) if isinstance(value, int | float) else 0.0


def _plain(value: object) -> Value:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise ValueError(f"a table holds text and numbers, got {type(value).__name__}")


def _field(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return guarded(value)
    return repr(value)
