"""Tables of error rates: by group, between groups, by age gap, of relatives, of refused photos."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations_with_replacement

from fairness.auditing.evidence import Evidence, with_trials
from fairness.rates import FEWEST_SUBJECTS, PairCounts, SubjectCounts
from fairness.tables import OVERALL, Row, Table, audit_table, suppress_complementary
from fairness.verification import score_shifts

_SHIFTED = ("mean", "median", "shift", "low", "high", "trials", "subjects")
_NEGATED = {"mean": "mean", "median": "median", "shift": "shift", "low": "high", "high": "low"}
_MOST_CROSSED = 24  # number of groups; nobody reads a table of all pairs of more groups


def coverage(evidence: Evidence) -> Table:
    """Return the number of people and photos of each group."""
    rows = [row for factor in evidence.settings.factors for row in _coverage(evidence, factor)]
    note = (
        "Non-mated comparisons of a group are of different people of that group; a mated "
        "comparison belongs to the group of its earlier photo."
    )
    return audit_table("coverage", suppress_complementary(rows, ("factor",)), note=note)


def _everybody(evidence: Evidence, factor: str) -> Row:
    cohort = evidence.cohort
    return {
        "factor": factor,
        "group": OVERALL,
        "status": "shown",
        "subjects": len(cohort.subjects),
        "photos": len(cohort),
        "share": 1.0,
        "mated": len(evidence.verification.mated),
        "non_mated": evidence.random.trials.total,
    }


def _coverage(evidence: Evidence, factor: str) -> Iterator[Row]:
    grouping, photos = evidence.grouping(factor), len(evidence.cohort)
    mated = evidence.verification.misses(grouping)
    within = evidence.within(factor)
    yield _everybody(evidence, factor)
    for group in evidence.cohort.coverage(grouping):
        non_mated = within.get(group.group)
        values = {
            "subjects": group.subjects,
            "photos": group.photos,
            "share": group.photos / photos,
            "mated": int(mated[group.group].trials.sum()),
            "non_mated": 0 if non_mated is None else non_mated.trials.total,
        }
        yield evidence.shown(values, people=group.subjects, factor=factor, group=group.group)


def rates(evidence: Evidence) -> Table:
    """Return FMR, FNMR and failure-to-acquire rate of every group, at the one threshold."""
    rows = [row for factor in evidence.settings.factors for row in _rates(evidence, factor)]
    return audit_table("rates", suppress_complementary(rows, ("factor", "metric")))


def _rates(evidence: Evidence, factor: str) -> Iterator[Row]:
    grouping, verification = evidence.grouping(factor), evidence.verification
    keys = {"factor": factor, "group": OVERALL}
    yield evidence.row(evidence.random, **keys, metric="FMR_random")
    yield from _by_group(evidence, factor, "FMR", evidence.within(factor))
    for metric, count in (
        ("FNMR", verification.false_non_matches),
        ("FNMR_counted", verification.misses),
        ("FTA", verification.failures_to_acquire),
    ):
        for counts in with_trials(count(evidence.everybody)).values():
            yield evidence.row(counts, **keys, metric=metric)
            yield from _by_group(evidence, factor, metric, with_trials(count(grouping)))


def _by_group(
    evidence: Evidence,
    factor: str,
    metric: str,
    groups: Mapping[str, SubjectCounts] | Mapping[str, PairCounts],
) -> Iterator[Row]:
    for group, counts in groups.items():
        row = evidence.row(counts, factor=factor, group=group, metric=metric)
        if isinstance(counts, PairCounts) and row.get("bound") is not None and counts.total == 0:
            row["optimistic"] = counts.optimistic_bound(evidence.settings.level)
        yield row


def cross(evidence: Evidence) -> Table:
    """Return the false match rate of every pair of groups."""
    rows: list[Row] = []
    for factor in evidence.settings.factors:
        names, matches = evidence.grouping(factor).names, evidence.false_matches(factor)
        people = evidence.compared(factor)
        if 1 < len(names) <= _MOST_CROSSED:
            for group, other in combinations_with_replacement(names, 2):
                counts = matches.between(group, other)
                if counts.trials.total:
                    keys = {"factor": factor, "group": group, "other_group": other}
                    few = min(people[group], people[other]) < FEWEST_SUBJECTS
                    suppressed = {**keys, "status": "suppressed"}
                    rows.append(suppressed if few else evidence.row(counts, **keys))
    sides = (("factor", "group"), ("factor", "other_group"))
    return audit_table("cross", suppress_complementary(rows, *sides))


def age_gap(evidence: Evidence) -> Table:
    """Return the false non-match rate over age at enrolment and years between the photos."""
    grouping, edges = evidence.grouping("age"), evidence.settings.gap_edges
    verification = evidence.verification
    rows = [
        evidence.row(counts, age=age, gap=gap, metric=metric)
        for metric, table in (
            ("FNMR", verification.false_non_matches_by_gap(grouping, gap_edges=edges)),
            ("FNMR_counted", verification.misses_by_gap(grouping, gap_edges=edges)),
        )
        for gap, groups in table.items()
        for age, counts in with_trials(groups).items()
    ]
    return audit_table(
        "age_gap", suppress_complementary(rows, ("metric", "age"), ("metric", "gap"))
    )


def shift(evidence: Evidence) -> Table:
    """Return the location of the scores of each group, and its shift from that of all groups."""
    rows = []
    for factor in evidence.settings.factors:
        shifts = score_shifts(
            evidence.scores, evidence.histogram(factor), level=evidence.settings.level
        )
        for item in shifts:
            if item.trials:
                values = {name: getattr(item, name) for name in _SHIFTED}
                if evidence.scores.kind == "distance":
                    values |= {name: -getattr(item, of) for name, of in _NEGATED.items()}
                keys = {"factor": factor, "group": item.group, "kind": item.kind}
                rows.append(evidence.shown(values, people=item.subjects, **keys))
    return audit_table("shift", suppress_complementary(rows, ("factor", "kind")))


def kin(evidence: Evidence) -> Table:
    """Return the false match rate of relatives."""
    counts = evidence.verification.kin()
    rows = [evidence.row(counts, metric="FMR")] if counts.trials.total else []
    return audit_table("kin", rows)


def refused(evidence: Evidence) -> Table:
    """Return the share of each group's photos that could not be used, by reason."""
    rows = [
        evidence.row(counts, factor=factor, group=group, reason=reason)
        for factor in evidence.settings.factors
        for reason, groups in evidence.verification.failures_by_reason(
            evidence.grouping(factor)
        ).items()
        for group, counts in with_trials(groups).items()
    ]
    return audit_table("refused", suppress_complementary(rows, ("factor", "reason")))
