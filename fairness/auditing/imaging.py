"""Tables that separate differences between people from differences between their photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fairness.auditing.evidence import Evidence, with_trials
from fairness.cohort import UNKNOWN
from fairness.imaging import confounds
from fairness.tables import (
    FACTOR,
    GROUP,
    STATUS,
    Column,
    Row,
    Table,
    audit_table,
    people_by_group,
    withheld,
)

Facts = Mapping[str, Sequence[float]]
"""Facts by name, as in ``{"exposure": …}``: one number for each photo, nan if not known."""

_COLUMNS = (
    FACTOR,
    GROUP,
    Column("fact", "Measure", "text", "What was measured on the photos."),
    Column("mean", "Mean", "number", "Mean over the photos of the group."),
    Column("shift", "Shift", "number", "Mean less that of all others, in standard deviations."),
    Column("photos", "Photos", "count", "Photos for which it is known."),
    Column("subjects", "Subjects", "count", "People in them."),
    STATUS,
)
_SHOWN = ("mean", "shift", "photos", "subjects")


def measured(evidence: Evidence, facts: Facts) -> Table:
    """Return how the photos of the groups differ in facts such as exposure, size and quality."""
    rows: list[Row] = []
    codes = evidence.cohort.subject_codes
    for factor in evidence.settings.factors:
        grouping = evidence.grouping(factor)
        found = confounds(evidence.cohort, grouping, facts)
        hidden = {
            fact: evidence.withheld(factor, people_by_group(grouping, codes, np.isfinite(values)))
            for fact, values in facts.items()
        }
        for item in found:
            keys: Row = {"factor": factor, "group": item.group, "fact": item.fact}
            values = {name: getattr(item, name) for name in _SHOWN}
            shown: Row = {"status": "shown", **values} if item.photos else {"status": "suppressed"}
            withheld_here = item.group in hidden[item.fact]
            rows.append({**keys, **({"status": "suppressed"} if withheld_here else shown)})
    note = (
        "Where groups differ here, part of a difference in error rates may be one of the pictures."
    )
    return Table("imaging", "How the photos of the groups differ", _COLUMNS, tuple(rows), note)


def tone_confound(evidence: Evidence) -> Table:
    """Return the FNMR by skin tone, within photos of like exposure and quality."""
    if evidence.tone_map is None:
        return audit_table("tone_confound", ())
    rows: list[Row] = []
    factor, unknown = evidence.tone_map, f"{UNKNOWN}, "
    counted = evidence.verification.false_non_matches(evidence.grouping(factor))
    missed, suppressed = with_trials(counted), evidence.suppressed(factor)
    not_listed = {name for name in missed if name.startswith(unknown)}
    people = {name: counts.people for name, counts in missed.items()}
    hidden = withheld(people, evidence.totals(factor), suppressed | not_listed)
    for name in evidence.grouping(factor).names:
        if name.startswith(unknown):
            continue
        keys = dict(zip(("tone", "exposure", "quality"), name.split(", "), strict=True))
        if name in hidden or name in suppressed:
            rows.append({**keys, "metric": "FNMR", "status": "suppressed"})
        elif name in missed:
            rows.append(evidence.row(missed[name], **keys, metric="FNMR"))
    return audit_table("tone_confound", rows)
