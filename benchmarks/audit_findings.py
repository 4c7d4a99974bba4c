"""What an audit says is more than chance: in its table of tests, and on its first page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import NamedTuple

from fairness import AuditReport
from fairness.report.summary import summarise
from fairness.report.table_view import TableView
from fairness.report.wording import group_title, rate_name

ALPHA = 0.05
MORE, NOT_TOLD, FEW = "more than chance", "not told from chance", "not enough data"
"""The results of a test in words."""


class Family(NamedTuple):
    """A group and the error rate it was tested on."""

    metric: str
    group: str


@dataclass(frozen=True)
class Findings:
    """What an audit said.

    Parameters
    ----------
    tested
        The result of each test of a group against the others, in words.
    on_page
        Groups that the first page names as more than chance.
    """

    tested: dict[Family, str]
    on_page: frozenset[Family]

    @property
    def in_tests(self) -> frozenset[Family]:
        """Groups that the table of tests gives as more than chance."""
        return frozenset(family for family, result in self.tested.items() if result == MORE)

    @property
    def agree(self) -> bool:
        """Whether the first page names the groups that the table of tests gives, and no other."""
        return self.in_tests == self.on_page

    def groups(self, *metrics: str) -> frozenset[str]:
        """Return the groups that the table of tests gives for any of these error rates."""
        return frozenset(family.group for family in self.in_tests if family.metric in metrics)


def findings(report: AuditReport, factor: str) -> Findings:
    """Read the results of an audit for one factor."""
    tested = dict(_tests(report, factor))
    families = tested | {Family(*key): FEW for key in _rates(report, factor)}
    return Findings(tested, frozenset(_named(_page(report), families)))


def _tests(report: AuditReport, factor: str) -> Iterator[tuple[Family, str]]:
    """Yield the result of each test of a group. This is the one reader of the table of tests."""
    rows = report.table("tests").where(factor=factor) if report.has("tests") else ()
    for row in rows:
        if row["group"] is not None:
            adjusted = row["holm"]
            found = isinstance(adjusted, int | float) and adjusted <= ALPHA
            result = row.get("result", MORE if found else NOT_TOLD)
            yield Family(str(row["metric"]), str(row["group"])), str(result)


def _rates(report: AuditReport, factor: str) -> Iterator[tuple[str, str]]:
    for name in ("rates", "open_set"):
        for row in report.table(name).where(factor=factor) if report.has(name) else ():
            yield str(row["metric"]), str(row["group"])


def _named(lines: Iterable[str], families: Iterable[Family]) -> Iterator[Family]:
    """Yield the families that a line names as more than chance. The longest rate name counts."""
    known = list(families)
    for line in lines:
        if MORE in line:
            metrics = {family.metric for family in known if rate_name(family.metric) in line}
            longest = max(metrics, key=lambda metric: len(rate_name(metric)), default="")
            for family in known:
                if family.metric == longest and group_title(family.group) in line:
                    yield family


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
