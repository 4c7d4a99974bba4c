"""Searches of a gallery: searches that miss the right person, and ones that find a wrong person.

N people are enrolled. R is the number of candidates that a person reviews, and T is a threshold;
scores are compared in float32. The vocabulary is that of ISO/IEC 19795-1:

- FNIR(N, R, T) is the share of searches for enrolled people in which their record is not among the
  first R candidates with a score at or above T.
- FPIR(N, T) is the share of searches for people who are not enrolled in which a candidate has a
  score at or above T.
- selectivity(N, T) is the mean number of candidates at or above T in such a search.
- CMC(r) is the share of searches for enrolled people in which their record is among the first r.

A candidate is a subject, with the score of the closest of its photos. A tie counts against the
matcher: the mate ranks after all others with its score. In a search for a person who is not
enrolled, the person's relatives are left out of the candidates, and so out of FPIR and selectivity.
They are counted apart (`OpenSet.kin`). In searches for enrolled people, relatives have ranks like
anyone else. The labels of the probe decide its group. Intervals are computed over the people
searched for, and hold for the searched gallery.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairness.cohort import Cohort, Grouping
from fairness.errors import ScoresError
from fairness.identification.rank_gaps import ProbeResult
from fairness.rates import SubjectCounts, by_group
from fairness.verification import shortest_above
from fairness.words import counted, exact_threshold


@dataclass(frozen=True, eq=False)
class Misses:
    """Searches for enrolled people that miss, without and with refused photos.

    Parameters
    ----------
    missed
        Misses among the searches that were made for people in the gallery.
    missed_or_refused
        Misses among all searches. A search is a miss too if a photo had no vector, at enrolment or
        at the search.
    """

    missed: SubjectCounts
    missed_or_refused: SubjectCounts


@dataclass(frozen=True, eq=False)
class Selectivity:
    """Candidates in searches for people who are not enrolled.

    Parameters
    ----------
    share
        Candidates at or above the threshold among all comparisons with the gallery.
    searches
        Number of searches made.
    """

    share: SubjectCounts
    searches: int

    @property
    def mean(self) -> float:
        """Mean number of candidates in a search; nan without searches."""
        return float(self.share.errors.sum()) / self.searches if self.searches else math.nan

    @property
    def enrolled(self) -> float:
        """Mean number of possible candidates in a search: N minus the relatives left out.

        `share` and its limits, multiplied by this number, give the mean and its limits.
        """
        return float(self.share.trials.sum()) / self.searches if self.searches else math.nan


@dataclass(frozen=True, eq=False)
class MatedSearches:
    """Searches by photos of people who were to be enrolled; arrays of shape (probes,).

    Parameters
    ----------
    cohort
        The cohort.
    photos
        int64: photo index of the probe.
    rank
        int64: rank of the person's own record, from 1; 0 if it is not among the candidates or
        there was no search.
    score
        float32: score of that record; nan if there is none.
    refused
        bool: whether the probe has no vector, so that there was no search.
    unenrolled
        bool: whether no photo of the person could be enrolled, so that no search could succeed.
    depth
        Length of the longest list of candidates that a search returns; N if all candidates are
        known.
    """

    cohort: Cohort
    photos: NDArray[np.int64]
    rank: NDArray[np.int64]
    score: NDArray[np.float32]
    refused: NDArray[np.bool_]
    unenrolled: NDArray[np.bool_]
    depth: int

    @classmethod
    def pooled(cls, parts: Sequence[MatedSearches]) -> MatedSearches:
        """Return the searches of several galleries together; `depth` is the shortest.

        A gallery in which nobody could be enrolled does not count for the depth.
        """
        depth = min((part.depth for part in parts if part.depth), default=0)
        photos, rank, score, refused, unenrolled = _joined(
            parts, "photos", "rank", "score", "refused", "unenrolled"
        )
        return cls(parts[0].cohort, photos, rank, score, refused, unenrolled, depth)

    @property
    def possible(self) -> NDArray[np.bool_]:
        """Searches that were made and could succeed, shape (probes,)."""
        return ~(self.refused | self.unenrolled)

    def missed(self, rank: int, threshold: float = -math.inf) -> NDArray[np.bool_]:
        """Return which searches miss: the record is not among the first `rank` at `threshold`.

        Raises
        ------
        ValueError
            If the rank is below 1.
        ScoresError
            If the lists of candidates are shorter than the rank.
        """
        if rank < 1:
            raise ValueError(f"the rank must be at least 1, got {rank}")
        if rank > self.depth:
            raise _too_short(f"rank {rank} of lists of {self.depth} at most")
        found = (self.rank >= 1) & (self.rank <= rank)
        return ~(found & (self.score >= np.float32(threshold)))

    def fnir(
        self, grouping: Grouping, *, rank: int, threshold: float = -math.inf
    ) -> dict[str, Misses]:
        """Return FNIR(N, R, T) of each group. Every group has an entry, even without trials.

        Parameters
        ----------
        grouping
            The groups of the photos of the cohort.
        rank
            R, the number of candidates that a person reviews, at least 1.
        threshold
            T. Without it, only the rank R decides.

        Raises
        ------
        ValueError, ScoresError
            As in `missed`.
        """
        missed, possible = self.missed(rank, threshold), self.possible
        every = np.ones_like(possible)
        some = by_group(self.cohort, grouping, self.photos, missed & possible, possible)
        all_of_them = by_group(self.cohort, grouping, self.photos, missed, every)
        return {name: Misses(some[name], all_of_them[name]) for name in grouping.names}

    def cmc(
        self, grouping: Grouping, *, ranks: Sequence[int] = (1, 5, 10, 20)
    ) -> dict[str, tuple[Misses, ...]]:
        """Return 1 - CMC(r) of each group at each rank, as counts of misses.

        The result depends on N. It does not cover searches for people who are not enrolled.
        Parameters and errors are those of `fnir` without a threshold.
        """
        by_rank = [self.fnir(grouping, rank=rank) for rank in ranks]
        return {name: tuple(misses[name] for misses in by_rank) for name in grouping.names}

    def probe_results(self, *divisions: Grouping) -> tuple[ProbeResult, ...]:
        """Return the searches in the form that `group_gaps` takes."""
        return tuple(
            ProbeResult(
                self.cohort.samples[photo].subject,
                int(rank) or None,
                {grouping.factor: grouping.names[grouping.codes[photo]] for grouping in divisions},
                refused=not possible,
            )
            for photo, rank, possible in zip(self.photos, self.rank, self.possible, strict=True)
        )


@dataclass(frozen=True, eq=False)
class NonMatedSearches:
    """Searches by photos of people who are not enrolled; arrays of shape (probes,).

    Parameters
    ----------
    cohort
        The cohort.
    photos
        int64: photo index of the probe.
    top
        float32: score of the closest candidate; -inf if there is none, nan if the probe has no
        vector.
    floor
        float32: all candidates above this score are known; -inf if all candidates are known.
    thresholds
        float32 of shape (thresholds,): thresholds at which candidates were counted.
    candidates
        int64 of shape (probes, thresholds): number of candidates at or above each threshold; 0 if
        the probe has no vector.
    enrolled
        int64: number of possible candidates.
    both_ways
        Whether two people may be compared in searches of both, each enrolled for the other. Such
        alarms come in pairs, and are evidence once (`SubjectCounts.repeats`).
    """

    cohort: Cohort
    photos: NDArray[np.int64]
    top: NDArray[np.float32]
    floor: NDArray[np.float32]
    thresholds: NDArray[np.float32]
    candidates: NDArray[np.int64]
    enrolled: NDArray[np.int64]
    both_ways: bool = False

    @classmethod
    def pooled(cls, parts: Sequence[NonMatedSearches]) -> NonMatedSearches:
        """Return the searches of several galleries together.

        Raises
        ------
        ValueError
            If candidates were counted at different thresholds.
        """
        thresholds = parts[0].thresholds
        if not all(np.array_equal(part.thresholds, thresholds) for part in parts):
            raise ValueError("need candidates that were counted at the same thresholds")
        photos, top, floor, candidates, enrolled = _joined(
            parts, "photos", "top", "floor", "candidates", "enrolled"
        )
        return cls(parts[0].cohort, photos, top, floor, thresholds, candidates, enrolled)

    @classmethod
    def of_scores(
        cls,
        cohort: Cohort,
        photos: NDArray[np.int64],
        scores: Sequence[NDArray[np.float32]],
        *,
        made: NDArray[np.bool_],
        floor: NDArray[np.float32],
        thresholds: NDArray[np.float32],
        enrolled: NDArray[np.int64],
    ) -> NonMatedSearches:
        """Return the searches whose candidates have these scores.

        Parameters are those of the class, and two more: `scores` has for each probe the scores of
        its candidates, in any order; `made` says which probes were searched with. Probes without
        any possible candidate are left out.
        """
        top = np.array([found.max(initial=-math.inf) for found in scores], dtype=np.float32)
        top[~made] = math.nan
        counts = np.zeros((len(photos), len(thresholds)), np.int64)
        for probe, found in enumerate(scores):
            counts[probe] = np.count_nonzero(found[:, None] >= thresholds, axis=0)
        some = enrolled > 0
        return cls(
            cohort, photos[some], top[some], floor[some], thresholds, counts[some], enrolled[some]
        )

    @property
    def made(self) -> NDArray[np.bool_]:
        """Probes that were searched with, shape (probes,)."""
        return ~np.isnan(self.top)

    def alarms(self, threshold: float) -> NDArray[np.bool_]:
        """Return which searches have a candidate at or above a threshold, shape (probes,).

        Raises
        ------
        ScoresError
            If a list of candidates ends at or above the threshold, so that the answer is unknown.
        """
        at = np.float32(threshold)
        alarms = self.top >= at
        if unknown := int(np.sum(~alarms & (self.floor >= at) & self.made)):
            lists = counted(unknown, "list that ends", "lists that end")
            raise _too_short(f"{lists} at or above {exact_threshold(threshold)}")
        return alarms

    def fpir(self, grouping: Grouping, *, threshold: float) -> dict[str, SubjectCounts]:
        """Return FPIR(N, T) of each group. Every group has an entry, even without trials.

        Photos without a vector are left out. A search that was not made raises no alarm, and would
        make the rate look better than it is.

        Parameters
        ----------
        grouping
            The groups of the photos of the cohort.
        threshold
            T.

        Raises
        ------
        ScoresError
            As in `alarms`.
        """
        return self._by_group(grouping, self.alarms(threshold), self.made)

    def _by_group(
        self,
        grouping: Grouping,
        errors: NDArray[np.bool_] | NDArray[np.int64],
        trials: NDArray[np.bool_] | NDArray[np.int64],
    ) -> dict[str, SubjectCounts]:
        repeats = 2 if self.both_ways else 1
        return by_group(self.cohort, grouping, self.photos, errors, trials, repeats=repeats)

    def selectivity(self, grouping: Grouping, *, threshold: float) -> dict[str, Selectivity]:
        """Return the selectivity of each group. Every group has an entry, even without trials.

        Parameters
        ----------
        grouping
            The groups of the photos of the cohort.
        threshold
            T, one of `thresholds`.

        Raises
        ------
        ValueError
            If candidates were not counted at this threshold.
        """
        (place,) = np.nonzero(self.thresholds == np.float32(threshold))
        if not len(place):
            raise ValueError(f"candidates were counted at {self.thresholds}, not at {threshold}")
        candidates, there = self.candidates[:, place[0]], self.enrolled * self.made
        shares = self._by_group(grouping, candidates, there)
        groups = grouping.codes[self.photos[self.made]]
        searches = np.bincount(groups, minlength=len(grouping.names))
        return {
            name: Selectivity(shares[name], int(number))
            for name, number in zip(grouping.names, searches, strict=True)
        }

    def threshold_at(self, fpir: float) -> float:
        """Return a threshold at which FPIR, over all searches, is at most a target, and more below.

        With n searches and k = floor(n fpir), it is the shortest number above the (k + 1)-th
        highest score of a closest candidate, and not above the next higher one; -inf if k is n.
        Set a threshold on people who take no part in the test.

        Raises
        ------
        ValueError
            If the target is not in [0, 1].
        ScoresError
            If no search was made.
        """
        if not 0 <= fpir <= 1:
            raise ValueError(f"an FPIR is in [0, 1], got {fpir}")
        top = np.sort(self.top[self.made])[::-1]
        if not len(top):
            raise ScoresError(
                "the searches",
                rule="a threshold is set on searches for people who are not enrolled",
                got="none",
                next_step="Leave some subjects out of the gallery and search with their photos.",
            )
        allowed = math.floor(fpir * len(top) + 1e-9)
        if allowed == len(top):
            return -math.inf
        return shortest_above(top[allowed], top)


def _joined(
    parts: Sequence[MatedSearches] | Sequence[NonMatedSearches], *names: str
) -> Iterator[NDArray[Any]]:
    return (np.concatenate([getattr(part, name) for part in parts]) for name in names)


def _too_short(got: str) -> ScoresError:
    return ScoresError(
        "the lists of candidates",
        rule="reach as far down as the rank and the threshold that are asked for",
        got=got,
        next_step="Ask for a smaller rank or a higher threshold, or return longer lists.",
    )
