"""How scores lie in each group, whatever the threshold: shifts, and the trade-off of errors."""

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
    """Where the scores of a group lie, against those of all groups together.

    Parameters
    ----------
    group
        Whose; of the earlier photo of mated comparisons, of both photos of non-mated ones.
    kind
        Which comparisons.
    mean, median
        Of the scores; of non-mated ones to half a bin of their histogram. nan without any.
    shift
        Mean less the mean of all comparisons of the kind: of everybody with themselves, or of
        everybody with everybody.
    low, high
        Confidence limits of the shift; nan for non-mated scores, and with fewer than two subjects.
    trials, subjects
        Comparisons that were made, and people in them.
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
    """Detection error trade-off: both error rates at each threshold where one of them changes.

    Parameters
    ----------
    thresholds
        float32 array of shape (points,), ascending: edges of the histogram.
    fmr, fnmr
        float64 arrays of shape (points,), exact at these thresholds. Comparisons that could not be
        made are left out.
    """

    thresholds: NDArray[np.float32]
    fmr: NDArray[np.float64]
    fnmr: NDArray[np.float64]


def det_points(mated: Pairs, histogram: ScoreHistogram) -> dict[str, DetPoints]:
    """Return the trade-off of each group that has comparisons of both kinds.

    Parameters
    ----------
    mated
        See `Scores.mated`; a pair is of the group of its earlier photo.
    histogram
        Non-mated scores; those within a group are taken.
    """
    codes = histogram.cells.codes[mated.left]
    points = {
        name: _det(mated.score[codes == code], histogram.within(name))
        for code, name in enumerate(histogram.cells.names)
    }
    return {name: det for name, det in points.items() if det is not None}


def det_overall(mated: Pairs, histogram: ScoreHistogram) -> DetPoints | None:
    """Return the trade-off of everybody; None without comparisons of both kinds."""
    return _det(mated.score, histogram.overall())


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
    """Return the shift of mated and non-mated scores of every group.

    The limits are those of a difference of two means of scores clustered by subject, the group
    being part of the whole. With S_i the sum of the N_i scores of subject i, m their mean over all
    N, and S_gi, N_gi, m_g, N_g the same of a group, the variance is K / (K - 1) times the sum over
    all subjects of the square of (S_gi - m_g N_gi) / N_g - (S_i - m N_i) / N, with K the subjects
    of the group; Student's distribution with K - 1 degrees of freedom.

    Parameters
    ----------
    scores
        The scores.
    histogram
        Theirs, by the groups wanted.
    level
        Confidence level in (0, 1).
    """
    cells, mated = histogram.cells, scores.mated()
    made = mated.where(~np.isnan(mated.score))
    subjects = scores.cohort.subject_codes[made.left]
    shifts = [
        _mated_shift(name, made.score, subjects, cells.codes[made.left] == code, level)
        for code, name in enumerate(cells.names)
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
    cells, whole = histogram.cells, histogram.overall().mean()
    made = scores.made(cells)
    shifts = []
    for code, name in enumerate(cells.names):
        counts, trials = histogram.within(name), made.between(code, code)
        people = int(np.count_nonzero(trials.neighbours))
        mean, median = counts.mean(), counts.quantile(0.5)
        shift = ScoreShift(
            name, "non-mated", mean, median, mean - whole, math.nan, math.nan, trials.total, people
        )
        shifts.append(shift)
    return shifts
