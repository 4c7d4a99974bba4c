"""Tables of tests: between groups, and between the matcher and a baseline."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from fairness.auditing.evidence import Grouped
from fairness.auditing.families import Family
from fairness.auditing.settings import AuditSettings
from fairness.differentials import (
    at_least_times,
    compare_groups,
    compare_matchers,
    compare_within,
    effective_together,
    holm,
    percentile_limits,
    rates_against_others,
    resample,
)
from fairness.rates import (
    FEWEST_ERRORS,
    FEWEST_SUBJECTS,
    Counts,
    Rate,
    SubjectCounts,
    renamed,
    wilson,
)
from fairness.tables import (
    CHANCE,
    MORE_THAN_CHANCE,
    OVERALL,
    Row,
    Table,
    Value,
    audit_table,
)

Shown = Callable[[Family, str], bool]
"""Whether the numbers of a group of a family may be shown."""

_ALL_GROUPS = "all groups have one rate"
_ONE_GROUP = "this group has the rate of all others"


def shown_in(*tables: Table) -> Shown:
    """Return the rule that shows a group where its row in one of the tables is shown."""
    hidden = {
        (row["factor"], row["metric"], row["group"])
        for table in tables
        for row in table
        if row["status"] == "suppressed"
    }
    return lambda family, group: (family.factor, family.metric, group) not in hidden


def tests(evidence: Grouped, families: Iterable[Family], shown: Shown) -> Table:
    """Return the tests of equal rates: one over all groups, and one of each group against the rest.

    Every error rate of every factor is a family. A group takes part if its numbers are shown,
    whatever its number of errors.
    """
    rows = [row for family in families for row in _tests(evidence, family, shown)]
    note = (
        "A small p says that a difference is more than chance, not that it is large; a large p "
        "does not say that there is none. The groups were dealt out anew over the people, many "
        "times; p is the share of dealings with a difference at least as large. The test counts a "
        "person with many photos for less than the rate does. If both point to different sides, "
        "no gap is named."
    )
    return audit_table("tests", rows, note=note)


def _tests(evidence: Grouped, family: Family, shown: Shown) -> Iterator[Row]:
    settings = evidence.settings
    keys: Row = {"factor": family.factor, "metric": family.metric}
    names = [name for name in family.groups if shown(family, name) and _people(family, name)]
    if len(names) < 2:
        if len(family.groups) > 1:
            yield {**keys, "test": _ALL_GROUPS, "result": "not tested: fewer than two groups"}
        return
    draws = _enough(settings, len(names))
    tested = compare_groups(family.cells(names), draws=draws, seed=settings.seed)
    if tested is None:
        yield {**keys, "test": _ALL_GROUPS, "result": f"not tested: {_why_not(family, names)}"}
        return
    yield {
        **keys,
        "test": _ALL_GROUPS,
        "statistic": tested.statistic,
        "p": tested.p_value,
        "subjects": tested.people if tested.people >= FEWEST_SUBJECTS else None,
        "result": _result(tested.p_value, settings.level),
    }
    for test in tested.groups:
        others = _together(family, [name for name in names if name != test.group])
        own = family.rate(test.group)
        apart = own.estimate - others.estimate
        higher, lower = (own, others) if apart >= 0 else (others, own)
        yield {
            **keys,
            "group": test.group,
            "test": _ONE_GROUP,
            "rate": own.estimate * family.times,
            "others": others.estimate * family.times,
            "difference": apart * family.times,
            "at_least": at_least_times(higher, lower, level=settings.level),
            "statistic": test.statistic,
            "p": test.p_value,
            "p_limit": test.p_limit,
            "holm": test.holm,
            "bh": test.benjamini_hochberg,
            "result": _result(test.holm if apart * test.statistic >= 0 else 1.0, settings.level),
        }


def _why_not(family: Family, names: Sequence[str]) -> str:
    rates = [family.rate(name) for name in names]
    if not any(rate.errors for rate in rates):
        return "no errors"
    if all(rate.errors == rate.trials for rate in rates):
        return "every trial is an error"
    return "too few people of different groups who can be exchanged"


def _enough(settings: AuditSettings, groups: int) -> int:
    """Return a number of dealings by which a gap of one of so many groups can be told from chance.

    The smallest p-value, adjusted over the groups, is then half of what is told from chance.
    """
    return max(settings.draws, math.ceil(4 * groups / (1 - settings.level)))


def _people(family: Family, group: str) -> bool:
    return family.rate(group).subjects >= FEWEST_SUBJECTS


def _result(p_value: float, level: float) -> str:
    return MORE_THAN_CHANCE if p_value <= 1 - level + 1e-12 else CHANCE


def _together(family: Family, names: Sequence[str]) -> Rate:
    """Return the rate over several groups; of it, only estimate and effective trials are used."""
    counts = [family.groups[name] for name in names]
    singles = [one for one in counts if isinstance(one, SubjectCounts)]
    if singles:
        errors, trials = (
            sum(getattr(one, kind) for one in singles) for kind in ("errors", "trials")
        )
        return SubjectCounts(errors, trials, singles[0].repeats).rate()
    rates = [family.rate(name) for name in names]
    errors, trials = (sum(getattr(rate, kind) for rate in rates) for kind in ("errors", "trials"))
    effective = effective_together(rates)
    low, high = wilson(errors / trials * effective, effective)
    return Rate(errors, trials, 0, errors / trials, low, high, "limited", effective)


def within(evidence: Grouped, families: Iterable[Family], shown: Shown) -> Table:
    """Return differences between the groups of a factor while the others of a crossing are fixed.

    For "age*sex" these are differences of sex within each age, and of age within each sex.
    """
    rows = [
        row
        for family in families
        if "*" in family.factor
        for factor in family.factor.split("*")
        for row in _within(evidence, family, factor, shown)
    ]
    note = (
        "Groups are compared with groups of the same stratum only, so that a difference in age, "
        "for example, is not taken for one in sex."
    )
    return audit_table("within", rows, note=note)


def _within(evidence: Grouped, family: Family, factor: str, shown: Shown) -> Iterator[Row]:
    fixed = [part for part in family.factor.split("*") if part != factor]
    keys: Row = {"factor": factor, "fixed": "*".join(fixed), "metric": family.metric}
    strata: dict[str, dict[str, str]] = defaultdict(dict)
    for name in family.groups:
        if shown(family, name) and _people(family, name):
            parts = evidence.parts(family.factor, name)
            strata[", ".join(parts[part] for part in fixed)][parts[factor]] = name
    cells = {
        stratum: renamed(family.cells(names.values()), {v: k for k, v in names.items()})
        for stratum, names in sorted(strata.items())
        if len(names) > 1
    }
    for stratum, some in cells.items():
        columns = rates_against_others(some, some.groups[:, None])
        for group, rate, others in zip(some.names, *columns, strict=True):
            values = {"rate": rate, "others": others, "difference": rate - others}
            times = {name: float(value) * family.times for name, value in values.items()}
            yield {**keys, "stratum": stratum, "group": group, **times}
    settings = evidence.settings
    draws = _enough(settings, len({group for some in cells.values() for group in some.names}))
    for test in compare_within([*cells.values()], draws=draws, seed=settings.seed):
        yield {
            **keys,
            "stratum": OVERALL,
            "group": test.group,
            "difference": test.difference * family.times,
            "strata": test.strata,
            "p": test.p_value,
            "p_limit": test.p_limit,
            "holm": test.holm,
            "result": _result(test.holm, settings.level),
        }


def changes(
    evidence: Grouped,
    before: Iterable[Family],
    after: Iterable[Family],
    shown: Shown,
) -> Table:
    """Return the differences from a baseline on the same photos, with paired tests and intervals.

    Every error rate of every factor is a family. Each group is compared with itself.
    """
    rows: list[Row] = []
    earlier = {(family.factor, family.metric): family for family in before}
    for family in after:
        old = earlier.get((family.factor, family.metric))
        if old is not None:
            rows += _changes(evidence, old, family, shown)
    note = (
        "Each row compares two matchers on the same people. The p-value comes from exchanging the "
        "matchers person by person, at random, many times."
    )
    return audit_table("changes", rows, note=note)


def _changes(
    evidence: Grouped, before: Family, after: Family, shown: Shown
) -> Iterator[dict[str, Value]]:
    keys: dict[str, Value] = {"factor": after.factor, "metric": after.metric}
    names = sorted(set(before.groups) & set(after.groups))
    kept = [n for n in names if shown(after, n) and _people(after, n) and _people(before, n)]
    settings = evidence.settings
    tests = {
        name: compare_matchers(
            before.groups[name],
            after.groups[name],
            draws=_enough(settings, len(kept)),
            seed=settings.seed,
        )
        for name in kept
    }
    adjusted = dict(zip(kept, holm([test.p_value for test in tests.values()]), strict=True))
    for name in names:
        if name not in tests:
            yield {**keys, "group": name, "status": "suppressed"}
            continue
        yield {
            **keys,
            "group": name,
            **_change(evidence, before, after, name),
            "p": tests[name].p_value,
            "holm": float(adjusted[name]),
            "result": _result(float(adjusted[name]), settings.level),
        }


def _change(evidence: Grouped, before: Family, after: Family, name: str) -> dict[str, Value]:
    old, new = before.rate(name), after.rate(name)
    low, high = _limits(evidence, before.groups[name], after.groups[name], old, new)
    return {
        "status": "ok" if old.status == new.status == "ok" else "limited",
        "before": old.estimate * before.times,
        "after": new.estimate * after.times,
        "difference": new.estimate * after.times - old.estimate * before.times,
        "low": low * after.times,
        "high": high * after.times,
        "errors_before": old.errors,
        "errors": new.errors,
        "trials": new.trials,
        "subjects": new.subjects,
    }


def _limits(
    evidence: Grouped, before: Counts, after: Counts, old: Rate, new: Rate
) -> tuple[float, float]:
    """Return limits of the difference over draws of subjects, or made of those of both rates.

    The latter (Newcombe, Statistics in Medicine 17, 1998) take the rates as independent, so that
    they are too wide rather than too narrow. They serve where a rate has too few errors to draw,
    and where draws of subjects hold pairs of trials that are one piece of evidence.
    """
    settings = evidence.settings
    repeated = isinstance(after, SubjectCounts) and after.repeats > 1
    if min(old.errors, new.errors) >= FEWEST_ERRORS and not repeated:
        drawn = resample([before, after], draws=settings.draws, seed=settings.seed).rates
        limits = percentile_limits(drawn[1] - drawn[0], level=settings.level)
        if limits is not None:
            return limits
    (low_old, high_old), (low_new, high_new) = (
        wilson(r.estimate * r.effective, r.effective, level=settings.level) for r in (old, new)
    )
    down = ((new.estimate - low_new) ** 2 + (high_old - old.estimate) ** 2) ** 0.5
    up = ((high_new - new.estimate) ** 2 + (old.estimate - low_old) ** 2) ** 0.5
    difference = new.estimate - old.estimate
    return difference - down, difference + up
