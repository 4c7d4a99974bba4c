"""Error rates of comparisons by group, all at one threshold.

The vocabulary is that of ISO/IEC 19795-1. The false match rate (FMR) is the share of non-mated
comparisons at or above the threshold. The false non-match rate (FNMR) is the share of mated
comparisons below it. The failure-to-acquire rate (FTA) is the share of photos that could not be
compared. FMR and FNMR leave refused photos out, so misses are also counted with refused photos as
errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fairness.cohort import GAP_EDGES, UNKNOWN, Grouping, bands
from fairness.rates import ListedTrials, PairCounts, SubjectCounts, by_group
from fairness.verification.false_matches import Dyads, FalseMatches
from fairness.verification.histogram import everybody
from fairness.verification.pairs import Pairs, years_between
from fairness.verification.scores import NOT_COMPARED, Scores

ByGroup = dict[str, SubjectCounts]
"""Counts of every group, in the order of `Grouping.names`."""


@dataclass(frozen=True, eq=False)
class Verification:
    """Errors of comparisons at one threshold.

    A mated comparison belongs to the group of its earlier photo, which is the one that would be
    enrolled. `fairness.verification.everybody` makes one group of all photos.

    Parameters
    ----------
    scores
        The comparisons.
    threshold
        A comparison is counted as a match if its score is at or above it.
    """

    scores: Scores
    threshold: float

    def false_matches(self, grouping: Grouping) -> FalseMatches:
        """Return the FMR within groups, between groups and overall, without relatives."""
        return self.scores.false_matches(self.threshold, grouping)

    def false_non_matches(self, grouping: Grouping) -> ByGroup:
        """Return the FNMR of each group. Comparisons that could not be made are left out."""
        return self._missed(grouping, self._compared)

    def misses(self, grouping: Grouping) -> ByGroup:
        """Return the FNMR of each group. Comparisons that could not be made count as errors."""
        return self._missed(grouping, np.ones(len(self.mated), np.bool_))

    def false_non_matches_by_gap(
        self, grouping: Grouping, *, gap_edges: Sequence[float] = GAP_EDGES
    ) -> dict[str, ByGroup]:
        """Return the FNMR by years between the photos, then by group.

        If the groups are age bands, the result separates ageing from age.

        Parameters
        ----------
        grouping
            Groups of the earlier photo.
        gap_edges
            Lower edges of the bands of years; the last band is open.

        Returns
        -------
        dict
            An entry for each band that occurs, in order, with `UNKNOWN` last.
        """
        return self._missed_by_gap(grouping, self._compared, gap_edges)

    def misses_by_gap(
        self, grouping: Grouping, *, gap_edges: Sequence[float] = GAP_EDGES
    ) -> dict[str, ByGroup]:
        """Return the same, but count comparisons that could not be made as errors."""
        return self._missed_by_gap(grouping, np.ones(len(self.mated), np.bool_), gap_edges)

    def failures_to_acquire(self, grouping: Grouping) -> ByGroup:
        """Return the FTA of each group. Photos that nobody tried to compare are left out."""
        return self._failed(grouping, self._reasons != "")

    def failures_by_reason(self, grouping: Grouping) -> dict[str, ByGroup]:
        """Return the share of photos not acquired, by reason (sorted), then by group."""
        reasons = sorted({str(why) for why in self._reasons} - {"", NOT_COMPARED})
        return {why: self._failed(grouping, self._reasons == why) for why in reasons}

    def kin(self) -> PairCounts:
        """Return the FMR between relatives. No other rate includes these comparisons."""
        pairs = self.scores.kin()
        made = pairs.where(~np.isnan(pairs.score))
        matched = made.where(made.score >= np.float32(self.threshold))
        errors, trials = (self._by_dyad(some) for some in (matched, made))
        return PairCounts(*errors.overall, ListedTrials(*trials.overall))

    @cached_property
    def mated(self) -> Pairs:
        """All comparisons of photos of one subject."""
        return self.scores.mated()

    @cached_property
    def _compared(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.mated.score)

    @cached_property
    def _reasons(self) -> NDArray[np.str_]:
        return np.array(self.scores.acquisition, dtype=np.str_)

    def _missed(self, grouping: Grouping, chosen: NDArray[np.bool_]) -> ByGroup:
        pairs = self.mated.where(chosen)
        missed = ~(pairs.score >= np.float32(self.threshold))
        return by_group(self.scores.cohort, grouping, pairs.left, missed, np.ones_like(missed))

    def _missed_by_gap(
        self, grouping: Grouping, chosen: NDArray[np.bool_], gap_edges: Sequence[float]
    ) -> dict[str, ByGroup]:
        years = years_between(self.scores.cohort, self.mated)
        labels = np.array([*bands(gap_edges), UNKNOWN])
        known = np.searchsorted(gap_edges, years, side="right") - 1
        place = np.where(np.isnan(years), len(labels) - 1, known)
        return {
            str(labels[gap]): self._missed(grouping, chosen & (place == gap))
            for gap in np.unique(place)
        }

    def _failed(self, grouping: Grouping, failed: NDArray[np.bool_]) -> ByGroup:
        tried = np.flatnonzero(self._reasons != NOT_COMPARED)
        some = failed[tried]
        return by_group(self.scores.cohort, grouping, tried, some, np.ones_like(some))

    def _by_dyad(self, pairs: Pairs) -> Dyads:
        cohort = self.scores.cohort
        grouping = everybody(len(cohort))
        return Dyads.of(
            pairs.left, pairs.right, grouping=grouping, subject_codes=cohort.subject_codes
        )
