"""The rates of an audit, as the documentation quotes them.

    python benchmarks/audits.py [--part NAME] COHORT [options of `matcher audit`]

Runs `matcher audit COHORT` with a report in a temporary folder, and keeps of its tables what a page
shows: rates by group, how far groups lie apart, which differences are more than chance, searches,
years between the photos, and the differences from a baseline. Rates are in % and differences in
points, with their intervals; `selectivity` and false leads are mean numbers. The report itself has
every digit. `--part NAME` audits one sub-folder of a cohort that has one list
of labels (`labels.csv`, whose first column holds paths such as NAME/1.jpg).
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from recording import Cell, Record

from fairness.report.formatting import significant
from fairness.report.wording import group_title
from fairness.tables import NOT_A_SHARE

Row = dict[str, str]
Table = tuple[tuple[str, ...], list[tuple[Cell, ...]]]
Keep = Callable[[Sequence[Row]], Iterator[tuple[str, Table]]]
NO_RATE = {"suppressed": "withheld", "insufficient": "not enough data"}
SUMMARIES = {"max/min": "highest / lowest", "max-min": "highest - lowest"}


def number(value: float) -> str:
    """Write a number with two digits that count."""
    return significant(value, 2).replace("\N{MINUS SIGN}", "-")


def scale(metric: str) -> int:
    """Return 100 for a share, which is shown in %, and 1 for a mean number."""
    return 1 if metric in NOT_A_SHARE else 100


def rate(row: Row) -> str:
    """Write a rate in % with its interval, or a mean number; or why there is none."""
    times = scale(row["metric"])
    if row["estimate"]:
        value, low, high = (number(times * float(row[one])) for one in ("estimate", "low", "high"))
        return f"{value} ({low} to {high})"
    if row["bound"]:
        return f"at most {number(times * float(row['bound']))}"
    return NO_RATE[row["status"]]


def between(low: str, high: str, write: Callable[[float], str]) -> str:
    """Write an interval, of which the report may leave a limit open."""
    if low and high:
        return f"{write(float(low))} to {write(float(high))}"
    return f"at least {write(float(low))}" if low else ""


def by_group(rows: Sequence[Row], first: str, naming: Callable[[Row], str]) -> Table:
    """Put the rates of a group into one row, with a column for each of the error rates."""
    names = list(dict.fromkeys(map(naming, rows)))
    groups = list(dict.fromkeys(row["group"] for row in rows))
    cells = {(row["group"], naming(row)): rate(row) for row in rows}
    people = {row["group"]: max(people_of(rows, row["group"])) for row in rows}
    return (first, "people", *names), [
        (group_title(group), people[group], *(cells.get((group, name), "") for name in names))
        for group in groups
    ]


def people_of(rows: Sequence[Row], group: str) -> list[int]:
    """Return the number of people behind each rate of a group."""
    return [int(row["subjects"] or 0) for row in rows if row["group"] == group]


def each_factor(title: str, naming: Callable[[Row], str]) -> Keep:
    """Return what yields a table by group for each factor, with a column for each name."""

    def keep(rows: Sequence[Row]) -> Iterator[tuple[str, Table]]:
        for factor in dict.fromkeys(row["factor"] for row in rows):
            own = [row for row in rows if row["factor"] == factor]
            yield f"{title} by {factor}", by_group(own, factor, naming)

    return keep


def metric(row: Row) -> str:
    """Return the name of an error rate."""
    return row["metric"]


def metric_and_rank(row: Row) -> str:
    """Return the name of an error rate of searches, with the rank if it depends on one."""
    listed = row["metric"].startswith("FNIR")
    return f"{row['metric']}, rank {row['rank']}" if listed else row["metric"]


def years(rows: Sequence[Row]) -> Iterator[tuple[str, Table]]:
    """Yield the misses by the age in the earlier photo and the years between the photos."""
    own = [row for row in rows if row["metric"] == "FNMR"]
    ages, gaps = (list(dict.fromkeys(row[one] for row in own)) for one in ("age", "gap"))
    cells = {(row["age"], row["gap"]): rate(row) for row in own}
    columns = ("age in the earlier photo", *map(group_title, gaps))
    yield (
        "years between the photos",
        (
            columns,
            [(group_title(age), *(cells.get((age, gap), "") for gap in gaps)) for age in ages],
        ),
    )


def summaries(rows: Sequence[Row]) -> Iterator[tuple[str, Table]]:
    """Yield how far the highest and the lowest rate of a factor lie apart."""
    columns = ("what", "value", "interval", "if equal, mean", "if equal, 95 % within", "groups")
    told: list[tuple[Cell, ...]] = []
    for row in rows:
        if row["measure"] in SUMMARIES and row["low"]:
            times = scale(row["metric"]) if row["measure"] == "max-min" else 1

            def write(value: float, times: int = times) -> str:
                return number(times * value)

            told.append(
                (
                    f"{row['metric']} by {row['factor']}: {SUMMARIES[row['measure']]}",
                    write(float(row["value"])) if row["value"] else "",
                    between(row["low"], row["high"], write),
                    write(float(row["expected"])) if row["expected"] else "",
                    write(float(row["expected_95"])) if row["expected_95"] else "",
                    int(row["groups_used"]),
                )
            )
    yield "how far groups lie apart", (columns, told)


def named(rows: Sequence[Row]) -> Iterator[tuple[str, Table]]:
    """Yield the groups whose rate differs from that of all others by more than chance."""
    columns = ("factor", "group", "error rate", "rate", "of all others", "p, all tests")
    told: list[tuple[Cell, ...]] = [
        (
            row["factor"],
            group_title(row["group"]),
            row["metric"],
            number(scale(row["metric"]) * float(row["rate"])),
            number(scale(row["metric"]) * float(row["others"])),
            f"{float(row['holm']):.3f}",
        )
        for row in rows
        if row["group"] and row["result"] == "more than chance"
    ]
    yield "more than chance", (columns, told)


def changes(rows: Sequence[Row]) -> Iterator[tuple[str, Table]]:
    """Yield the rates of the baseline and the differences from them, in points."""
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    for factor in dict.fromkeys(row["factor"] for row in rows):
        own = [row for row in rows if row["factor"] == factor]
        cells = {(row["group"], row["metric"]): change(row) for row in own}
        columns: list[str] = [factor]
        for one in metrics:
            columns += [f"{one} of the baseline", f"{one}, difference", f"{one}, result"]
        yield (
            f"changes by {factor}",
            (
                tuple(columns),
                [
                    (
                        group_title(group),
                        *(cell for m in metrics for cell in cells.get((group, m), ("", "", ""))),
                    )
                    for group in dict.fromkeys(row["group"] for row in own)
                ],
            ),
        )


def change(row: Row) -> tuple[Cell, ...]:
    """Write the rate before, the difference with its interval, and whether it is chance."""
    if not row["before"]:
        return NO_RATE.get(row["status"], "not enough data"), "", ""
    times, points = scale(row["metric"]), ""
    if row["difference"]:
        low, high = row["low"], row["high"]
        limits = f" ({between(low, high, lambda v: number(times * v))})" if low and high else ""
        points = f"{number(times * float(row['difference']))}{limits}"
    return number(times * float(row["before"])), points, row["result"]


KEPT: dict[str, Keep] = {
    "rates": each_factor("rates", metric),
    "differentials": summaries,
    "tests": named,
    "open_set": each_factor("searches", metric_and_rank),
    "gallery": each_factor("a gallery", metric),
    "age_gap": years,
    "changes": changes,
}
"""What is kept of each table of a report."""


def part_of(cohort: Path, name: str, folder: Path) -> Path:
    """Copy a sub-folder of a cohort and the labels of its photos; return the folder of both."""
    shutil.copytree(cohort / name, folder / name)
    with (
        (cohort / "labels.csv").open(encoding="utf-8", newline="") as whole,
        (folder / "labels.csv").open("w", encoding="utf-8", newline="") as kept,
    ):
        lines = csv.reader(whole)
        writer = csv.writer(kept)
        writer.writerow(next(lines))
        writer.writerows(line for line in lines if line[0].startswith(f"{name}/"))
    return folder


def main(arguments: Sequence[str] | None = None) -> None:
    """Audit, and keep what the tables of the report say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--part", help="audit only this sub-folder")
    parser.add_argument("cohort", type=Path)
    parser.add_argument("options", nargs=argparse.REMAINDER, help="options of `matcher audit`")
    record = Record.begin(__file__, parser, arguments)
    options = record.options
    with tempfile.TemporaryDirectory() as folder:
        cohort, report = options.cohort, Path(folder) / "report"
        if options.part:
            (Path(folder) / "cohort").mkdir()
            cohort = part_of(cohort, options.part, Path(folder) / "cohort")
        command = [sys.executable, "-m", "matcher", "audit", str(cohort), "--out", str(report)]
        done = subprocess.run([*command, *options.options], check=False)
        if not (report / "run.json").exists():
            sys.exit(done.returncode or 1)
        card = json.loads((report / "run.json").read_text(encoding="utf-8"))["card"]
        record.table("run", ("what", "said"), list(card.items()))
        for name, keep in KEPT.items():
            path = report / "tables" / f"{name}.csv"
            if path.exists():
                with path.open(encoding="utf-8", newline="") as file:
                    for title, (columns, rows) in keep(list(csv.DictReader(file))):
                        record.table(title, columns, rows)
    record.write()


if __name__ == "__main__":
    main()
