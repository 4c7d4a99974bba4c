"""What a reader of the first page learns, from the audit to the text of the page."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from made_cohort import MATCHER, Made, audited

from fairness import AuditReport, AuditSettings, Cohort, EmbeddingScores, Sample, audit
from fairness.report.summary import summarise
from fairness.verification import ListedScores

QUESTIONS = [
    "Whose misses?",
    "Whose false leads?",
    "How many false leads in a search of a gallery like ours?",
    "How many missing children would not be on the list?",
    "What should we set?",
    "Did the new model make it worse for anybody?",
]


class Lines(HTMLParser):
    """The lines of text of the part of a page with an id."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.lines = 0, [""]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "section":
            self.inside += bool(self.inside) or dict(attrs).get("id") == "summary"
        if tag in {"p", "li", "dt", "dd", "tr", "h2", "h3", "caption"}:
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside -= tag == "section" and bool(self.inside)

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.lines[-1] += data.replace("\u00a0", " ")


def first_page(report: AuditReport) -> list[str]:
    page = Lines()
    page.feed(report.to_html())
    return [" ".join(line.split()) for line in page.lines if line.strip()]


def line(report: AuditReport, *words: str) -> str:
    (found,) = [text for text in first_page(report) if all(word in text for word in words)]
    return found


def listed(
    misses: dict[str, int], people: int, *, refused: dict[str, int] | None = None, pairs: int = 1
) -> AuditReport:
    """Audit people with mated pairs; so many of each group are missed, or have no score."""
    samples, rows = [], []
    for group, missed in misses.items():
        for person in range(people):
            name = f"{group}{person:03}"
            photos = range(len(samples), len(samples) + 1 + pairs)
            samples += [Sample(f"{name}-{n}", name, labels={"kind": group}) for n in photos]
            score = 0.0 if person < missed else 1.0
            if person >= people - (refused or {}).get(group, 0):
                score = np.nan
            rows += [(photos[0], other, score) for other in photos[1:]]
    strangers = [(2 * n * (1 + pairs) // 2, (2 * n + 2) * (1 + pairs) // 2, 0.0) for n in range(20)]
    left, right, scores = zip(*rows, *strangers, strict=True)
    cohort = Cohort.of(samples, name="made")
    made = ListedScores(
        cohort, np.array(left), np.array(right), np.float32(scores), drawn_by_chance=True
    )
    settings = AuditSettings(factors=("kind",), threshold=0.5, draws=999)
    return audit(made, settings, matcher=MATCHER)


@pytest.fixture(scope="module")
def even() -> AuditReport:
    return audited(Made({"a": 60, "b": 60}).scores(), draws=300)


def test_the_questions_come_in_the_order_in_which_they_are_asked(even: AuditReport) -> None:
    lines = first_page(even)
    places = [lines.index(question) for question in QUESTIONS]
    assert places == sorted(places)
    assert "Which of these differences is more than chance?" in lines


def test_the_first_page_is_short_and_states_the_overall_rates(even: AuditReport) -> None:
    assert len(first_page(even)) < 60
    false = even.table("rates").where(group="all", metric="FMR_random")[0]
    assert f"{false['errors']:,} of {false['trials']:,}" in line(even, "over all pairs")
    missed = even.table("rates").where(group="all", metric="FNMR")[0]
    assert f"{missed['errors']:,} of {missed['trials']:,}" in line(
        even, "Miss rate at this threshold:"
    )
    assert "Tested on 240 photos of 120 people." in first_page(even)[1]


@pytest.mark.parametrize(
    ("people", "misses"),
    [(60, (12, 0)), (60, (12, 1)), (30, (18, 1)), (160, (13, 0)), (60, (22, 0)), (12, (9, 0))],
)
def test_a_gap_is_named_however_few_errors_the_better_group_has(people, misses) -> None:
    report = listed(dict(zip("ab", misses, strict=True)), people)
    text = line(report, "a (kind): misses (FNMR)")
    assert f"{misses[0]} of {people}, {people} people" in text
    assert re.search(r"at least [\d.]+ times\. This is more than chance", text)
    row = report.table("tests").where(metric="FNMR", group="a")[0]
    assert row["result"] == "more than chance"
    assert row["at_least"] > 1


def test_refused_photos_are_a_gap_of_their_own() -> None:
    report = listed({"a": 2, "b": 2}, 100, refused={"a": 35})
    for words in ("misses, refused photos counted", "refused photos (FTA)"):
        assert "This is more than chance" in line(report, "a (kind)", words, "all others")
    assert not [t for t in first_page(report) if "misses (FNMR)" in t and "more than chance" in t]


@pytest.mark.parametrize("seed", range(4))
def test_a_few_refusals_of_one_group_say_nothing_of_groups_without_any(seed: int) -> None:
    """People with photos in four groups each. Three photos of group a are refused."""
    rng = np.random.default_rng(seed)
    samples = [
        Sample(f"{person:03}{group}{photo}", f"{person:03}", labels={"kind": group})
        for person in range(60)
        for group in "abcd"
        for photo in range(rng.integers(1, 8))
    ]
    cohort = Cohort.of(samples, name="made")
    people = {f"{person:03}a0" for person in rng.choice(60, 3, replace=False)}
    reasons = ["no face" if one.photo in people else "" for one in cohort.samples]
    vectors = rng.normal(size=(len(samples), 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    settings = AuditSettings(factors=("kind",), fmr=0.01, draws=999)
    report = audit(EmbeddingScores(cohort, vectors, reasons), settings, matcher=MATCHER)
    named = [text for text in first_page(report) if "refused photos (FTA)" in text]
    assert not [text for text in named if "more than chance" in text and "a (kind)" not in text]
    results = report.table("tests").where(metric="FTA")
    assert {one["result"] for one in results if one["group"] in set("bcd")} == {
        "not told from chance"
    }


def test_equal_groups_are_not_named(even: AuditReport) -> None:
    assert line(even, "By kind: no gap that chance does not explain", "false matches")
    assert "No gap is more than chance." in line(even, "tested over the groups")
    assert summarise(even).gaps is None


def test_a_worse_model_is_said_with_both_rates_and_counts() -> None:
    old = Made({"a": 60, "b": 60}, noise={"a": 0.5, "b": 0.5})
    new = replace(old, noise={"a": 0.5, "b": 0.9})
    report = audited(new.scores(), baseline=old.scores(), draws=400)
    rows = report.table("changes").where(metric="FNMR", group="b")
    text = line(report, "b (kind): misses (FNMR) from")
    assert f"({rows[0]['errors_before']} and {rows[0]['errors']} of 60)" in text
    same = audited(old.scores(), baseline=old.scores())
    assert "No rate of any group rose by more than chance explains." in first_page(same)


def test_one_person_who_makes_the_rate_is_pointed_out() -> None:
    samples, rows = [], []
    for person in range(121):
        photos = 300 if person == 0 else 2
        first = len(samples)
        samples += [
            Sample(f"{person}-{n}", f"{person:03}", labels={"kind": "a"}) for n in range(photos)
        ]
        left, right = np.triu_indices(photos, 1)
        rows.append(np.column_stack([left, right]) + first)
    pairs = np.concatenate([*rows, [[0, 300], [302, 304]]])
    score = np.ones(len(pairs), np.float32)
    score[:3000] = 0
    made = ListedScores(Cohort.of(samples, name="made"), *pairs.T.astype(np.int64), score)
    report = audit(made, AuditSettings(factors=("kind",), threshold=0.5, draws=50), matcher=MATCHER)
    text = line(report, "One person takes part in a large share of the errors")
    assert "FNMR of a: 100 %" in text
    assert "FNMR of a: 121 people carry as much as 1 with" in line(report, "A few people carry")
    row = report.table("rates").where(group="a", metric="FNMR")[0]
    assert (row["status"], row["estimate"]) == ("insufficient", None)


def test_groups_of_which_little_is_known_are_listed(even: AuditReport) -> None:
    report = audited(Made({"a": 60, "b": 60, "c": 30, "few": 6, "fewer": 5}).scores())
    text = line(report, "FNMR by kind:", "upper bound")
    assert "not shown, to protect people in small groups: few, fewer" in text
    left_out = audited(Made({"a": 60, "b": 60, "tiny": 3}).scores())
    assert "tiny (kind)" in line(left_out, "Left out of all numbers")
    assert even.caveats[0] in first_page(even)


def test_a_gallery_of_a_stated_size_and_further_thresholds_are_answered() -> None:
    made = Made({"a": 142, "b": 162}, noise={"a": 0.75, "b": 0.45})
    report = audited(made.scores(), gallery_size=1000, fmrs=(0.001, 1e-6))
    rows = report.table("gallery").where(group="all", metric="not_listed_counted")
    assert f"{rows[0]['errors']} of {rows[0]['trials']}" in line(report, "whatever the score")
    assert "1,000 people" in line(report, "false leads a search, from")
    (there,) = report.table("thresholds").where(group="all", target=0.001, metric="FNMR")
    text = line(report, "For an FMR of 1 in 1,000: threshold")
    assert f"{there['errors']} of {there['trials']}" in text
    assert "not enough comparisons" in line(report, "For an FMR of 1 in 1,000,000")
    assert len(first_page(report)) < 60


def test_a_ratio_of_which_only_a_lower_limit_is_known_reads_so() -> None:
    report = audited(Made({"a": 142, "b": 162}, noise={"a": 0.75, "b": 0.45}).scores())
    (row,) = report.table("differentials").where(metric="FNMR", measure="max/min")
    assert (row["value"], row["status"]) == (None, "at_least")
    assert f"at least {row['low']:.3g}" in report.to_html()
