"""The numbers of an audit, worked out the slow and plain way: by hand and with known libraries.

It reads labels and scores itself, and uses nothing of `fairness`.
"""

from __future__ import annotations

import csv
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

FEW = 5
"""With fewer errors (or others), people or independent pairs stand for the effective trials."""


@dataclass(frozen=True)
class Comparison:
    """A listed comparison: the people, what kind it is, and its score; None if there is none."""

    first: dict[str, str]
    second: dict[str, str]
    score: np.float32 | None

    @property
    def kind(self) -> str:
        if self.first["subject"] == self.second["subject"]:
            return "mated"
        return "kin" if self.first["family"] == self.second["family"] != "" else "others"

    @property
    def people(self) -> tuple[str, str]:
        one, other = sorted((self.first["subject"], self.second["subject"]))
        return one, other

    @property
    def years(self) -> float:
        return float(self.second["age"]) - float(self.first["age"])


@dataclass(frozen=True)
class Estimate:
    """Errors, trials and people of a rate, and the effective trials of its limits."""

    errors: int
    trials: int
    subjects: int
    effective: float

    @property
    def rate(self) -> float:
        return self.errors / self.trials

    def limits(self) -> tuple[float, float]:
        """Wilson's limits by statsmodels, with the effective trials."""
        low, high = proportion_confint(
            self.rate * self.effective, self.effective, alpha=0.05, method="wilson"
        )
        return float(low), float(high)

    def bound(self) -> float:
        """Clopper and Pearson's one-sided limit, with the effective trials."""
        k = self.rate * self.effective
        return float(stats.beta.ppf(0.95, k + 1, self.effective - k))


def read(folder: Path) -> tuple[list[dict[str, str]], list[Comparison]]:
    """Read the labels and the comparisons; the earlier photo of each comes first."""
    with (folder / "people.csv").open(newline="", encoding="utf-8") as file:
        photos = list(csv.DictReader(file))
    by_name = {row["photo"]: row for row in photos}
    with (folder / "scores.csv").open(newline="", encoding="utf-8") as file:
        listed = [
            Comparison(
                *sorted(
                    (by_name[row["probe"]], by_name[row["reference"]]),
                    key=lambda label: float(label["age"]),
                ),
                np.float32(row["score"]) if row["score"] else None,
            )
            for row in csv.DictReader(file)
        ]
    return photos, listed


def group_of(factor: str, photo: dict[str, str]) -> str:
    """Name the group of a photo as the report does."""
    if factor == "tone":
        step = int(photo["skin_tone_monk"])
        names = ("Monk 1-3 (light)", "Monk 4-6 (medium)", "Monk 7-10 (dark)")
        return names[(step > 3) + (step > 6)]
    if factor == "age":
        age = float(photo["age"])
        return ("00 to under 08", "08 to under 13", "13 and over")[(age >= 8) + (age >= 13)]
    return photo[factor]


def of_people(events: Iterable[tuple[str, bool]]) -> Estimate:
    """Estimate a rate of events that belong to one person each: name, and whether it is an error.

    The variance of the rate is summed person by person.
    """
    errors, trials = Counter[str](), Counter[str]()
    for name, wrong in events:
        errors[name] += wrong
        trials[name] += 1
    k, n, people = errors.total(), trials.total(), len(trials)
    effective = _carrying(list(trials.values()))
    if max(trials.values()) > 1 and min(k, n - k) >= FEW:
        apart = [errors[name] - k / n * trials[name] for name in trials]
        variance = sum(x * x for x in apart) / n**2
        effective = _allowed_for_few(k / n, n, variance, apart, list(trials.values()))
    return Estimate(k, n, people, effective)


