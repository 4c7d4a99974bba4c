"""Cohorts with known error rates, as files of scores that an audit reads.

People of several groups have photos. A comparison of two photos has the score 1 or 0, and the
threshold is a half. The errors of a cohort are drawn from the rates of its groups; people may
differ in how easily they are missed or mistaken.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from permutation_test import Ints, PairErrors, PersonErrors

from fairness import Cohort, Sample
from fairness.verification import ListedScores

THRESHOLD = 0.5
FACTOR = "team"
MOST_PHOTOS = 300

Photos = Literal["1", "2", "2 or 3", "2 to 6", "1 to 30", "1 to 300", "one of 300"]
"""How many photos a person has. "1 to 30" and "1 to 300" have a heavy tail: a Pareto number with
the exponent 1, cut off. In "one of 300" all have two photos, and one person has 300."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scenario:
    """The groups of a cohort and their error rates.

    Parameters
    ----------
    name
        Name of the row.
    people
        Number of people of each group.
    rates
        Error rate of each group. For false matches, that of two people of the group.
    kind
        What goes wrong.
    photos
        Photos of a person, for all groups or for each.
    spread
        For misses, the correlation within a person. For refusals, that of the photos.
    lambs
        For false matches, whether one person in ten is five times as easily mistaken.
    across
        False match rate of two people of different groups; None for the geometric mean of theirs.
    missed
        For refusals, the rate at which comparisons of accepted photos are missed, in all groups.
    """

    name: str
    people: tuple[int, ...]
    rates: tuple[float, ...]
    kind: Literal["misses", "refusals", "false matches"] = "misses"
    photos: Photos | tuple[Photos, ...] = "2 or 3"
    spread: float = 0.1
    lambs: bool = False
    across: float | None = None
    missed: float = 0.1

    @property
    def equal(self) -> bool:
        """Whether all groups have one rate, so that every report is a false alarm."""
        return len(set(self.rates)) == 1

    @property
    def groups(self) -> list[str]:
        """Names of the groups."""
        return [group_name(place) for place in range(len(self.people))]

    @property
    def worst(self) -> str:
        """The group with the highest rate."""
        return group_name(int(np.argmax(self.rates)))


@dataclass(frozen=True, eq=False)
class Drawn:
    """A cohort: the group of each person, its scores, and the errors by metric."""

    group: Ints
    scores: ListedScores
    errors: dict[str, PersonErrors | PairErrors]


def group_name(place: int) -> str:
    """Return the name of a group."""
    return f"team {place + 1}"


def draw(scenario: Scenario, rng: np.random.Generator) -> Drawn:
    """Draw a cohort."""
    group = np.repeat(np.arange(len(scenario.people)), scenario.people)
    photos = _photos(scenario, rng)
    if scenario.kind == "false matches":
        return _false_matches(scenario, group, photos, rng)
    return _misses(scenario, group, photos, rng)


def heavy_tail(people: int, most: int, rng: np.random.Generator) -> Ints:
    """Draw numbers of photos from 1 to `most`: Pareto with the exponent 1, cut off."""
    return np.minimum(most, np.floor(1 / (1 - rng.random(people)))).astype(np.int64)


def _photos(scenario: Scenario, rng: np.random.Generator) -> Ints:
    given = scenario.photos
    kinds = given if isinstance(given, tuple) else (given,) * len(scenario.people)
    photos = np.concatenate(
        [_some(kind, people, rng) for kind, people in zip(kinds, scenario.people, strict=True)]
    )
    if given == "one of 300":
        photos[rng.integers(len(photos))] = MOST_PHOTOS
    return photos


def _some(kind: Photos, people: int, rng: np.random.Generator) -> Ints:
    match kind:
        case "1":
            return np.ones(people, np.int64)
        case "2" | "one of 300":
            return np.full(people, 2)
        case "2 or 3":
            return rng.integers(2, 4, people)
        case "2 to 6":
            return rng.integers(2, 7, people)
        case "1 to 30":
            return heavy_tail(people, 30, rng)
        case "1 to 300":
            return heavy_tail(people, MOST_PHOTOS, rng)


def _own_rates(rates: Floats, spread: float, rng: np.random.Generator) -> Floats:
    """Draw each person's own rate from a beta distribution with this correlation."""
    if spread == 0:
        return rates
    share = (1 - spread) / spread
    safe = np.clip(rates, 1e-12, 1 - 1e-12)
    return np.where(rates > 0, rng.beta(safe * share, (1 - safe) * share), 0.0)


