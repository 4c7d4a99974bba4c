"""Scores of listed comparisons, such as those of another matcher."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from fairness.cohort import Cohort, Grouping
from fairness.errors import ScoresError
from fairness.verification.false_matches import Dyads, FalseMatches, ListedTrialsByGroups
from fairness.verification.histogram import ScoreHistogram, empty_counts, first_row
from fairness.verification.pairs import Pairs, Photos, earlier_first, family_codes
from fairness.verification.scores import NOT_COMPARED, Kind, false_matches_of
from fairness.words import counted

NO_SCORE = "no score"
"""Reason in `Scores.acquisition`: comparisons with the photo are listed, but none has a score."""

BINS = 4096


@dataclass(frozen=True, eq=False)
class ListedScores:
    """Listed comparisons of a cohort, as `read_scores` reads them from a file; a `Scores`.

    Scores may have any scale on which higher means closer. A comparison that is not listed was not
    made, and counts in no rate.

    Parameters
    ----------
    cohort
        The cohort of the photos.
    left, right
        int64 arrays of shape (comparisons,): photo indices of the cohort, in any order.
    score
        float32 array of shape (comparisons,); nan if a comparison was tried and has no score.
    kind
        "distance" if the scores are the negatives of distances.
    drawn_by_chance
        Whether the pairs are known to be chosen without regard to their scores, see
        `require_no_selection`.

    Raises
    ------
    ScoresError
        If there is no comparison, a photo is compared with itself, a pair occurs twice (in either
        order), or a score is infinite. The message names comparisons by number, from 1.
    """

    cohort: Cohort
    left: Photos
    right: Photos
    score: NDArray[np.float32]
    kind: Kind = "similarity"
    drawn_by_chance: bool = False

    def __post_init__(self) -> None:
        pairs = Pairs(self.left, self.right, self.score)
        low, high = np.minimum(pairs.left, pairs.right), np.maximum(pairs.left, pairs.right)
        require_no_row(low == high, rule="two different photos in each row")
        require_no_row(
            np.isinf(self.score) | (self.score.dtype != np.float32), rule="scores that are finite"
        )
        require_no_row(
            _repeated(low * len(self.cohort) + high),
            rule="each pair of photos once, in one order or the other",
            next_step="Keep one row of each pair, or their mean.",
        )
        if len(pairs) == 0:
            raise ScoresError(
                "list of scores",
                rule="at least one comparison",
                got="none",
                next_step="Give a file that has rows.",
            )

    @cached_property
    def acquisition(self) -> tuple[str, ...]:
        """See `Scores`. The reasons are `NO_SCORE` and, without a listed pair, `NOT_COMPARED`."""
        made = ~np.isnan(self.score)
        listed, scored = (
            np.isin(
                np.arange(len(self.cohort)), np.concatenate([self.left[some], self.right[some]])
            )
            for some in (np.ones_like(made), made)
        )
        reasons = np.where(scored, "", np.where(listed, NO_SCORE, NOT_COMPARED))
        return tuple(str(reason) for reason in reasons)

    @cached_property
    def compared(self) -> NDArray[np.bool_]:
        """See `Scores`."""
        return np.array([why == "" for why in self.acquisition], np.bool_)

    @property
    def degraded(self) -> str:
        """See `Scores`: a file does not say, so that it is always ""."""
        return ""

    def where(self, kept: NDArray[np.bool_]) -> ListedScores:
        """See `Scores`: the listed pairs of these photos."""
        place = np.cumsum(kept) - 1
        pairs = kept[self.left] & kept[self.right]
        left, right = place[self.left[pairs]], place[self.right[pairs]]
        return replace(
            self, cohort=self.cohort.where(kept), left=left, right=right, score=self.score[pairs]
        )

    def mated(self) -> Pairs:
        """See `Scores`: the listed ones."""
        return self._earlier_first(self._mates)

    def kin(self) -> Pairs:
        """See `Scores`: the listed ones."""
        return self._earlier_first(self._relatives)

    def histogram(self, grouping: Grouping) -> ScoreHistogram:
        """See `Scores`. Bins have equal width, from the lowest to the highest score."""
        edges, pairs = self._edges, self._non_mated
        groups, bins = len(grouping.names), len(edges) - 1
        counts = empty_counts(grouping, bins)
        codes = np.sort(np.stack([grouping.codes[pairs.left], grouping.codes[pairs.right]]), axis=0)
        starts = np.array([first_row(code, groups) for code in range(groups)], np.int64)
        rows = starts[codes[0]] + codes[1] - codes[0]
        places = np.searchsorted(edges, pairs.score, side="right") - 1
        flat = np.bincount(rows * bins + places, minlength=counts.size)
        return ScoreHistogram(grouping, edges, flat.reshape(counts.shape))

    def tail(self, threshold: float) -> Pairs:
        """See `Scores`."""
        return self._non_mated.where(self._non_mated.score >= np.float32(threshold))

    def made(self, grouping: Grouping) -> ListedTrialsByGroups:
        """See `Scores`: the listed ones that have a score."""
        pairs, codes = self._non_mated, self.cohort.subject_codes
        dyads = Dyads.of(pairs.left, pairs.right, grouping=grouping, subject_codes=codes)
        return ListedTrialsByGroups(dyads, len(grouping.names))

    def false_matches(self, threshold: float, grouping: Grouping) -> FalseMatches:
        """See `Scores`."""
        return false_matches_of(self, threshold, grouping)

    @cached_property
    def pairs(self) -> Pairs:
        """The comparisons that have a score, the probe of the file at the left."""
        return Pairs(self.left, self.right, self.score).where(~np.isnan(self.score))

    @cached_property
    def strangers(self) -> NDArray[np.bool_]:
        """Which of `pairs` are of two people who are no relatives, shape (pairs,)."""
        codes = self.cohort.subject_codes
        families = family_codes(self.cohort)[codes]
        left, right = self.pairs.left, self.pairs.right
        kin = (families[left] == families[right]) & (families[left] >= 0)
        apart: NDArray[np.bool_] = (codes[left] != codes[right]) & ~kin
        return apart

    @cached_property
    def _ordered(self) -> Pairs:
        """All listed comparisons, left < right, sorted, so that the order of rows plays no part."""
        low, high = np.minimum(self.left, self.right), np.maximum(self.left, self.right)
        order = np.lexsort((high, low))
        return Pairs(low[order], high[order], self.score[order])

    @cached_property
    def _mates(self) -> NDArray[np.bool_]:
        codes = self.cohort.subject_codes
        mates: NDArray[np.bool_] = codes[self._ordered.left] == codes[self._ordered.right]
        return mates

    @cached_property
    def _relatives(self) -> NDArray[np.bool_]:
        families = family_codes(self.cohort)[self.cohort.subject_codes]
        left, right = families[self._ordered.left], families[self._ordered.right]
        related: NDArray[np.bool_] = (left == right) & (left >= 0) & ~self._mates
        return related

    @cached_property
    def _non_mated(self) -> Pairs:
        made = ~np.isnan(self._ordered.score)
        return self._ordered.where(made & ~self._mates & ~self._relatives)

    @cached_property
    def _edges(self) -> NDArray[np.float32]:
        made = self.score[~np.isnan(self.score)]
        low, high = (float(made.min()), float(made.max())) if len(made) else (-1.0, 1.0)
        edges = np.unique(np.linspace(low, high, BINS + 1).astype(np.float32))
        return np.append(edges, np.nextafter(edges[-1], np.float32(np.inf)))

    def _earlier_first(self, chosen: NDArray[np.bool_]) -> Pairs:
        pairs = self._ordered.where(chosen)
        return Pairs(*earlier_first(self.cohort, pairs.left, pairs.right), pairs.score)


def require_no_row(
    wrong: NDArray[np.bool_], *, rule: str, next_step: str = "Correct these rows."
) -> None:
    """Raise a ScoresError if a row is wrong; it counts the wrong rows and names the first five.

    Raises
    ------
    ScoresError
        If a row is wrong. Rows are numbered from 1.
    """
    rows = np.flatnonzero(wrong) + 1
    if len(rows):
        named = ", ".join(str(row) for row in islice(rows, 5))
        more = ", …" if len(rows) > 5 else ""
        got = f"{counted(len(rows), 'other row')}: {named}{more}"
        raise ScoresError("list of scores", rule=rule, got=got, next_step=next_step)


def _repeated(keys: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which keys occur earlier in the array too, shape (keys,)."""
    first = np.unique(keys, return_index=True)[1]
    again = np.ones(len(keys), np.bool_)
    again[first] = False
    return again
