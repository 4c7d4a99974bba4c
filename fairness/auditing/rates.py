"""Tables of error rates: by group, between groups, by age gap, of relatives, of refused photos."""

from __future__ import annotations

from collections.abc import Iterator

from fairness.auditing.evidence import Evidence, with_trials
from fairness.tables import OVERALL, Row, Table, audit_table, withheld
from fairness.verification import score_shifts

_SHIFTED = ("mean", "median", "shift", "low", "high", "trials", "subjects")
_NEGATED = {"mean": "mean", "median": "median", "shift": "shift", "low": "high", "high": "low"}
_SUPPRESSED = {"status": "suppressed"}


def coverage(evidence: Evidence) -> Table:
    """Return the number of people and photos of each group."""
    rows = [row for factor in evidence.settings.factors for row in _coverage(evidence, factor)]
    note = (
        "Non-mated comparisons of a group are of different people of that group; a mated "
        "comparison belongs to the group of its earlier photo."
    )
    return audit_table("coverage", rows, note=note)


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
    mated, matches = evidence.verification.misses(grouping), evidence.false_matches(factor)
    yield _everybody(evidence, factor)
    for group in evidence.cohort.coverage(grouping):
        keys: Row = {"factor": factor, "group": group.group}
        if group.group in evidence.suppressed(factor):
            yield {**keys, **_SUPPRESSED}
        else:
            yield {
                **keys,
                "status": "shown",
                "subjects": group.subjects,
                "photos": group.photos,
                "share": group.photos / photos,
                "mated": int(mated[group.group].trials.sum()),
                "non_mated": matches.within(group.group).trials.total,
            }


def rates(evidence: Evidence) -> Table:
    """Return FMR, FNMR and failure-to-acquire rate of every group, at the one threshold."""
    rows = [row for factor in evidence.settings.factors for row in _rates(evidence, factor)]
    return audit_table("rates", rows)


def _rates(evidence: Evidence, factor: str) -> Iterator[Row]:
    grouping, verification = evidence.grouping(factor), evidence.verification
    keys = {"factor": factor, "group": OVERALL}
    yield evidence.row(evidence.random, **keys, metric="FMR_random")
    yield from _false_matches(evidence, factor)
    tried = evidence.withheld(factor, verification.failures_to_acquire(grouping))
    for metric, count, hidden in (
        ("FNMR", verification.false_non_matches, evidence.without_misses(factor)),
        ("FNMR_counted", verification.misses, evidence.without_misses(factor)),
        ("FTA", verification.failures_to_acquire, tried),
    ):
        for counts in with_trials(count(evidence.everybody)).values():
            yield evidence.row(counts, **keys, metric=metric)
            yield from evidence.rows(factor, count(grouping), hidden, metric=metric)


def _false_matches(evidence: Evidence, factor: str) -> Iterator[Row]:
    for (group, other), counts in evidence.crossed(factor).items():
        keys: Row = {"factor": factor, "group": group, "metric": "FMR"}
        if group != other:
            continue
        if counts is None:
            yield {**keys, **_SUPPRESSED}
            continue
        row = evidence.row(counts, **keys)
        if row.get("bound") is not None and counts.total == 0:
            row["optimistic"] = counts.optimistic_bound(evidence.settings.level)
        yield row


def cross(evidence: Evidence) -> Table:
    """Return the false match rate of every pair of groups."""
    rows: list[Row] = []
    for factor in filter(evidence.has_map, evidence.settings.factors):
        for (group, other), counts in evidence.crossed(factor).items():
            keys: Row = {"factor": factor, "group": group, "other_group": other}
            rows.append({**keys, **_SUPPRESSED} if counts is None else evidence.row(counts, **keys))
    return audit_table("cross", rows)


def age_gap(evidence: Evidence) -> Table:
    """Return the false non-match rate over age at enrolment and years between the photos."""
    grouping, edges = evidence.grouping("age"), evidence.settings.gap_edges
    verification = evidence.verification
    compared = verification.false_non_matches_by_gap(grouping, gap_edges=edges)
    every = verification.misses_by_gap(grouping, gap_edges=edges)
    cells = [(age, gap) for gap, groups in every.items() for age in with_trials(groups)]
    suppressed = evidence.suppressed("age")
    hidden = frozenset(cell for cell in cells if cell[0] in suppressed)
    totals = [
        *([cell for cell in cells if cell[1] == gap] for gap in every),
        *([cell for cell in cells if cell[0] == age] for age in grouping.names),
        *([cell for cell in cells if cell[0] in ages] for ages in evidence.totals("age")),
    ]
    for table in (compared, every):
        people = {
            (age, gap): found.people
            for gap, groups in table.items()
            for age, found in with_trials(groups).items()
        }
        hidden |= withheld(people, totals, hidden)
    rows: list[Row] = []
    for metric, table in (("FNMR", compared), ("FNMR_counted", every)):
        for age, gap in cells:
            keys: Row = {"age": age, "gap": gap, "metric": metric}
            if (age, gap) in hidden:
                rows.append({**keys, **_SUPPRESSED})
            elif gap in table and table[gap][age].trials.any():
                rows.append(evidence.row(table[gap][age], **keys))
    return audit_table("age_gap", rows)


def shift(evidence: Evidence) -> Table:
    """Return the location of the scores of each group, and its shift from that of all groups."""
    rows: list[Row] = []
    level = evidence.settings.level
    for factor in evidence.settings.factors:
        pairs = evidence.crossed(factor)
        hidden = {
            "mated": evidence.without_misses(factor),
            "non-mated": {a for (a, b), counts in pairs.items() if a == b and counts is None},
        }
        for item in score_shifts(evidence.scores, evidence.histogram(factor), level=level):
            keys: Row = {"factor": factor, "group": item.group, "kind": item.kind}
            if item.group in hidden[item.kind]:
                rows.append({**keys, **_SUPPRESSED})
            elif item.trials:
                values = {name: getattr(item, name) for name in _SHIFTED}
                if evidence.scores.kind == "distance":
                    values |= {name: -getattr(item, of) for name, of in _NEGATED.items()}
                rows.append({**keys, "status": "shown", **values})
    return audit_table("shift", rows)


def kin(evidence: Evidence) -> Table:
    """Return the false match rate of relatives."""
    counts = evidence.verification.kin()
    rows = [evidence.row(counts, metric="FMR")] if counts.trials.total else []
    return audit_table("kin", rows)


def refused(evidence: Evidence) -> Table:
    """Return the share of each group's photos that could not be used, by reason."""
    rows: list[Row] = []
    for factor in evidence.settings.factors:
        by_reason = evidence.verification.failures_by_reason(evidence.grouping(factor))
        for reason, groups in by_reason.items():
            hidden = evidence.withheld(factor, groups)
            rows += evidence.rows(factor, groups, hidden, reason=reason)
    return audit_table("refused", rows)
