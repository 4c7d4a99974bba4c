"""Every number of an audit of 240 made-up people, worked out again with known libraries.

Labels and scores are stored in `oracle/`, made once by `tests/helpers/make_oracle.py`. The numbers
of the audit are read from the files that a person gets. `tests/helpers/plain_audit.py` works them
out by hand, with numpy, scipy and statsmodels; fairlearn and scikit-learn do the rest here.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fairlearn.metrics import equalized_odds_difference, equalized_odds_ratio
from plain_audit import Estimate, PlainAudit, group_of, read
from scipy import stats
from sklearn.metrics import det_curve
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from fairness import AuditReport, AuditSettings, audit, read_cohort, read_scores

STORED = Path(__file__).with_name("oracle")
FMR, GAP = 0.02, 2.0
FACTORS = ("sex", "tone", "age")
TONES = ("Monk 1-3 (light)", "Monk 4-6 (medium)", "Monk 7-10 (dark)")
CLOSE = {"rel": 1e-9}


@dataclass(frozen=True)
class Written:
    """What the audit wrote, and the same comparisons at its threshold, counted plainly."""

    report: AuditReport
    folder: Path
    plain: PlainAudit

    def rows(self, table: str, **keys: str) -> list[dict[str, str]]:
        with (self.folder / "tables" / f"{table}.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return [row for row in rows if all(row[key] == value for key, value in keys.items())]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The report, written without pictures: they have tests of their own."""
    cohort = read_cohort(STORED / "people.csv")
    settings = AuditSettings(
        factors=FACTORS, fmr=FMR, draws=200, age_edges=(0.0, 8.0, 13.0), gap_edges=(0.0, GAP)
    )
    scores = read_scores(STORED / "scores.csv", cohort)
    report = audit(scores, settings, matcher={"model": "made up"})
    folder = tmp_path_factory.mktemp("oracle") / "report"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fairness.report.writer.draw_all", lambda _: ())
        report.write(folder)
    threshold = json.loads((folder / "run.json").read_text(encoding="utf-8"))["threshold"]
    return Written(report, folder, PlainAudit(*read(STORED), threshold))


def agrees(row: Mapping[str, str], expected: Estimate) -> set[str]:
    """Compare what a row shows with an estimate; return the columns that it has a number in."""
    counts = (expected.errors, expected.trials, expected.subjects)
    assert tuple(int(row[name]) for name in ("errors", "trials", "subjects")) == counts
    numbers: dict[str, float] = {"effective": expected.effective}
    if row["estimate"]:
        low, high = expected.limits()
        numbers |= {"estimate": expected.rate, "low": low, "high": high}
    if row["bound"]:
        numbers["bound"] = expected.bound()
    shown = {name for name in ("estimate", "low", "high", "bound", "effective") if row[name]}
    for name in shown:
        assert float(row[name]) == pytest.approx(numbers[name], **CLOSE), (name, dict(row))
    return shown


def test_the_threshold_is_the_lowest_that_the_false_match_rate_allows(written: Written) -> None:
    scores = np.sort([one.score for one in written.plain.made("others")])[::-1]
    allowed = math.floor(FMR * len(scores))
    reached = int(np.count_nonzero(scores >= np.float32(written.plain.threshold)))
    lower = scores[scores < np.float32(written.plain.threshold)].max()
    assert reached <= allowed < np.count_nonzero(scores >= lower)


def expected_rate(plain: PlainAudit, factor: str, group: str, metric: str) -> Estimate:
    """Count the rate of a group; the group "all" holds everybody."""

    def holds(photo: Mapping[str, str]) -> bool:
        return group in ("all", group_of(factor, photo))

    if metric == "FMR_random":
        return plain.false_matches(lambda *_: True)
    if metric == "FMR":
        return plain.false_matches(lambda one, other: one == other == group, factor)
    if metric == "FTA":
        return plain.refusals(holds)
    return plain.misses(lambda one: holds(one.first), counted=metric == "FNMR_counted")


