"""Bounds that a release must keep, and whether the data of an audit show that it keeps them.

A row passes only if its upper confidence limit is at or below the bound, and fails only if its
lower limit is above the bound. Everything else is inconclusive: too little data, suppressed,
undefined, or an interval on both sides of the bound. "No difference was shown" is never a pass.

A file of bounds is TOML::

    [[bound]]
    name = "false alarms of children in any age band"
    table = "rates"
    where = { factor = "age", metric = "FMR" }
    at_most = 0.001

A bound applies to every row of the table that has the values of `where`; a list means any of its
values. A bound passes if all its rows pass, and the release passes if all bounds pass. If some
true value is above its bound, the chance to pass is therefore at most the chance that one limit is
too low: 5 % at a confidence level of 95 %, however many rows there are. The chance that some row
fails by accident grows with the number of rows.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from fairness.arguments import expect_number, path_of
from fairness.errors import BoundsError
from fairness.strict_reading import read_toml
from fairness.tables import NOT_A_SHARE, Row, Value
from fairness.words import apart, counted, figure

BoundOutcome = Literal["pass", "fail", "inconclusive"]

EXIT_CODES: Mapping[BoundOutcome, int] = MappingProxyType({"pass": 0, "fail": 7, "inconclusive": 8})
"""Exit code of a process for each outcome. The codes 1 to 6 have other meanings for a shell or for
the commands here."""

_KINDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "name": ((str,), "text"),
    "table": ((str,), "text"),
    "where": ((dict,), "values by column"),
    "at_most": ((int, float), "a number"),
}
_READABLE = ("ok", "limited", "bound_only", "at_least", "shown")
_REASONS = {
    "suppressed": "suppressed: too few people to be shown",
    "insufficient": "not enough data",
}
_VOCABULARY = ("metric", "measure")  # a value that no row has in these columns is a typing error
_OTHER_VALUES = ("difference", "shift")  # columns with the value of a row that is no rate
_LABELS = ("factor", "group", "other_group", "metric", "measure")


@dataclass(frozen=True)
class Bound:
    """An upper bound on every row of a table that has certain values.

    Parameters
    ----------
    name
        Name for a reader.
    table
        Name of a table of the audit, as in "rates".
    where
        Values that a row must have, by column. Several values of one column mean any of them.
    at_most
        The bound, above 0. Rates are shares: 0.2 means 20 %.

    Raises
    ------
    BoundsError
        If a name is empty, `where` selects by no value, or the bound is not a number above 0.
    """

    name: str
    table: str
    where: Mapping[str, tuple[Value, ...]]
    at_most: float

    def __post_init__(self) -> None:
        expect_number("at_most", self.at_most)
        if not self.name or not self.table:
            raise _bounds_error("a bound", "has a name and a table", "an empty one")
        if not self.where or not all(
            values and isinstance(values, tuple) for values in self.where.values()
        ):
            raise _bounds_error(
                f"bound {self.name!r}",
                "says in which rows it holds, with values for each column",
                dict(self.where),
                "Name a factor and a metric, for example.",
            )
        if not math.isfinite(self.at_most) or self.at_most <= 0:
            raise _bounds_error(
                f"bound {self.name!r}", "is a number above 0", self.at_most, _DATA_SHOW_NO_ZERO
            )

    def applies_to(self, row: Row) -> bool:
        """Say whether a row has the values of `where`."""
        return all(row.get(column) in values for column, values in self.where.items())


@dataclass(frozen=True)
class RowJudgement:
    """The comparison of one row with a bound.

    Parameters
    ----------
    row
        The row.
    outcome, reason
        The outcome and its reason.
    """

    row: Row
    outcome: BoundOutcome
    reason: str

    def __str__(self) -> str:
        return f"{self.outcome}: {_label(self.row)}: {self.reason}"


@dataclass(frozen=True)
class BoundJudgement:
    """The comparison of one bound with the rows that it applies to.

    Parameters
    ----------
    bound
        The bound.
    rows
        The judgement of each row; none if no row has the values of `where`.
    outcome, reason
        Fail if any row fails; pass if all rows pass and each value of `where` has a row; else
        inconclusive.
    """

    bound: Bound
    rows: tuple[RowJudgement, ...]
    outcome: BoundOutcome
    reason: str

    def __str__(self) -> str:
        limit = figure(self.bound.at_most, 6)
        first = f"{self.outcome}: {self.bound.name} (at most {limit}): {self.reason}"
        return "\n".join([first, *(f"  {row}" for row in self.rows if row.outcome != "pass")])


@dataclass(frozen=True)
class Acceptance:
    """The comparison of all bounds with the tables of an audit.

    Parameters
    ----------
    judgements
        One judgement for each bound, at least one.
    """

    judgements: tuple[BoundJudgement, ...]

    @property
    def outcome(self) -> BoundOutcome:
        """Fail if any bound fails, pass if all pass, else inconclusive."""
        return worst([judgement.outcome for judgement in self.judgements])

    @property
    def exit_code(self) -> int:
        """Exit code for a process that gates a release, see `EXIT_CODES`."""
        return EXIT_CODES[self.outcome]

    def __str__(self) -> str:
        lines = "\n".join(str(judgement) for judgement in self.judgements)
        return f"{lines}\noverall: {self.outcome}"

    def rows(self) -> tuple[dict[str, Value], ...]:
        """Return one row for each row judged, and one for each bound that applies to no row."""
        return tuple(row for judgement in self.judgements for row in _table_rows(judgement))


def read_bounds(path: Path | str) -> tuple[Bound, ...]:
    """Read a file of bounds.

    Raises
    ------
    BoundsError
        If the file is not TOML, has no bound, an unknown or missing key, a value of the wrong kind,
        two bounds of one name, or an impossible bound.
    OSError
        If the file cannot be read.
    """
    path = path_of("bounds", path)
    try:
        content = read_toml(path.read_bytes())
    except ValueError as error:
        raise _bounds_error("the file", "is TOML in UTF-8", error, path=path) from error
    entries = content.pop("bound", [])
    if content:
        raise _bounds_error("the file", "has nothing but [[bound]]", ", ".join(content), path=path)
    if not isinstance(entries, list) or not entries:
        raise _bounds_error("the file", "has one [[bound]] or more", "none", path=path)
    bounds = tuple(_bound(entry, path) for entry in entries)
    names = Counter(bound.name for bound in bounds)
    if twice := [name for name in names if names[name] > 1]:
        raise _bounds_error("bounds", "have names of their own", ", ".join(twice), path=path)
    return bounds


def _bound(entry: object, path: Path) -> Bound:
    if not isinstance(entry, dict):
        raise _bounds_error("[[bound]]", "is a table", entry, path=path)
    what = f"bound {entry.get('name', '')!r}"
    if wrong := sorted(set(entry) ^ set(_KINDS)):
        rule = f"has the keys {', '.join(_KINDS)}, and no other"
        raise _bounds_error(what, rule, f"{', '.join(wrong)} missing or unknown", path=path)
    for key, (kinds, words) in _KINDS.items():
        if not isinstance(entry[key], kinds) or isinstance(entry[key], bool):
            raise _bounds_error(what, f"has {words} as {key}", repr(entry[key]), path=path)
    where = {column: _values(given, what, path) for column, given in entry["where"].items()}
    return Bound(entry["name"], entry["table"], where, float(entry["at_most"]))


def _values(given: object, what: str, path: Path) -> tuple[Value, ...]:
    values = given if isinstance(given, list) else [given]
    for value in values:
        if not isinstance(value, str | int | float):
            raise _bounds_error(what, "asks for text, numbers or lists of them", value, path=path)
    return tuple(values)


def judge(bounds: Sequence[Bound], tables: Mapping[str, Iterable[Row]]) -> Acceptance:
    """Compare bounds with the tables of an audit.

    Parameters
    ----------
    bounds
        The bounds, at least one.
    tables
        Rows by name of the table. The columns `low`, `high` and `status` decide, and `bound` if
        there is only an upper limit. A row with an `estimate` is a rate, if its metric is a share.

    Returns
    -------
    Acceptance
        If no row has some value of another column than metric and measure, because a cohort has no
        photo of a group for example, the outcome is inconclusive.

    Raises
    ------
    BoundsError
        If there is no bound; if a bound names a table, a column, a metric or a measure that does
        not exist; or if it bounds a rate by 1 or more.
    """
    if not bounds:
        raise _bounds_error("the bounds", "are one or more", "none")
    held = {name: tuple(rows) for name, rows in tables.items()}
    return Acceptance(tuple(_judge(bound, held) for bound in bounds))


def _judge(bound: Bound, tables: Mapping[str, tuple[Row, ...]]) -> BoundJudgement:
    if bound.table not in tables:
        raise _unknown(bound, "table", bound.table, tables)
    rows = tables[bound.table]
    _require_words(bound, rows)
    judged = tuple(_judge_row(bound, row) for row in rows if bound.applies_to(row))
    found = Counter(row.outcome for row in judged)
    reasons = [f"{found[kind]} of {counted(len(judged), 'row')} {kind}" for kind in found]
    outcomes = set(found)
    if missing := _missing(bound, [row.row for row in judged], rows):
        outcomes.add("inconclusive")
        reasons.append(f"no row has {missing}")
    return BoundJudgement(bound, judged, worst(outcomes), ", ".join(reasons))


def _missing(bound: Bound, judged: Sequence[Row], rows: Sequence[Row]) -> str:
    """Name the first value of `where` that no row has, so that it cannot be overlooked."""
    wanted = [(column, value) for column, values in bound.where.items() for value in values]
    for column, value in wanted:
        existing = dict.fromkeys(str(row.get(column)) for row in rows)
        if str(value) not in existing:
            return f"{column} {value}, only {', '.join(existing) or 'no row at all'}"
    for column, value in wanted:
        if all(row.get(column) != value for row in judged):
            return f"{column} {value} together with the other values asked for"
    return ""


def _require_words(bound: Bound, rows: Sequence[Row]) -> None:
    columns = dict.fromkeys(column for row in rows for column in row)
    for column, values in bound.where.items():
        if rows and column not in columns:
            raise _unknown(bound, "column", column, columns)
        there = dict.fromkeys(row.get(column) for row in rows)
        strange = [value for value in values if value not in there]
        if rows and column in _VOCABULARY and strange:
            raise _unknown(bound, column, strange[0], there)


def _judge_row(bound: Bound, row: Row) -> RowJudgement:
    limit = bound.at_most
    if "estimate" in row and row.get("metric") not in NOT_A_SHARE and limit >= 1:
        raise _bounds_error(
            f"bound {bound.name!r}", "is below 1, as rates are shares", limit, "Write 0.2 for 20 %."
        )
    status = row.get("status") or "ok"
    if status not in _READABLE:
        return RowJudgement(row, "inconclusive", _REASONS.get(str(status), f"no value: {status}"))
    low, high = _number(row, "low"), _number(row, "high", "bound")
    if high is not None and high <= limit:
        return RowJudgement(row, "pass", f"at most {apart(high, limit)}{_left_out(row)}")
    if low is not None and low > limit:
        return RowJudgement(row, "fail", f"at least {apart(low, limit)}{_left_out(row)}")
    if high is None:
        return RowJudgement(row, "inconclusive", "no confidence limit")
    interval = (
        f"between {apart(low or 0.0, limit)} and {apart(high, limit)}, on both sides of the bound"
    )
    return RowJudgement(row, "inconclusive", interval + _left_out(row))


def _left_out(row: Row) -> str:
    excluded = row.get("groups_excluded")
    return f"; {counted(int(excluded), 'group')} left out for lack of data" if excluded else ""


def _number(row: Row, *columns: str) -> float | None:
    """Return the first finite number in the given columns."""
    for column in columns:
        value = row.get(column)
        if isinstance(value, int | float) and math.isfinite(value):
            return float(value)
    return None


def worst(outcomes: Collection[object]) -> BoundOutcome:
    """Return the worst of some outcomes: fail before inconclusive before pass."""
    order: tuple[BoundOutcome, ...] = ("fail", "inconclusive", "pass")
    return next(outcome for outcome in order if outcome in outcomes)


def _table_rows(judgement: BoundJudgement) -> Iterable[dict[str, Value]]:
    start: dict[str, Value] = {
        "bound_name": judgement.bound.name,
        "limit": judgement.bound.at_most,
    }
    if not judgement.rows:
        yield {**start, "outcome": judgement.outcome, "reason": judgement.reason}
    for judged in judgement.rows:
        labels = {key: judged.row.get(key) for key in ("factor", "group", "metric")}
        of = next((column for column in _OTHER_VALUES if column in judged.row), None)
        numbers: dict[str, Value] = {
            "measure": judged.row.get("measure", of),
            "value": _number(judged.row, "estimate", "value", *_OTHER_VALUES),
            "low": _number(judged.row, "low"),
            "high": _number(judged.row, "high", "bound"),
        }
        yield {**start, **labels, **numbers, "outcome": judged.outcome, "reason": judged.reason}


def _label(row: Row) -> str:
    return ", ".join(str(row[key]) for key in _LABELS if row.get(key) is not None)


_DATA_SHOW_NO_ZERO = "No data can show that a rate is 0; give the highest that is acceptable."


def _unknown(bound: Bound, kind: str, got: object, there: Iterable[object]) -> BoundsError:
    known = ", ".join(str(name) for name in there if name is not None)
    return _bounds_error(
        f"bound {bound.name!r}", f"names a {kind} of the audit", repr(got), f"There are: {known}."
    )


def _bounds_error(
    what: str,
    rule: str,
    got: object,
    next_step: str = "Correct the file of bounds.",
    *,
    path: Path | None = None,
) -> BoundsError:
    return BoundsError(what, rule=rule, got=got, next_step=next_step, path=path)
