"""Tables of differences: summaries over groups, and the worst groups."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from fairness.auditing.evidence import Evidence
from fairness.auditing.families import Family
from fairness.differentials import Differential, combined_differentials, differentials
from fairness.rates import Counts, rate_of_counts
from fairness.tables import OVERALL, Row, Table, Value, audit_table, number

_WORST = 10  # number of groups shown for each rate
_READABLE = ("ok", "limited")
_DIFFERENCE = "max-min"  # the one measure of one rate that has its unit


def summaries(evidence: Evidence, families: Sequence[Family]) -> Table:
    """Return the summary measures of every factor, each with its value if groups were equal."""
    rows = [row for family in families for row in _of_family(evidence, family)]
    rows += [row for factor in evidence.settings.factors for row in _combined(evidence, factor)]
    note = (
        "Several groups with a finite number of people differ even if nothing is different. "
        "Read a value against the column that says what equality would give."
    )
    return audit_table("differentials", rows, note=note)


def _of_family(evidence: Evidence, family: Family) -> Iterator[Row]:
    settings = evidence.settings
    if len(family.groups) > 1:
        measures = differentials(
            family.groups,
            draws=settings.draws,
            seed=settings.seed,
            level=settings.level,
            target=family.target,
        )
        limited = _limited(family.groups, family.target)
        for item in measures:
            scaled = _times(item, family.times if item.measure == _DIFFERENCE else 1)
            yield _row(family.factor, family.metric, scaled, limited)


def _times(item: Differential, times: float) -> Differential:
    """Return a difference of shares as one of the reported numbers; ratios have no unit."""

    def scaled(value: float | None) -> float | None:
        return None if value is None else value * times

    return replace(
        item,
        value=scaled(item.value),
        low=scaled(item.low),
        high=scaled(item.high),
        expected=scaled(item.expected),
        expected_limit=scaled(item.expected_limit),
    )


def _combined(evidence: Evidence, factor: str) -> Iterator[Row]:
    settings = evidence.settings
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


def _limited(groups: Mapping[str, Counts], target: float | None) -> set[str]:
    """Return the groups with the status "limited"."""
    statuses = {name: rate_of_counts(groups[name], target=target).status for name in groups}
    return {name for name, status in statuses.items() if status == "limited"}


def _row(
    factor: str, metric: str, item: Differential, limited: Collection[str]
) -> dict[str, Value]:
    status = "limited" if set(item.used) & set(limited) else "ok"
    if item.value is None or item.low is None:
        status = "insufficient" if item.low is None else "at_least"
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
        "status": status,
    }


def worst_cells(rates: Table) -> Table:
    """Return the groups with the highest rates among those with enough data."""
    rows: list[Row] = []
    for metric in ("FMR", "FNMR", "FNMR_counted"):
        worst = [row for row in rates.where(metric=metric) if row["status"] in _READABLE]
        worst = [row for row in worst if row["group"] != OVERALL]
        worst.sort(key=lambda row: (-number(row["estimate"]), str(row["group"])))
        rows += [{k: v for k, v in row.items() if k != "optimistic"} for row in worst[:_WORST]]
    return audit_table("worst_cells", rows)
