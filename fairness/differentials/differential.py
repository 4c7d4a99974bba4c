"""Summaries of how far groups lie apart, each with an interval and its value under equality.

No single number says whether groups are treated alike, so read the rates by group first. The
largest and the smallest of several measured rates differ even if all groups are equal. The
difference grows with the number of groups and shrinks with their size. `Differential.expected`
gives its size. The interval of a measure of extremes lies too high by about as much.

The status of its data (`status_of`) decides whether a group enters. Groups with the status `ok`,
`limited` or `bound_only` enter, but a group with only a bound cannot be the smallest one of a
ratio. `Differential.excluded` names the other groups. If the smallest rate of all is one of theirs,
the ratio of the largest rate to the smallest is not stated as a number, but as a lower limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairness.differentials import measures
from fairness.differentials.ratios import at_least_times
from fairness.differentials.resampling import (
    Resample,
    observed,
    percentile_limits,
    resample,
    under_equality,
)
from fairness.rates import Counts, Rate, Status, rate_of_counts

_USABLE: tuple[Status, ...] = ("ok", "limited", "bound_only")
_CAN_BE_SMALLEST: tuple[Status, ...] = ("ok", "limited")


@dataclass(frozen=True)
class Differential:
    """A summary of the differences between groups.

    Parameters
    ----------
    measure
        Name of the measure, as in "max/min".
    alpha
        Weight of the false match rate, for measures of two rates that have a weight.
    value
        Value of the measure; None if undefined. `flags` give the reason.
    low, high
        Percentile limits over draws of subjects; None if there are none. With `low` alone, the
        measure is that large at least.
    level
        Confidence level of the limits.
    expected
        Mean of the measure if all groups had the pooled rate, with as much data as here.
    expected_limit
        Limit on the side that is less equal; 95 of 100 draws under equality are within it.
    used
        Groups that entered, in order.
    excluded
        Groups that did not enter, with the status of their data.
    flags
        Remarks for a reader.
    """

    measure: str
    alpha: float | None
    value: float | None
    low: float | None
    high: float | None
    level: float
    expected: float | None
    expected_limit: float | None
    used: tuple[str, ...]
    excluded: tuple[tuple[str, Status], ...]
    flags: tuple[str, ...]


@dataclass(frozen=True)
class _Measure:
    name: str
    of: Callable[..., NDArray[np.float64]]  # takes the rates of each kind, (groups, draws)
    scale: Literal["plain", "log"] = "plain"
    positive: bool = False  # undefined if a rate is 0
    by_smallest: bool = False
    unequal: Literal["high", "low"] = "high"
    alpha: float | None = None


_OF_ONE_RATE = (
    _Measure("max-min", measures.max_minus_min),
    _Measure("max/min", measures.max_over_min, "log", positive=True, by_smallest=True),
    _Measure("max/mean", measures.max_over_mean, "log"),
    _Measure("max/geomean", measures.max_over_geometric_mean, "log", positive=True),
    _Measure("mean |log10(x/geomean)|", measures.mean_log10_from_geometric_mean, positive=True),
    _Measure("Gini", measures.gini),
    _Measure("Gini (raw)", partial(measures.gini, corrected=False)),
)


def _of_two_rates(alphas: Sequence[float]) -> tuple[_Measure, ...]:
    weighted = [
        measure
        for alpha in alphas
        for measure in (
            _Measure("FDR", partial(measures.fdr, alpha=alpha), unequal="low", alpha=alpha),
            _Measure(
                "IR",
                partial(measures.inequity_ratio, alpha=alpha),
                "log",
                positive=True,
                by_smallest=True,
                alpha=alpha,
            ),
            _Measure("GARBE", partial(measures.garbe, alpha=alpha), alpha=alpha),
        )
    ]
    difference, ratio = measures.equalised_odds_difference, measures.equalised_odds_ratio
    odds = [
        _Measure("equalised odds difference", difference),
        _Measure("equalised odds difference (mean)", partial(difference, aggregate="mean")),
        _Measure("equalised odds ratio", ratio, "log", True, True, "low"),
        _Measure(
            "equalised odds ratio (mean)",
            partial(ratio, aggregate="mean"),
            "log",
            True,
            True,
            "low",
        ),
    ]
    return (*sorted(weighted, key=lambda measure: measure.name), *odds)


def differentials(
    groups: Mapping[str, Counts],
    *,
    draws: int = 2000,
    seed: int = 0,
    strata: ArrayLike | None = None,
    level: float = 0.95,
    target: float | None = None,
) -> tuple[Differential, ...]:
    """Return max-min, NIST's five summaries, and Gini's coefficient without its correction.

    Parameters
    ----------
    groups
        Counts of one kind by label, with the same subject codes.
    draws, seed, strata
        Bootstrap draws of subjects, see `draw_weights`. All groups and measures share the draws.
    level
        Confidence level of the limits.
    target
        Target rate that decides the statuses, see `status_of`. By default, the one of the kind of
        counts.
    """
    resampled = _ResampledGroups.of([dict(sorted(groups.items()))], [target], draws, seed, strata)
    found = (_differential(measure, resampled, level) for measure in _OF_ONE_RATE)
    return tuple(
        _at_least(item, resampled) if item.measure == "max/min" else item for item in found
    )


def _at_least(item: Differential, resampled: _ResampledGroups) -> Differential:
    """State a lower limit where a group that did not enter has the smallest rate of all.

    The level is divided by the number of groups, because the largest and the smallest were chosen.
    """
    shown = [
        (rate.estimate, name, rate)
        for name, rate in zip(resampled.names, resampled.rates[0], strict=True)
        if rate.status != "suppressed"
    ]
    if len(shown) < 2 or not any(rate.errors for *_, rate in shown):
        return item
    (_, name, smallest), (_, _, largest) = min(shown), max(shown)
    if name in item.used:
        return item
    level = 1 - (1 - item.level) / len(shown)
    low = at_least_times(largest, smallest, level=level)
    flags = f"at least, because the smallest rate has few errors or people: {name}", *item.flags
    return replace(
        item, value=None, low=low, high=None, expected=None, expected_limit=None, flags=flags
    )


def combined_differentials(
    false_matches: Mapping[str, Counts],
    false_non_matches: Mapping[str, Counts],
    *,
    alphas: Sequence[float] = measures.ALPHAS,
    draws: int = 2000,
    seed: int = 0,
    strata: ArrayLike | None = None,
    level: float = 0.95,
    targets: tuple[float | None, float | None] = (None, None),
) -> tuple[Differential, ...]:
    """Return measures of two rates of one cohort: FDR, IR, GARBE by weight, and equalised odds.

    Parameters
    ----------
    false_matches, false_non_matches
        Counts by label, with the same labels and the same subject codes. A group enters if both of
        its rates do.
    alphas
        Weights of the false match rate, each in [0, 1].
    draws, seed, strata, level
        As in `differentials`. Both rates share the draws.
    targets
        As `target` in `differentials`, for the false match and the false non-match rate.

    Raises
    ------
    ValueError
        If the labels differ or a weight is out of range.
    """
    if set(false_matches) != set(false_non_matches):
        raise ValueError("need false match and false non-match counts of the same groups")
    if any(not 0 <= alpha <= 1 for alpha in alphas):
        raise ValueError(f"weights must be in [0, 1], got {alphas}")
    kinds = [
        {name: kind[name] for name in sorted(kind)} for kind in (false_matches, false_non_matches)
    ]
    resampled = _ResampledGroups.of(kinds, targets, draws, seed, strata)
    return tuple(_differential(measure, resampled, level) for measure in _of_two_rates(alphas))


@dataclass(frozen=True, eq=False)
class _ResampledGroups:
    """The groups as observed and in draws, for each kind of rate. Trials are effective trials."""

    names: tuple[str, ...]
    rates: tuple[tuple[Rate, ...], ...]  # by kind, by group
    observed: tuple[Resample, ...]
    drawn: tuple[Resample, ...]
    draws: int
    seed: int

    @classmethod
    def of(
        cls,
        kinds: Sequence[Mapping[str, Counts]],
        targets: Sequence[float | None],
        draws: int,
        seed: int,
        strata: ArrayLike | None,
    ) -> _ResampledGroups:
        names = tuple(kinds[0])
        counts = [[kind[name] for name in names] for kind in kinds]
        rates = tuple(
            tuple(rate_of_counts(one, target=target) for one in kind)
            for kind, target in zip(counts, targets, strict=True)
        )
        factors = [np.array([r.effective / max(1, r.trials) for r in kind]) for kind in rates]
        flat = [one for kind in counts for one in kind]
        drawn = resample(flat, draws=draws, seed=seed, strata=strata)
        blocks = [range(i * len(names), (i + 1) * len(names)) for i in range(len(kinds))]
        return cls(
            names,
            rates,
            tuple(observed(kind).scaled(f) for kind, f in zip(counts, factors, strict=True)),
            tuple(drawn.of(block).scaled(f) for block, f in zip(blocks, factors, strict=True)),
            draws,
            seed,
        )

    def allows(self, group: int, allowed: Sequence[Status]) -> bool:
        return all(kind[group].status in allowed for kind in self.rates)

    def equal(self, used: Sequence[int]) -> list[Resample]:
        """Draw counts of some groups as if all of them had the same rate, for each kind of rate."""
        return [
            under_equality([kind[g] for g in used], draws=self.draws, seed=self.seed + place)
            for place, kind in enumerate(self.rates)
        ]

    def labels(self, used: Sequence[int], holds: Callable[[Rate], bool]) -> str:
        """Join the names of the groups for which a condition holds for any kind of rate."""
        return "; ".join(self.names[g] for g in used if any(holds(kind[g]) for kind in self.rates))


def _differential(measure: _Measure, resampled: _ResampledGroups, level: float) -> Differential:
    allowed = _CAN_BE_SMALLEST if measure.by_smallest else _USABLE
    everyone = range(len(resampled.names))
    used = [g for g in everyone if resampled.allows(g, allowed)]
    value = low = high = expected = limit = None
    if len(used) >= 2:
        value = _defined(_measured(measure, resampled.observed, used)[0])
        low, high = _limits(measure, resampled, used, level)
        equal = _measured(measure, resampled.equal(used), range(len(used)))
        expected = _defined(equal.mean())
        limit = _defined(np.quantile(equal, 0.95 if measure.unequal == "high" else 0.05))
    return Differential(
        measure.name,
        measure.alpha,
        value,
        low,
        high,
        level,
        expected,
        limit,
        tuple(resampled.names[g] for g in used),
        tuple((resampled.names[g], _status(resampled, g)) for g in everyone if g not in used),
        tuple(_flags(measure, resampled, used, value, low)),
    )


def _limits(
    measure: _Measure, resampled: _ResampledGroups, used: Sequence[int], level: float
) -> tuple[float, float] | tuple[None, None]:
    """Return percentile limits; none if the value depends on a group that draws cannot vary."""
    if measure.positive and resampled.labels(used, _without_errors):
        return None, None
    drawn = _measured(measure, resampled.drawn, used)
    return percentile_limits(drawn, level=level, scale=measure.scale) or (None, None)


def _measured(
    measure: _Measure, kinds: Sequence[Resample], used: Sequence[int]
) -> NDArray[np.float64]:
    chosen = [kind.of(used) for kind in kinds]
    if measure.positive:
        return measure.of(*(measures.positive_rates(kind.errors, kind.trials) for kind in chosen))
    return measure.of(*(kind.rates for kind in chosen))


def _flags(
    measure: _Measure,
    resampled: _ResampledGroups,
    used: Sequence[int],
    value: float | None,
    low: float | None,
) -> Iterator[str]:
    if len(used) < 2:
        yield "fewer than two groups with enough data"
        return
    remarks = {
        "limited data": resampled.labels(used, lambda rate: rate.status == "limited"),
        "fewer than five errors": resampled.labels(used, _only_bounded),
        "only a bound, left out of the ratio": resampled.labels(
            [g for g in range(len(resampled.names)) if g not in used and measure.by_smallest],
            _only_bounded,
        ),
        "no errors, which draws of subjects cannot vary": resampled.labels(used, _without_errors),
    }
    yield from (f"{what}: {groups}" for what, groups in remarks.items() if groups)
    if measure.positive and resampled.labels(used, _without_errors):
        yield "(k + 0.5) / (n + 1) of effective trials taken for all groups"
    if any(all(kind[g].errors == 0 for g in used) for kind in resampled.rates):
        yield "no errors observed"
    if value is None:
        yield "undefined"
    elif low is None:
        yield "no interval: draws say nothing"


def _only_bounded(rate: Rate) -> bool:
    return rate.status == "bound_only"


def _without_errors(rate: Rate) -> bool:
    return rate.errors == 0


def _status(resampled: _ResampledGroups, group: int) -> Status:
    """Return the worst status of the group over the kinds of rate."""
    order: tuple[Status, ...] = ("ok", "limited", "bound_only", "insufficient", "suppressed")
    return max((kind[group].status for kind in resampled.rates), key=order.index)


def _defined(value: float | np.floating) -> float | None:
    return float(value) if np.isfinite(value) else None
