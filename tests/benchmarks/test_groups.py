"""The benchmark of groups: its measures against published and hand-worked cases, its choices."""

import importlib
import itertools
import json
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from matcher.synthetic import sample_photos
from matcher.testing import FakeEmbedder

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    measures = importlib.import_module("groups_measures")
    methods = importlib.import_module("groups_methods")
    tables = importlib.import_module("groups_tables")
    groups = importlib.import_module("groups")
    scale = importlib.import_module("groups_scale")

LABELS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=30)


def arrays(pairs):
    people, found = zip(*pairs, strict=True)
    return np.array(people), np.array(found)


def mean_bcubed(people, found):
    return tuple(part.mean() for part in measures.bcubed(np.array(people), np.array(found)))


def faces_of(people, photos, noise, seed=0, size=32, ages=None):
    random = np.random.default_rng(seed)
    centre = random.standard_normal((people, 1, size))
    made = (centre + noise * random.standard_normal((people, photos, size))).reshape(-1, size)
    vectors = (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
    known = np.full(people * photos, np.nan) if ages is None else np.resize(ages, people * photos)
    return tables.Faces(vectors, np.repeat(np.arange(people), photos), known)


def recording():
    return tables.Record("made", Namespace(), "python made.py")


def test_bcubed_of_the_example_of_bagga_and_baldwin():
    """Two keys of 5 and 2, and one of 5; the response joins a key of 5 with the one of 2, or 5."""
    people = [0] * 5 + [1] * 2 + [2] * 5
    assert mean_bcubed(people, [0] * 5 + [1] * 7) == pytest.approx((0.7619, 1.0), abs=5e-5)
    assert mean_bcubed(people, [0] * 5 + [1] * 2 + [0] * 5) == pytest.approx(
        (0.5833, 1.0), abs=5e-5
    )


def test_bcubed_and_pairs_worked_out_by_hand():
    """Groups {a a b} {a} {b b}: three pairs of person a, three of person b."""
    people, found = np.array([0, 0, 1, 0, 1, 1]), np.array([5, 5, 5, 7, 9, 9])
    precision, recall = measures.bcubed(people, found)
    assert precision.tolist() == pytest.approx([2 / 3, 2 / 3, 1 / 3, 1, 1, 1])
    assert recall.tolist() == pytest.approx([2 / 3, 2 / 3, 1 / 3, 1 / 3, 2 / 3, 2 / 3])
    assert measures.pairwise(people, found) == pytest.approx((2 / 4, 2 / 6))
    assert measures.Errors.of(people, found) == measures.Errors(1, 2, 2, 2)


@given(LABELS)
def test_measures_agree_with_plain_counting(pairs):
    people, found = arrays(pairs)
    precision, recall = measures.bcubed(people, found)
    for face in range(len(people)):
        own = (people == people[face]) & (found == found[face])
        assert precision[face] == pytest.approx(own.sum() / (found == found[face]).sum())
        assert recall[face] == pytest.approx(own.sum() / (people == people[face]).sum())
    both = [*itertools.combinations(range(len(people)), 2)]
    one, together = ({(a, b) for a, b in both if x[a] == x[b]} for x in (people, found))
    right = len(one & together)
    assert measures.pairwise(people, found) == pytest.approx(
        (right / len(together) if together else 1, right / len(one) if one else 1)
    )


@given(LABELS)
def test_pairs_and_bcubed_agree_with_scikit_learn(pairs):
    from sklearn.metrics.cluster import pair_confusion_matrix

    people, found = arrays(pairs)
    (_, false), (missed, right) = pair_confusion_matrix(people, found)
    assert measures.pairwise(people, found) == pytest.approx(
        (
            right / (right + false) if right + false else 1,
            right / (right + missed) if right + missed else 1,
        )
    )


@given(LABELS)
def test_people_and_groups_change_places(pairs):
    people, found = arrays(pairs)
    one, other = measures.bcubed(people, found), measures.bcubed(found, people)
    assert one[0].tolist() == other[1].tolist()
    errors, turned = measures.Errors.of(people, found), measures.Errors.of(found, people)
    assert (errors.merged, errors.groups) == (turned.split, turned.people)


def test_the_f_measure_is_the_harmonic_mean():
    assert measures.f_measure(0.5, 1.0) == pytest.approx(2 / 3)
    assert measures.f_measure(0.0, 0.0) == 0


@pytest.mark.parametrize("name", methods.METHODS)
def test_every_method_finds_people_who_are_far_apart(name):
    if name.startswith("Chinese"):
        pytest.importorskip("dlib")
    faces = faces_of(8, 5, 0.15)
    found = methods.METHODS[name](faces.vectors)(0.7)
    assert measures.Errors.of(faces.people, found) == measures.Errors(0, 8, 0, 8)


def test_hdbscan_needs_no_threshold_and_leaves_noise_alone():
    faces = faces_of(8, 5, 0.05)
    found = methods.hdbscan(faces.vectors)(0.0)
    assert mean_bcubed(faces.people, found) == (1.0, 1.0)
    assert len(set(methods.hdbscan(faces_of(9, 1, 0.0).vectors)(0.0).tolist())) >= 1


def test_a_false_link_chains_components_and_not_the_links_of_matcher():
    faces = faces_of(2, 6, 0.15, size=8)
    bridge = faces.vectors[[0, 6]].sum(axis=0)
    vectors = np.vstack([faces.vectors, bridge / np.linalg.norm(bridge)])
    threshold = float(vectors[-1] @ vectors[0]) - 0.02
    assert len(set(methods.components(vectors)(threshold).tolist())) == 1
    assert len(set(methods.links(vectors)(threshold)[:12].tolist())) == 2


def test_the_usual_distance_of_dlib_is_told_for_vectors_of_unit_length():
    score = methods.usual_threshold()
    assert np.sqrt(2 - 2 * score) * methods.DLIB_LENGTH == pytest.approx(methods.USUAL)


def test_the_threshold_is_the_lowest_from_which_on_precision_is_high():
    faces = faces_of(20, 4, 0.8)
    chosen = tables.lowest_threshold(methods.components, faces, 0.95)
    at = methods.components(faces.vectors)
    precision = {one: mean_bcubed(faces.people, at(one))[0] for one in tables.thresholds_of(faces)}
    assert all(value >= 0.95 for one, value in precision.items() if one >= chosen)
    below = [one for one in precision if one < chosen]
    assert precision[max(below)] < 0.95


def test_thresholds_have_steps_that_suit_the_model():
    wide = tables.thresholds_of(faces_of(20, 2, 0.5))
    assert min(np.diff(wide)) == pytest.approx(0.01)
    vectors = faces_of(20, 2, 0.5).vectors
    close = np.hstack([np.full((40, 1), 5.0, np.float32), vectors])
    close /= np.linalg.norm(close, axis=1, keepdims=True)
    narrow = tables.thresholds_of(tables.Faces(close, np.repeat(np.arange(20), 2), np.zeros(40)))
    assert min(np.diff(narrow)) < 0.005


def test_halves_have_all_people_once_and_change_places():
    faces = faces_of(9, 3, 0.5)
    (chosen, judged), (turned, other) = tables.halves(faces)
    assert not set(chosen.people) & set(judged.people)
    assert set(chosen.people) | set(judged.people) == set(range(9))
    assert (chosen.people.tolist(), judged.people.tolist()) == (
        other.people.tolist(),
        turned.people.tolist(),
    )


def test_sets_in_one_share_no_person():
    one, other = faces_of(3, 2, 0.5), faces_of(4, 2, 0.5)
    joined = tables.Faces.joined([one, other])
    assert joined.people.tolist() == np.repeat(np.arange(7), 2).tolist()
    assert len(joined.vectors) == len(joined.ages) == 14


def test_the_table_of_ages_says_what_became_of_each_age():
    faces = faces_of(2, 4, 0.1, ages=[3, 8, 15, 40])
    apart, together = np.array([0, 1, 1, 1, 2, 3, 3, 1]), np.zeros(8, np.int64)
    record = recording()
    tables.ages_table(
        faces,
        lambda _: lambda one: apart if one == 0.58 else together,
        0.58,
        draws=50,
        seed=1,
        record=record,
    )
    kept = record.tables["by age"]
    of = {row[0]: dict(zip(kept["columns"], row, strict=True)) for row in kept["rows"]}
    assert [*of] == ["under 6", "6 to 12", "13 to 17", "18 or older"]
    assert of["under 6"]["in no group, %"].startswith("100.0")
    assert of["18 or older"]["with another person at 0.58, %"].startswith("100.0")
    assert of["13 to 17"]["with another person at 0.58, %"].startswith("50.0")
    assert all(row["with another person at 0.50, %"].startswith("100.0") for row in of.values())


def test_the_table_of_pairs_counts_different_children_only():
    vectors = np.array([[1, 0], [1, 0], [1, 0], [1, 0]], np.float32)
    faces = tables.Faces(vectors, np.array([0, 0, 1, 2]), np.array([4.0, 5.0, 6.0, 30.0]))
    record = recording()
    tables.pairs_table(faces, 0.58, record)
    rows = {row[0]: row[1:] for row in record.tables["pairs of different people"]["rows"]}
    assert rows["under 18"] == [2, *["2 (10,000.0 in 10,000)"] * 4]
    assert rows["18 or older"][0] == 0


def test_each_half_is_grouped_at_the_threshold_of_the_other():
    faces = faces_of(12, 4, 0.4)
    people, found = groups._crossed(faces, "connected components", 0.99)
    assert sorted(people.tolist()) == sorted(faces.people.tolist())
    assert measures.Errors.of(people, found).people == 12


def test_the_program_keeps_every_table_and_every_row(monkeypatch, results):
    faces = faces_of(10, 4, 0.4, ages=[4, 9, 14, 30])
    sets = ("FG-NET", "LFW", "rendered")
    monkeypatch.setattr(groups, "load_model", lambda name: FakeModel(name))
    monkeypatch.setattr(groups, "read", lambda _: dict.fromkeys(sets, range(41)))
    monkeypatch.setattr(groups, "faces_of", lambda _, models, __: [faces] * len(models))
    groups.main(["--fgnet", "photos", "--draws", "20"])
    kept = json.loads((results / "groups.json").read_text())["tables"]
    assert kept["photos"]["rows"] == [[name, 41, 1, 10, 0] for name in sets]
    found = [(row[0], row[2]) for row in kept["methods"]["rows"]]
    assert ("both in one", "links and their share") in found
    assert [kind for kind, _ in found].count("both in one") == len(methods.METHODS) + 1
    for name in ("by age", "by size of the folder", "pairs of different people"):
        assert kept[name]["rows"]


def test_photos_become_faces_and_those_without_one_are_counted(tmp_path):
    for one in sample_photos(subjects=2, ages=(8.0, 16.0)):
        Image.fromarray(one.pixels).save(tmp_path / f"{one.subject + 1:03d}A{one.age:02.0f}.JPG")
    Image.new("RGB", (200, 200), "grey").save(tmp_path / "003A05.JPG")
    _, record = groups._options(["--fgnet", str(tmp_path), "--vectors", str(tmp_path / "kept")])
    (cohort,) = groups.read(record.options).values()
    (faces,) = groups.faces_of(cohort, [FakeEmbedder()], record.options.vectors)
    assert groups.counts("FG-NET", cohort, faces) == ("FG-NET", 5, 1, 2, 0)
    assert faces.people.tolist() == [0, 0, 1, 1]
    assert faces.ages.tolist() == [8, 16, 8, 16]
    assert len(faces.vectors) == 4
    assert [*(tmp_path / "kept").iterdir()]


def test_made_strangers_score_as_children_do_and_the_run_says_what_it_took(results):
    vectors, owners = scale.made_people(2000, 2)
    scores = (vectors @ vectors.T)[np.triu(owners[:, None] != owners)]
    assert 2e-4 < (scores >= 0.48).mean() < 1e-3
    assert 5e-6 < (scores >= 0.58).mean() < 5e-5
    assert np.median((vectors[::2] * vectors[1::2]).sum(axis=1)) == pytest.approx(0.64, abs=0.01)
    scale.main(["--people", "100", "--photos", "3", "--threshold", "0.58", "0.7"])
    kept = json.loads((results / "groups_scale.json").read_text())["tables"]
    assert kept["faces"]["rows"] == [[300, 100]]
    assert [row[0] for row in kept["groups"]["rows"]] == ["bare product", "0.58", "0.70"]
    assert all(row[3].endswith(" GB") for row in kept["groups"]["rows"][1:])


class FakeModel:
    """What the program asks of a model: its identity."""

    def __init__(self, name):
        self.identity = self
        self.name, self.version = name, "1"
