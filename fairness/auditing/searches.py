"""Tables and curves of searches in a gallery, and of the effect of a quality cut."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

import numpy as np

from fairness.auditing.evidence import Evidence, Grouped, scaled
from fairness.cohort import Grouping
from fairness.errors import CohortError
from fairness.identification import IdentificationPlan, JudgedPairs, OpenSet, search_plans
from fairness.rates import Rate, SubjectCounts
from fairness.tables import (
    OVERALL,
    CmcCurve,
    DiscardCurve,
    Row,
    Table,
    Value,
    audit_table,
    people_shown,
)
from fairness.words import counted

_SHARES = (0.0, 0.05, 0.1, 0.2, 0.3)
_RANKS = 50  # number of ranks in the curves


def search(evidence: Evidence) -> OpenSet | None:
    """Search galleries in which everybody is enrolled in turn, or the one that the cohort states.

    None without vectors, or without two photos of any person.
    """
    scores, settings = evidence.searchable, evidence.settings
    if scores is None:
        return None
    plans = IdentificationPlan.in_turn(evidence.cohort, seed=settings.seed, share=settings.share)
    return search_plans(
        plans,
        scores.vectors,
        scores.enrolment,
        thresholds=(evidence.threshold,),
        probes=scores.probes,
    )


def open_set(evidence: Grouped, found: OpenSet | None, enrolled: str = "") -> Table:
    """Return FNIR, FPIR, misses by rank and selectivity by group.

    Parameters
    ----------
    evidence, found
        The audit, and the outcomes of its searches; None without any.
    enrolled
        Sentences that say who is enrolled; by default those of galleries that were drawn.
    """
    if found is None:
        return audit_table("open_set", ())
    rows = [
        row for factor in evidence.settings.factors for row in _searches(evidence, found, factor)
    ]
    return audit_table("open_set", rows, note=enrolled or _note(found))


def _note(found: OpenSet) -> str:
    if not found.non_mated.both_ways:
        return (
            "The people of one gallery are searched for with their later photos, everybody else "
            "in vain. Intervals hold for this gallery."
        )
    return (
        "Everybody with two photos or more is enrolled once, with the earliest photo: there are "
        f"{sizes_of(found)}. Everybody is searched for in vain in each gallery in which they are "
        "not enrolled. All searches for one person count as one cluster. Two people of different "
        "galleries are compared both ways, so that the limits of FPIR and selectivity rest on half "
        "the effective trials. Intervals hold for these galleries."
    )


def sizes_of(found: OpenSet) -> str:
    """Return how many galleries there are, and of how many people each is."""
    sizes = ", ".join(f"{size:,}" for size in found.galleries[:-1])
    last = counted(found.galleries[-1], "subject")
    number = counted(len(found.galleries), "gallery", "galleries")
    return f"{number} of {sizes} and {last}" if sizes else f"{number} of {last}"


class _SearchCounts(NamedTuple):
    group: str
    metric: str
    rank: int | None
    counts: SubjectCounts
    times: float = 1.0  # factor that turns the share into the reported number


def _searches(evidence: Grouped, found: OpenSet, factor: str) -> Iterator[Row]:
    for item in _counted(evidence, found, evidence.everybody):
        if item.counts.trials.any():
            yield _row(evidence, item, factor=factor, group=OVERALL, gallery=found.enrolled)
    by_group = list(_counted(evidence, found, evidence.grouping(factor)))
    hidden = _hidden(evidence, factor, by_group)
    for item in by_group:
        keys: dict[str, Value] = {"factor": factor, "group": item.group}
        keys |= {"gallery": found.enrolled}
        if item.group in hidden[item.metric]:
            yield {**keys, "metric": item.metric, "rank": item.rank, "status": "suppressed"}
        elif item.counts.trials.any():
            yield _row(evidence, item, **keys)


def _hidden(
    evidence: Grouped, factor: str, items: Sequence[_SearchCounts]
) -> dict[str, frozenset[str]]:
    """Return by metric the groups that are withheld: the same ones for all misses."""
    families: dict[str, dict[str, SubjectCounts]] = defaultdict(dict)
    for item in items:
        families[item.metric][item.group] = item.counts
    of_misses = [families[metric] for metric in sorted(families) if metric.startswith("FNIR")]
    misses = evidence.withheld(factor, *of_misses)
    return {
        metric: misses if metric.startswith("FNIR") else evidence.withheld(factor, groups)
        for metric, groups in families.items()
    }


def _row(evidence: Grouped, item: _SearchCounts, **keys: Value) -> Row:
    row = evidence.row(item.counts, **keys, metric=item.metric, rank=item.rank)
    return scaled(row, item.times)


class SearchFamily(NamedTuple):
    """A rate of searches that is compared over groups.

    Parameters
    ----------
    metric
        As in the table.
    counts
        Counts of each group, over all galleries.
    tested
        Counts for a test of equal rates: of one gallery, if people were compared both ways.
    times
        Factor that turns the share into the reported number.
    """

    metric: str
    counts: dict[str, SubjectCounts]
    tested: dict[str, SubjectCounts]
    times: float


def families(evidence: Grouped, found: OpenSet, factor: str) -> Iterator[SearchFamily]:
    """Yield the rates of searches that are compared over groups."""
    grouping = evidence.grouping(factor)
    every = list(_counted(evidence, found, grouping))
    alone = found.independent
    once = every if alone is found else list(_counted(evidence, alone, grouping))
    for metric in ("FNIR", "FNIR_counted", "FPIR", "selectivity", "FTE"):
        counts, single = (
            {row.group: row.counts for row in rows if row.metric == metric}
            for rows in (every, once)
        )
        apart = metric in ("FPIR", "selectivity")
        times = found.enrolled if metric == "selectivity" else 1
        yield SearchFamily(metric, counts, single if apart else counts, float(times))


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

    Only groups that the table of searches shows have a curve. A curve ends before the first rank
    with too few misses for a rate.
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
                hits = [1 - rate.estimate for rate in takewhile(_is_rated, rates)]
                if hits:
                    shown = np.arange(1, len(hits) + 1)
                    yield CmcCurve(factor, group, shown, np.array(hits), people)


def _is_rated(rate: Rate) -> bool:
    return rate.status in ("ok", "limited")


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
                missed = {group: misses.missed for group, misses in after.items()}
                hidden = evidence.withheld(factor, missed)
                rows += evidence.rows(factor, missed, hidden, discarded=share)
    note = "A comparison belongs here to the group of its later photo, the one searched with."
    return audit_table("discard", rows, note=note)


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
