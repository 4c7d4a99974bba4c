"""Searches of a gallery: who is missed, and who sends an investigator after the wrong child.

With N people enrolled, a candidate counts where it is among the first R and its score is at or
above T, both in float32 (vocabulary of ISO/IEC 19795-1):

- FNIR(N, R, T), the share of searches for enrolled people in which their record does not count;
- FPIR(N, T), the share of searches for people who are not enrolled in which any candidate does;
- selectivity(N, T), the mean number of candidates at or above T in such a search;
- CMC(r), the share of searches for enrolled people in which theirs is among the first r.

A candidate is a subject, with the score of the closest of its photos. In ranks a tie goes against
the matcher: the mate comes after all others with its score. Relatives of a person who is not
enrolled are left out of the candidates of that search, and so of FPIR and selectivity, and are
counted apart (`OpenSet.kin`); in searches for enrolled people relatives compete for ranks like
anyone. Groups are those of the probe's labels. Intervals are over the people searched for,
conditional on the gallery that was searched.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.cohort import Cells, Cohort
from fairness.errors import ScoresError
from fairness.identification.rank_gaps import ProbeResult
from fairness.rates import SubjectCounts, by_group


@dataclass(frozen=True, eq=False)
class Misses:
    """Searches for enrolled people that miss, counted in both ways.

    Parameters
    ----------
    missed
        Among the searches that were made for people in the gallery.
    missed_or_refused
        Among all: a photo without a vector, at enrolment or at the search, finds nobody.
    """

    missed: SubjectCounts
    missed_or_refused: SubjectCounts


@dataclass(frozen=True, eq=False)
class Selectivity:
    """Candidates that a search for somebody who is not enrolled returns.

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
        """Candidates in a search, on average; nan without searches."""
        return float(self.share.errors.sum()) / self.searches if self.searches else math.nan

    @property
    def enrolled(self) -> float:
        """Candidates there could be in a search, on average: N less the relatives left out.

        Times this, `share` and its limits are the mean and its limits.
        """
        return float(self.share.trials.sum()) / self.searches if self.searches else math.nan


