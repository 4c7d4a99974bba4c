"""Statistical disclosure control: a report must not reveal facts about a single person.

Primary suppression withholds the numbers of groups of too few people. Complementary suppression
withholds the numbers of a further group, if a reader could otherwise subtract the shown groups
from a total and so find the numbers of a suppressed one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from fairness.cohort import Cohort, Grouping
from fairness.rates import FEWEST_SUBJECTS
from fairness.tables.table import OVERALL, Row, Table, Value

MANY_SUBJECTS = 100
"""A group of this size is not suppressed to protect another one; its numbers are rounded."""

WiderGrouping = tuple[Grouping, Collection[str]]
"""A grouping that another one divides further, and the names of its suppressed groups."""


def suppressed_groups(
    cohort: Cohort, grouping: Grouping, wider: Sequence[WiderGrouping] = ()
) -> frozenset[str]:
    """Return the groups whose numbers no table may show.

    A group is suppressed if it has fewer than `FEWEST_SUBJECTS` people, or if it lies inside a
    suppressed group of a wider grouping (primary suppression). If that suppresses exactly one
    group, among all groups or inside one wider group, the smallest of the others is suppressed
    too, unless it is large (complementary suppression, see `suppress_complementary`).

    Parameters
    ----------
    cohort
        The cohort.
    grouping
        The groups.
    wider
        Further groupings of the same report that `grouping` divides further, as "age*sex" divides
        "age".
    """
    rows: list[dict[str, Value]] = []
    for code, group in enumerate(cohort.coverage(grouping)):
        photo = int(np.argmax(grouping.codes == code))
        around = [of.names[of.codes[photo]] for of, _ in wider]
        within_suppressed = any(
            name in suppressed for name, (_, suppressed) in zip(around, wider, strict=True)
        )
        few = group.subjects < FEWEST_SUBJECTS or within_suppressed
        rows.append(
            {
                "group": group.group,
                "subjects": group.subjects,
                "status": "suppressed" if few else "ok",
                **{f"around {place}": name for place, name in enumerate(around)},
            }
        )
    sides = [(), *((f"around {place}",) for place in range(len(wider)))]
    kept = suppress_complementary(rows, *sides)
    return frozenset(str(row["group"]) for row in kept if row["status"] == "suppressed")


def people_shown(table: Table, **keys: Value) -> int | None:
    """Return the number of people in the row that has these values; None if it is not shown."""
    shown = (row["subjects"] for row in table.where(**keys))
    return next((int(people) for people in shown if isinstance(people, int | float)), None)


def suppress_complementary(rows: Iterable[Row], *within: Sequence[str]) -> list[dict[str, Value]]:
    """Suppress the numbers of a further group if exactly one group of a total is suppressed.

    Otherwise a reader could subtract the shown groups from the total. Rows that share the values
    of the columns in `within` belong to one total; the rows for `OVERALL` are left out. If exactly
    one of them has the status "suppressed", the row with the fewest subjects among the others is
    suppressed too. If that row has `MANY_SUBJECTS` or more, it is shown with its numbers rounded to
    two significant digits instead: an audit must not withhold a group of that size. The columns
    named in `within` are neither removed nor rounded.

    Parameters
    ----------
    rows
        Rows with a status and, unless suppressed, the number of subjects.
    within
        Names of the columns that the rows of one total share, as in ``("factor", "metric")``. Give
        one such list for each side of the table that has totals. All sides are checked until no
        row changes.
    """
    result = [dict(row) for row in rows]
    kept = {name for side in within for name in side}
    while any(_suppress_one_more(result, side, kept) for side in within):
        pass
    return result


def _suppress_one_more(rows: list[dict[str, Value]], side: Sequence[str], kept: set[str]) -> bool:
    totals: dict[tuple[Value, ...], list[dict[str, Value]]] = defaultdict(list)
    for row in rows:
        if OVERALL not in row.values():
            totals[tuple(row.get(name) for name in side)].append(row)
    changed = False
    for members in totals.values():
        shown = [row for row in members if row["status"] != "suppressed"]
        if shown and len(members) - len(shown) == 1:
            fewest = min(shown, key=_subjects)
            before = dict(fewest)
            if _subjects(fewest) < MANY_SUBJECTS:
                _suppress(fewest, kept)
            else:
                _round(fewest, kept)
            changed |= fewest != before
    return changed


def _subjects(row: Row) -> float:
    subjects = row.get("subjects")
    return float(subjects) if isinstance(subjects, int | float) else math.inf


def _suppress(row: dict[str, Value], kept: set[str]) -> None:
    for name, value in row.items():
        if name not in kept and isinstance(value, int | float):
            row[name] = None
    row["status"] = "suppressed"


def _round(row: dict[str, Value], kept: set[str]) -> None:
    for name, value in row.items():
        if isinstance(value, int | float) and name not in kept and value and math.isfinite(value):
            row[name] = round(value, 1 - math.floor(math.log10(abs(value))))