@dataclass(frozen=True, eq=False)
class _Layout:
    """The photos of a cohort, sorted by person."""

    group: Ints
    photos: Ints

    @cached_property
    def owner(self) -> Ints:
        return np.repeat(np.arange(len(self.photos)), self.photos)

    @cached_property
    def mated(self) -> tuple[Ints, Ints]:
        """All pairs of photos of one person."""
        starts = np.cumsum(self.photos) - self.photos
        corners = {int(n): np.triu_indices(int(n), 1) for n in np.unique(self.photos)}
        sides = [
            np.stack(corners[int(n)]) + start for n, start in zip(self.photos, starts, strict=True)
        ]
        left, right = np.concatenate(sides, axis=1)
        return left, right

    def strangers(self, accepted: NDArray[np.bool_]) -> tuple[Ints, Ints]:
        """Return one comparison of each photo: with an accepted photo of another person.

        It shows which photos can be compared, also if their person has no other photo.
        """
        first = np.flatnonzero(accepted)
        owners, places = np.unique(self.owner[first], return_index=True)
        following = np.searchsorted(owners, self.owner, side="right") % len(owners)
        return np.arange(len(self.owner)), first[places[following]]

    def scores(self, left: Ints, right: Ints, score: NDArray[np.float32]) -> ListedScores:
        names = [group_name(int(place)) for place in self.group]
        samples = [
            Sample(f"{photo:06d}", f"{person:04d}", labels={FACTOR: names[person]})
            for photo, person in enumerate(self.owner.tolist())
        ]
        cohort = Cohort.of(samples, name="made up")
        return ListedScores(cohort, left, right, score, drawn_by_chance=True)

    def sum(self, photos: Ints, weights: NDArray[np.bool_]) -> Ints:
        """Sum over the photos of each person."""
        found = np.bincount(self.owner[photos], weights, minlength=len(self.photos))
        return found.astype(np.int64)


def _misses(scenario: Scenario, group: Ints, photos: Ints, rng: np.random.Generator) -> Drawn:
    layout = _Layout(group, photos)
    refusals = scenario.kind == "refusals"
    own = _own_rates(np.array(scenario.rates)[group], scenario.spread, rng)
    refused = rng.random(len(layout.owner)) < (own if refusals else 0 * own)[layout.owner]
    chance = _own_rates(np.full(len(group), scenario.missed), 0.1, rng) if refusals else own
    left, right = layout.mated
    made = ~(refused[left] | refused[right])
    missed = rng.random(len(left)) < chance[layout.owner[left]]
    one, other = layout.strangers(~refused)
    score = np.concatenate(
        [np.where(made, np.where(missed, 0, 1), np.nan), np.where(refused, np.nan, 0)]
    )
    listed = layout.scores(
        np.concatenate([left, one]), np.concatenate([right, other]), score.astype(np.float32)
    )
    errors: dict[str, PersonErrors | PairErrors] = {
        "FNMR": PersonErrors(layout.sum(left, missed & made), layout.sum(left, made)),
        "FNMR_counted": PersonErrors(
            layout.sum(left, missed | ~made), layout.sum(left, np.ones_like(made))
        ),
        "FTA": PersonErrors(layout.sum(np.arange(len(refused)), refused), photos),
    }
    return Drawn(group, listed, errors)


def _false_matches(
    scenario: Scenario, group: Ints, photos: Ints, rng: np.random.Generator
) -> Drawn:
    layout = _Layout(group, photos)
    rates = np.array(scenario.rates)
    across = np.sqrt(np.outer(rates, rates))
    if scenario.across is not None:
        across[:] = scenario.across
    np.fill_diagonal(across, rates)
    ease = np.ones(len(group))
    if scenario.lambs:
        ease = np.where(rng.random(len(group)) < 0.1, 5.0, 1.0) / 1.4  # of mean 1
    left, right = np.triu_indices(len(layout.owner), 1)
    one, other = layout.owner[left], layout.owner[right]
    chance = across[group[one], group[other]] * ease[one] * ease[other]
    mates = one == other
    matched = rng.random(len(left)) < chance
    score = np.where(mates | matched, 1, 0).astype(np.float32)
    pairs, errors = np.unique((one * len(group) + other)[matched & ~mates], return_counts=True)
    found = PairErrors(pairs // len(group), pairs % len(group), errors, photos)
    return Drawn(group, layout.scores(left, right, score), {"FMR": found})
