"""The figures of a calibration for one band of ages: how often strangers reach a score.

Nothing is extrapolated. Above the highest score that the data support, only a bound is known: the
rate is at most its upper limit at that score.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.words import figure

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ExpectedFalseLeads:
    """The expected number of faces of other people that score at least as high.

    This is the mean number in a gallery of the searched size, if every face in it were of another
    person of the probe's age and sex. It describes strangers of that age, not a candidate.

    Parameters
    ----------
    estimate
        >= 0; None if the calibration can only bound the number.
    low, high
        Confidence limits; `low` is 0 if `estimate` is None.
    """

    estimate: float | None
    low: float
    high: float

    def __str__(self) -> str:
        if self.estimate is None:
            return f"at most {figure(self.high)}"
        return f"{figure(self.estimate)} ({figure(self.low)} to {figure(self.high)})"


@dataclass(frozen=True, eq=False)
class FalseMatchCurve:
    """False-match rate by score.

    Parameters
    ----------
    scores
        Ascending, shape (points,). A comparison with exactly this score is a false match.
    rate, low, high
        The rate and its limits in (0, 1], falling with the score, shape (points,).
    """

    scores: Floats
    rate: Floats
    low: Floats
    high: Floats

    def expected(self, score: float, faces: int) -> ExpectedFalseLeads:
        """Return the expected number of false matches at a score among a number of comparisons.

        The mean number is the number of comparisons times the rate, whether or not comparisons
        depend on each other. Between points, the logarithm of the rate is interpolated.
        """
        if score > self.scores[-1]:
            return ExpectedFalseLeads(None, 0.0, faces * float(self.high[-1]))
        return ExpectedFalseLeads(*(faces * self._at(score, y) for y in self._parts))

    @property
    def _parts(self) -> tuple[Floats, Floats, Floats]:
        return self.rate, self.low, self.high

    def _at(self, score: float, values: Floats) -> float:
        return float(np.exp(np.interp(score, self.scores, np.log(values))))


@dataclass(frozen=True, eq=False)
class GapBand:
    """False-match rate against photos that are [at_least, below) years older or younger."""

    at_least: float
    below: float | None
    curve: FalseMatchCurve


@dataclass(frozen=True, eq=False)
class AgeBand:
    """The figures for probes of ages [at_least, below), in years.

    Parameters
    ----------
    at_least, below
        The ages; `below` is None without an upper end.
    subjects, comparisons
        Numbers of subjects and comparisons in the measurement.
    curve
        Rates against photos of people of the same age and sex.
    sizes
        int64 array of shape (sizes,): sizes of galleries for which `chances` is known, ascending.
    chances
        Upper confidence limits, shape (points, sizes), of the share of searches by strangers that
        return at least one face at or above the point's score.
    gaps
        Rates against photos of another age.
    """

    at_least: float
    below: float | None
    subjects: int
    comparisons: int
    curve: FalseMatchCurve
    sizes: NDArray[np.int64]
    chances: Floats
    gaps: tuple[GapBand, ...]

    def __str__(self) -> str:
        if self.below is None:
            return f"ages {self.at_least:g} and over"
        return f"ages {self.at_least:g} to under {self.below:g}"

    def __contains__(self, age: float) -> bool:
        return self.at_least <= age and (self.below is None or age < self.below)

    def threshold(self, max_fpir: float, faces: int) -> float | None:
        """Return the lowest score at which a list is free of false leads often enough.

        Two limits bound the share of lists with a false lead, and the lower limit counts. One was
        measured for the next larger gallery. The other is the limit of the mean number of false
        leads, because the chance of one cannot exceed that number (Markov). None if not even the
        highest score suffices.
        """
        low_enough = np.flatnonzero(self._bounds(faces) <= max_fpir)
        return float(self.curve.scores[low_enough[0]]) if len(low_enough) else None

    def strictest(self, faces: int) -> tuple[float, float]:
        """Return the highest score with figures, and the bound on the share of lists there."""
        return float(self.curve.scores[-1]), min(1.0, float(self._bounds(faces)[-1]))

    def _bounds(self, faces: int) -> Floats:
        """Return, for each score, the bound on the share of lists with a false lead."""
        bound: Floats = faces * self.curve.high
        place = bisect_left(self.sizes.tolist(), faces)
        if place < len(self.sizes):
            bound = np.minimum(bound, self.chances[:, place])
        return bound

    def largest_gallery(self, max_fpir: float) -> int:
        """Return the largest number of faces for which `threshold` has an answer."""
        by_number = int(max_fpir / self.curve.high[-1])
        measured: list[int] = self.sizes[self.chances[-1] <= max_fpir].tolist()
        return max([by_number, *measured])
