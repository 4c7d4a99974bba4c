"""Searches in a gallery of the size that a user names: false leads, and who is not on the list."""

import csv
from collections import defaultdict
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from fairness import AuditSettings, Cohort, EmbeddingScores, Sample, audit, read_scores
from fairness.auditing.galleries import largest_size, place_among
from fairness.tables import OVERALL

THRESHOLD, NOISE, DIMENSION = 0.5, 0.8, 16


def faces(rng, people):
    """People of two groups; those of the crowd are more alike."""
    crowd = rng.random(people) < 0.3
    towards = np.zeros(DIMENSION)
    towards[0] = 1.5
    return rng.normal(size=(people, DIMENSION)) + crowd[:, None] * towards, crowd


def photos_of(rng, people):
    photos = people + NOISE * rng.normal(size=people.shape)
    return (photos / np.linalg.norm(photos, axis=1, keepdims=True)).astype(np.float32)


def made(seed, people=300, refused=(), **labels):
    rng = np.random.default_rng(seed)
    them, crowd = faces(rng, people)
    vectors = np.stack([photos_of(rng, them) for _ in range(2)], axis=1).reshape(-1, DIMENSION)
    samples = [
        Sample(
            f"{person:04}-{photo}",
            f"p{person:04}",
            age_at_capture=5.0 + photo,
            labels={"kind": "crowd" if crowd[person] else "rest"},
            **labels,
        )
        for person in range(people)
        for photo in (0, 1)
    ]
    reasons = ["no face" if sample.photo in refused else "" for sample in samples]
    return EmbeddingScores(Cohort.of(samples, name="made"), vectors, reasons)


def audited(scores, size, rank=20, **choices):
    settings = AuditSettings(
        **{"factors": ("kind",), "threshold": THRESHOLD, "draws": 1, **choices},
        rank=rank,
        gallery_size=size,
    )
    return audit(scores, settings, matcher={"model": "made"})


def rows(report, metric):
    return {row["group"]: row for row in report.table("gallery").where(metric=metric)}


@cache
def searched(size, rank):
    """Search real galleries of that size: mean false leads and misses of each group."""
    rng = np.random.default_rng(99)
    leads, misses, groups = [], [], []
    for _ in range(200):
        gallery = photos_of(rng, faces(rng, size - 1)[0])
        them, crowd = faces(rng, 60)
        enrolled, probes = photos_of(rng, them), photos_of(rng, them)
        scores = probes @ gallery.T
        mates = np.einsum("pd,pd->p", probes, enrolled)
        misses.append((scores >= mates[:, None]).sum(axis=1) >= rank)
        leads.append((scores >= THRESHOLD).sum(axis=1) * size / (size - 1))
        groups.append(crowd)
    missed, led, crowd = map(np.concatenate, (misses, leads, groups))
    chosen = {OVERALL: np.ones_like(crowd), "crowd": crowd, "rest": ~crowd}
    return {name: (led[some].mean(), missed[some].mean()) for name, some in chosen.items()}


@pytest.mark.parametrize(
    ("size", "rank", "basis"),
    [
        pytest.param(200, 1, "measured", id="first of 200"),
        pytest.param(200, 20, "measured", id="twenty of 200"),
        pytest.param(1200, 20, "extrapolated", id="twenty of 1,200"),
    ],
)
def test_a_real_search_in_a_gallery_of_that_size_gives_the_same_numbers(size, rank, basis):
    true, cohorts = searched(size, rank), 40
    shown = defaultdict(list)
    for seed in range(cohorts):
        report = audited(made(seed), size, rank)
        for place, metric in enumerate(("false_leads", "not_listed")):
            for group, row in rows(report, metric).items():
                assert (row["basis"], row["gallery"]) == (basis, size)
                number = true[group][place]
                if row["estimate"] is not None:
                    held = row["low"] <= number <= row["high"]
                    shown[metric, group].append((held, row["estimate"] / number))
    # Where few misses give no rate, the rates that are shown are the high ones.
    always = {key: np.mean(found, axis=0) for key, found in shown.items() if len(found) == cohorts}
    assert {("false_leads", "crowd"), ("not_listed", OVERALL)} <= set(always)
    assert np.mean([held for held, _ in always.values()]) >= 0.9
    for key, (_, ratio) in always.items():
        assert ratio == pytest.approx(1, abs=0.1), key


