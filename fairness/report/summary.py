"""The first page: what was tested, the questions of an agency, and the limits of the data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fairness.report.answers import (
    NOUNS,
    Answer,
    adjusted,
    amount,
    answers,
    gaps,
    people,
    rate_text,
    row_of,
    times,
)
from fairness.report.result import AuditResult
from fairness.report.table_view import Cell, ColumnHead, TableView
from fairness.report.wording import factor_title, group_title, plain, rate_name, reached
from fairness.tables import OVERALL, Row, number
from fairness.words import counted, figure

_HEADLINES = ("FMR", "FNMR", "FPIR", "FNIR")
_MOST_CAVEATS = 4
_MOST_GAPS = 6
_MOST_LISTED = 6


@dataclass(frozen=True)
class Summary:
    """The parts of the first page.

    Parameters
    ----------
    tested
        Sentences on what was tested.
    outcome
        What became of the declared bounds; "" without bounds.
    answers
        Questions and answers.
    gaps
        The gaps that chance does not explain; None if there is none.
    tests
        How many tests were made, and how often they err.
    limits
        What the data cannot say.
    """

    tested: tuple[str, ...]
    outcome: str
    answers: tuple[Answer, ...]
    gaps: TableView | None
    tests: str
    limits: tuple[str, ...]


def summarise(report: AuditResult) -> Summary:
    """Return the first page of a report."""
    return Summary(
        tuple(_tested(report)),
        _outcome(report),
        answers(report),
        _gaps(report),
        _tests(report),
        tuple(_limits(report)),
    )


def _tested(report: AuditResult) -> Iterator[str]:
    if "Model" in report.card:
        yield f"Model: {report.card['Model']}."
    if "Degraded probes" in report.card:
        text = report.card["Degraded probes"]
        yield f"Degraded probes: {text}. They are compared with photos as they are."
    if report.has("coverage"):
        for row in report.table("coverage").where(group=OVERALL)[:1]:
            photos = counted(int(row["photos"] or 0), "photo")
            yield f"Tested on {photos} of {people(row)}."
    yield (
        f"Two photos are put forward for review when their {reached(report)}; "
        "the one threshold serves everybody."
    )


def _outcome(report: AuditResult) -> str:
    if not report.has("acceptance"):
        return ""
    outcomes = Counter(str(row["outcome"]) for row in report.table("acceptance"))
    named = ", ".join(f"{outcomes[name]} {name}" for name in ("fail", "inconclusive", "pass"))
    return f"Of {counted(outcomes.total(), 'declared bound')}: {named}."


def _gaps(report: AuditResult) -> TableView | None:
    found = gaps(report)
    if not found:
        return None
    heads = (
        ColumnHead("Error rate"),
        ColumnHead("Group"),
        ColumnHead("All others", "number", "The rate of all other groups together."),
        ColumnHead(
            "Larger ÷ smaller, at least",
            "number",
            "Lower confidence limit of the larger rate divided by the smaller one.",
        ),
        ColumnHead("p (Holm)", "number", "Chance of any false report in this family of tests."),
    )
    rows = tuple(tuple(_gap(report, test)) for test in found[:_MOST_GAPS])
    more = len(found) - _MOST_GAPS
    note = f"{counted(more, 'more gap')} in the table of tests." if more > 0 else ""
    return TableView("Gaps that chance does not explain", heads, rows, note)


def _gap(report: AuditResult, test: Row) -> Iterator[Cell]:
    metric, row = str(test["metric"]), row_of(report, test)
    more = "more" if number(test["difference"]) > 0 else "fewer"
    yield Cell(rate_name(metric), small=f"by {factor_title(str(test['factor']))}")
    own = amount(test["rate"], metric) if row is None else rate_text(row)
    noun = NOUNS.get(metric, plain(metric))
    yield Cell(f"{group_title(str(test['group']))}: {more} {noun}", small=own)
    yield Cell(amount(test["others"], metric), "number")
    yield Cell(times(test).removeprefix(", at least ") or "\N{EN DASH}", "number")
    yield Cell(adjusted(test).removeprefix("p = ").removeprefix("p "), "number")


def _tests(report: AuditResult) -> str:
    if not report.has("tests"):
        return "No groups were compared."
    table = report.table("tests")
    made = {(r["factor"], r["metric"]) for r in table if r["p"] is not None}
    if not made:
        return "No rate was tested: see the table of tests for the reasons."
    chance = figure(100 * (1 - report.level), 2)
    named = "" if gaps(report) else "No gap is more than chance. "
    rates = counted(len(made), "error rate was", "error rates were")
    return (
        f"{named}{rates} tested over the groups of a factor. Were there no differences at all, "
        f"up to {chance} in 100 of them would be named by chance. A gap that is not named may "
        "still exist: look at the intervals."
    )


def _limits(report: AuditResult) -> Iterator[str]:
    for factor, metric, rows in _families(report):
        parts = []
        for status, words in (
            ("insufficient", "not enough data for "),
            ("bound_only", "only an upper bound for "),
            ("suppressed", "not shown, to protect people in small groups: "),
        ):
            if some := [row for row in rows if row["status"] == status]:
                parts.append(words + _listed(some))
        if parts:
            yield f"{rate_name(metric)} by {factor_title(factor)}: {'; '.join(parts)}."
    yield from report.caveats[:_MOST_CAVEATS]


def _families(report: AuditResult) -> Iterator[tuple[str, str, Sequence[Row]]]:
    """Yield factor, metric and the rows of its groups, for the main rates."""
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


def _listed(rows: Sequence[Row]) -> str:
    names = [_with_people(row) for row in rows[:_MOST_LISTED]]
    more = len(rows) - _MOST_LISTED
    return ", ".join(names) + (f" and {counted(more, 'more group')}" if more > 0 else "")


def _with_people(row: Row) -> str:
    group = group_title(str(row["group"]))
    return group if row["subjects"] is None else f"{group} ({people(row)})"
