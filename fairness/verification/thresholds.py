"""The lowest threshold whose false match rate is no higher than asked for, exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fairness.verification.histogram import CellPairs, ScoreHistogram, allowed_errors
from fairness.verification.scores import Scores


@dataclass(frozen=True)
class Threshold:
    """A threshold and what it was set on.

    Parameters
    ----------
    value
        The score, a float32; a comparison counts if its score is at or above it.
    target
        The false match rate asked for.
    false_matches, trials
        Counts on the comparisons that it was set on.
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
    scores: Scores, histogram: ScoreHistogram, fmr: float, *, pairs: CellPairs | None = None
) -> Threshold:
    """Return the lowest threshold that at most a share `fmr` of comparisons reaches.

    With n comparisons, k the most errors whose share is at most `fmr`: the next float32 above the
    (k + 1)-th highest score. The histogram finds its bin; one pass over the scores keeps those
    from there upwards, which `Scores.false_matches` then uses.

    Parameters
    ----------
    scores
        The scores.
    histogram
        Theirs.
    fmr
        In [0, 1). At 0 no comparison reaches the threshold.
    pairs
        Which comparisons it is set on, by groups of `histogram.cells`; None for everybody with
        everybody.

    Raises
    ------
    ScoresError
        If there is no such comparison, or too many would have to be kept.
    ValueError
        If `fmr` is not in [0, 1).
    """
    pairs = pairs or CellPairs.every(histogram.cells)
    counts = histogram.of(pairs)
    allowed = allowed_errors(fmr, counts.trials)
    bin_of_next = int(np.flatnonzero(counts.at_or_above > allowed)[-1])
    # A bin lower, since products of other shapes may round the last bit otherwise.
    tail = scores.tail(float(counts.edges[max(bin_of_next - 1, 0)]))
    score = tail.score[pairs.holds(tail.left, tail.right)]
    reached = np.partition(score, len(score) - 1 - allowed)[len(score) - 1 - allowed]
    value = np.nextafter(reached, np.float32(np.inf))
    return Threshold(float(value), fmr, int(np.count_nonzero(score >= value)), counts.trials)