@pytest.mark.parametrize("factor", FACTORS)
def test_fmr_fnmr_and_fta_of_every_group_with_their_limits(written: Written, factor: str) -> None:
    rows = written.rows("rates", factor=factor)
    assert {row["metric"] for row in rows} == {"FMR", "FMR_random", "FNMR", "FNMR_counted", "FTA"}
    shown = [
        agrees(row, expected_rate(written.plain, factor, row["group"], row["metric"]))
        for row in rows
    ]
    assert len(shown) == 16
    assert sum("estimate" in columns for columns in shown) >= 9


def test_false_matches_between_groups(written: Written) -> None:
    rows = written.rows("cross")
    assert len(rows) == 3 * 6
    for row in rows:
        wanted = sorted((row["group"], row["other_group"]))
        agrees(
            row,
            written.plain.false_matches(lambda a, b, w=wanted: sorted((a, b)) == w, row["factor"]),
        )


def test_misses_by_age_and_years_between_the_photos(written: Written) -> None:
    rows = written.rows("age_gap")
    assert len(rows) == 2 * 3 * 2
    for row in rows:
        agrees(
            row,
            written.plain.misses(
                lambda one, row=row: (
                    group_of("age", one.first) == row["age"]
                    and (one.years < GAP) == (row["gap"] == "00 to under 02")
                ),
                counted=row["metric"] == "FNMR_counted",
            ),
        )


def test_relatives_and_refused_photos(written: Written) -> None:
    (kin,) = written.rows("kin")
    agrees(kin, written.plain.kin())
    for row in written.rows("refused"):
        agrees(
            row,
            written.plain.refusals(
                lambda photo, row=row: group_of(row["factor"], photo) == row["group"]
            ),
        )


def test_who_is_in_the_cohort(written: Written) -> None:
    plain = written.plain
    for row in written.rows("coverage"):
        everybody = row["group"] == "all"
        of = lambda photo, row=row: everybody or group_of(row["factor"], photo) == row["group"]  # noqa: B023, E731
        photos = [photo for photo in plain.photos if of(photo)]
        assert int(row["photos"]) == len(photos)
        assert int(row["subjects"]) == len({photo["subject"] for photo in photos})
        assert float(row["share"]) == pytest.approx(len(photos) / len(plain.photos), **CLOSE)
        assert int(row["mated"]) == sum(of(one.first) for one in plain.listed("mated"))
        others = [one for one in plain.made("others") if of(one.first) and of(one.second)]
        assert int(row["non_mated"]) == len(others)


def test_bounds_of_few_errors_are_clopper_and_pearsons_and_the_rule_of_three(
    written: Written,
) -> None:
    rows = written.rows("rates", metric="FTA", factor="tone")
    bounded = {int(row["errors"]): row for row in rows if row["bound"]}
    assert len(bounded) == 2
    for errors, row in bounded.items():
        people = float(row["people"])  # few errors: each person who carries the trials is one
        assert float(row["effective"]) == pytest.approx(people, **CLOSE)
        assert people <= int(row["subjects"])
        at_most = errors / int(row["trials"]) * people
        _, high = proportion_confint(at_most, people, alpha=0.1, method="beta")
        assert float(row["bound"]) == pytest.approx(high, **CLOSE)
    none = bounded[0]
    assert float(none["bound"]) == pytest.approx(3 / float(none["people"]), rel=0.03)


def rates_of_tones(written: Written) -> tuple[np.ndarray, np.ndarray]:
    """FMR and FNMR of the three tones, all of which have data for every summary."""
    plain = written.plain
    fmr = [plain.false_matches(lambda a, b, t=t: a == b == t, "tone").rate for t in TONES]
    fnmr = [
        plain.misses(lambda one, t=t: group_of("tone", one.first) == t, counted=False).rate
        for t in TONES
    ]
    return np.array(fmr), np.array(fnmr)


def gini(rates: np.ndarray) -> float:
    return float(np.abs(rates[:, None] - rates).sum() / (2 * len(rates) ** 2 * rates.mean()))


def test_summaries_of_one_rate(written: Written) -> None:
    for metric, rates in zip(("FMR", "FNMR"), rates_of_tones(written), strict=True):
        mean = stats.gmean(rates)
        expected = {
            "max-min": np.ptp(rates),
            "max/min": rates.max() / rates.min(),
            "max/mean": rates.max() / rates.mean(),
            "max/geomean": rates.max() / mean,
            "mean |log10(x/geomean)|": np.abs(np.log10(rates / mean)).mean(),
            "Gini": gini(rates) * 3 / 2,
            "Gini (raw)": gini(rates),
        }
        rows = written.rows("differentials", factor="tone", metric=metric)
        found = {row["measure"]: float(row["value"]) for row in rows}
        assert all(row["groups_used"] == "3" for row in rows)
        assert {name: found[name] for name in expected} == pytest.approx(expected, **CLOSE)


