"""Tables that separate differences between people from differences between their photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    suppress_complementary,
)

Facts = Mapping[str, Sequence[float]]
"""Facts by name, as in ``{"exposure": …}``: one number for each photo, nan if not known."""

_TONES = ("tone", "fitzpatrick", "apparent_tone")

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
    for factor in evidence.settings.factors:
        for item in confounds(evidence.cohort, evidence.grouping(factor), facts):
            values = {name: getattr(item, name) for name in _SHOWN}
            keys = {"factor": factor, "group": item.group, "fact": item.fact}
            rows.append(evidence.shown(values, people=item.subjects, **keys))
    kept = suppress_complementary(rows, ("factor", "fact"))
    note = (
        "Where groups differ here, part of a difference in error rates may be one of the pictures."
    )
    return Table("imaging", "How the photos of the groups differ", _COLUMNS, tuple(kept), note)


def tone_confound(evidence: Evidence) -> Table:
    """Return the FNMR by skin tone, within photos of like exposure and quality."""
    rows: list[Row] = []
    factors = evidence.cohort.factors
    tone = next((name for name in _TONES if name in evidence.settings.factors), None)
    if tone is not None and "exposure" in factors and evidence.has_mates:
        grouping = evidence.grouping(f"{tone}*exposure*quality")
        missed = with_trials(evidence.verification.false_non_matches(grouping))
        for group, counts in missed.items():
            tone_of_group, exposure, quality = group.split(", ")
            if tone_of_group != UNKNOWN:
                keys = {"tone": tone_of_group, "exposure": exposure, "quality": quality}
                rows.append(evidence.row(counts, **keys, metric="FNMR"))
    return audit_table(
        "tone_confound", suppress_complementary(rows, ("exposure", "quality"), ("tone",))
    )
