"""How often an audit finds a difference between groups, and how often it reports one by chance.

    python benchmarks/audit_power.py [--cohorts 500] [--draws 2000] [--rows TEXT ...] [--out FILE]

Each row draws cohorts with known error rates, audits each with `fairness.audit`, and reads what a
user reads: the table `tests` and the first page. A plain permutation of the labels among people
judges the same cohorts (`permutation_test.py`). A gap counts as found if the audit names the group
with the highest rate. If the rates are equal, any group that it names is a false alarm.

Rows that --out already holds, made with the same numbers, are not run again. `--rows` takes parts
of their names.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from audit_cohorts import FACTOR, THRESHOLD, Scenario, draw
from audit_findings import ALPHA, FEW, GroupRate, findings
from audit_scenarios import SCENARIOS
from permutation_test import permutation_p
from recording import Cell, Record

from fairness import AuditSettings, audit, clopper_pearson

WATCHED = {
    "misses": ("FNMR",),
    "refusals": ("FTA", "FNMR_counted", "FNMR"),
    "false matches": ("FMR",),
}
"""The error rates that a row is about, by kind of error."""

WORKERS = 2


@dataclass(frozen=True)
class Seen:
    """What was found in one cohort for one error rate."""

    audit: bool
    reference: bool
    untested: bool
    agree: bool
    seconds: float


@dataclass(frozen=True)
class Line:
    """Counts over the cohorts of one row and one error rate.

    Parameters
    ----------
    row, metric
        Name of the row, and the error rate.
    gap
        Whether the rates of the groups differ.
    cohorts, draws, seed
        How the row was made.
    audit, reference
        Number of cohorts where the audit, and the reference, found a difference.
    audit_only, reference_only
        Number of cohorts where only one of them did.
    untested
        Number of cohorts where the audit says of the group of interest, or if rates are equal of
        any group, that there is not enough data, or where it has no test of it.
    disagree
        Number of cohorts where the first page names other groups than the table of tests, for any
        error rate.
    seconds
        Mean time of one audit.
    """

    row: str
    metric: str
    gap: bool
    cohorts: int
    draws: int
    seed: int
    audit: int
    reference: int
    audit_only: int
    reference_only: int
    untested: int
    disagree: int
    seconds: float


def has_gap(scenario: Scenario, metric: str) -> bool:
    """Say whether the groups differ in an error rate. Refusals do not change the FNMR."""
    return not scenario.equal and not (scenario.kind == "refusals" and metric == "FNMR")


def judge(scenario: Scenario, number: int, draws: int, seed: int) -> dict[str, Seen]:
    """Draw and judge one cohort; return what was found by error rate."""
    rng = np.random.default_rng([seed, zlib.crc32(scenario.name.encode()), number])
    drawn = draw(scenario, rng)
    settings = AuditSettings(factors=(FACTOR,), threshold=THRESHOLD, draws=draws, seed=number)
    start = time.perf_counter()
    report = audit(drawn.scores, settings, matcher={"model": "made up"})
    seconds = time.perf_counter() - start
    said = findings(report, FACTOR)
    seen = {}
    for metric in WATCHED[scenario.kind]:
        groups = [scenario.worst] if has_gap(scenario, metric) else scenario.groups
        results = [said.tested.get(GroupRate(metric, group), FEW) for group in groups]
        p = permutation_p(drawn.errors[metric], drawn.group, draws=draws, rng=rng)
        seen[metric] = Seen(
            audit=bool(said.groups(metric) & set(groups)),
            reference=p <= ALPHA,
            untested=FEW in results,
            agree=said.agree,
            seconds=seconds,
        )
    return seen


def _judge(task: tuple[str, int, int, int]) -> dict[str, Seen]:
    row, number, draws, seed = task
    return judge(SCENARIOS[row], number, draws, seed)


def lines(row: str, seen: Sequence[dict[str, Seen]], draws: int, seed: int) -> Iterator[Line]:
    """Yield the counts of a row for each error rate."""
    for metric in WATCHED[SCENARIOS[row].kind]:
        ours = [each[metric] for each in seen]
        yield Line(
            row=row,
            metric=metric,
            gap=has_gap(SCENARIOS[row], metric),
            cohorts=len(ours),
            draws=draws,
            seed=seed,
            audit=sum(each.audit for each in ours),
            reference=sum(each.reference for each in ours),
            audit_only=sum(each.audit and not each.reference for each in ours),
            reference_only=sum(each.reference and not each.audit for each in ours),
            untested=sum(each.untested for each in ours),
            disagree=sum(not each.agree for each in ours),
            seconds=round(float(np.mean([each.seconds for each in ours])), 3),
        )


COLUMNS = (
    "row",
    "error rate",
    "audit, %",
    "permutation, %",
    "difference, points",
    "only the audit / only the permutation",
    "not enough data, %",
    "first page disagrees",
    "seconds an audit",
)
TITLES = {"differences found": True, "false alarms": False}
"""The two tables, and whether the rates of the groups differ in their rows."""


def tables(found: Sequence[Line], record: Record) -> None:
    """Print and keep the tables of differences and of false alarms."""
    for title, gap in TITLES.items():
        if some := [_shown(line) for line in found if line.gap is gap]:
            record.table(title, COLUMNS, some)


def _shown(line: Line) -> tuple[Cell, ...]:
    apart = 100 * (line.audit - line.reference) / line.cohorts
    return (
        line.row,
        line.metric,
        _percent(line.audit, line.cohorts),
        _percent(line.reference, line.cohorts),
        f"{apart:+.1f}",
        f"{line.audit_only} / {line.reference_only}",
        f"{100 * line.untested / line.cohorts:.0f}",
        line.disagree,
        f"{line.seconds:.2f}",
    )


def _percent(part: int, whole: int) -> str:
    low, high = clopper_pearson(part, whole)
    return f"{100 * part / whole:.1f} ({100 * low:.1f} to {100 * high:.1f})"


def run(
    rows: Sequence[str], cohorts: int, draws: int, seed: int, out: Path, workers: int = WORKERS
) -> list[Line]:
    """Judge the rows that `out` does not hold, and save after each."""
    saved = json.loads(out.read_text()) if out.exists() else []
    found = [Line(**line) for line in saved]
    done = {
        line.row
        for line in found
        if (line.cohorts, line.draws, line.seed) == (cohorts, draws, seed)
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for row in rows:
            if row in done:
                continue
            tasks = [(row, number, draws, seed) for number in range(cohorts)]
            seen = list(pool.map(_judge, tasks, chunksize=10))
            found = [line for line in found if line.row != row]
            found += lines(row, seen, draws, seed)
            out.write_text(json.dumps([asdict(line) for line in found], indent=1))
            for line in found:
                if line.row == row:
                    print(*_shown(line), sep="; ", file=sys.stderr, flush=True)
    order = {row: place for place, row in enumerate(SCENARIOS)}
    return sorted((line for line in found if line.row in rows), key=lambda line: order[line.row])


def main() -> None:
    """Run the rows asked for and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cohorts", type=int, default=500)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", nargs="*", default=[""], help="parts of the names of rows")
    parser.add_argument("--workers", type=int, choices=(1, WORKERS), default=WORKERS)
    parser.add_argument("--out", type=Path, default=Path("results/audit_power.json"))
    record = Record.begin(__file__, parser)
    asked = record.options
    rows = [row for row in SCENARIOS if any(part in row for part in asked.rows)]
    found = run(rows, asked.cohorts, asked.draws, asked.seed, asked.out, asked.workers)
    record.table(
        "made with",
        ("what", "number"),
        [("cohorts a row", asked.cohorts), ("draws an audit", asked.draws)],
    )
    tables(found, record)
    record.write()


if __name__ == "__main__":
    main()
