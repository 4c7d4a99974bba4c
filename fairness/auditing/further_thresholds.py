"""Error rates by group at further thresholds, each set for a target of its own."""

from __future__ import annotations

import math
from collections.abc import Iterator

from fairness.auditing.evidence import Evidence
from fairness.tables import (
    FACTOR,
    GROUP,
    OVERALL,
    RATE_COLUMNS,
    Column,
    Row,
    Table,
    Value,
)
from fairness.words import counted, figure

FEWEST_EXPECTED = 3
"""A threshold is set only for a target by which this many false matches are expected. With fewer,
no number of them, not even none, shows a rate below the target (the rule of three)."""

_COLUMNS = (
    FACTOR,
    Column("target", "Target FMR", "rate", "The false match rate that the threshold is set for."),
    Column("threshold", "Threshold", "threshold", "Typed as the threshold, it gives these counts."),
    GROUP,
    Column("metric", "Error rate", "text", "Which error rate, see the glossary."),
    *RATE_COLUMNS,
    Column("remark", "Remark", "text", "Why there is no threshold."),
)


def thresholds(evidence: Evidence) -> Table:
    """Return FMR within groups and FNMR by group at the thresholds of `AuditSettings.fmrs`."""
    rows: list[Row] = []
    for target in evidence.settings.fmrs:
        trials = evidence.trials_of_threshold
        if target * trials < FEWEST_EXPECTED:
            rows += [
                {
                    "factor": factor,
                    "target": target,
                    "group": OVERALL,
                    "metric": "FMR_random",
                    "status": "insufficient",
                    "remark": _too_few(target, trials),
                }
                for factor in evidence.settings.factors
            ]
        else:
            rows += _rows(evidence.at_target(target), target)
    note = "Each threshold is set on the same comparisons as the one of this audit."
    title = "Error rates at further thresholds"
    return Table("thresholds", title, _COLUMNS, tuple(rows), note)


def _too_few(target: float, trials: int) -> str:
    needed = math.ceil(FEWEST_EXPECTED / target)
    return (
        f"not enough comparisons for 1 in {figure(1 / target, 6)}: "
        f"{counted(trials, 'comparison')}, of {needed:,} needed"
    )


def _rows(there: Evidence, target: float) -> Iterator[Row]:
    threshold = there.in_own_numbers(there.threshold)
    for factor in there.settings.factors:
        keys: dict[str, Value] = {"factor": factor, "target": target, "threshold": threshold}
        yield there.row(there.random, **keys, group=OVERALL, metric="FMR_random")
        for (group, other), matches in there.crossed(factor).items():
            if group == other:
                labels: Row = {**keys, "group": group, "metric": "FMR"}
                if matches is None:
                    yield {**labels, "status": "suppressed"}
                else:
                    yield there.row(matches, **labels)
        if there.has_mates:
            yield there.row(there.missed_by_anybody, **keys, group=OVERALL, metric="FNMR")
        missed = there.verification.false_non_matches(there.grouping(factor))
        del keys["factor"]
        yield from there.rows(factor, missed, there.without_misses(factor), **keys, metric="FNMR")