def test_summaries_of_both_rates(written: Written) -> None:
    fmr, fnmr = rates_of_tones(written)
    rows = written.rows("differentials", factor="tone", metric="FMR and FNMR")
    found = {(row["measure"], row["alpha"]): float(row["value"]) for row in rows}
    for alpha in (0.0, 0.25, 0.5, 0.75, 1.0):
        expected = {
            "FDR": 1 - alpha * np.ptp(fmr) - (1 - alpha) * np.ptp(fnmr),
            "IR": (fmr.max() / fmr.min()) ** alpha * (fnmr.max() / fnmr.min()) ** (1 - alpha),
            "GARBE": (alpha * gini(fmr) + (1 - alpha) * gini(fnmr)) * 3 / 2,
        }
        for measure, value in expected.items():
            assert found[measure, repr(alpha)] == pytest.approx(value, **CLOSE)


def test_equalised_odds_are_those_of_fairlearn(written: Written) -> None:
    """A comparison is a case, "mated" is the truth, reaching the threshold is the prediction."""
    cases = [
        (one.kind == "mated", written.plain.reaches(one), group_of("tone", one.first))
        for kind in ("mated", "others")
        for one in written.plain.made(kind)
        if kind == "mated" or group_of("tone", one.first) == group_of("tone", one.second)
    ]
    truth, reached, tones = (list(column) for column in zip(*cases, strict=True))
    rows = written.rows("differentials", factor="tone", metric="FMR and FNMR")
    found = {row["measure"]: float(row["value"]) for row in rows if not row["alpha"]}
    for name, by in (
        ("equalised odds difference", equalized_odds_difference),
        ("equalised odds ratio", equalized_odds_ratio),
    ):
        for suffix, agg in (("", "worst_case"), (" (mean)", "mean")):
            expected = by(truth, reached, sensitive_features=tones, agg=agg)
            assert found[name + suffix] == pytest.approx(expected, **CLOSE)


def test_adjusted_p_are_those_of_statsmodels(written: Written) -> None:
    families: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in written.rows("tests"):
        if row["holm"]:
            families.setdefault((row["factor"], row["metric"]), []).append(row)
    assert len(families) >= 4
    for rows in families.values():
        raw = [float(row["p"]) for row in rows]
        for column, method in (("holm", "holm"), ("bh", "fdr_bh")):
            expected = multipletests(raw, method=method)[1]
            assert [float(row[column]) for row in rows] == pytest.approx(expected, **CLOSE)


def test_det_curves_pass_through_points_of_scikit_learn(written: Written) -> None:
    """Each point of a curve is a point of the exact curve of the group's own comparisons."""
    plain = written.plain
    curves: list[Any] = [c for c in written.report.curves.det if c.factor == "tone"]
    assert [curve.group for curve in curves] == list(TONES)
    for curve in curves:
        cases = [
            (kind == "mated", float(one.score or 0))
            for kind in ("mated", "others")
            for one in plain.made(kind)
            if group_of("tone", one.first) == curve.group
            and (kind == "mated" or group_of("tone", one.second) == curve.group)
        ]
        truth, score = zip(*cases, strict=True)
        fpr, fnr, _ = det_curve(truth, score)
        exact = {(round(a, 9), round(b, 9)) for a, b in zip(fpr, fnr, strict=True)}
        exact |= {(0.0, round(b, 9)) for b in (*fnr, 1.0)} | {(round(a, 9), 0.0) for a in (*fpr, 1)}
        inner = [
            (round(float(a), 9), round(float(b), 9))
            for a, b in zip(curve.fmr, curve.fnmr, strict=True)
            if a > 0 and b > 0
        ]
        assert len(inner) > 50
        assert set(inner) <= exact
        fmr, fnmr = curve.at_threshold
        assert (round(fmr, 9), round(fnmr, 9)) in set(inner)
