"""Degraded probes against enrolled photos: every count, against explicit loops over pairs."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_scores import EXACT, as_rows, audits, by_dyad, cohort_of, dyads, rounded_units

from fairness import EmbeddingScores, Probes
from fairness.errors import AuditError, ScoresError
from fairness.identification import IdentificationPlan, search_plan
from fairness.verification import threshold_at

repeatable = settings(deadline=None, derandomize=True, max_examples=60)
THRESHOLDS = (-1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 1.5)


@st.composite
def searched(draw):
    """A cohort, the vectors of its photos and of its probes, and why some of both have none."""
    cohort, vectors, reasons = draw(audits())
    each = {"min_size": len(cohort), "max_size": len(cohort)}
    probes = EXACT[draw(st.lists(st.integers(0, len(EXACT) - 1), **each))].astype(np.float32)
    lost = draw(st.lists(st.sampled_from(["", "", "no face in the picture"]), **each))
    probes[np.array(lost) != ""] = np.nan
    return cohort, vectors, reasons, Probes(probes, lost, "made small")


class Looped:
    """Every comparison of an enrolled photo with a probe, looked at one by one."""

    def __init__(self, cohort, vectors, reasons, probes):
        self.mated, self.kin, self.others = [], [], []
        for enrolled, probe in product(range(len(cohort)), repeat=2):
            one, other = cohort.samples[enrolled], cohort.samples[probe]
            made = reasons[enrolled] == probes.acquisition[probe] == ""
            score = float(vectors[enrolled] @ probes.vectors[probe]) if made else None
            row = enrolled, probe, score
            if one.subject == other.subject:
                self.mated += [row] if enrolled < probe else []
            elif one.family is not None and one.family == other.family:
                self.kin += [row] if enrolled < probe else []
            elif made:
                self.others.append(row)

    def between(self, grouping, first, second):
        wanted = sorted((grouping.names.index(first), grouping.names.index(second)))
        return [row for row in self.others if sorted(grouping.codes[list(row[:2])]) == wanted]

    def of_probes(self, grouping, name):
        code = grouping.names.index(name)
        return [row for row in self.others if grouping.codes[row[1]] == code]


def scores_of(cohort, vectors, reasons, probes, side=3):
    return EmbeddingScores(cohort, vectors, reasons, probes=probes, side=side)


@repeatable
@given(searched())
def test_the_later_photo_of_a_person_or_relative_is_the_probe(made):
    scores, looped = scores_of(*made), Looped(*made)
    assert as_rows(scores.mated()) == sorted(looped.mated, key=str)
    assert as_rows(scores.kin()) == sorted(looped.kin, key=str)


@repeatable
@given(searched())
def test_the_histogram_holds_both_ways_of_comparing_two_people(made):
    looped, grouping = Looped(*made), made[0].grouping("group")
    histogram = scores_of(*made).histogram(grouping)
    assert histogram.overall().trials == len(looped.others)
    for a, b in product(grouping.names, repeat=2):
        found, wanted = histogram.between(a, b), looped.between(grouping, a, b)
        assert found.trials == len(wanted)
        for threshold in THRESHOLDS:
            reached = sum(score >= threshold for *_, score in wanted)
            share = reached / len(wanted) if wanted else np.nan
            assert found.fmr(threshold) == pytest.approx(share, nan_ok=True)


@repeatable
@given(searched())
def test_false_matches_are_those_that_loops_find(made):
    cohort, looped = made[0], Looped(*made)
    grouping, scores = cohort.grouping("group"), scores_of(*made)
    for threshold in THRESHOLDS:
        found = scores.false_matches(threshold, grouping)
        rows = {"all": (found.overall(), looped.others)}
        for a, b in product(grouping.names, repeat=2):
            rows[a, b] = found.between(a, b), looped.between(grouping, a, b)
            rows[a] = found.against_all(a), looped.of_probes(grouping, a)
        for counts, wanted in rows.values():
            assert dyads(counts) == by_dyad(cohort, wanted, threshold)
            same_trials(cohort, counts.trials, wanted)


def same_trials(cohort, trials, rows):
    """All that is known of the comparisons of pairs of people, against a table of all pairs."""
    people = len(cohort.subjects)
    table = np.zeros((people, people))
    for (left, right), number in by_dyad(cohort, rows).items():
        table[left, right] = table[right, left] = number
    assert trials.total == table.sum() / 2
    assert trials.by_subject.tolist() == table.sum(axis=1).tolist()
    assert trials.neighbours.tolist() == (table > 0).sum(axis=1).tolist()
    assert trials.squares == (table**2).sum() / 2
    weights = np.arange(people, dtype=np.float64)[:, None] + [1, 3]
    drawn = np.einsum("id,ij,jd->d", weights, table, weights) / 2
    np.testing.assert_allclose(trials.drawn(weights), drawn)


@repeatable
@given(searched(), st.randoms(use_true_random=False))
def test_groups_dealt_out_anew_keep_the_counts_of_the_loops(made, random):
    cohort, looped = made[0], Looped(*made)
    grouping, people = cohort.grouping("group"), cohort.subject_codes
    cells = scores_of(*made).false_matches(0.5, grouping).cells(grouping.names)
    codes = list(range(len(cells.names)))
    dealt = {}
    for person in sorted(set(cells.people.tolist())):
        mine = np.flatnonzero(cells.people == person)
        dealt |= dict(zip(mine.tolist(), random.sample(codes, len(mine)), strict=True))
    deal = np.array([dealt[cell] for cell in range(len(cells.people))], np.int64).reshape(-1, 1)
    errors, trials = cells.counts(deal)
    place = {
        (grouping.names.index(cells.names[group]), person): cell
        for cell, (group, person) in enumerate(
            zip(cells.groups.tolist(), cells.people.tolist(), strict=True)
        )
    }
    wanted, reached = Counter[int](), Counter[int]()
    for enrolled, probe, score in looped.others:
        pair = [place[int(grouping.codes[p]), int(people[p])] for p in (enrolled, probe)]
        if dealt[pair[0]] == dealt[pair[1]]:
            wanted.update(pair)
            reached.update(pair if score >= 0.5 else ())
    assert trials[:, 0].tolist() == [wanted[cell] for cell in range(len(deal))]
    assert errors[:, 0].tolist() == [reached[cell] for cell in range(len(deal))]


@pytest.mark.parametrize("side", [1, 7, 512])
def test_the_size_of_tiles_changes_nothing(side):
    rng = np.random.default_rng(5)
    cohort = cohort_of([f"s{i // 2}" for i in range(40)], groups=["u", "v"] * 20)
    probes = Probes(rounded_units(rng, 40), [""] * 40, "made small")
    vectors = rounded_units(rng, 40)
    usual = EmbeddingScores(cohort, vectors, probes=probes)
    other = EmbeddingScores(cohort, vectors, probes=probes, side=side)
    assert as_rows(usual.tail(0.05)) == as_rows(other.tail(0.05))


def test_a_threshold_is_set_on_all_comparisons_of_probes():
    rng = np.random.default_rng(6)
    cohort = cohort_of([f"s{i}" for i in range(60)])
    vectors, seen = rounded_units(rng, 60), rounded_units(rng, 60)
    scores = EmbeddingScores(cohort, vectors, probes=Probes(seen, [""] * 60, "made small"))
    found = threshold_at(scores, scores.histogram(cohort.grouping("group")), 0.01)
    table = vectors @ seen.T
    others = table[~np.eye(60, dtype=bool)]
    assert found.trials == 60 * 59
    assert found.false_matches == np.count_nonzero(others >= np.float32(found.value)) == 35


def test_some_photos_or_other_labels_keep_their_probes():
    rng = np.random.default_rng(7)
    cohort = cohort_of(["a", "b", "c", "d"])
    probes = Probes(rounded_units(rng, 4), ["", "no face", "", ""], "made small")
    scores = EmbeddingScores(cohort, rounded_units(rng, 4), ["no face", "", "", ""], probes=probes)
    some = scores.where(np.array([True, True, False, True]))
    assert (some.acquisition, some.enrolment) == (("", "no face", ""), ("no face", "", ""))
    assert some.degraded == "made small"
    assert some.compared.tolist() == [True, True, True]
    assert as_rows(some.tail(-1)) == as_rows(
        scores_of(some.cohort, some.vectors, some.enrolment, some.probes).tail(-1)
    )
    again = scores.labelled(cohort)
    assert as_rows(again.tail(-1)) == as_rows(scores.tail(-1))


EYE = np.eye(2, dtype=np.float32)


@pytest.mark.parametrize(
    ("vectors", "acquisition", "says"),
    [
        (EYE[:1], ["", ""], "probes of cohort"),
        (EYE, [""], "acquisition of cohort"),
        (EYE.astype(np.float64), ["", ""], "float32 array"),
        (2 * EYE, ["", ""], "length 1"),
        (np.full((2, 2), np.nan, np.float32), ["", ""], "length 1"),
        (np.eye(2, 3, dtype=np.float32), ["", ""], "as many numbers as the enrolled vectors, 2"),
    ],
)
def test_probes_that_do_not_fit_are_refused(vectors, acquisition, says):
    probes = Probes(vectors, acquisition, "made small")
    with pytest.raises(ScoresError, match=says):
        EmbeddingScores(cohort_of(["a", "b"]), EYE, probes=probes)


@pytest.mark.parametrize("words", ["", "  ", None, 24])
def test_probes_say_how_they_were_degraded(words):
    with pytest.raises(ScoresError, match="say how they were degraded"):
        Probes(EYE, ["", ""], words)


def test_bare_vectors_are_no_probes():
    cohort = cohort_of(["a", "b", "b"])
    eye = np.eye(3, dtype=np.float32)
    with pytest.raises(AuditError, match="must be Probes"):
        EmbeddingScores(cohort, eye, probes=eye)
    with pytest.raises(AuditError, match="must be Probes"):
        search_plan(IdentificationPlan.largest(cohort), eye, probes=eye)
    with pytest.raises(AuditError, match="must be an array"):
        EmbeddingScores(cohort, eye, probes=Probes(eye.tolist(), [""] * 3, "made small"))


@pytest.mark.parametrize("reasons", [None, "", ["", None], [True, False]])
def test_probes_have_reasons_in_words(reasons):
    with pytest.raises(AuditError, match="acquisition of the probes"):
        Probes(EYE, reasons, "made small")