@dataclass(frozen=True, eq=False)
class MatedSearches:
    """Searches by photos of people who were to be enrolled; arrays of shape (probes,).

    Parameters
    ----------
    cohort
        Whose photos.
    photos
        int64, photo index of the probe.
    rank
        int64, place of the person's own record, 1 the first; 0 where it is not among the
        candidates or there was no search.
    score
        float32, score of that record; nan where there is none.
    refused
        bool, whether the probe has no vector, so that there was no search.
    unenrolled
        bool, whether no photo of the person could be enrolled, so that none could succeed.
    depth
        Longest list of candidates that is returned; N where all are known.
    """

    cohort: Cohort
    photos: NDArray[np.int64]
    rank: NDArray[np.int64]
    score: NDArray[np.float32]
    refused: NDArray[np.bool_]
    unenrolled: NDArray[np.bool_]
    depth: int

    @property
    def possible(self) -> NDArray[np.bool_]:
        """Searches that were made and could succeed, shape (probes,)."""
        return ~(self.refused | self.unenrolled)

    def missed(self, rank: int, threshold: float = -math.inf) -> NDArray[np.bool_]:
        """Return in which the person's record is not among the first `rank` at `threshold`.

        Raises
        ------
        ValueError
            If the rank is below 1.
        ScoresError
            If lists of candidates are shorter than that.
        """
        if rank < 1:
            raise ValueError(f"the rank must be at least 1, got {rank}")
        if rank > self.depth:
            raise _too_short(f"rank {rank} of lists of {self.depth} at most")
        found = (self.rank >= 1) & (self.rank <= rank)
        return ~(found & (self.score >= np.float32(threshold)))

    def fnir(self, cells: Cells, *, rank: int, threshold: float = -math.inf) -> dict[str, Misses]:
        """Return FNIR(N, R, T) of each group; an entry for every group, if without trials.

        Parameters
        ----------
        cells
            A division of the photos of the cohort.
        rank
            R, candidates looked at, at least 1.
        threshold
            T; without it, the share missed at rank R.

        Raises
        ------
        ValueError, ScoresError
            As in `missed`.
        """
        missed, possible = self.missed(rank, threshold), self.possible
        every = np.ones_like(possible)
        some = by_group(self.cohort, cells, self.photos, missed & possible, possible)
        all_of_them = by_group(self.cohort, cells, self.photos, missed, every)
        return {name: Misses(some[name], all_of_them[name]) for name in cells.names}

    def cmc(
        self, cells: Cells, *, ranks: Sequence[int] = (1, 5, 10, 20)
    ) -> dict[str, tuple[Misses, ...]]:
        """Return 1 - CMC(r) of each group at each rank, as counts of misses.

        Depends on N, and says nothing of people who are not enrolled. Parameters and errors are
        those of `fnir` without a threshold.
        """
        by_rank = [self.fnir(cells, rank=rank) for rank in ranks]
        return {name: tuple(misses[name] for misses in by_rank) for name in cells.names}

    def probe_results(self, *divisions: Cells) -> tuple[ProbeResult, ...]:
        """Return the searches in the form that `group_gaps` tests for gaps."""
        return tuple(
            ProbeResult(
                self.cohort.samples[photo].subject,
                int(rank) or None,
                {cells.factor: cells.names[cells.codes[photo]] for cells in divisions},
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
        Whose photos.
    photos
        int64, photo index of the probe.
    top
        float32, score of the closest candidate; -inf where there is none, nan where the probe has
        no vector.
    floor
        float32, lowest score that is known to have no further candidate above it; -inf where all
        candidates are known.
    thresholds
        float32 of shape (thresholds,), at which candidates were counted.
    candidates
        int64 of shape (probes, thresholds), candidates at or above each; 0 where the probe has no
        vector.
    enrolled
        int64, candidates there could be.
    """

    cohort: Cohort
    photos: NDArray[np.int64]
    top: NDArray[np.float32]
    floor: NDArray[np.float32]
    thresholds: NDArray[np.float32]
    candidates: NDArray[np.int64]
    enrolled: NDArray[np.int64]

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

        Parameters are those of the class, `made` and, for each probe, the `scores` of its
        candidates in any order. Probes that could have no candidate are left out.
        """
        top = np.array([own.max(initial=-math.inf) for own in scores], dtype=np.float32)
        top[~made] = math.nan
        counts = np.zeros((len(photos), len(thresholds)), np.int64)
        for probe, own in enumerate(scores):
            counts[probe] = np.count_nonzero(own[:, None] >= thresholds, axis=0)
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
            If a list of candidates ends at or above the threshold, so that this cannot be known.
        """
        at = np.float32(threshold)
        alarms = self.top >= at
        if unknown := int(np.sum(~alarms & (self.floor >= at) & self.made)):
            raise _too_short(f"{unknown} lists that end at or above {threshold:g}")
        return alarms

    def fpir(self, cells: Cells, *, threshold: float) -> dict[str, SubjectCounts]:
        """Return FPIR(N, T) of each group; an entry for every group, if without trials.

        Photos without a vector are left out: a search that cannot be made raises no alarm, and
        would make the rate look better.

        Parameters
        ----------
        cells
            A division of the photos of the cohort.
        threshold
            T.

        Raises
        ------
        ScoresError
            As in `alarms`.
        """
        return by_group(self.cohort, cells, self.photos, self.alarms(threshold), self.made)

    def selectivity(self, cells: Cells, *, threshold: float) -> dict[str, Selectivity]:
        """Return the selectivity of each group; an entry for every group, if without trials.

        Parameters
        ----------
        cells
            A division of the photos of the cohort.
        threshold
            T, one of those at which candidates were counted.

        Raises
        ------
        ValueError
            If it is not.
        """
        (place,) = np.nonzero(self.thresholds == np.float32(threshold))
        if not len(place):
            raise ValueError(f"candidates were counted at {self.thresholds}, not at {threshold}")
        candidates, there = self.candidates[:, place[0]], self.enrolled * self.made
        shares = by_group(self.cohort, cells, self.photos, candidates, there)
        groups = cells.codes[self.photos[self.made]]
        searches = np.bincount(groups, minlength=len(cells.names))
        return {
            name: Selectivity(shares[name], int(number))
            for name, number in zip(cells.names, searches, strict=True)
        }

    def threshold_at(self, fpir: float) -> float:
        """Return the lowest threshold at which FPIR, over all searches, is at most a target.

        With n searches and k = floor(n fpir) it is just above the (k + 1)-th highest of their
        closest candidates; -inf where k is n. To be set on people who take no part in the test.

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
        return float(np.nextafter(top[allowed], np.float32(math.inf)))


def _too_short(got: str) -> ScoresError:
    return ScoresError(
        "the lists of candidates",
        rule="reach as far down as the rank and the threshold that are asked for",
        got=got,
        next_step="Ask for a smaller rank or a higher threshold, or return longer lists.",
    )
