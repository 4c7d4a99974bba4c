"""The odds ratios of misses as a reader sees them: alone and with the others, side by side."""

from __future__ import annotations

from collections.abc import Iterator

from fairness.report.formatting import NONE, interval, short_percent, written
from fairness.report.table_view import Cell, ColumnHead, TableView
from fairness.report.wording import factor_title, group_title, rate_title
from fairness.tables import Row, Table
from fairness.words import counted

FACTORS = {
    "age": "age at the earlier photo",
    "years_between": "years between the photos",
    "quality": "quality, the lower of both photos",
}


def odds_views(table: Table, *, level: float) -> Iterator[TableView]:
    """Yield a table for each error rate; the note stands under the last one.

    Parameters
    ----------
    table
        The table "odds" of an audit.
    level
        Confidence level of the intervals.
    """
    metrics = table.values("metric")
    share = short_percent(level)
    heads = (
        ColumnHead("Factor"),
        ColumnHead("Level"),
        ColumnHead("Alone", "number", f"Odds ratio of the factor alone, {share} interval."),
        ColumnHead("With the others", "number", f"The others held fixed, {share} interval."),
        ColumnHead(
            "p, with the others", "number", "Chance of such a ratio, with the others, if it were 1."
        ),
        ColumnHead("Misses", "number", "Misses among the comparisons of the level."),
        ColumnHead("Remark"),
    )
    for metric in metrics:
        rows = tuple(_cells(row) for row in table.where(metric=metric))
        caption = f"Odds ratios: {rate_title(str(metric))}"
        yield TableView(caption, heads, rows, table.note if metric == metrics[-1] else "")


def _cells(row: Row) -> tuple[Cell, ...]:
    factor, remark = str(row["factor"]), row["remark"]
    return (
        Cell(FACTORS.get(factor) or factor_title(factor)),
        Cell(NONE if row["level"] is None else group_title(str(row["level"]))),
        _ratio(row, "crude"),
        _ratio(row, "adjusted"),
        Cell(written(row["adjusted_p"], "p"), "number"),
        _misses(row),
        Cell(str(remark) if remark else ""),
    )


def _ratio(row: Row, name: str) -> Cell:
    ratio, low, high = (row[column] for column in (name, f"{name}_low", f"{name}_high"))
    if not all(isinstance(value, float) for value in (ratio, low, high)):
        return Cell(NONE, "missing")
    small = interval(float(low or 0), float(high or 0), float(ratio or 0), "number")
    return Cell(written(ratio, "number"), "number", small)


def _misses(row: Row) -> Cell:
    errors, trials, subjects = (row[name] for name in ("errors", "trials", "subjects"))
    if subjects is None:
        return Cell(NONE, "missing")
    text = f"{written(errors, 'count')} of {written(trials, 'count')}"
    return Cell(text, "number", counted(int(subjects), "subject"))
