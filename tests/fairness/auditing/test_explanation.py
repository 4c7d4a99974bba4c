"""What goes with misses: an audit that is asked to explain, from its scores to its page."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fairness import AuditReport, AuditSettings, Cohort, Sample, audit
from fairness.errors import AuditError, MissingExtraError
from fairness.verification import ListedScores

models = pytest.importorskip("statsmodels.api")

THRESHOLD = 0.5


@dataclass
class Missed:
    """People with two to four photos; a comparison is missed as quality, sex and age say.

    `groups` gives the number of people of each tone, `poor` by how much their photos are worse.
    Misses depend on the worse photo of two, and on sex by `sex` (log odds). Nothing of them
    depends on the tone. Every person of number `unlabelled`, twice that and so on has no sex.
    """

    groups: Mapping[int, int] = field(default_factory=lambda: {2: 220, 9: 180})
    poor: Mapping[int, float] = field(default_factory=lambda: {2: 0.0, 9: 1.0})
    sex: float = 0.0
    seed: int = 0
    refused: float = 0.0
    unlabelled: int = 1_000
    labels: Mapping[str, Any] = field(default_factory=dict)

    def scores(self) -> ListedScores:
        rng = np.random.default_rng(self.seed)
        cohort = Cohort.of(self._samples(rng), name="made")
        place: dict[str, list[int]] = {}
        for index, sample in enumerate(cohort.samples):
            place.setdefault(sample.subject, []).append(index)
        refused = rng.random(len(cohort)) < self.refused
        left, right, score = [], [], []
        for photos in place.values():
            for i, one in enumerate(photos):
                for other in photos[i + 1 :]:
                    left.append(one)
                    right.append(other)
                    tried = not (refused[one] or refused[other])
                    score.append(self._score(rng, cohort, one, other) if tried else np.nan)
        firsts = [photos[0] for photos in place.values() if not refused[photos[0]]]
        for one, other in zip(firsts[::2], firsts[1::2], strict=False):
            left.append(one)
            right.append(other)
            score.append(rng.uniform(0, 0.4))
        return ListedScores(cohort, np.array(left), np.array(right), np.array(score, np.float32))

    def _samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        number = 0
        for tone, people in self.groups.items():
            for _ in range(people):
                number += 1
                name, sex = f"p{number:03}", str(rng.choice(["female", "male"]))
                age = float(rng.choice([3, 9, 15]))
                for photo in range(int(rng.integers(2, 5))):
                    yield Sample(
                        f"{name}-{photo}",
                        name,
                        age_at_capture=age + photo,
                        sex=sex if number % self.unlabelled else "unknown",
                        skin_tone_monk=tone,
                        quality=float(rng.normal() - self.poor[tone]),
                        labels=self.labels,
                    )

    def _score(self, rng: np.random.Generator, cohort: Cohort, one: int, other: int) -> float:
        first, second = cohort.samples[one], cohort.samples[other]
        worse = min(first.quality or 0, second.quality or 0)
        eta = -1.9 - 0.9 * worse + self.sex * (first.sex == "female")
        missed = rng.random() < 1 / (1 + np.exp(-eta))
        return float(rng.uniform(0.1, 0.45) if missed else rng.uniform(0.55, 0.9))


def explained(scores: ListedScores, **choices: Any) -> AuditReport:
    settings = {"factors": ("tone",), "threshold": THRESHOLD, "draws": 20, "explain": True}
    settings |= {"age_edges": (0.0, 8.0), "gap_edges": (0.0, 2.0)}
    return audit(scores, AuditSettings(**{**settings, **choices}), matcher={"model": "made"})


def row_of(report: AuditReport, level: str, metric: str = "FNMR") -> Any:
    (row,) = report.table("odds").where(metric=metric, level=level)
    return row


@pytest.fixture(scope="module")
def scores() -> ListedScores:
    return Missed(sex=0.9).scores()


@pytest.fixture(scope="module")
def report(scores: ListedScores) -> AuditReport:
    return explained(scores)


def test_quality_explains_a_gap_of_tones_and_not_one_of_sexes(report: AuditReport) -> None:
    dark = row_of(report, "Monk 7-10 (dark)")
    assert dark["crude_low"] > 1.3
    assert dark["adjusted_low"] < 1 < dark["adjusted_high"]
    assert dark["adjusted"] < dark["crude"]
    women = row_of(report, "female")
    if women["remark"] == "reference":
        assert row_of(report, "male")["adjusted_high"] < 0.7
    else:
        assert women["adjusted_low"] > 1.4
    assert row_of(report, "5 of 5 (highest)")["remark"] == "reference"
    assert row_of(report, "1 of 5 (lowest)")["adjusted_low"] > 2


def test_every_ratio_is_that_of_a_regression_by_hand(
    report: AuditReport, scores: ListedScores
) -> None:
    """From the samples alone: the labels of each pair, one column for each level shown."""
    samples, codes = scores.cohort.samples, scores.cohort.subject_codes
    mated = np.flatnonzero(codes[scores.left] == codes[scores.right])
    pairs = [
        sorted((samples[scores.left[i]], samples[scores.right[i]]), key=lambda s: s.age_at_capture)
        for i in mated
    ]
    missed = (scores.score[mated] < THRESHOLD).astype(float)
    worse = np.array([min(a.quality, b.quality) for a, b in pairs])
    fifth = np.searchsorted(np.quantile(worse, [0.2, 0.4, 0.6, 0.8]), worse, side="right")
    columns = {
        "00 to under 08": np.array([a.age_at_capture < 8 for a, _ in pairs]),
        "08 and over": np.array([a.age_at_capture >= 8 for a, _ in pairs]),
        "00 to under 02": np.array([b.age_at_capture - a.age_at_capture < 2 for a, b in pairs]),
        "02 and over": np.array([b.age_at_capture - a.age_at_capture >= 2 for a, b in pairs]),
        "1 of 5 (lowest)": fifth == 0,
        "2 of 5": fifth == 1,
        "3 of 5": fifth == 2,
        "4 of 5": fifth == 3,
        "5 of 5 (highest)": fifth == 4,
        "Monk 1-3 (light)": np.array([a.skin_tone_monk == 2 for a, _ in pairs]),
        "Monk 7-10 (dark)": np.array([a.skin_tone_monk == 9 for a, _ in pairs]),
        "female": np.array([a.sex == "female" for a, _ in pairs]),
        "male": np.array([a.sex == "male" for a, _ in pairs]),
    }
    table = report.table("odds").where(metric="FNMR")
    assert {row["level"] for row in table} == set(columns)
    for row in table:
        here = columns[row["level"]]
        assert (row["errors"], row["trials"]) == (missed[here].sum(), here.sum())
        assert row["subjects"] == len({pairs[i][0].subject for i in np.flatnonzero(here)})
    shown = [row for row in table if row["remark"] != "reference"]
    assert all(row["remark"] is None or row["remark"] == "" for row in shown)
    subjects = codes[scores.left[mated]]

    def fit(rows: list[Any]) -> Any:
        design = np.column_stack([np.ones(len(missed)), *(columns[r["level"]] for r in rows)])
        family = models.families.Binomial()
        return models.GLM(missed, design.astype(float), family=family).fit(
            cov_type="cluster", cov_kwds={"groups": subjects}, use_t=True
        )

    together = fit(shown)
    for place, row in enumerate(shown, start=1):
        of_factor = [other for other in shown if other["factor"] == row["factor"]]
        alone = fit(of_factor)
        for result, at, name in (
            (together, place, "adjusted"),
            (alone, 1 + of_factor.index(row), "crude"),
        ):
            expected = np.exp([result.params[at], *result.conf_int()[at]])
            given = (row[name], row[f"{name}_low"], row[f"{name}_high"])
            assert given == pytest.approx(tuple(expected), rel=1e-6)
            assert row[f"{name}_p"] == pytest.approx(result.pvalues[at], rel=1e-4)


def test_who_does_not_ask_gets_no_regression(scores: ListedScores) -> None:
    plain = explained(scores, explain=False)
    assert not plain.has("odds")
    assert "version_statsmodels" not in plain.facts
    assert "What goes with misses" not in plain.to_html()


def test_the_page_and_the_folder_show_it(report: AuditReport, tmp_path: Path) -> None:
    report.write(tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "What goes with misses" in page
    assert "not what causes what" in page
    assert "quality, the lower of both photos" in page
    assert "age at the earlier photo" in page
    with (tmp_path / "report" / "tables" / "odds.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert float(next(r for r in rows if r["level"] == "Monk 7-10 (dark)")["crude_low"]) > 1.3
    assert report.facts["version_statsmodels"]


def test_refused_photos_count_as_misses_in_a_regression_of_their_own() -> None:
    report = explained(Missed(refused=0.2).scores())
    made, counted = (
        sum(row["trials"] for row in report.table("odds").where(metric=metric, factor="tone"))
        for metric in ("FNMR", "FNMR_counted")
    )
    assert counted > 1.3 * made
    assert not explained(Missed().scores()).table("odds").where(metric="FNMR_counted")


def test_small_groups_are_no_levels_and_nobody_is_found_by_subtraction() -> None:
    """Nine people of a middle tone, alone and beside eight of a further one."""
    few = Missed(groups={2: 150, 5: 9, 9: 150}, poor={2: 0.0, 5: 0.5, 9: 1.0})
    report = explained(few.scores())
    assert report.card["Left out"].endswith("Monk 4-6 (medium) (tone)")
    (everybody,) = report.table("rates").where(group="all", metric="FNMR")
    for factor in ("tone", "sex"):
        rows = report.table("odds").where(metric="FNMR", factor=factor)
        assert "Monk 4-6 (medium)" not in [row["level"] for row in rows]
        assert sum(int(row["trials"] or 0) for row in rows) == everybody["trials"]
    hidden = explained(few.scores(), factors=("sex",)).table("odds").where(factor="tone")
    assert [row["level"] for row in hidden] == [None, None][: len(hidden)]


def test_people_without_a_label_are_left_out_and_counted() -> None:
    made = Missed(unlabelled=3).scores()
    table = explained(made).table("odds")
    codes = made.cohort.subject_codes
    mated = np.flatnonzero(codes[made.left] == codes[made.right])
    unknown = sum(made.cohort.samples[made.left[i]].sex == "unknown" for i in mated)
    assert f"FNMR: {unknown} comparisons" in table.note
    for factor in ("age", "years_between", "quality", "tone", "sex"):
        assert sum(row["trials"] for row in table.where(factor=factor)) == len(mated) - unknown
    assert "unknown" not in table.values("level")


def test_a_factor_that_is_mostly_unknown_does_not_enter() -> None:
    table = explained(Missed(unlabelled=1).scores()).table("odds")
    (row,) = table.where(factor="sex")
    assert row["level"] is None
    assert row["remark"] == "left out: its labels are mostly unknown"
    assert row["trials"] is None
    assert len(table.where(factor="tone")) == 2


def test_a_factor_of_one_level_does_not_enter() -> None:
    table = explained(Missed(groups={2: 300}, poor={2: 0.0}).scores(), factors=("sex",))
    (row,) = table.table("odds").where(factor="tone")
    assert row["remark"].startswith("left out: fewer than two levels that can be shown")


def test_a_further_factor_that_is_asked_for_enters() -> None:
    made = Missed().scores()
    samples = [
        Sample(
            **{**vars(s), "labels": dict.fromkeys(("camera", "gap"), "ab"[int(s.subject[1:]) % 2])}
        )
        for s in made.cohort.samples
    ]
    cohort = Cohort.of(samples, name="made")
    scores = ListedScores(cohort, made.left, made.right, made.score)
    table = explained(scores, factors=("tone*camera", "age", "gap")).table("odds")
    for factor in ("camera", "gap"):
        assert {row["level"] for row in table.where(factor=factor)} == {"a", "b"}
    assert all(row["adjusted"] is None for row in table.where(factor="gap"))
    assert "cannot be told apart" in "".join(str(row["remark"]) for row in table)


def test_too_few_people_are_refused_with_the_reason_in_the_note() -> None:
    small = Missed(groups={2: 30, 9: 30})
    table = explained(small.scores(), gap_edges=(0.0, 1.5, 2.5)).table("odds")
    assert all(row["adjusted"] is None for row in table)
    assert "not fitted together" in table.note
    assert "Choose wider bands" in table.note
    assert len(table) > 8


def test_a_level_without_a_miss_says_so_and_the_others_keep_their_numbers() -> None:
    made = Missed().scores()
    young = np.array([(s.age_at_capture or 0) < 8 for s in made.cohort.samples])
    codes = made.cohort.subject_codes
    lifted = (codes[made.left] == codes[made.right]) & young[made.left] & young[made.right]
    score = np.where(lifted, np.float32(0.9), made.score)
    report = explained(ListedScores(made.cohort, made.left, made.right, score))
    row = row_of(report, "00 to under 08")
    assert row["errors"] == 0
    assert row["crude"] is row["adjusted"] is None
    assert row["remark"] == "no errors, so no finite ratio (separation)"
    assert row_of(report, "1 of 5 (lowest)")["adjusted_low"] > 2
    assert "no errors, so no finite ratio" in report.to_html()


def test_a_cohort_without_mates_gives_no_table() -> None:
    made = Missed().scores()
    codes = made.cohort.subject_codes
    others = codes[made.left] != codes[made.right]
    scores = ListedScores(made.cohort, made.left[others], made.right[others], made.score[others])
    assert not explained(scores, threshold=0.2).has("odds")


def test_without_statsmodels_an_audit_is_refused_before_it_counts(
    scores: ListedScores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "statsmodels", None)
    monkeypatch.setitem(sys.modules, "statsmodels.api", None)
    monkeypatch.setattr("fairness.auditing.rates.coverage", pytest.fail)
    with pytest.raises(MissingExtraError, match="statsmodels"):
        explained(scores)


@pytest.mark.parametrize("wrong", [1, "yes", None])
def test_explain_is_yes_or_no(wrong: Any) -> None:
    with pytest.raises(AuditError, match="explain"):
        AuditSettings(explain=wrong)