def test_false_leads_are_counted_over_every_probe_of_the_group():
    scores = made(1)
    report = audited(scores, 5000)
    same = np.arange(600) // 2
    others = same[:, None] != same
    reached = (scores.vectors @ scores.vectors.T >= np.float32(THRESHOLD)) & others
    crowd = np.array([sample.labels["kind"] == "crowd" for sample in scores.cohort.samples])
    found = rows(report, "false_leads")
    for group, some in ((OVERALL, crowd | True), ("crowd", crowd), ("rest", ~crowd)):
        expected = 5000 * reached[some].sum() / others[some].sum()
        assert found[group]["estimate"] == pytest.approx(expected)
        assert found[group]["low"] < expected < found[group]["high"]
        assert found[group]["subjects"] == some.sum() // 2
    (rate,) = report.table("rates").where(group="crowd", metric="FMR")
    own = rows(report, "false_leads_own")
    assert OVERALL not in own
    for name in ("estimate", "low", "high"):
        assert own["crowd"][name] == pytest.approx(5000 * rate[name])
    assert own["crowd"]["estimate"] > found["crowd"]["estimate"]
    assert "false leads" in report.to_html()


def test_a_file_of_scores_gives_the_false_leads_of_its_vectors(tmp_path):
    scores = made(2, people=60)
    names = [sample.photo for sample in scores.cohort.samples]
    with (tmp_path / "scores.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["probe", "reference", "score"])
        for pairs in (scores.mated(), scores.tail(-1)):
            for left, right, score in zip(pairs.left, pairs.right, pairs.score, strict=True):
                writer.writerow([names[left], names[right], repr(float(score))])
    ours = audited(scores, 500)
    theirs = audited(read_scores(tmp_path / "scores.csv", scores.cohort), 500)
    assert set(theirs.table("gallery").values("metric")) == {"false_leads", "false_leads_own"}
    for metric in ("false_leads", "false_leads_own"):
        for group, row in rows(theirs, metric).items():
            own = rows(ours, metric)[group]
            for name, value in row.items():
                near = pytest.approx(value, rel=1e-9) if isinstance(value, float) else value
                assert own[name] == near, name


def test_people_of_the_cohort_are_searched_for_as_they_are_in_a_gallery_of_their_number():
    scores = made(3, people=80)
    report = audited(scores, 80, rank=5)
    gallery, probes = scores.vectors[::2], scores.vectors[1::2]
    rank = (probes @ gallery.T >= np.einsum("pd,pd->p", probes, gallery)[:, None]).sum(axis=1)
    row = rows(report, "not_listed")[OVERALL]
    assert (row["errors"], row["trials"], row["rank"]) == ((rank > 5).sum(), 80, 5)


def test_a_list_as_long_as_the_gallery_misses_nobody():
    row = rows(audited(made(3), 20, rank=20), "not_listed")[OVERALL]
    assert (row["errors"], row["trials"], row["subjects"]) == (0, 300, 300)


def test_what_few_people_cannot_tell_is_refused_and_the_limit_is_stated():
    scores = made(4, people=82)
    limit = largest_size(82, 20)
    assert f"galleries of up to {limit:,}" in audited(scores, limit).table("gallery").note
    told = rows(audited(scores, limit), "not_listed")[OVERALL]
    assert told["rank_here"] == 5
    assert told["errors"] is not None
    report = audited(scores, limit + 1)
    for metric in ("not_listed", "not_listed_counted"):
        for row in rows(report, metric).values():
            assert row["status"] in ("insufficient", "suppressed")
            assert [row[name] for name in ("estimate", "errors", "trials", "subjects")] == [
                None
            ] * 4
    assert rows(report, "false_leads")[OVERALL]["estimate"] is not None  # a mean needs no rank


def test_refused_photos_are_people_who_are_not_listed():
    refused = {f"{person:04}-{person % 2}" for person in range(0, 300, 4)}
    report = audited(made(5, refused=refused), 250)
    plain, counted = (rows(report, name)[OVERALL] for name in ("not_listed", "not_listed_counted"))
    assert (plain["trials"], counted["trials"]) == (225, 300)
    assert counted["errors"] == plain["errors"] + 75


def test_the_place_scales_with_the_gallery():
    for rank in (1, 5, 20):
        assert place_among(100, size=100, rank=rank) == rank
        places = [place_among(100, size=size, rank=rank) for size in (100, 200, 1000, 10**6)]
        assert places == sorted(places, reverse=True)
        assert largest_size(100, rank) >= 100
    assert largest_size(100, 1) == 100
    assert place_among(82, size=largest_size(82, 20), rank=20) >= 5
    assert place_among(82, size=largest_size(82, 20) + 1, rank=20) < 5


def test_no_size_no_table_and_impossible_sizes_are_refused():
    settings = AuditSettings(factors=("kind",), threshold=THRESHOLD, draws=1)
    report = audit(made(6, people=20), settings, matcher={"model": "made"})
    assert not report.has("gallery")
    assert "Gallery asked about" not in report.card
    for size in (1, 0, -5):
        with pytest.raises(ValueError, match="gallery size"):
            AuditSettings(gallery_size=size)
    for size in (2.5, "many", True):
        with pytest.raises(Exception, match="gallery_size"):
            AuditSettings(gallery_size=size)


def test_the_report_says_which_gallery_was_asked_about():
    report = audited(made(7, people=82), 300)
    assert report.card["Gallery asked about"] == "300 people"
    assert report.facts["gallery_size"] == 300
    page = report.to_html()
    assert "Not on the list, gallery of the size asked about" in page
    assert "A gallery of 300 people" in page


def test_a_bound_on_false_leads_is_a_number_and_no_share():
    report = audited(made(8), 5000, threshold=0.9, fmr=0.05)
    row = rows(report, "false_leads")[OVERALL]
    assert (row["status"], row["errors"]) == ("bound_only", 0)
    assert 90 < row["bound"] < 110
    assert f"at most {row['bound']:.1f}<" in report.to_html()


def test_without_mates_there_are_false_leads_only():
    scores = made(9, people=60)
    cohort = scores.cohort.without({s.photo for s in scores.cohort.samples[::2]}, "left out")
    report = audited(EmbeddingScores(cohort, scores.vectors[1::2]), 40)
    assert set(report.table("gallery").values("metric")) == {"false_leads", "false_leads_own"}
    assert "Who is among the first" not in report.table("gallery").note


@pytest.mark.parametrize(("enrolled", "told"), [(1, False), (30, True)])
def test_a_stated_gallery_is_the_one_that_ranks_come_from(enrolled, told):
    scores = made(10, people=40)
    roles = [
        ("gallery", "mated_probe")[place % 2] if place < 2 * enrolled else "non_mated_probe"
        for place in range(80)
    ]
    samples = [
        replace(sample, labels={**sample.labels, "role": role})
        for sample, role in zip(scores.cohort.samples, roles, strict=True)
    ]
    cohort = Cohort.of(samples, name="stated")
    report = audited(EmbeddingScores(cohort, scores.vectors), 25, rank=5)
    assert f"among {enrolled} enrolled" in report.table("gallery").note
    row = rows(report, "not_listed")[OVERALL]
    assert (row["trials"] == enrolled) is told
    assert report.card["Gallery"].startswith("1 gallery of")
