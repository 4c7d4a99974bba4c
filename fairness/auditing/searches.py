"""Tables and curves of searches in a gallery, and of the effect of a quality cut."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from fairness.auditing.evidence import Evidence, Grouped, with_trials
from fairness.cohort import Grouping
from fairness.errors import CohortError
from fairness.identification import IdentificationPlan, JudgedPairs, OpenSet, search_plan
from fairness.rates import SubjectCounts
from fairness.tables import (
    OVERALL,
    CmcCurve,
    DiscardCurve,
    Row,
    Table,
    audit_table,
    people_shown,
    suppress_complementary,
)
from fairness.verification import EmbeddingScores

_SHARES = (0.0, 0.05, 0.1, 0.2, 0.3)
_RANKS = 50  # number of ranks in the curves
_SCALED = ("estimate", "low", "high", "bound")


def search(evidence: Evidence) -> OpenSet | None:
    """Search a gallery; None without vectors, or without two photos of any person."""
    if not isinstance(evidence.scores, EmbeddingScores) or not evidence.has_mates:
        return None
    settings = evidence.settings
    plan = IdentificationPlan.of(evidence.cohort, seed=settings.seed, share=settings.share)
    scores = evidence.scores
    return search_plan(plan, scores.vectors, scores.acquisition, thresholds=(evidence.threshold,))


_DRAWN = (
    "Half the people with two photos or more are enrolled with their earliest photo, unless the "
    "cohort states the roles; everybody else is searched for in vain."
)


def open_set(evidence: Grouped, found: OpenSet | None, enrolled: str = _DRAWN) -> Table:
    """Return FNIR, FPIR, misses by rank and selectivity by group.

    Parameters
    ----------
    evidence, found
        The audit, and the outcomes of its searches; None without any.
    enrolled
        Sentence that says who is enrolled.
    """
    rows: list[Row] = []
    if found is not None:
        for factor in evidence.settings.factors:
            rows += _searches(evidence, found, factor)
    note = f"{enrolled} Intervals hold for this gallery."
    return audit_table(
        "open_set", suppress_complementary(rows, ("factor", "metric", "rank")), note=note
    )


class _SearchCounts(NamedTuple):
    group: str
    metric: str
    rank: int | None
    counts: SubjectCounts
    times: float = 1.0  # factor that turns the share into the reported number


def _searches(evidence: Grouped, found: OpenSet, factor: str) -> Iterator[Row]:
    for division in (evidence.everybody, evidence.grouping(factor)):
        for group, metric, rank, counts, times in _counted(evidence, found, division):
            if counts.trials.any():
                name = OVERALL if division is evidence.everybody else group
                keys = {"factor": factor, "group": name, "metric": metric}
                row = evidence.row(counts, **keys, rank=rank, gallery=found.enrolled)
                yield row | {
                    name: value * times
                    for name, value in row.items()
                    if name in _SCALED and isinstance(value, float)
                }


def _counted(evidence: Grouped, found: OpenSet, division: Grouping) -> Iterator[_SearchCounts]:
    rank, threshold = min(evidence.settings.rank, found.mated.depth), evidence.threshold
    for group, misses in found.mated.fnir(division, rank=rank, threshold=threshold).items():
        yield _SearchCounts(group, "FNIR", rank, misses.missed)
        yield _SearchCounts(group, "FNIR_counted", rank, misses.missed_or_refused)
    for k in sorted({1, rank}):
        for group, misses in found.mated.fnir(division, rank=k).items():
            yield _SearchCounts(group, "FNIR_ranks", k, misses.missed)
    for group, counts in found.non_mated.fpir(division, threshold=threshold).items():
        yield _SearchCounts(group, "FPIR", None, counts)
    if len(found.non_mated.thresholds):
        for group, chosen in found.non_mated.selectivity(division, threshold=threshold).items():
            yield _SearchCounts(group, "selectivity", None, chosen.share, chosen.enrolled)
    for group, counts in found.failed_enrolments(division).items():
        yield _SearchCounts(group, "FTE", None, counts)


def cmc_curves(evidence: Grouped, found: OpenSet | None, table: Table) -> Iterator[CmcCurve]:
    """Yield the share of mated searches with the mate at or above a rank, by group.

    Only groups that the table of searches shows have a curve.
    """
    if found is None:
        return
    ranks = range(1, min(_RANKS, found.mated.depth) + 1)
    for factor in evidence.settings.factors:
        for group, misses in found.mated.cmc(evidence.grouping(factor), ranks=ranks).items():
            keys: Row = {"factor": factor, "group": group, "metric": "FNIR_ranks", "rank": 1}
            people = people_shown(table, **keys)
            if people is not None:
                rates = [one.missed.rate(level=evidence.settings.level) for one in misses]
                hits = np.array([1 - rate.estimate for rate in rates])
                yield CmcCurve(factor, group, np.array(ranks, np.int64), hits, people)


def judged(evidence: Evidence) -> JudgedPairs | None:
    """Return the mated comparisons with their quality; None if no quality is known."""
    try:
        mated = evidence.verification.mated
        return JudgedPairs.of(evidence.cohort, mated, threshold=evidence.threshold)
    except CohortError:
        return None


def discard(evidence: Evidence, pairs: JudgedPairs | None) -> Table:
    """Return the FNMR of each group after the same quality cut for all groups."""
    rows: list[Row] = []
    if pairs is not None:
        for share in _SHARES:
            cut = pairs.cut(share) if share else -math.inf
            for factor in evidence.settings.factors:
                after = pairs.missed_after(evidence.grouping(factor), cut=cut)
                rows += [
                    evidence.row(missed, factor=factor, group=group, discarded=share)
                    for group, missed in with_trials(
                        {g: m.missed for g, m in after.items()}
                    ).items()
                ]
    note = "A comparison belongs here to the group of its later photo, the one searched with."
    return audit_table("discard", suppress_complementary(rows, ("factor", "discarded")), note=note)


def discard_curves(
    evidence: Evidence, pairs: JudgedPairs | None, table: Table
) -> Iterator[DiscardCurve]:
    """Yield the error-versus-discard curve of each group that the table shows without a cut."""
    if pairs is None:
        return
    for factor in evidence.settings.factors:
        grouping = evidence.grouping(factor)
        for group, curve in pairs.curves(grouping).items():
            people = people_shown(table, factor=factor, group=group, discarded=0.0)
            if people is not None:
                yield DiscardCurve(factor, group, curve.discarded, curve.rate, people)
