"""Judge maps on people whom they were not fitted to, and choose one.

The people are divided into folds. A map that is fitted to the others maps the faces of a fold.
Non-mated comparisons are all pairs of photos of different people within a fold. Mated ones are a
photo and its poor copy, because a cohort without identities has no other mates. The comparisons of
all folds are pooled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fairness.rates import Rate, SubjectCounts
from fairness.verification import allowed_errors
from matcher.evaluation.adaptation.age_bands import FOLDS
from matcher.evaluation.adaptation.faces import Choice, Faces

FMR: Final = 1e-3
"""The false match rate at which everything is measured."""

MOST_UNDER_18: Final = 2.0
"""A map is only chosen if children match falsely at most so many times as often as adults."""

MOST_IN_A_FOLD: Final = 2000
"""Of a larger fold, so many faces are drawn by chance: they make two million pairs."""

Mask = NDArray[np.bool_]
Vectors = NDArray[np.float64]


@dataclass(frozen=True)
class Judgement:
    """How a model does on people whom it was not fitted to.

    Parameters
    ----------
    choice
        The fit; None for the base model.
    true_match_rate
        Share of the young whose poor copy matches, at the threshold that gives pairs of the young a
        false match rate of `FMR`; in [0, 1].
    times_under_18
        False match rate of pairs of the young at the threshold that gives pairs of adults one of
        `FMR`, in multiples of `FMR`.
    """

    choice: Choice | None
    true_match_rate: float
    times_under_18: float

    @property
    def fit(self) -> Choice:
        """The fit.

        Raises
        ------
        ValueError
            If the base model was judged.
        """
        if self.choice is None:
            raise ValueError("the base model is no fit")
        return self.choice


@dataclass(frozen=True)
class GroupRates:
    """Rates of one group at the threshold that gives pairs of adults an FMR of `FMR`.

    Parameters
    ----------
    name
        Name of the group.
    false_matches
        Of pairs of people of the group.
    misses
        Of its people's poor copies: the false non-match rate.
    """

    name: str
    false_matches: Rate
    misses: Rate


class Court:
    """The comparisons of a cohort's folds, ready to judge a model or a map.

    Parameters
    ----------
    faces
        The faces.
    seed
        Draws the faces of a fold that is too large.
    """

    def __init__(self, faces: Faces, seed: int) -> None:
        self._faces = faces
        rng = np.random.default_rng([seed, FOLDS])
        self._rows = [_drawn(np.flatnonzero(faces.folds == fold), rng) for fold in range(FOLDS)]
        self._places = [self._strangers(rows) for rows in self._rows]

    @property
    def judged(self) -> int:
        """Number of faces that take part."""
        return len(self._order)

    def judge(self, choice: Choice | None) -> Judgement:
        """Return how a fit does, or for None the base model."""
        pairs, mates = self._scores(choice)
        young = self._faces.young
        young_pairs = pairs[self._both(young)]
        own = _reached_by_few(young_pairs)
        adults = _reached_by_few(pairs[self._both(~young)])
        return Judgement(
            choice,
            float(np.mean(mates[young[self._order]] > own)),
            float(np.mean(young_pairs > adults) / FMR),
        )

    def rates(self, choice: Choice | None) -> tuple[GroupRates, ...]:
        """Return the rates of each band, of everybody under 18, and of origins among the young."""
        pairs, mates = self._scores(choice)
        adults = _reached_by_few(pairs[self._both(~self._faces.young)])
        return tuple(
            GroupRates(
                name,
                self._false_matches(pairs > adults, inside),
                self._misses(mates <= adults, inside),
            )
            for name, inside in self._groups()
        )

    def _groups(self) -> list[tuple[str, Mask]]:
        faces = self._faces
        groups = [(name, faces.bands == code) for code, name in enumerate(faces.band_names)]
        groups.insert(-1, ("all under 18", faces.young))
        origins = enumerate(faces.origin_names)
        return groups + [(f"under 18, {name}", faces.origins == code) for code, name in origins]

    def _scores(self, choice: Choice | None) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the scores of the pairs, and of the mates in the order of `_order`."""
        pairs, mates = [], []
        for fold, (rows, (left, right)) in enumerate(zip(self._rows, self._places, strict=True)):
            mapped = self._map(choice, fold)
            vectors, copies = (
                mapped(each[rows]).astype(np.float32)
                for each in (self._faces.vectors, self._faces.copies)
            )
            pairs.append((vectors @ vectors.T)[left, right])
            mates.append(np.einsum("nd,nd->n", vectors, copies))
        return np.concatenate(pairs), np.concatenate(mates)

    def _map(self, choice: Choice | None, fold: int) -> Callable[[Vectors], Vectors]:
        if choice is None:
            return lambda vectors: vectors
        return self._faces.fitted(choice, (fold,))

    def _strangers(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the pairs of faces of different people who are no relatives, as places in rows."""
        left, right = np.triu_indices(len(rows), 1)
        people, families = self._faces.people[rows], self._faces.families[rows]
        kin = (families[left] == families[right]) & (families[left] >= 0)
        apart = (people[left] != people[right]) & ~kin
        return left[apart], right[apart]

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        return np.concatenate(self._rows)

    @cached_property
    def _pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The faces of all pairs, as rows of the faces."""
        both = zip(self._rows, self._places, strict=True)
        left, right = zip(*((rows[one], rows[other]) for rows, (one, other) in both), strict=True)
        return np.concatenate(left), np.concatenate(right)

    def _both(self, inside: Mask) -> Mask:
        left, right = self._pairs
        return inside[left] & inside[right]

    def _false_matches(self, matched: Mask, inside: Mask) -> Rate:
        both = self._both(inside)
        left, right = (self._faces.people[side[both]] for side in self._pairs)
        size = int(self._faces.people.max()) + 1
        errors, trials = (
            np.bincount(left[chosen], minlength=size) + np.bincount(right[chosen], minlength=size)
            for chosen in (matched[both], np.ones(len(left), np.bool_))
        )
        return SubjectCounts(errors, trials, repeats=2).rate(target=FMR)

    def _misses(self, missed: Mask, inside: Mask) -> Rate:
        seen = inside[self._order]
        people = self._faces.people[self._order]
        size = int(people.max()) + 1
        errors, trials = (
            np.bincount(people[chosen], minlength=size) for chosen in (missed & seen, seen)
        )
        return SubjectCounts(errors, trials).rate()


def chosen(judgements: list[Judgement]) -> Judgement:
    """Return the judgement of the fit to use.

    Among the fits at which children match falsely at most `MOST_UNDER_18` times as often as adults,
    it is the one with the highest true match rate of the young. If there is none, it is the fit
    with the fewest times. Of equals it is the first, which is the weakest.
    """
    fair = [one for one in judgements if one.times_under_18 <= MOST_UNDER_18]
    if not fair:
        return min(judgements, key=lambda one: one.times_under_18)
    return max(fair, key=lambda one: one.true_match_rate)


def _drawn(rows: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    if len(rows) <= MOST_IN_A_FOLD:
        return rows
    return np.sort(rng.choice(rows, MOST_IN_A_FOLD, replace=False))


def _reached_by_few(scores: NDArray[np.float32]) -> np.float32:
    """Return the lowest score above which lies at most a share `FMR` of the scores."""
    place = len(scores) - 1 - allowed_errors(FMR, len(scores))
    reached: np.float32 = np.partition(scores, place)[place]
    return reached
