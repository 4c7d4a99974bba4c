"""Judge by leaving people out whether a map that takes ageing out finds more of a person's photos.

Two parts of the people at a time take no part in a fit. Their photos are mapped by it and compared
with each other, so that all pairs of photos of the cohort are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fairness import CohortError
from fairness.differentials import draw_weights, percentile_limits
from fairness.verification import allowed_errors
from matcher.evaluation.adaptation.age_bands import ADULT, FOLDS
from matcher.evaluation.adaptation.ageing import YEARS_APART, DatedFaces
from matcher.evaluation.adaptation.faces import Choice, Faces
from matcher.evaluation.adaptation.judging import FMR

DRAWS: Final = 2000
"""Draws of people for the interval of the gain."""

MOST_PHOTOS: Final = 1500
"""Of more photos, people are drawn by chance: so many photos make a million pairs."""

_TOP: Final = 20  # times the share of FMR: a draw finds its threshold among so many pairs


@dataclass(frozen=True)
class AgeingGain:
    """What is gained for pairs of photos of one person years apart, on people left out of the fit.

    Parameters
    ----------
    people, photos, pairs
        Numbers of the people and their photos, and of the pairs of one person `YEARS_APART` or
        more, the person no adult at the earlier one.
    before, after
        Share of these pairs that match at a false match rate of `FMR` of all pairs of different
        people, without and with the fit; in [0, 1].
    low, high
        Limits of the 95 % interval of after - before, over draws of people, thresholds found anew
        in each draw. It says nothing about other people in the fit.
    """

    people: int
    photos: int
    pairs: int
    before: float
    after: float
    low: float
    high: float

    @property
    def beyond_chance(self) -> bool:
        """Whether the interval of the gain lies above 0."""
        return self.low > 0

    def __str__(self) -> str:
        before, after = (f"{100 * rate:.1f} %" for rate in (self.before, self.after))
        gain, low, high = (
            f"{100 * points:+.1f}" for points in (self.after - self.before, self.low, self.high)
        )
        return (
            f"{before} without, {after} with: {gain} points ({low} to {high}; "
            f"{self.pairs:,} pairs of photos of {self.people:,} people)"
        )


def ageing_gain(faces: Faces, choice: Choice, seed: int) -> AgeingGain:
    """Compare a fit that takes ageing out with the same fit without, on people left out of both.

    Parameters
    ----------
    faces
        The faces, with photos of people years apart.
    choice
        The fit without.
    seed
        Draws people.
    """
    dated = _few_enough(faces.dated, seed)
    pairs = _Pairs(dated)
    weights = np.concatenate(list(draw_weights(pairs.people, DRAWS, seed)), axis=1)
    observed = np.ones((pairs.people, 1))
    rates = []
    for fit in (replace(choice, ageing=False), replace(choice, ageing=True)):
        scores = _scores(faces, dated, fit)
        rates.append((pairs.rates(scores, observed)[0], pairs.rates(scores, weights)))
    (before, befores), (after, afters) = rates
    gains = afters - befores
    low, high = percentile_limits(gains) or (min(0.0, after - before), max(0.0, after - before))
    return AgeingGain(
        people=pairs.people,
        photos=len(dated.ages),
        pairs=int(pairs.mated.sum()),
        before=float(before),
        after=float(after),
        low=low,
        high=high,
    )


def require_gain(gain: AgeingGain | None, *, used: bool) -> None:
    """Refuse to write a model that would be its base.

    Raises
    ------
    CohortError
        If ageing is not to be taken out.
    """
    if gain is None or not used:
        got = "no gain" if gain is None else str(gain)
        raise CohortError(
            "what this cohort teaches the model",
            rule="a gain beyond chance on people who are left out of the fit, and children who "
            "match falsely at most twice as often as adults",
            got=got,
            next_step="Use the base as it is. Or add people with dated photos years apart.",
        )


class _Pairs:
    """All pairs of photos: which are mated and years apart, and which of different people."""

    def __init__(self, dated: DatedFaces) -> None:
        names, codes = np.unique(dated.people, return_inverse=True)
        left, right = np.triu_indices(len(codes), 1)
        same = codes[left] == codes[right]
        kin = (dated.families[left] == dated.families[right]) & (dated.families[left] >= 0)
        earlier, later = np.sort(np.stack([dated.ages[left], dated.ages[right]]), axis=0)
        self.people = len(names)
        self.mated = same & (later - earlier >= YEARS_APART) & (earlier < ADULT)
        self.strangers = ~same & ~kin
        self._codes = codes
        self._left, self._right = left, right

    def rates(
        self, scores: NDArray[np.float32], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the share of mated pairs above the threshold of each draw, (draws,).

        A pair of strangers counts as often as the product of its people's weights says (the vertex
        bootstrap, see `fairness.differentials`).
        """
        flat = scores[self._left, self._right]
        owners = self._codes[self._left[self.mated]]
        found = np.empty(weights.shape[1])
        for column, threshold in enumerate(self._thresholds(flat[self.strangers], weights)):
            counts = weights[owners, column]
            reached = flat[self.mated] > threshold
            found[column] = counts @ reached / counts.sum() if counts.any() else np.nan
        return found

    def _thresholds(
        self, scores: NDArray[np.float32], weights: NDArray[np.float64]
    ) -> Iterator[np.float32]:
        """Yield the score of each draw above which at most a share `FMR` of strangers lies."""
        left, right = self._codes[self._left], self._codes[self._right]
        left, right = left[self.strangers], right[self.strangers]
        size = self.people
        pairs = np.bincount(left * size + right, minlength=size * size).reshape(size, size)
        kept = min(len(scores), 1 + int(_TOP * FMR * len(scores)))
        top = np.argsort(-scores, kind="stable")[:kept]
        for column in weights.T:
            reached = np.cumsum(column[left[top]] * column[right[top]])
            allowed = allowed_errors(FMR, int(column @ pairs @ column))
            place = int(np.searchsorted(reached, allowed, side="right"))
            yield scores[top[min(place, kept - 1)]]


def _scores(faces: Faces, dated: DatedFaces, choice: Choice) -> NDArray[np.float32]:
    """Return the scores of all pairs of photos, (n, n); neither person took part in the fit."""
    scores = np.empty((len(dated.ages), len(dated.ages)), np.float32)
    for one, other in combinations_with_replacement(range(FOLDS), 2):
        fitted = faces.fitted(choice, (one, other))
        left, right = (np.flatnonzero(dated.folds == fold) for fold in (one, other))
        block = fitted(dated.vectors[left]) @ fitted(dated.vectors[right]).T
        scores[np.ix_(left, right)] = block
        scores[np.ix_(right, left)] = block.T
    return scores


def _few_enough(dated: DatedFaces, seed: int) -> DatedFaces:
    """Return all photos, or those of people drawn by chance, at most `MOST_PHOTOS`."""
    names, counts = np.unique(dated.people, return_counts=True)
    drawn = np.random.default_rng([seed, FOLDS]).permutation(len(names))
    chosen = drawn[np.cumsum(counts[drawn]) <= MOST_PHOTOS]
    return dated.where(np.isin(dated.people, names[chosen]))
