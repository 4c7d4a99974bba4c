"""What an audit says is more than chance: in its table of tests, and on its first page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import NamedTuple

from fairness import AuditReport
from fairness.report.answers import NOUNS
from fairness.report.summary import summarise
from fairness.report.table_view import TableView
from fairness.report.wording import group_title
from fairness.tables import MORE_THAN_CHANCE, Value

ALPHA = 0.05
MORE, FEW = MORE_THAN_CHANCE, "not enough data"
"""The results of a test in words; the second where there is none."""


class GroupRate(NamedTuple):
    """An error rate of a group."""

    metric: str
    group: str


@dataclass(frozen=True)
class Findings:
    """What an audit said.

    Parameters
    ----------
    tested
        The result of each test of a group against the others, in words.
    higher
        Groups whose rate is above that of the others, by chance or not.
    on_page
        Groups that the first page names as more than chance.
    """

    tested: dict[GroupRate, str]
    higher: frozenset[GroupRate]
    on_page: frozenset[GroupRate]

    @property
    def in_tests(self) -> frozenset[GroupRate]:
        """Groups that the table of tests gives as more than chance."""
        return frozenset(rate for rate, result in self.tested.items() if result == MORE)

    @property
    def agree(self) -> bool:
        """Whether the first page names the groups that the table of tests gives, and no other.

        Of two groups it names the one with the higher rate. It does not repeat a rate that says
        the same with refused photos counted, because none was refused.
        """
        expected = self.in_tests & self.higher
        twins = {GroupRate(f"{rate.metric}_counted", rate.group) for rate in self.on_page}
        return expected - twins <= self.on_page <= self.in_tests

    def groups(self, *metrics: str) -> frozenset[str]:
        """Return the groups that the table of tests gives for any of these error rates."""
        return frozenset(rate.group for rate in self.in_tests if rate.metric in metrics)


def findings(report: AuditReport, factor: str) -> Findings:
    """Read the results of an audit for one factor."""
    tests = list(_tests(report, factor))
    known = {test.of for test in tests} | set(_rates(report, factor))
    return Findings(
        {test.of: test.result for test in tests},
        frozenset(test.of for test in tests if test.statistic > 0),
        frozenset(_named(_page(report), known)),
    )


class _Test(NamedTuple):
    of: GroupRate
    statistic: float
    result: str


def _tests(report: AuditReport, factor: str) -> Iterator[_Test]:
    """Yield the test of each group. This is the one reader of the table of tests."""
    for row in report.table("tests").where(factor=factor) if report.has("tests") else ():
        if row["group"] is not None:
            yield _Test(
                GroupRate(str(row["metric"]), str(row["group"])),
                _number(row["statistic"], 0.0),
                str(row["result"]),
            )


def _number(value: Value, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) else otherwise


def _rates(report: AuditReport, factor: str) -> Iterator[GroupRate]:
    for name in ("rates", "open_set"):
        for row in report.table(name).where(factor=factor) if report.has(name) else ():
            yield GroupRate(str(row["metric"]), str(row["group"]))


def _named(lines: Iterable[str], rates: Iterable[GroupRate]) -> Iterator[GroupRate]:
    """Yield what a sentence, or a row of the table of gaps, names as more than chance."""
    known = [
        (rate, group_title(rate.group), NOUNS[rate.metric])
        for rate in rates
        if rate.metric in NOUNS
    ]
    for line in lines:
        for rate, group, noun in known:
            sentence = line.startswith(f"{group} (") and f"): {noun} " in line and MORE in line
            if sentence or f" {group}: more {noun} " in line or f" {group}: fewer {noun} " in line:
                yield rate


def _page(report: AuditReport) -> Iterator[str]:
    """Yield the lines of the first page: its sentences and the rows of its tables."""
    summary = summarise(report)
    for field in fields(summary):
        yield from _lines(getattr(summary, field.name))


def _lines(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, tuple):
        for item in part:
            yield from _lines(item)
    elif isinstance(part, TableView):
        for row in part.rows:
            yield " ".join(f"{cell.text} {cell.small}" for cell in row)
