"""Curves by group, for plots: error trade-off, ranks, discard, and distributions of scores."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.rates import FEWEST_SUBJECTS

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DetCurve:
    """Detection error trade-off of one group over all thresholds.

    Parameters
    ----------
    factor, group
        Factor and name of the group.
    fmr, fnmr
        Shape (points,), in [0, 1]: false match and false non-match rate, at one threshold each.
    subjects
        Number of subjects behind the curve, at least `FEWEST_SUBJECTS`.
    at_threshold
        FMR and FNMR of the group at the global threshold; None if not known.

    Raises
    ------
    ValueError
        If arrays differ in shape, a rate is outside [0, 1], or there are too few subjects to show.
        The other curves raise the same.
    """

    factor: str
    group: str
    fmr: Floats
    fnmr: Floats
    subjects: int
    at_threshold: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        _require_shown(self.factor, self.group, self.subjects)
        _require_rates(self.fmr, self.fnmr)


@dataclass(frozen=True, eq=False)
class CmcCurve:
    """Share of mated searches with the mate at or above a rank, without regard to a threshold.

    Parameters
    ----------
    factor, group
        Factor and name of the group.
    ranks
        int64 array of shape (points,), increasing.
    hit_rate
        Shape (points,), in [0, 1]: share of searches at each rank.
    subjects
        Number of probe subjects, at least `FEWEST_SUBJECTS`.
    low, high
        Confidence limits, shape (points,). Give both or neither.
    """

    factor: str
    group: str
    ranks: NDArray[np.int64]
    hit_rate: Floats
    subjects: int
    low: Floats | None = None
    high: Floats | None = None

    def __post_init__(self) -> None:
        _require_shown(self.factor, self.group, self.subjects)
        limits = [limit for limit in (self.low, self.high) if limit is not None]
        _require_rates(self.hit_rate, *limits)
        if self.ranks.shape != self.hit_rate.shape:
            raise ValueError("a curve needs as many ranks as hit rates")


@dataclass(frozen=True, eq=False)
class DiscardCurve:
    """False non-match rate of the comparisons that remain after the worst photos are discarded.

    Parameters
    ----------
    factor, group
        Factor and name of the group.
    discarded
        Share of comparisons discarded, in [0, 1], shape (points,).
    fnmr
        False non-match rate among the others, in [0, 1], shape (points,).
    subjects
        Number of subjects, at least `FEWEST_SUBJECTS`.
    """

    factor: str
    group: str
    discarded: Floats
    fnmr: Floats
    subjects: int

    def __post_init__(self) -> None:
        _require_shown(self.factor, self.group, self.subjects)
        _require_rates(self.discarded, self.fnmr)


@dataclass(frozen=True, eq=False)
class ScoreDistribution:
    """Histogram of the mated and of the non-mated scores of one group.

    Parameters
    ----------
    factor, group
        Factor and name of the group.
    edges
        Edges of the bins, increasing, shape (bins + 1,).
    mated, non_mated
        Number of comparisons in each bin, shape (bins,).
    subjects
        Number of subjects, at least `FEWEST_SUBJECTS`.
    """

    factor: str
    group: str
    edges: Floats
    mated: NDArray[np.int64]
    non_mated: NDArray[np.int64]
    subjects: int

    def __post_init__(self) -> None:
        _require_shown(self.factor, self.group, self.subjects)
        if not len(self.edges) - 1 == len(self.mated) == len(self.non_mated):
            raise ValueError("a histogram needs one edge more than it has bins")


@dataclass(frozen=True)
class Curves:
    """The curves of a report. Any of them may be missing."""

    det: tuple[DetCurve, ...] = ()
    cmc: tuple[CmcCurve, ...] = ()
    discard: tuple[DiscardCurve, ...] = ()
    scores: tuple[ScoreDistribution, ...] = ()


def factors(
    curves: Iterable[DetCurve | CmcCurve | DiscardCurve | ScoreDistribution],
) -> tuple[str, ...]:
    """Return the factors of curves, in order of appearance."""
    return tuple(dict.fromkeys(curve.factor for curve in curves))


def _require_shown(factor: str, group: str, subjects: int) -> None:
    if subjects < FEWEST_SUBJECTS:
        raise ValueError(
            f"the curve of {factor} {group!r} must not be shown: "
            f"it needs {FEWEST_SUBJECTS} subjects, got {subjects}"
        )


def _require_rates(*arrays: Floats) -> None:
    if len({array.shape for array in arrays}) != 1 or arrays[0].ndim != 1:
        raise ValueError(
            f"a curve needs arrays of one shape (points,), got {[a.shape for a in arrays]}"
        )
    if not all(np.all((array >= 0) & (array <= 1)) for array in arrays):
        raise ValueError("a curve needs rates in [0, 1]")
