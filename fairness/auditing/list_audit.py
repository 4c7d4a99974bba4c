"""An audit of candidate lists: the searches of a matcher of which nothing else is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fairness.arguments import expect, listed
from fairness.auditing import comparisons, searches
from fairness.auditing.acceptance import Bound, judge
from fairness.auditing.caveats import closing, of_labels
from fairness.auditing.evidence import Grouped
from fairness.auditing.families import of_searches
from fairness.auditing.run_card import card_of_lists, facts_of
from fairness.auditing.settings import AuditSettings
from fairness.cohort import Cohort
from fairness.errors import AuditError
from fairness.identification import CandidateLists, OpenSet, judge_lists
from fairness.report.audit_report import AuditReport
from fairness.tables import OVERALL, Curves, Row, Table, audit_table
from fairness.verification import Kind, require_between


@dataclass(frozen=True, eq=False)
class ListEvidence(Grouped):
    """Candidate lists, the groups of their probes, and the outcomes of the searches."""

    lists: CandidateLists
    settings: AuditSettings

    @property
    def cohort(self) -> Cohort:
        """The cohort of the probes."""
        return self.lists.cohort

    @property
    def kind(self) -> Kind:
        """What the matcher's own numbers are."""
        return self.lists.kind

    @cached_property
    def threshold(self) -> float:
        """The threshold that is given, as a score.

        Raises
        ------
        AuditError
            If none is given.
        ScoresError
            If it lies above all scores of the lists or below all.
        """
        given = self.settings.threshold
        if given is None:
            raise AuditError(
                "the threshold of an audit of candidate lists",
                rule="is given: no false match rate follows from lists, to set it by",
                got="none",
                next_step="Give the threshold that the matcher is used at (--threshold).",
            )
        value, scores = self.in_own_numbers(given), self.lists.scores
        require_between(value, min(scores), max(scores), kind=self.kind)
        return value

    @cached_property
    def counts_candidates(self) -> bool:
        """Whether every list of a stranger goes on below the threshold, or has all candidates."""
        depth, probes = self.lists.depth, self.lists.plan.non_mated
        photos = {self.cohort.samples[photo].photo for photo in probes}
        ends = (
            result.candidates[-1][1]
            for result in self.lists.results
            if result.photo in photos and depth <= len(result.candidates) < self.lists.enrolled
        )
        return all(np.float32(end) < np.float32(self.threshold) for end in ends)

    @cached_property
    def found(self) -> OpenSet:
        """The outcomes of the searches."""
        return judge_lists(
            self.lists.plan,
            self.lists.results,
            enrolled=self.lists.enrolled,
            depth=self.lists.depth,
            thresholds=(self.threshold,) if self.counts_candidates else (),
        )


def audit_lists(
    lists: CandidateLists,
    settings: AuditSettings,
    *,
    matcher: Mapping[str, str],
    bounds: Sequence[Bound] = (),
    title: str = "Audit of searches by group",
) -> AuditReport:
    """Measure the error rates of searches by group, from the lists of candidates.

    The report has FNIR, FPIR and selectivity. FMR and FNMR do not follow from lists of candidates.

    Parameters
    ----------
    lists
        The lists, as `read_lists` reads them.
    settings
        Settings of the audit, with a threshold.
    matcher, bounds, title
        As in `audit`.

    Raises
    ------
    AuditError
        If there is no threshold, or an argument is of another type.
    ScoresError
        If the threshold lies above all scores of the lists or below all, or the lists contradict
        the plan of the searches.
    CohortError
        If a factor is unknown.
    BoundsError
        If a bound names a table, column or value that the tables do not have.
    """
    expect(
        "lists", lists, CandidateLists, rule="must be CandidateLists", next_step="Give read_lists."
    )
    bounds = listed("bounds", bounds, Bound, next_step="Give read_bounds(path).")
    evidence = ListEvidence(lists, settings)
    open_set = searches.open_set(evidence, evidence.found, "Who is enrolled is stated.")
    compared = [
        family
        for factor in settings.factors
        for family in of_searches(evidence, evidence.found, factor)
    ]
    shown = comparisons.shown_in(open_set)
    tables = [
        _coverage(evidence),
        open_set,
        comparisons.tests(evidence, compared, shown),
        comparisons.within(evidence, compared, shown),
    ]
    if bounds:
        acceptance = judge(bounds, {table.name: table.rows for table in tables})
        tables.append(audit_table("acceptance", acceptance.rows()))
    return AuditReport(
        title=title,
        card=card_of_lists(evidence, matcher, lists, evidence.found),
        threshold=evidence.in_own_numbers(evidence.threshold),
        kind=lists.kind,
        tables=tuple(table for table in tables if len(table)),
        curves=Curves(cmc=tuple(searches.cmc_curves(evidence, evidence.found, open_set))),
        caveats=tuple(_caveats(evidence, tables[0])),
        facts=facts_of(evidence, matcher),
        level=settings.level,
    )


def _coverage(evidence: ListEvidence) -> Table:
    cohort = evidence.cohort
    rows: list[Row] = []
    for factor in evidence.settings.factors:
        everybody = {"subjects": len(cohort.subjects), "photos": len(cohort), "share": 1.0}
        rows.append({"factor": factor, "group": OVERALL, "status": "shown", **everybody})
        for group in cohort.coverage(evidence.grouping(factor)):
            keys: Row = {"factor": factor, "group": group.group}
            if group.group in evidence.suppressed(factor):
                rows.append({**keys, "status": "suppressed"})
                continue
            counts = {"subjects": group.subjects, "photos": group.photos}
            share = group.photos / len(cohort)
            rows.append({**keys, "status": "shown", **counts, "share": share})
    return audit_table("coverage", rows)


def _caveats(evidence: ListEvidence, covered: Table) -> Iterator[str]:
    yield (
        "Only the candidates of searches are known. No false match rate and no false non-match "
        "rate of comparisons follows from them, and none for a gallery of another size."
    )
    depth, rank = evidence.found.mated.depth, evidence.settings.rank
    if depth < rank:
        yield (
            f"The lists hold {depth} people at least, fewer than the {rank} candidates that a "
            f"person was to review. The rates are those of the first {depth}."
        )
    if not evidence.counts_candidates:
        yield (
            "Some lists of people who are not enrolled end at or above the threshold. How many "
            "candidates reach it in a search is not estimated."
        )
    for photos, what in (
        (evidence.lists.plan.mated, "enrolled"),
        (evidence.lists.plan.non_mated, "not enrolled"),
    ):
        if not len(photos):
            yield f"Nobody was searched for who is {what}: nothing can be said of such searches."
    yield from of_labels(evidence, covered)
    yield from closing()
