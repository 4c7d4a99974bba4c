"""The first page: what was tested, the largest differences, and the limits of the data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fairness.report.formatting import NONE, interval, percent, share_of, short_percent, significant
from fairness.report.result import AuditResult
from fairness.report.table_view import Cell, ColumnHead, TableView
from fairness.report.wording import factor_title, group_title, rate_name
from fairness.tables import OVERALL, Row
from fairness.words import counted

_HEADLINES = ("FMR", "FNMR", "FPIR", "FNIR")
_MOST_CAVEATS = 3


@dataclass(frozen=True)
class Summary:
    """The parts of the first page: sentences, a table of the largest differences, and limits."""

    tested: tuple[str, ...]
    differences: TableView | None
    outcome: str
    limits: tuple[str, ...]


def summarise(report: AuditResult) -> Summary:
    """Return the first page of a report."""
    return Summary(
        tuple(_tested(report)), _differences(report), _outcome(report), tuple(_limits(report))
    )


def _tested(report: AuditResult) -> Iterator[str]:
    if "Model" in report.card:
        yield f"Model: {report.card['Model']}."
    if report.has("coverage"):
        for row in report.table("coverage").where(group=OVERALL)[:1]:
            yield f"Tested on {_count(row, 'photo')} of {_count(row, 'subject', 'people')}."
    yield (
        f"Two photos are put forward for review when their score is at or above "
        f"{report.threshold:.3f}; the one threshold serves everybody."
    )
    for metric, what in (
        ("FMR", "of two different people reach it wrongly"),
        ("FNMR", "of two photos of one person miss it"),
    ):
        if sentence := _overall(report, metric, what):
            yield sentence


def _overall(report: AuditResult, metric: str, what: str) -> str:
    if not report.has("rates"):
        return ""
    for row in report.table("rates").where(group=OVERALL, metric=metric):
        if row["estimate"] is not None:
            share = share_of(float(row["estimate"]), "comparisons")
            return f"{share} {what}: {metric} {_rate(row, report.level)}."
    return ""


def _rate(row: Row, level: float | None = None) -> str:
    estimate, low, high = (float(row[name] or 0) for name in ("estimate", "low", "high"))
    name = f"{short_percent(level)} interval " if level else ""
    return (
        f"{percent(estimate)} ({name}{interval(low, high, estimate, 'rate')}; "
        f"{row['errors']:,} of {row['trials']:,}, {_count(row, 'subject')})"
    )


def _differences(report: AuditResult) -> TableView | None:
    rows = tuple(_extremes(report))
    if not rows:
        return None
    heads = (
        ColumnHead("Error rate"),
        ColumnHead("Highest in"),
        ColumnHead("Lowest in"),
        ColumnHead(f"Highest ÷ lowest ({short_percent(report.level)} interval)", "number"),
        ColumnHead(
            "If all were equal, up to", "number", "95th percentile if all groups were equal."
        ),
        ColumnHead("Groups without a rate", "number"),
    )
    note = (
        "The highest and the lowest of several groups differ by chance too. The column “If all "
        "were equal, up to” has the ratio that is exceeded in 5 of 100 audits like this one when "
        "no group differs from another. Groups without a rate may differ more."
    )
    return TableView("Where the error rates differ most", heads, rows, note)


def _extremes(report: AuditResult) -> Iterator[tuple[Cell, ...]]:
    for factor, metric, rows in _families(report):
        read = [row for row in rows if row["estimate"] is not None]
        if len(read) < 2:
            continue
        read.sort(key=lambda row: float(row["estimate"] or 0))
        yield (
            Cell(rate_name(metric), small=f"by {factor_title(factor)}"),
            *(
                Cell(group_title(str(row["group"])), small=_rate(row))
                for row in (read[-1], read[0])
            ),
            *_ratio(report, factor, metric),
            Cell(f"{len(rows) - len(read)} of {len(rows)}", "number"),
        )


def _families(report: AuditResult) -> Iterator[tuple[str, str, Sequence[Row]]]:
    """Yield factor, metric and the rows of its groups, for the rates of the first page."""
    for name in ("rates", "open_set"):
        if not report.has(name):
            continue
        table = report.table(name)
        for factor in table.values("factor"):
            for metric in _HEADLINES:
                rows = table.where(factor=factor, metric=metric)
                groups = [row for row in rows if row["group"] != OVERALL]
                if groups:
                    yield str(factor), metric, groups


def _ratio(report: AuditResult, factor: str, metric: str) -> tuple[Cell, Cell]:
    rows: Sequence[Row] = ()
    if report.has("differentials"):
        rows = report.table("differentials").where(factor=factor, metric=metric, measure="max/min")
    if not rows or rows[0]["value"] is None:
        return Cell(NONE, "number"), Cell(NONE, "number")
    value, low, high, chance = (rows[0][k] for k in ("value", "low", "high", "expected_95"))
    limits = f"{_short(low)} to {_short(high)}" if low is not None else ""
    return Cell(_short(value), "number", limits), Cell(_short(chance), "number")


def _short(value: object) -> str:
    return significant(value, 2) if isinstance(value, int | float) else NONE


def _outcome(report: AuditResult) -> str:
    if not report.has("acceptance"):
        return ""
    outcomes = Counter(str(row["outcome"]) for row in report.table("acceptance"))
    named = ", ".join(f"{outcomes[name]} {name}" for name in ("fail", "inconclusive", "pass"))
    return f"Of {counted(outcomes.total(), 'declared bound')}: {named}."


def _limits(report: AuditResult) -> Iterator[str]:
    for factor, metric, rows in _families(report):
        few = [row for row in rows if row["status"] == "insufficient"]
        suppressed = [row for row in rows if row["status"] == "suppressed"]
        bounded = [row for row in rows if row["status"] == "bound_only"]
        parts = []
        if few:
            parts.append("not enough data for " + _listed(few))
        if bounded:
            parts.append("only an upper bound for " + _listed(bounded))
        if suppressed:
            parts.append("not shown, to protect people in small groups: " + _listed(suppressed))
        if parts:
            yield f"{rate_name(metric)} by {factor_title(factor)}: {'; '.join(parts)}."
    yield from report.caveats[:_MOST_CAVEATS]


def _listed(rows: Sequence[Row]) -> str:
    names = [_counted(row) for row in rows[:6]]
    more = f" and {counted(len(rows) - 6, 'more group')}" if len(rows) > 6 else ""
    return ", ".join(names) + more


def _counted(row: Row) -> str:
    group = group_title(str(row["group"]))
    return group if row["subjects"] is None else f"{group} ({_count(row, 'subject')})"


def _count(row: Row, one: str, many: str | None = None) -> str:
    """Return the count in the column of that noun."""
    return counted(int(row[f"{one}s"] or 0), one if many is None else "person", many)
