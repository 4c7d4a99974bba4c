"""Tables of differences: summaries over groups, tests, the worst groups, and a baseline."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from fairness.auditing.evidence import Evidence
from fairness.differentials import (
    Differential,
    combined_differentials,
    compare_groups,
    differentials,
    observed,
    percentile_limits,
    resample,
)
from fairness.rates import PairCounts, SubjectCounts, rate_of_counts
from fairness.tables import OVERALL, Row, Table, Value, audit_table, suppress_complementary

_WORST = 10  # number of groups shown for each rate
_READABLE = ("ok", "limited")
_SUPPRESSED: dict[str, Value] = {"status": "suppressed"}

Groups = Mapping[str, SubjectCounts] | Mapping[str, PairCounts]


def summaries(evidence: Evidence) -> Table:
    """Return the summary measures of every factor, each with its value if groups were equal."""
    rows = [row for factor in evidence.settings.factors for row in _summaries(evidence, factor)]
    note = (
        "Several groups with a finite number of people differ even if nothing is different. "
        "Read a value against the column that says what equality would give."
    )
    return audit_table("differentials", rows, note=note)


def _families(evidence: Evidence, factor: str) -> Iterator[tuple[str, Groups, float | None]]:
    """Yield the metrics that are compared over the groups of a factor: name, counts, target."""
    yield "FMR", evidence.within(factor), evidence.settings.fmr
    yield "FNMR", evidence.missed(factor), None


def _summaries(evidence: Evidence, factor: str) -> Iterator[Row]:
    settings = evidence.settings
    for metric, groups, target in _families(evidence, factor):
        if len(groups) > 1:
            measures = differentials(
                groups,
                draws=settings.draws,
                seed=settings.seed,
                level=settings.level,
                target=target,
            )
            limited = _limited(groups, target)
            yield from (_row(factor, metric, item, limited) for item in measures)
    pairs, singles = evidence.within(factor), evidence.missed(factor)
    shared = sorted(set(pairs) & set(singles))
    if len(shared) > 1:
        combined = combined_differentials(
            {name: pairs[name] for name in shared},
            {name: singles[name] for name in shared},
            level=settings.level,
            targets=(settings.fmr, None),
            draws=settings.draws,
            seed=settings.seed,
        )
        limited = _limited(pairs, settings.fmr) | _limited(singles, None)
        yield from (_row(factor, "FMR and FNMR", item, limited) for item in combined)


def _limited(groups: Groups, target: float | None) -> set[str]:
    """Return the groups with the status "limited"."""
    statuses = {name: rate_of_counts(groups[name], target=target).status for name in groups}
    return {name for name, status in statuses.items() if status == "limited"}


def _row(
    factor: str, metric: str, item: Differential, limited: Collection[str]
) -> dict[str, Value]:
    status = "limited" if set(item.used) & set(limited) else "ok"
    return {
        "factor": factor,
        "metric": metric,
        "measure": item.measure,
        "alpha": item.alpha,
        "value": item.value,
        "low": item.low,
        "high": item.high,
        "expected": item.expected,
        "expected_95": item.expected_limit,
        "groups_used": len(item.used),
        "groups_excluded": len(item.excluded),
        "flag": "; ".join(item.flags),
        "status": "insufficient" if item.value is None or item.low is None else status,
    }


def tests(evidence: Evidence) -> Table:
    """Return the tests of equal rates: one over all groups, and one of each group against all."""
    rows: list[Row] = []
    settings = evidence.settings
    for factor in settings.factors:
        for metric, groups, target in _families(evidence, factor):
            tested = compare_groups(groups, draws=settings.draws, seed=settings.seed, target=target)
            keys = {"factor": factor, "metric": metric}
            if not np.isnan(tested.p_value):
                test = "all groups have one rate"
                rows.append(
                    {**keys, "test": test, "statistic": tested.statistic, "p": tested.p_value}
                )
            rows += [
                {
                    **keys,
                    "group": item.group,
                    "test": "this group has the rate of all",
                    "statistic": item.difference,
                    "p": item.p_value,
                    "holm": item.holm,
                    "bh": item.benjamini_hochberg,
                }
                for item in tested.groups
                if item.tested
            ]
    note = (
        "A small p says that a difference is more than chance, not that it is large; a large p "
        "does not say that there is none."
    )
    return audit_table("tests", rows, note=note)


def worst_cells(rates: Table) -> Table:
    """Return the groups with the highest rates among those with enough data."""
    rows: list[Row] = []
    for metric in ("FMR", "FNMR", "FNMR_counted"):
        worst = [row for row in rates.where(metric=metric) if row["status"] in _READABLE]
        worst = [row for row in worst if row["group"] != OVERALL]
        worst.sort(key=lambda row: (-_number(row, "estimate"), str(row["group"])))
        rows += [{k: v for k, v in row.items() if k != "optimistic"} for row in worst[:_WORST]]
    return audit_table("worst_cells", rows)


def changes(evidence: Evidence, baseline: Evidence) -> Table:
    """Return the differences from a baseline on the same photos, with paired intervals.

    Both sets of rates are counted in the same draws of subjects.
    """
    rows: list[Row] = []
    for factor in evidence.settings.factors:
        before = {metric: groups for metric, groups, _ in _families(baseline, factor)}
        for metric, groups, target in _families(evidence, factor):
            for name in sorted(set(groups) & set(before[metric])):
                pair = (before[metric][name], groups[name])
                keys = {"factor": factor, "group": name, "metric": metric}
                suppressed = name in evidence.suppressed(factor)
                change = _SUPPRESSED if suppressed else _change(evidence, pair, target)
                rows.append({**keys, **change})
    return audit_table("changes", suppress_complementary(rows, ("factor", "metric")))


def _change(
    evidence: Evidence,
    pair: tuple[SubjectCounts | PairCounts, SubjectCounts | PairCounts],
    target: float | None,
) -> dict[str, Value]:
    settings = evidence.settings
    rates = [rate_of_counts(counts, level=settings.level, target=target) for counts in pair]
    if any(rate.status == "suppressed" for rate in rates):
        return _SUPPRESSED
    shown: dict[str, Value] = {"trials": rates[1].trials, "subjects": rates[1].subjects}
    drawn = resample(pair, draws=settings.draws, seed=settings.seed).rates
    limits = percentile_limits(drawn[1] - drawn[0], level=settings.level)
    readable = all(rate.status in _READABLE for rate in rates)
    if any(rate.status == "insufficient" for rate in rates) or not (limits or readable):
        return {**shown, "status": "insufficient"}
    before, after = observed(pair).rates[:, 0].tolist()
    low, high = limits or (None, None)
    return {
        **shown,
        "status": "ok" if all(rate.status == "ok" for rate in rates) else "limited",
        "before": before,
        "after": after,
        "difference": after - before,
        "low": low,
        "high": high,
    }


def _number(row: Row, column: str) -> float:
    value = row[column]
    return float(value) if isinstance(value, int | float) else 0.0
