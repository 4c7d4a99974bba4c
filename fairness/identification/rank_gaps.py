"""Miss rates of searches by group, from ranks alone, and tests of the gaps between groups.

A miss at rank k is a photo of an enrolled subject whose own record is not among the first k
candidates. A photo without a detected face, or refused for its quality, finds nobody. It is a miss
too, unless a value is documented to leave it out.

This module needs only ranks and labels. `fairness.identification.searches` counts misses with a
threshold, and searches for people who are not enrolled. `MatedSearches.probe_results` converts its
searches for this module.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fairness.arguments import expect, expect_number, listed
from fairness.cohort import UNKNOWN, in_order
from fairness.differentials import holm
from fairness.rates import FEWEST_SUBJECTS, Rate, clustered_rate, wilson
from fairness.words import figure

_AT_ONCE = 1 << 22  # largest number of values held at once while labels are shuffled


@dataclass(frozen=True)
class ProbeResult:
    """Outcome of one search with a photo of an enrolled subject.

    Parameters
    ----------
    subject
        Identifier of the person in the photo.
    rank
        Rank of that subject among the candidates, from 1; None if not among them.
    groups
        Labels of the photo by kind of group, as in {"tone": "dark", "age": "4-7"}.
    refused
        Whether there was no search, because no face was found or its quality was refused.

    Raises
    ------
    ValueError
        If the rank is below 1, or there is a rank although the photo was refused.
    """

    subject: str
    rank: int | None
    groups: Mapping[str, str] = field(default_factory=dict)
    refused: bool = False

    def __post_init__(self) -> None:
        if self.rank is not None:
            expect_number("rank", self.rank, whole=True)
        expect(
            "groups",
            self.groups,
            Mapping,
            rule="must be labels by kind of group",
            next_step='Give {"age": "4-7"}, for example.',
        )
        if self.rank is not None and (self.refused or self.rank < 1):
            raise ValueError(
                f"the rank must be at least 1, and None where refused; got {self.rank}"
            )

    def missed(self, k: int) -> bool:
        """Return whether the subject is not among the first k candidates."""
        return self.rank is None or self.rank > k


@dataclass(frozen=True)
class GroupRates:
    """How often the photos of one group miss.

    Parameters
    ----------
    group
        Label of the group.
    k
        Number of candidates reviewed.
    missed
        Misses at rank k among the photos that were searched with.
    missed_or_refused
        Misses at rank k among all photos. A refused photo counts as a miss.
    refused
        Refused photos among all photos.
    """

    group: str
    k: int
    missed: Rate
    missed_or_refused: Rate
    refused: Rate

    def __str__(self) -> str:
        return (
            f"{self.group}: missed at rank {self.k} {self.missed}; "
            f"refused photos counted as missed {self.missed_or_refused}"
        )


@dataclass(frozen=True)
class GroupGap:
    """Comparison of one group with all photos outside it. A refused photo counts as a miss.

    Parameters
    ----------
    group
        Label of the group.
    rate, rest
        Miss rates inside and outside the group.
    difference
        Miss rate inside minus outside, in [-1, 1]; positive if the group fares worse.
    low, high
        Limits of the difference. Each holds with probability 1 - alpha / groups tested.
    p_value
        One-sided p-value of the hypothesis that the group fares no worse; nan if not tested.
    adjusted_p
        p-value after Holm's correction over the groups tested; nan if not tested.
    reported
        Whether `adjusted_p` is at most alpha.
    """

    group: str
    rate: Rate
    rest: Rate
    difference: float
    low: float
    high: float
    p_value: float
    adjusted_p: float
    reported: bool

    def __str__(self) -> str:
        if math.isnan(self.p_value):
            return f"{self.group}: not tested; {self.rate}, others {self.rest}"
        verdict = "fares worse than the others" if self.reported else "no gap shown"
        points = f"{_signed(self.difference)} ({_signed(self.low)} to {_signed(self.high)})"
        return (
            f"{self.group}: {verdict}, difference {points} percentage points, "
            f"adjusted p = {figure(self.adjusted_p, 2)}; {self.rate}, others {self.rest}"
        )


def _signed(share: float) -> str:
    return ("" if share < 0 else "+") + figure(100 * share)


def rates_by_group(
    results: Sequence[ProbeResult],
    group: str,
    *,
    k: int = 1,
    level: float = 0.95,
    target: float = 0.05,
) -> tuple[GroupRates, ...]:
    """Return the miss rates at rank k of each group, sorted by its label.

    Parameters
    ----------
    results
        One result for each photo of an enrolled subject, including refused photos.
    group
        Kind of group, a key of `ProbeResult.groups`. Photos without the key are in `UNKNOWN`.
    k
        Number of candidates reviewed, at least 1.
    level, target
        As in `clustered_rate`.

    Raises
    ------
    ValueError
        If k is below 1.
    """
    results = listed("results", results, ProbeResult, next_step="Give ProbeResult(...) of each.")
    expect_number("k", k, whole=True)
    if k < 1:
        raise ValueError(f"the rank k must be at least 1, got {k}")
    rates = []
    for label in _labels(results, group):
        inside = [result for result in results if _label(result, group) == label]
        searched = [result for result in inside if not result.refused]
        rates.append(
            GroupRates(
                label,
                k,
                _rate(searched, [result.missed(k) for result in searched], level, target),
                _rate(inside, [result.missed(k) for result in inside], level, target),
                _rate(inside, [result.refused for result in inside], level, target),
            )
        )
    return tuple(rates)


def group_gaps(
    results: Sequence[ProbeResult],
    group: str,
    *,
    k: int = 1,
    alpha: float = 0.05,
    shuffles: int = 1999,
    seed: int = 0,
) -> tuple[GroupGap, ...]:
    """Compare each group with the rest, and report groups that fare worse by more than chance.

    The test is a permutation test: it shuffles the labels of subjects. The statistic is the
    difference of the miss rates divided by its standard error between subjects. If each subject has
    one label and the label has no effect, the p-value is exact for groups of any size. If groups
    differ in photos per subject or in variance, it is asymptotically right (Janssen 1997; Chung and
    Romano 2013). A normal approximation would give p-values that are too small for groups of a few
    dozen subjects with few misses. If a subject has photos under several labels (age at capture),
    its photos under one label are shuffled together, and only the asymptotic argument holds.

    Holm's correction keeps the probability of any false report at alpha. The interval is
    Newcombe's (1998, method 10) from two Wilson intervals with effective numbers of trials.

    Parameters
    ----------
    results, group, k
        As in `rates_by_group`.
    alpha
        Probability allowed for one or more false reports, in (0, 0.5).
    shuffles
        Number of random shuffles. The smallest possible p-value is 1 / (shuffles + 1).
    seed
        Seed of the shuffles.

    Returns
    -------
    tuple of GroupGap
        Sorted by label. Groups with fewer than 10 subjects inside or outside are neither tested
        nor part of the correction. A gap that is not reported may still exist.

    Raises
    ------
    ValueError
        If k, alpha or shuffles is out of range.
    """
    results = listed("results", results, ProbeResult, next_step="Give ProbeResult(...) of each.")
    expect_number("k", k, whole=True)
    expect_number("alpha", alpha)
    expect_number("shuffles", shuffles, whole=True)
    if k < 1 or not 0 < alpha < 0.5 or shuffles < 1:
        raise ValueError(f"need k >= 1, 0 < alpha < 0.5, shuffles >= 1; got {k, alpha, shuffles}")
    blocks = _Blocks.of(results, group, k)
    labels = _labels(results, group)
    tested = [label for label in labels if blocks.can_test(label)]
    rng = np.random.default_rng(seed)
    p_values = {label: blocks.p_value(label, shuffles, rng) for label in tested}
    adjusted = dict(zip(tested, holm(list(p_values.values())), strict=True))
    level = 1 - 2 * alpha / max(1, len(tested))
    return tuple(
        _gap(blocks, label, p_values.get(label), adjusted.get(label), level, alpha)
        for label in labels
    )


def _gap(
    blocks: _Blocks,
    label: str,
    p_value: float | None,
    adjusted: float | None,
    level: float,
    alpha: float,
) -> GroupGap:
    inside, outside = (blocks.by_subject(blocks.labels == label, side) for side in (True, False))
    rate, rest = (clustered_rate(*counts) for counts in (inside, outside))
    if p_value is None or adjusted is None:
        return GroupGap(
            label, rate, rest, rate.estimate - rest.estimate, -1.0, 1.0, math.nan, math.nan, False
        )
    low, high = _newcombe(rate, rest, level)
    difference = rate.estimate - rest.estimate
    return GroupGap(
        label, rate, rest, difference, low, high, p_value, float(adjusted), bool(adjusted <= alpha)
    )


def _newcombe(one: Rate, other: Rate, level: float) -> tuple[float, float]:
    p, q = one.estimate, other.estimate
    p_low, p_high = wilson(p * one.effective, one.effective, level=level)
    q_low, q_high = wilson(q * other.effective, other.effective, level=level)
    return (
        p - q - math.hypot(p - p_low, q_high - q),
        p - q + math.hypot(p_high - p, q - q_low),
    )


@dataclass(frozen=True, eq=False)
class _Blocks:
    """Blocks of photos, sorted by subject. A block is the photos of one subject under one label."""

    labels: NDArray[np.str_]
    errors: NDArray[np.float64]
    trials: NDArray[np.float64]
    starts: NDArray[np.intp]  # index of each subject's first block

    @classmethod
    def of(cls, results: Sequence[ProbeResult], group: str, k: int) -> _Blocks:
        counts: dict[tuple[str, str], list[int]] = {}
        for result in results:
            block = counts.setdefault((result.subject, _label(result, group)), [0, 0])
            block[0] += result.missed(k)
            block[1] += 1
        keys = sorted(counts)
        numbers = np.array([counts[key] for key in keys], dtype=np.float64).reshape(-1, 2)
        subjects = np.array([subject for subject, _ in keys])
        starts = np.flatnonzero(np.r_[True, subjects[1:] != subjects[:-1]][: len(keys)])
        return cls(np.array([label for _, label in keys]), numbers[:, 0], numbers[:, 1], starts)

    def by_subject(
        self, inside: NDArray[np.bool_], side: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return errors and trials of each subject on one side of a division, shape (subjects,)."""
        on_side = inside == side
        errors, trials = (
            np.add.reduceat(counts * on_side, self.starts) for counts in (self.errors, self.trials)
        )
        return errors, trials

    def can_test(self, label: str) -> bool:
        inside = self.labels == label
        sides = (self.by_subject(inside, side)[1] for side in (True, False))
        return all(np.count_nonzero(trials) >= FEWEST_SUBJECTS for trials in sides)

    def p_value(self, label: str, shuffles: int, rng: np.random.Generator) -> float:
        """Return the share of shuffles with a statistic of at least the observed one.

        The observed labels count as one of the shuffles.
        """
        inside = self.labels == label
        observed = self._statistic(inside[None, :])[0]
        at_once = max(1, _AT_ONCE // len(inside))
        reached = 0
        for done in range(0, shuffles, at_once):
            rows = np.tile(inside, (min(at_once, shuffles - done), 1))
            shuffled = self._statistic(rng.permuted(rows, axis=1))
            reached += int(np.count_nonzero(shuffled >= observed - 1e-9))
        return (1 + reached) / (1 + shuffles)

    def _statistic(self, inside: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the difference of the rates over its standard error, for each row of labels.

        The standard error is the root of the sum over subjects of the squared share in the
        difference. The share of a subject with e errors in m trials is (e - p m) / M on the side of
        the group, minus the same on the other side; p and M are rate and trials of the side.
        """
        difference = np.zeros(len(inside))
        share = np.zeros(inside.shape)
        for side, sign in ((inside, 1.0), (~inside, -1.0)):
            trials = side @ self.trials
            rate = (side @ self.errors) / trials
            difference += sign * rate
            share += sign * side * (self.errors - rate[:, None] * self.trials) / trials[:, None]
        error = np.sqrt(np.sum(np.add.reduceat(share, self.starts, axis=1) ** 2, axis=1))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(difference == 0.0, 0.0, difference / error)


def _rate(
    results: Sequence[ProbeResult], errors: Sequence[bool], level: float, target: float
) -> Rate:
    counts: dict[str, list[int]] = {}
    for result, error in zip(results, errors, strict=True):
        subject = counts.setdefault(result.subject, [0, 0])
        subject[0] += error
        subject[1] += 1
    numbers = np.array(list(counts.values()), dtype=np.int64).reshape(-1, 2)
    return clustered_rate(numbers[:, 0], numbers[:, 1], level=level, target=target)


def _label(result: ProbeResult, group: str) -> str:
    return result.groups.get(group, UNKNOWN)


def _labels(results: Sequence[ProbeResult], group: str) -> list[str]:
    return sorted({_label(result, group) for result in results}, key=in_order)
