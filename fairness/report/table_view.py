"""Tables as a reader sees them: a rate with its interval, or words if there is no rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fairness.cohort import in_order
from fairness.report.formatting import NONE, interval, percent, short_percent, written
from fairness.report.wording import (
    INTERVAL_OF_MEASURE,
    READINGS,
    factor_title,
    group_title,
    measure_title,
    plain,
    rate_name,
)
from fairness.tables import NOT_A_SHARE, OVERALL, Column, Row, Table, Unit, Value
from fairness.words import counted

_REMARK = "flag"
_CENTRES = ("estimate", "value", "shift", "difference")
_OUTCOMES = {"pass": "✓ pass", "fail": "✗ fail", "inconclusive": "? inconclusive"}
_WORDS: dict[str, Callable[[str], str]] = {
    "factor": factor_title,
    "group": group_title,
    "other_group": group_title,
    "age": group_title,
    "gap": group_title,
    "metric": rate_name,
    "measure": measure_title,
    "status": lambda status: READINGS.get(status, plain(status)),
    "outcome": lambda outcome: _OUTCOMES.get(outcome, plain(outcome)),
}


@dataclass(frozen=True)
class Cell:
    """One cell of a table: a text, and a second text in small type under it."""

    text: str
    kind: str = "text"
    small: str = ""


@dataclass(frozen=True)
class ColumnHead:
    """Heading of a column, and its meaning."""

    text: str
    kind: str = "text"
    description: str = ""


@dataclass(frozen=True)
class TableView:
    """A table for a reader. `overall` has the indices of rows that stand for everyone."""

    caption: str
    heads: tuple[ColumnHead, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    overall: frozenset[int] = frozenset()


def build_view(
    table: Table,
    rows: Sequence[Row] | None = None,
    *,
    level: float,
    caption: str = "",
    hide: Sequence[str] = (),
) -> TableView:
    """Return rows of a table as a reader sees them.

    An estimate, its limits and its bound become two columns. Columns that are empty in all rows
    are left out. The status comes last.

    Parameters
    ----------
    table, rows
        The table, and some of its rows; by default all rows.
    level
        Confidence level, for the heading of the interval.
    caption
        Caption; by default the title of the table.
    hide
        Columns left out because the caption or the section already states them.
    """
    shown = tuple(table if rows is None else rows)
    used = [
        column
        for column in table.columns
        if column.name not in hide and any(row[column.name] is not None for row in shown)
    ]
    marks = _marks(shown)
    shown = tuple({**row, _REMARK: marks.get(str(row.get(_REMARK)))} for row in shown)
    parts = [part for column in _ordered(used, table) for part in _parts(column, level, table)]
    remarks = (f"Remark {mark}: {group_title(remark)}." for remark, mark in marks.items())
    return TableView(
        caption or table.title,
        tuple(head for head, _ in parts),
        tuple(tuple(cell(row) for _, cell in parts) for row in shown),
        " ".join((*remarks, table.note)).strip(),
        frozenset(place for place, row in enumerate(shown) if OVERALL in row.values()),
    )


def _marks(rows: Sequence[Row]) -> dict[str, str]:
    """Return a short mark for each remark: many rows of a table share one long remark."""
    remarks = dict.fromkeys(str(row[_REMARK]) for row in rows if row.get(_REMARK))
    return {remark: str(place) for place, remark in enumerate(remarks, 1)}


ColumnPart = tuple[ColumnHead, Callable[[Row], Cell]]


def _ordered(columns: Sequence[Column], table: Table) -> list[Column]:
    """Put the status last, and replace the limits and the bound by the centre of the interval."""
    centre = next((c for c in table.columns if c.name in _CENTRES), None)
    limits = {"low", "high", "bound"} if centre else set()
    rest = [c for c in columns if c.name not in limits | {"status"} and c != centre]
    status = [c for c in columns if c.name == "status"]
    if centre is None or not (status or any(c == centre or c.name in limits for c in columns)):
        return rest + status
    before = {c.name for c in table.columns[: table.columns.index(centre)]}
    left = [c for c in rest if c.name in before]
    return [*left, centre, *(c for c in rest if c.name not in before), *status]


def _parts(column: Column, level: float, table: Table) -> list[ColumnPart]:
    if column.name not in _CENTRES:
        kind = "text" if column.unit in ("text", "status") else "number"
        align = "status" if column.name == "status" else kind
        head = ColumnHead(column.title, align, column.description)
        return [(head, lambda row: Cell(_word(column, row), _kind(column, row, kind)))]
    text, meaning = f"{short_percent(level)} interval", "Where the true value may lie."
    if table.name == "differentials":
        text, meaning = f"{text}, no test", f"{meaning} {INTERVAL_OF_MEASURE}"
    heading = ColumnHead(text, "number", meaning)
    return [
        (ColumnHead(column.title, "number", column.description), lambda row: _centre(column, row)),
        (heading, lambda row: _limits(column, row)),
    ]


def _kind(column: Column, row: Row, kind: str) -> str:
    if column.name in ("status", "outcome"):
        return f"{column.name} {row[column.name]}"
    return kind


def _word(column: Column, row: Row) -> str:
    value = row[column.name]
    if isinstance(value, str):
        return _WORDS.get(column.name, str)(value)
    return written(value, _unit(column, row))


def _centre(column: Column, row: Row) -> Cell:
    centre, bound, status = row[column.name], row.get("bound"), row.get("status")
    if centre is not None:
        return Cell(written(centre, _unit(column, row)), "number")
    if isinstance(bound, float):
        return Cell(f"at most {written(bound, _unit(column, row))}", "number")
    if status == "at_least":
        return Cell(f"at least {written(row['low'], _unit(column, row))}", "number")
    return Cell(READINGS.get(str(status), NONE) if status else NONE, "missing")


def _limits(column: Column, row: Row) -> Cell:
    centre, low, high = (_float(row.get(name)) for name in (column.name, "low", "high"))
    if centre is None or low is None or high is None:
        one_sided = row.get("bound") is not None or row.get("status") == "at_least"
        return Cell("one-sided" if one_sided else NONE, "missing")
    return Cell(interval(low, high, centre, _unit(column, row)), "number")


def _unit(column: Column, row: Row) -> Unit:
    if row.get("metric") in NOT_A_SHARE:
        return "number"
    bounded_rate = "outcome" in row and row.get("measure") is None
    return "rate" if bounded_rate and column.unit == "number" else column.unit


def _float(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def matrix(
    rows: Sequence[Row], down: str, across: str, *, caption: str, corner: str, note: str = ""
) -> TableView:
    """Return rows as a matrix: one cell for each pair of labels, with interval and subjects.

    Parameters
    ----------
    rows
        Rate rows, at most one for each pair of labels.
    down, across
        Names of the columns whose values label the rows and the columns of the matrix.
    caption, corner, note
        Heading, text of the corner cell, and text under the matrix.
    """
    cells = {(str(row[down]), str(row[across])): row for row in rows}
    lines, columns = (sorted({pair[side] for pair in cells}, key=in_order) for side in (0, 1))
    heads = (ColumnHead(corner), *(ColumnHead(group_title(name), "number") for name in columns))
    body = tuple(
        (Cell(group_title(a)), *(_square(cells.get((a, b))) for b in columns)) for a in lines
    )
    return TableView(caption, heads, body, note)


def _square(row: Row | None) -> Cell:
    if row is None:
        return Cell(NONE, "missing")
    people = row["subjects"]
    subjects = "" if people is None else counted(int(people), "subject")
    low, high, estimate = (_float(row[name]) for name in ("low", "high", "estimate"))
    if estimate is None or low is None or high is None:
        column = Column("estimate", "", "rate")
        text = "too few" if row["status"] == "insufficient" else _centre(column, row).text
        return Cell(text, "missing", subjects)
    mark = " ○" if row["status"] == "limited" else ""
    return Cell(
        percent(estimate) + mark, "number", f"{interval(low, high, estimate, 'rate')}\n{subjects}"
    )
