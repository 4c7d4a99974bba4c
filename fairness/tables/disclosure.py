"""Statistical disclosure control: what a report keeps back so that it tells of no single person.

Primary suppression hides groups of too few people. Complementary suppression hides one more group
where a total would otherwise give a hidden one away.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from fairness.cohort import Cells, Cohort
from fairness.rates import FEWEST_SUBJECTS
from fairness.tables.table import OVERALL, Row, Table, Value

MANY_SUBJECTS = 100
"""From so many subjects a group is never hidden for the sake of another, only rounded."""

Wider = tuple[Cells, Collection[str]]
"""A division that another one divides further, and those of its groups that are hidden."""


def hidden_groups(cohort: Cohort, cells: Cells, wider: Sequence[Wider] = ()) -> frozenset[str]:
    """Return the groups of which no table shows a number.

    Those of fewer than `FEWEST_SUBJECTS` people; those inside a hidden group of a wider division;
    and where that leaves one group alone hidden, among all or inside one wider group, the next
    smallest, unless that one is large: see `suppress_secondary`.

    Parameters
    ----------
    cohort
        Whose photos.
    cells
        The groups.
    wider
        Divisions that are reported too and that `cells` divides further, as "age" for "age*sex".
    """
    rows: list[dict[str, Value]] = []
    for code, group in enumerate(cohort.coverage(cells)):
        photo = int(np.argmax(cells.codes == code))
        around = [of.names[of.codes[photo]] for of, _ in wider]
        within_hidden = any(name in hidden for name, (_, hidden) in zip(around, wider, strict=True))
        few = group.subjects < FEWEST_SUBJECTS or within_hidden
        rows.append(
            {
                "group": group.group,
                "subjects": group.subjects,
                "status": "suppressed" if few else "ok",
                **{f"around {place}": name for place, name in enumerate(around)},
            }
        )
    sides = [(), *((f"around {place}",) for place in range(len(wider)))]
    kept = suppress_secondary(rows, *sides)
    return frozenset(str(row["group"]) for row in kept if row["status"] == "suppressed")


def people_shown(table: Table, **keys: Value) -> int | None:
    """Return the number of people in the row that has these values; None where it is not shown."""
    shown = (row["subjects"] for row in table.where(**keys))
    return next((int(people) for people in shown if isinstance(people, int | float)), None)


def suppress_secondary(rows: Iterable[Row], *within: Sequence[str]) -> list[dict[str, Value]]:
    """Keep back numbers of one more group wherever exactly one is suppressed.

    Otherwise totals would reveal its counts. Among rows that share the values of the columns in
    `within`, the rows for `OVERALL` left aside: if exactly one has status "suppressed", the one
    with the fewest subjects of the others is suppressed too. If even that one has
    `MANY_SUBJECTS` or more, it is shown, with its numbers rounded to two digits: to hide a group
    of that size would hide what an audit is for. Columns named in `within` stay.

    Parameters
    ----------
    rows
        Rows with a status and, unless suppressed, the number of subjects.
    within
        Columns that rows added up to one total share, as in ``("factor", "metric")``; one such
        list for each side of the table that has totals, gone through until nothing changes.
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
