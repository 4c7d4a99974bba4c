"""The error rates that are compared over the groups of a factor."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from fairness.auditing import searches
from fairness.auditing.evidence import Evidence, Grouped, with_trials
from fairness.identification import OpenSet
from fairness.rates import Counts, PairCells, Rate, SubjectCells, SubjectCounts, rate_of_counts


@dataclass(frozen=True, eq=False)
class Family:
    """One error rate of all groups of a factor; tests of its groups are adjusted together.

    Parameters
    ----------
    factor, metric
        As in the tables of rates and of searches.
    groups
        Counts of each group that has trials.
    cells
        Returns the cells of the named groups.
    target
        Target rate that decides the statuses, see `status_of`; None for the default.
    times
        Factor that turns the share of errors into the reported number.
    """

    factor: str
    metric: str
    groups: Mapping[str, Counts]
    cells: Callable[[Collection[str]], SubjectCells | PairCells]
    target: float | None = None
    times: float = 1.0

    def rate(self, group: str, *, level: float = 0.95) -> Rate:
        """Return the rate of a group, as a share."""
        return rate_of_counts(self.groups[group], level=level, target=self.target)


def families(evidence: Evidence, found: OpenSet | None, factor: str) -> Iterator[Family]:
    """Yield the error rates of comparisons, of photos, and of searches if there are any."""
    matches, verification = evidence.false_matches(factor), evidence.verification
    within = evidence.within(factor)
    yield Family(factor, "FMR", within, matches.cells, target=evidence.settings.fmr)
    grouping = evidence.grouping(factor)
    for metric, counts in (
        ("FNMR", evidence.missed(factor)),
        ("FNMR_counted", verification.misses(grouping)),
        ("FTA", verification.failures_to_acquire(grouping)),
    ):
        yield _of_subjects(factor, metric, counts)
    if found is not None:
        yield from of_searches(evidence, found, factor)


def of_searches(evidence: Grouped, found: OpenSet, factor: str) -> Iterator[Family]:
    """Yield the error rates of searches."""
    for rate in searches.families(evidence, found, factor):
        cells = partial(_cells, with_trials(rate.tested))
        groups = with_trials(rate.counts)
        yield Family(factor, rate.metric, groups, cells, times=rate.times)


def _of_subjects(factor: str, metric: str, counts: Mapping[str, SubjectCounts]) -> Family:
    groups = with_trials(counts)
    return Family(factor, metric, groups, partial(_cells, groups))


def _cells(groups: Mapping[str, SubjectCounts], names: Collection[str]) -> SubjectCells:
    return SubjectCells.of({name: groups[name] for name in names if name in groups})
