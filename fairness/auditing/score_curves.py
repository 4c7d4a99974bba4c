"""Curves of scores: error trade-off and distribution of each group that may be shown."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fairness.auditing.evidence import Evidence
from fairness.cohort import in_order
from fairness.tables import DetCurve, ScoreDistribution, Table, people_shown
from fairness.verification import det_points

_COARSER = 32  # bins of the counted histogram that make one bin of the plot


def det_curves(evidence: Evidence, rates: Table) -> Iterator[DetCurve]:
    """Yield the error trade-off of each group whose rates are shown, with the threshold's point.

    A group is left out if no threshold has errors of both kinds.
    """
    for factor in evidence.settings.factors:
        within, missed = evidence.within(factor), evidence.missed(factor)
        points = det_points(evidence.verification.mated, evidence.histogram(factor))
        for group in sorted(set(points) & set(within) & set(missed), key=in_order):
            keys = {"factor": factor, "group": group}
            curve = points[group]
            people = people_shown(rates, **keys, metric="FNMR")
            if people is None or people_shown(rates, **keys, metric="FMR") is None:
                continue
            if np.any((curve.fmr > 0) & (curve.fnmr > 0)):
                at = (within[group].rate().estimate, missed[group].rate().estimate)
                yield DetCurve(factor, group, curve.fmr, curve.fnmr, people, at)


def score_distributions(evidence: Evidence, rates: Table) -> Iterator[ScoreDistribution]:
    """Yield the distribution of the scores of each group whose rates are shown."""
    mated = evidence.verification.mated
    for factor in evidence.settings.factors:
        histogram, grouping = evidence.histogram(factor), evidence.grouping(factor)
        edges = np.append(histogram.edges[:-1:_COARSER], histogram.edges[-1]).astype(np.float64)
        starts = np.arange(0, len(histogram.edges) - 1, _COARSER)
        for code, group in enumerate(grouping.names):
            keys = {"factor": factor, "group": group}
            people = people_shown(rates, **keys, metric="FNMR")
            if people is not None and people_shown(rates, **keys, metric="FMR") is not None:
                inside = (grouping.codes[mated.left] == code) & ~np.isnan(mated.score)
                of_one = np.histogram(mated.score[inside], edges)[0].astype(np.int64)
                of_two = np.add.reduceat(histogram.within(group).counts, starts)
                if evidence.scores.kind == "distance":
                    turned = (-edges[::-1], of_one[::-1], of_two[::-1])
                else:
                    turned = (edges, of_one, of_two)
                yield ScoreDistribution(factor, group, *turned, people)
