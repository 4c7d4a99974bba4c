"""Which groups nothing is shown of: those of too few people, and those that would tell of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from fairness.cohort import Cohort
from fairness.groups import Cells
from fairness.table import Table, Value, suppress_secondary
from fairness.uncertainty import FEWEST_SUBJECTS

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