def of_pairs(events: Iterable[tuple[tuple[str, str], bool]]) -> Estimate:
    """Estimate a rate of events that belong to two people each.

    The variance is dyadic: the sum of the products of all two dyads that share a person.
    """
    errors, trials = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for pair, wrong in events:
        errors[pair] += wrong
        trials[pair] += 1
    dyads = list(trials)
    k, n, people = errors.total(), trials.total(), len({name for pair in dyads for name in pair})
    if min(k, n - k) < FEW:
        partners = Counter(name for pair in dyads for name in pair)
        apart_pairs = math.ceil(len(dyads) / (max(partners.values()) + 1))
        made = Counter(name for pair in trials.elements() for name in pair)
        return Estimate(k, n, people, apart_pairs * _carrying(list(made.values())) / people)
    apart = np.array([errors[pair] - k / n * trials[pair] for pair in dyads])
    numbers: dict[str, int] = defaultdict(lambda: len(numbers))
    one, other = np.array([[numbers[a], numbers[b]] for a, b in dyads]).T
    summed = 0.0
    for place in range(len(dyads)):
        ends = (one[place], other[place])
        summed += apart[place] * apart[np.isin(one, ends) | np.isin(other, ends)].sum()
    of_person = np.bincount(one, apart, people) + np.bincount(other, apart, people)
    made = [
        float(np.array(list(trials.values()))[(one == i) | (other == i)].sum())
        for i in range(people)
    ]
    return Estimate(k, n, people, _allowed_for_few(k / n, n, summed / n**2, list(of_person), made))


def _carrying(numbers: Sequence[float]) -> float:
    """Return how many people with like numbers would carry the sum as these do (Kish)."""
    return sum(numbers) ** 2 / sum(x * x for x in numbers)


def _allowed_for_few(
    p: float, n: int, variance: float, apart: Sequence[float], made: Sequence[float]
) -> float:
    """Widen the part of the variance that people add, as few of them carry it (see docs)."""
    left_out = [x / (1 - m / n) for x, m in zip(apart, made, strict=True)]
    wider = sum(x * x for x in left_out) / sum(x * x for x in apart)
    excess = variance / (p * (1 - p)) * wider - 1 / n
    if excess <= 0:
        return n
    squares = np.square(left_out)
    carrying = min(squares.sum() ** 2 / np.square(squares).sum(), _carrying(made))
    quantile = stats.t.ppf(0.975, max(1, carrying - 1)) / stats.norm.ppf(0.975)
    return float(1 / (1 / n + excess * quantile**2))


@dataclass(frozen=True)
class PlainAudit:
    """The rates of a stored cohort at one threshold."""

    photos: list[dict[str, str]]
    comparisons: list[Comparison]
    threshold: float

    def listed(self, kind: str) -> list[Comparison]:
        return [one for one in self.comparisons if one.kind == kind]

    def made(self, kind: str) -> list[Comparison]:
        return [one for one in self.listed(kind) if one.score is not None]

    def reaches(self, one: Comparison) -> bool:
        return one.score is not None and bool(one.score >= np.float32(self.threshold))

    def false_matches(self, holds: Callable[[str, str], bool], factor: str = "sex") -> Estimate:
        """Of the comparisons of different people whose two groups are wanted."""
        wanted = [
            one
            for one in self.made("others")
            if holds(group_of(factor, one.first), group_of(factor, one.second))
        ]
        return of_pairs((one.people, self.reaches(one)) for one in wanted)

    def kin(self) -> Estimate:
        return of_pairs((one.people, self.reaches(one)) for one in self.made("kin"))

    def misses(self, holds: Callable[[Comparison], bool], *, counted: bool) -> Estimate:
        """Of the mated comparisons that are wanted; `counted` takes those without a score too."""
        mated = self.listed("mated") if counted else self.made("mated")
        return of_people(
            (one.first["subject"], not self.reaches(one)) for one in mated if holds(one)
        )

    def refusals(self, holds: Callable[[dict[str, str]], bool]) -> Estimate:
        """Of the photos that somebody tried to compare."""
        return of_people(
            (photo["subject"], photo["photo"] not in self._scored)
            for photo in self.photos
            if photo["photo"] in self._tried and holds(photo)
        )

    @cached_property
    def _tried(self) -> set[str]:
        return {side["photo"] for one in self.comparisons for side in (one.first, one.second)}

    @cached_property
    def _scored(self) -> set[str]:
        made = (one for one in self.comparisons if one.score is not None)
        return {side["photo"] for one in made for side in (one.first, one.second)}
