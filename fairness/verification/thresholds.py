"""The threshold whose false match rate is at most a target, found exactly and short to type."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from fairness.errors import ScoresError
from fairness.verification.histogram import GroupPairs, ScoreHistogram, allowed_errors
from fairness.verification.scores import Kind, Scores
from fairness.words import exact_threshold

_MOST_DECIMALS = 50  # float32 has numbers down to 1e-45
_HEADROOM = 0.01  # above the highest score, a threshold lies at most this share higher


def require_cosine(threshold: float) -> None:
    """Refuse a threshold that no cosine similarity can be compared with.

    Raises
    ------
    ScoresError
        If it lies outside [-1, 1].
    """
    if not -1 <= threshold <= 1:
        raise _outside(threshold, (-1.0, 1.0), "similarity", "cosine similarities")


def require_among(scores: Scores, histogram: ScoreHistogram, threshold: float) -> None:
    """Refuse a threshold that lies above all scores, or below all, mated and non-mated together.

    One that lies at most a hundredth above them passes: `threshold_at` can set such a one.

    Parameters
    ----------
    scores
        The scores; without any, every threshold passes.
    histogram
        Histogram of these scores.
    threshold
        The threshold as a score.

    Raises
    ------
    ScoresError
        If it lies outside. The message has the range in the matcher's own numbers.
    """
    counts = histogram.overall()
    some = np.concatenate([scores.mated().score, scores.kin().score])
    some = some[~np.isnan(some)]
    ends = [float(end) for end in (some.min(), some.max())] if len(some) else []
    if counts.trials:
        bins = np.flatnonzero(counts.counts)
        highest = np.nextafter(counts.edges[bins[-1] + 1], np.float32(-np.inf))
        ends += [float(counts.edges[bins[0]]), float(highest)]
    if ends:
        require_between(threshold, min(ends), max(ends), kind=scores.kind)


def require_between(threshold: float, low: float, high: float, *, kind: Kind) -> None:
    """Refuse a threshold below the lowest score, or more than a hundredth above the highest.

    Raises
    ------
    ScoresError
        If it lies outside. The message has the range in the matcher's own numbers.
    """
    if not np.float32(low) <= np.float32(threshold) <= _highest_set(np.float32(high)):
        raise _outside(threshold, (low, high), kind, "the scores")


def _highest_set(score: np.float32) -> np.float32:
    """Return the highest threshold that is set above the highest score."""
    further = np.float32(float(score) + _HEADROOM * (abs(float(score)) or 1))
    return max(np.nextafter(score, np.float32(np.inf)), further)


def _outside(threshold: float, ends: tuple[float, float], kind: Kind, what: str) -> ScoresError:
    low, high, own = *ends, threshold
    if kind == "distance":
        low, high, own, what = -high, -low, -threshold, "the distances"
    turned = low <= -own <= high
    sign = f"Did you mean {exact_threshold(-own)}? " if turned else ""
    other = "a similarity" if kind == "distance" else "a distance"
    return ScoresError(
        f"the threshold {exact_threshold(own)}",
        rule=f"lies among {what}, from {exact_threshold(low)} to {exact_threshold(high)}",
        got="one below them all" if own < low else "one above them all",
        next_step=f"{sign}Give a threshold of this matcher, on this scale and not of {other}; or "
        "leave it out to have it set.",
    )


@dataclass(frozen=True)
class Threshold:
    """A threshold, and the comparisons that it was set on.

    Parameters
    ----------
    value
        The threshold as it is typed. A comparison counts if its score is at or above it in
        float32.
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
    """Return a threshold that at most a share `fmr` of comparisons reaches, and more reach below.

    Let k be the largest number of errors whose share of all comparisons is at most `fmr`. The
    threshold is the shortest number above the (k + 1)-th highest score, and not above the next
    higher score of any comparison. All counts are those of the lowest such threshold.

    The histogram gives the bin of that score. One pass over the scores keeps those at or above the
    bin; `Scores.false_matches` uses them again.

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
    value = shortest_above(reached, tail.score, scores.mated().score, scores.kin().score)
    errors = int(np.count_nonzero(score >= np.float32(value)))
    return Threshold(value, fmr, errors, counts.trials)


def shortest_above(reached: np.float32, *scores: NDArray[np.float32]) -> float:
    """Return the shortest number above a score that is not above the next higher of all scores.

    It has as few decimals as possible, and is the lowest number with so few. Without a higher
    score it is at most one hundredth higher.

    Parameters
    ----------
    reached
        A score that must not reach the threshold; finite.
    scores
        float32 arrays of any shape, in which nan is ignored. Which of them reach the threshold is
        what the next float32 above `reached` would give.
    """
    higher = [float(some[some > reached].min(initial=np.inf)) for some in scores]
    highest = np.float32(min(higher, default=math.inf))
    lowest = np.nextafter(reached, np.float32(np.inf))
    if not np.isfinite(highest):
        highest = _highest_set(reached)
    exact = Fraction(float(reached))
    for decimals in range(_MOST_DECIMALS):
        scale = 10**decimals
        below = math.floor(exact * scale)
        for step in (1, 2):  # the first one above may be the score itself in float32
            value = float(Fraction(below + step, scale))
            if lowest <= np.float32(value) <= highest:
                return value
    return float(exact_threshold(float(lowest)))
