"""Summaries and bounds with made-up numbers, for `made_report`."""

from __future__ import annotations

from typing import Any


def made_differentials() -> list[dict[str, Any]]:
    """Return summaries of the differences by age, and one that is undefined."""

    def row(metric: str, measure: str, value: float, spread: float, **more: Any) -> dict[str, Any]:
        return {
            "factor": "age",
            "metric": metric,
            "measure": measure,
            "value": value,
            "low": value / spread,
            "high": value * spread,
            "expected": 1.9,
            "expected_95": 2.7,
            "groups_used": 4,
            "groups_excluded": 5,
            "status": "ok",
            **more,
        }

    rows = [
        row("FMR", "max/min", 50.0, 1.6, flag="5 groups with too little data"),
        row("FMR", "max/geomean", 4.1, 1.3),
        row("FMR", "Gini", 0.52, 1.1, expected=0.15, expected_95=0.25),
        row("FNMR", "max/min", 4.8, 1.4),
        row("FNMR", "max/geomean", 2.2, 1.2),
        row("FNMR", "Gini", 0.31, 1.1, expected=0.12, expected_95=0.2),
        row("FMR and FNMR", "IR", 15.5, 1.5, alpha=0.5),
    ]
    rows += [
        row("FMR and FNMR", "GARBE", 0.4 + 0.02 * a, 1.1, alpha=a, expected=0.14, expected_95=0.2)
        for a in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    rows.append(
        {
            "factor": "sex",
            "metric": "FMR",
            "measure": "max/min",
            "groups_used": 0,
            "groups_excluded": 2,
            "status": "undefined",
            "flag": "fewer than two groups with enough data",
        }
    )
    return rows


def made_acceptance() -> list[dict[str, Any]]:
    """Return one bound of each outcome."""

    def row(name: str, metric: str, limit: float, value: float, outcome: str, why: str) -> Any:
        return {
            "bound_name": name,
            "factor": "age",
            "metric": metric,
            "measure": "max/geomean",
            "limit": limit,
            "value": value,
            "low": value * 0.8,
            "high": value * 1.3,
            "outcome": outcome,
            "reason": why,
        }

    return [
        row("FMR by age", "FMR", 3, 4.1, "fail", "the lower limit is above the bound"),
        row("FNMR by age", "FNMR", 2, 1.9, "inconclusive", "the interval holds the bound"),
        row("FNMR by age", "FNMR", 0.5, 0.183, "pass", "the upper limit is below the bound")
        | {"group": "08 to under 13", "measure": None},
    ]
