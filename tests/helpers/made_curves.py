"""Curves with made-up numbers, for `made_report`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fairness.tables import CmcCurve, Curves, DetCurve, DiscardCurve, ScoreDistribution


def made_curves(people: Mapping[str, int], groups: tuple[str, ...]) -> Curves:
    """Return curves by age, of as many people as given, and of the groups of "race*sex"."""
    some = tuple(people)[2:5]
    return Curves(
        det=tuple(
            made_det("age", age, subjects, 2.2 - 0.25 * i)
            for i, (age, subjects) in enumerate(people.items())
            if subjects >= 10
        )
        + tuple(made_det("race*sex", group, 707, 0.9 + 0.05 * i) for i, group in enumerate(groups)),
        cmc=tuple(_cmc("age", age, 0.5 + 0.05 * i) for i, age in enumerate(some)),
        discard=tuple(_edc("age", age, 0.3 - 0.05 * i) for i, age in enumerate(some)),
        scores=tuple(_distribution("age", age, 0.04 * i) for i, age in enumerate(some)),
    )


def made_det(factor: str, group: str, subjects: int, hardness: float) -> DetCurve:
    """Return a curve; the harder the group, the higher both its errors."""
    thresholds = np.linspace(-4, 8, 120)
    fmr = 1 / (1 + np.exp(3 - hardness + 1.6 * thresholds))
    fnmr = 1 / (1 + np.exp(3.2 - 0.9 * thresholds - hardness))
    return DetCurve(factor, group, fmr, fnmr, subjects, (float(fmr[70]), float(fnmr[70])))


def _cmc(factor: str, group: str, first: float) -> CmcCurve:
    ranks = np.arange(1, 21)
    hits = 1 - (1 - first) * ranks**-0.4
    return CmcCurve(factor, group, ranks, hits, 60, hits - 0.06, np.minimum(1, hits + 0.05))


def _edc(factor: str, group: str, fnmr: float) -> DiscardCurve:
    share = np.linspace(0, 0.9, 40)
    return DiscardCurve(factor, group, share, fnmr * (1 - share) ** 0.7, 60)


def _distribution(factor: str, group: str, shift: float) -> ScoreDistribution:
    edges = np.linspace(0, 1, 81)
    middle = (edges[1:] + edges[:-1]) / 2
    mated = 4000 * np.exp(-(((middle - 0.62 - shift) / 0.09) ** 2))
    non_mated = 90000 * np.exp(-(((middle - 0.5 + shift) / 0.08) ** 2))
    return ScoreDistribution(
        factor, group, edges, mated.astype(np.int64), non_mated.astype(np.int64), 60
    )
