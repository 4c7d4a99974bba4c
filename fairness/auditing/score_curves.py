"""Curves of scores: error trade-off and histogram of each group that may be shown."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fairness.auditing.evidence import Evidence
from fairness.tables import DetCurve, ScoreSpread, Table, people_shown
from fairness.verification import det_points

_COARSER = 32  # bins of the counting joined into one of the picture


def det_curves(evidence: Evidence, rates: Table) -> Iterator[DetCurve]:
    """Yield the error trade-off of each group that the rates show, with the threshold's point.

    Where no threshold has errors of both kinds there is nothing to trade.
    """
    for factor in evidence.settings.factors:
        within, missed = evidence.within(factor), evidence.missed(factor)
        points = det_points(evidence.verification.mated, evidence.histogram(factor))
        for group in sorted(set(points) & set(within) & set(missed)):
            keys = {"factor": factor, "group": group}
            curve = points[group]
            people = people_shown(rates, **keys, metric="FNMR")
            if people is None or people_shown(rates, **keys, metric="FMR") is None:
                continue
            if np.any((curve.fmr > 0) & (curve.fnmr > 0)):
                at = (within[group].rate().estimate, missed[group].rate().estimate)
                yield DetCurve(factor, group, curve.fmr, curve.fnmr, people, at)


def score_spreads(evidence: Evidence, rates: Table) -> Iterator[ScoreSpread]:
    """Yield how the scores of each group that the rates show are spread."""
    mated = evidence.verification.mated
    for factor in evidence.settings.factors:
        histogram, cells = evidence.histogram(factor), evidence.cells(factor)
        edges = np.append(histogram.edges[:-1:_COARSER], histogram.edges[-1]).astype(np.float64)
        starts = np.arange(0, len(histogram.edges) - 1, _COARSER)
        for code, group in enumerate(cells.names):
            people = people_shown(rates, factor=factor, group=group, metric="FNMR")
            if people is not None:
                own = mated.score[(cells.codes[mated.left] == code) & ~np.isnan(mated.score)]
                yield ScoreSpread(
                    factor,
                    group,
                    edges,
                    np.histogram(own, edges)[0].astype(np.int64),
                    np.add.reduceat(histogram.within(group).counts, starts),
                    people,
                )
