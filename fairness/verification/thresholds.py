"""The lowest threshold whose false match rate is at most a target, found exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fairness.verification.histogram import GroupPairs, ScoreHistogram, allowed_errors
from fairness.verification.scores import Scores


@dataclass(frozen=True)
class Threshold:
    """A threshold, and the comparisons that it was set on.

    Parameters
    ----------
    value
        The score, exact in float32. A comparison counts if its score is at or above it.
    target
        The highest false match rate allowed.
    false_matches, trials
        Counts among the comparisons that the threshold was set on.
    """

    value: float
    target: float
    false_matches: int
    trials: int

    @property
    def fmr(self) -> float:
        """The false match rate that was achieved, at most `target`."""
        return self.false_matches / self.trials


def threshold_at(
    scores: Scores, histogram: ScoreHistogram, fmr: float, *, pairs: GroupPairs | None = None
) -> Threshold:
    """Return the lowest threshold that at most a share `fmr` of comparisons reaches.

    Let k be the largest number of errors whose share of all comparisons is at most `fmr`. The
    threshold is the next float32 above the (k + 1)-th highest score. The histogram gives the bin
    of that score. One pass over the scores keeps those at or above the bin; `Scores.false_matches`
    uses them again.

    Parameters
    ----------
    scores
        The scores.
    histogram
        Histogram of these scores.
    fmr
        Target, in [0, 1). At 0 no comparison reaches the threshold.
    pairs
        The comparisons that the threshold is set on, by pairs of groups of `histogram.grouping`.
        None for all comparisons.

    Raises
    ------
    ScoresError
        If there is no such comparison, or too many would have to be kept.
    ValueError
        If `fmr` is not in [0, 1).
    """
    pairs = pairs or GroupPairs.every(histogram.grouping)
    counts = histogram.of(pairs)
    allowed = allowed_errors(fmr, counts.trials)
    bin_of_next = int(np.flatnonzero(counts.at_or_above > allowed)[-1])
    # Start one bin lower: matrix products of other shapes may round the last bit differently.
    tail = scores.tail(float(counts.edges[max(bin_of_next - 1, 0)]))
    score = tail.score[pairs.holds(tail.left, tail.right)]
    reached = np.partition(score, len(score) - 1 - allowed)[len(score) - 1 - allowed]
    value = np.nextafter(reached, np.float32(np.inf))
    return Threshold(float(value), fmr, int(np.count_nonzero(score >= value)), counts.trials)
