"""Distributions of scores by group: shifts, and the trade-off of errors over all thresholds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from fairness.verification.histogram import ScoreCounts, ScoreHistogram
from fairness.verification.pairs import Pairs
from fairness.verification.scores import Scores


@dataclass(frozen=True)
class ScoreShift:
    """Location of the scores of a group, relative to the scores of all groups together.

    Parameters
    ----------
    group
        Name of the group. A mated comparison is in the group of its earlier photo; a non-mated one
        is in a group if both its photos are.
    kind
        Kind of the comparisons.
    mean, median
        Mean and median of the scores. Those of non-mated scores come from the histogram and are
        exact to half a bin. nan without scores.
    shift
        Mean of the group minus the mean of all comparisons of the kind, whatever their groups.
    low, high
        Confidence limits of the shift; nan for non-mated scores, and with fewer than two subjects.
    trials, subjects
        Number of comparisons made, and of people in them.
    """

    group: str
    kind: Literal["mated", "non-mated"]
    mean: float
    median: float
    shift: float
    low: float
    high: float
    trials: int
    subjects: int


@dataclass(frozen=True, eq=False)
class DetPoints:
    """Detection error trade-off: both error rates at each threshold at which one of them changes.

    Parameters
    ----------
    thresholds
        float32 array of shape (points,), ascending: edges of the histogram.
    fmr, fnmr
        float64 arrays of shape (points,), exact at these thresholds. They leave out comparisons
        that could not be made.
    """

    thresholds: NDArray[np.float32]
    fmr: NDArray[np.float64]
    fnmr: NDArray[np.float64]


def det_points(mated: Pairs, histogram: ScoreHistogram) -> dict[str, DetPoints]:
    """Return the trade-off of each group that has comparisons of both kinds.

    Parameters
    ----------
    mated
        Mated comparisons, see `Scores.mated`. A pair is in the group of its earlier photo.
    histogram
        Non-mated scores. Only those within a group are used.
    """
    codes = histogram.grouping.codes[mated.left]
    points = {
        name: _det(mated.score[codes == code], histogram.within(name))
        for code, name in enumerate(histogram.grouping.names)
    }
    return {name: det for name, det in points.items() if det is not None}


def _det(mated: NDArray[np.float32], non_mated: ScoreCounts) -> DetPoints | None:
    made = np.sort(mated[~np.isnan(mated)])
    if not len(made) or not non_mated.trials:
        return None
    missed = np.searchsorted(made, non_mated.edges, side="left")
    reached = non_mated.at_or_above
    changed = np.flatnonzero((np.diff(missed) != 0) | (np.diff(reached) != 0))
    kept = np.unique(np.concatenate([changed, changed + 1, [0]]))
    return DetPoints(
        non_mated.edges[kept], reached[kept] / non_mated.trials, missed[kept] / len(made)
    )


def score_shifts(
    scores: Scores, histogram: ScoreHistogram, *, level: float = 0.95
) -> tuple[ScoreShift, ...]:
    """Return the shift of the mated and of the non-mated scores of every group.

    The limits are those of a difference of two means, where scores are clustered by subject and
    the group is part of the whole. Let S_i be the sum of the N_i scores of subject i, m the mean
    of all N scores, and S_gi, N_gi, m_g, N_g the same within a group g with K subjects. The
    variance is K / (K - 1) times the sum over all subjects of the square of
    (S_gi - m_g N_gi) / N_g - (S_i - m N_i) / N. The limits use Student's distribution with K - 1
    degrees of freedom.

    Parameters
    ----------
    scores
        The scores.
    histogram
        Histogram of these scores by the groups wanted.
    level
        Confidence level in (0, 1).
    """
    grouping, mated = histogram.grouping, scores.mated()
    made = mated.where(~np.isnan(mated.score))
    subjects = scores.cohort.subject_codes[made.left]
    shifts = [
        _mated_shift(name, made.score, subjects, grouping.codes[made.left] == code, level)
        for code, name in enumerate(grouping.names)
    ]
    return (*shifts, *_non_mated_shifts(scores, histogram))


def _mated_shift(
    name: str,
    score: NDArray[np.float32],
    subjects: NDArray[np.int64],
    inside: NDArray[np.bool_],
    level: float,
) -> ScoreShift:
    people = len(np.unique(subjects[inside]))
    trials = int(np.count_nonzero(inside))
    if not trials:
        return ScoreShift(name, "mated", *(math.nan,) * 5, 0, 0)
    numbers = score.astype(np.float64)
    mean, whole = float(numbers[inside].mean()), float(numbers.mean())
    shares = inside * (numbers - mean) / trials - (numbers - whole) / len(numbers)
    half = math.nan
    if people > 1:
        variance = float(np.sum(np.bincount(subjects, shares) ** 2)) * people / (people - 1)
        half = float(stdtrit(people - 1, (1 + level) / 2)) * math.sqrt(variance)
    shift = mean - whole
    median = float(np.median(numbers[inside]))
    return ScoreShift(
        name, "mated", mean, median, shift, shift - half, shift + half, trials, people
    )


def _non_mated_shifts(scores: Scores, histogram: ScoreHistogram) -> list[ScoreShift]:
    grouping, whole = histogram.grouping, histogram.overall().mean()
    made = scores.made(grouping)
    shifts = []
    for code, name in enumerate(grouping.names):
        counts, trials = histogram.within(name), made.between(code, code)
        people = int(np.count_nonzero(trials.neighbours))
        mean, median = counts.mean(), counts.quantile(0.5)
        shift = ScoreShift(
            name, "non-mated", mean, median, mean - whole, math.nan, math.nan, trials.total, people
        )
        shifts.append(shift)
    return shifts
