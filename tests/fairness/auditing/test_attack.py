"""A reader who wants the numbers of a small group: all tables of a report, as equations."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from fairness import AuditReport, AuditSettings, Cohort, EmbeddingScores, Sample, audit
from fairness.rates import FEWEST_SUBJECTS
from fairness.tables import OVERALL

FACTORS = ("kind", "region", "kind*region")
Tables = Mapping[str, Sequence[Mapping[str, str]]]
Cell = tuple[str, str]
Unknown = tuple[Cell, ...]
"""A cell of people, or two cells whose people were compared."""
Equation = tuple[frozenset[Unknown], float]


def scores_of(sizes: Mapping[Cell, int], photos: int = 2, seed: int = 0) -> EmbeddingScores:
    """People by kind and region; many are missed, many are taken for each other."""
    rng = np.random.default_rng(seed)
    samples, rows = [], []
    for (kind, region), people in sizes.items():
        for person in range(people):
            name, self_ = f"{kind}{region}{person:03}", rng.normal(size=4)
            for photo in range(photos):
                rows.append(self_ + 0.7 * rng.normal(size=4))
                labels = {"kind": kind, "region": region}
                samples.append(Sample(f"{name}-{photo}.jpg", name, labels=labels))
    vectors = np.array(rows, dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cohort = Cohort.of(samples, name="made")
    order = np.argsort([sample.photo for sample in samples])
    why = ["no face" if rng.random() < 0.1 else "" for _ in samples]
    return EmbeddingScores(cohort, vectors[order], why)


def audited(scores: EmbeddingScores, factors: tuple[str, ...] = FACTORS) -> AuditReport:
    chosen = AuditSettings(factors=factors, threshold=0.7, draws=10)
    return audit(scores, chosen, matcher={"model": "made"})


def published(report: AuditReport) -> Tables:
    """Read the tables as a folder has them."""
    return {t.name: list(csv.DictReader(io.StringIO(t.to_csv()))) for t in report.tables}


def of_group(factor: str, group: str) -> Callable[[Cell], bool]:
    match factor:
        case "kind":
            return lambda cell: group in (OVERALL, cell[0])
        case "region":
            return lambda cell: group in (OVERALL, cell[1])
        case _:
            return lambda cell: group in (OVERALL, ", ".join(cell))


def sums(
    rows: Sequence[Mapping[str, str]], cells: Sequence[Cell], column: str
) -> Iterator[Equation]:
    """Yield what each row says of the sum of a count over cells of people."""
    for row in rows:
        if row[column]:
            inside = of_group(row["factor"], row["group"])
            yield frozenset((cell,) for cell in cells if inside(cell)), float(row[column])


def sums_of_pairs(tables: Tables, cells: Sequence[Cell], column: str) -> Iterator[Equation]:
    """Yield what each row says of comparisons of different people."""
    pairs = list(combinations_with_replacement(cells, 2))
    for row in tables["rates"]:
        if row["metric"] in ("FMR", "FMR_random") and row[column]:
            inside = of_group(row["factor"], row["group"])
            yield frozenset(p for p in pairs if inside(p[0]) and inside(p[1])), float(row[column])
    for row in tables.get("cross", ()):
        if row[column]:
            one, other = (of_group(row["factor"], row[name]) for name in ("group", "other_group"))
            yield (
                frozenset(
                    (a, b) for a, b in pairs if (one(a) and other(b)) or (one(b) and other(a))
                ),
                float(row[column]),
            )


def bounds(equations: Sequence[Equation], wanted: frozenset[Unknown]) -> tuple[float, float]:
    """Return the least and the greatest sum of some unknowns that the equations allow."""
    unknowns = sorted(frozenset[Unknown]().union(wanted, *(keys for keys, _ in equations)))
    matrix = np.array([[key in keys for key in unknowns] for keys, _ in equations], dtype=float)
    values = np.array([value for _, value in equations])
    aim = np.array([key in wanted for key in unknowns], dtype=float)
    ends = []
    for sign in (1, -1):
        found = linprog(sign * aim, A_eq=matrix, b_eq=values, bounds=(0, None))
        assert found.status in (0, 3), found.message
        ends.append(sign * found.fun if found.status == 0 else np.inf)
    return ends[0], ends[1]


def follows(equations: Sequence[Equation], wanted: frozenset[Unknown]) -> bool:
    """Say whether the sum of some unknowns follows from the equations alone."""
    unknowns = sorted(frozenset[Unknown]().union(wanted, *(keys for keys, _ in equations)))
    matrix = np.array([[key in keys for key in unknowns] for keys, _ in equations], dtype=float)
    aim = np.array([[key in wanted for key in unknowns]], dtype=float)
    rank = np.linalg.matrix_rank(matrix) if len(matrix) else 0
    return bool(np.linalg.matrix_rank(np.vstack([matrix, aim])) == rank)


def small_groups(sizes: Mapping[Cell, int]) -> dict[tuple[str, str], frozenset[Cell]]:
    """Return the cells of each group of fewer than ten people, by factor and group."""
    groups: dict[tuple[str, str], set[Cell]] = {}
    for cell in sizes:
        for factor, name in zip(FACTORS, (*cell, ", ".join(cell)), strict=True):
            groups.setdefault((factor, name), set()).add(cell)
    return {
        key: frozenset(cells)
        for key, cells in groups.items()
        if sum(sizes[cell] for cell in cells) < FEWEST_SUBJECTS
    }


def counted(sizes: Mapping[Cell, int], report: AuditReport) -> dict[Cell, int]:
    """Return the cells that the report counts: the photos of some small groups are left out."""
    out = report.card.get("Left out", "")
    return {
        (kind, region): people
        for (kind, region), people in sizes.items()
        if not any(f" {name}" in out for name in (f"{kind} (kind)", f"{region} (region)"))
    }


def attack(tables: Tables, sizes: Mapping[Cell, int]) -> Iterator[tuple[object, ...]]:
    """Yield each count of a small group that follows from the tables."""
    cells = sorted(sizes)
    by_person = {
        **{("coverage", name): tables["coverage"] for name in ("subjects", "photos", "mated")},
        **{
            (metric, name): [row for row in tables["rates"] if row["metric"] == metric]
            for metric in ("FNMR", "FNMR_counted", "FTA")
            for name in ("errors", "trials", "subjects")
        },
    }
    for (what, column), rows in by_person.items():
        equations = list(sums(rows, cells, column))
        for (factor, group), inside in small_groups(sizes).items():
            wanted = frozenset((cell,) for cell in inside)
            if follows(equations, wanted):
                yield what, column, factor, group
            elif column == "subjects" or what == "coverage":
                least, most = bounds(equations, wanted)
                if most - least < 1e-6 and most > 0:
                    yield what, column, factor, group, most
    for column in ("errors", "trials"):
        equations = list(sums_of_pairs(tables, cells, column))
        for (factor, group), inside in small_groups(sizes).items():
            pairs = combinations_with_replacement(cells, 2)
            with_group = [frozenset(p for p in pairs if inside & set(p))]
            within = frozenset(combinations_with_replacement(sorted(inside), 2))
            for wanted in (*with_group, within):
                if follows(equations, wanted):
                    yield "cross", column, factor, group


def test_two_large_groups_do_not_give_away_two_small_ones(tmp_path: Path) -> None:
    """A 120, B 100, C 2 and D 3 people: all less A and B would leave the five."""
    sizes = {("a", "x"): 120, ("b", "x"): 100, ("c", "x"): 2, ("d", "x"): 3}
    report = audited(scores_of(sizes), ("kind",))
    report.write(tmp_path / "audit")
    files = sorted((tmp_path / "audit" / "tables").glob("*.csv"))
    tables = {file.stem: list(csv.DictReader(io.StringIO(file.read_text()))) for file in files}
    assert list(attack(tables, counted(sizes, report))) == []
    told = tables["coverage"]
    people = {row["group"]: row["subjects"] for row in told}
    assert people == {OVERALL: "220", "a": "120", "b": "100"}
    record = json.loads((tmp_path / "audit" / "run.json").read_text())
    page = (tmp_path / "audit" / "report.html").read_text()
    for text in (json.dumps(record["card"]), page):
        assert "groups of fewer than 10 people: c (kind), d (kind)" in text
        assert "225" not in text


def test_the_attack_finds_what_an_unprotected_table_gives_away() -> None:
    sizes = {("a", "x"): 20, ("b", "x"): 30, ("c", "x"): 2, ("d", "x"): 3}
    rows = [
        {"factor": "kind", "group": name, "subjects": text}
        for name, text in ((OVERALL, "55"), ("a", "20"), ("b", "30"), ("c", ""), ("d", "2"))
    ]
    equations = list(sums(rows, sorted(sizes), "subjects"))
    assert follows(equations, frozenset({(("c", "x"),)}))
    assert bounds(equations, frozenset({(("c", "x"),)})) == (3, 3)


size = st.one_of(st.integers(0, 12), st.integers(10, 30), st.sampled_from([60]))


@settings(max_examples=12, deadline=None)
@given(
    st.dictionaries(st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz")), size, min_size=2)
)
def test_no_count_of_a_small_group_follows_from_the_tables(sizes: dict[Cell, int]) -> None:
    sizes = {cell: people for cell, people in sizes.items() if people}
    assume(sum(sizes.values()) >= 2 * FEWEST_SUBJECTS)
    report = audited(scores_of(sizes))
    assert list(attack(published(report), counted(sizes, report))) == []


@pytest.mark.parametrize("factors", [("kind",), ("region",), ("kind*region",), FACTORS[:2]])
def test_fewer_tables_tell_no_more(factors: tuple[str, ...]) -> None:
    sizes = {("a", "x"): 40, ("a", "y"): 4, ("b", "x"): 35, ("b", "y"): 30, ("c", "y"): 3}
    report = audited(scores_of(sizes), factors)
    assert list(attack(published(report), counted(sizes, report))) == []


def test_what_is_shown_does_not_depend_on_the_order_of_factors_and_photos() -> None:
    sizes = {("a", "x"): 40, ("a", "y"): 4, ("b", "x"): 40, ("b", "y"): 30, ("c", "y"): 3}
    shown = {
        tuple(
            sorted(
                (str(row["factor"]), str(row["group"]), str(row["metric"]), str(row["status"]))
                for row in audited(scores_of(dict(of)), factors).table("rates")
            )
        )
        for factors in (FACTORS, FACTORS[::-1])
        for of in (sizes.items(), reversed(sizes.items()))
    }
    assert len({tuple((*row[:3], row[3] == "suppressed") for row in rows) for rows in shown}) == 1
