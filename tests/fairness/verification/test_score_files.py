"""Scores from files: the same audit as from vectors, and errors that say what to mend."""

import builtins
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from made_scores import Counted, as_rows, audits, by_dyad, cohort_of, dyads

from fairness.errors import AuditError, MissingExtraError, ScoresError
from fairness.verification import (
    EmbeddingScores,
    ListedScores,
    Verification,
    everybody,
    read_scores,
)
from fairness.verification.listed_scores import NO_SCORE
from fairness.verification.scores import NOT_COMPARED

repeatable = settings(deadline=None, derandomize=True, max_examples=60)

PEOPLE = ["a", "a", "b", "b", "c", "d"]
COHORT = cohort_of(PEOPLE, families={"c": "x", "d": "x"})
CLOSE = {(0, 1): 0.9, (2, 3): 0.8, (4, 5): 0.6, (0, 2): 0.1, (0, 3): 0.2, (1, 2): 0.15, (1, 4): 0.3}


def name(photo):
    return COHORT.samples[photo].photo


def rows(scores=CLOSE):
    return [(name(i), name(j), score) for (i, j), score in scores.items()]


def csv_of(path, lines, header="probe,reference,score"):
    text = "\n".join([header, *(",".join(map(str, line)) for line in lines)])
    file = path / "scores.csv"
    file.write_text(text + "\n", encoding="utf-8")
    return file


def parquet_of(path, lines):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    file = path / "scores.parquet"
    columns = dict(zip(("probe", "reference", "score"), zip(*lines, strict=True), strict=True))
    parquet.write_table(pyarrow.table({**columns, "extra": [1] * len(lines)}), file)
    return file


@repeatable
@given(audits())
def test_a_list_of_all_pairs_says_what_the_vectors_say(audit):
    cohort, vectors, _ = audit
    pairs = np.array(list(combinations(range(len(cohort)), 2)), np.int64).reshape(-1, 2)
    if not len(pairs):
        return
    shuffled = np.random.default_rng(8).permutation(pairs)[:, ::-1]
    score = np.sum(vectors[shuffled[:, 0]] * vectors[shuffled[:, 1]], axis=1)
    listed = ListedScores(cohort, shuffled[:, 0], shuffled[:, 1], score)
    embedded = EmbeddingScores(*audit)
    grouping = cohort.grouping("group")
    assert as_rows(listed.mated()) == as_rows(embedded.mated())
    assert as_rows(listed.kin()) == as_rows(embedded.kin())
    for threshold in (-0.5, 0.5, 1.0):
        ours, theirs = (made.false_matches(threshold, grouping) for made in (listed, embedded))
        assert dyads(ours.overall()) == dyads(theirs.overall())
        assert by_dyad(cohort, Counted(*audit).others, threshold) == dyads(ours.overall())
        for a, b in combinations([*grouping.names, grouping.names[0]], 2):
            one, other = ours.between(a, b), theirs.between(a, b)
            assert dyads(one) == dyads(other)
            assert one.trials.total == other.trials.total
        for name in grouping.names:
            one, other = ours.against_all(name), theirs.against_all(name)
            assert dyads(one) == dyads(other)
            if one.trials.total:
                assert one.rate() == other.rate()
            assert listed.histogram(grouping).between(a, b).fmr(threshold) == pytest.approx(
                embedded.histogram(grouping).between(a, b).fmr(threshold), nan_ok=True
            )


@pytest.mark.parametrize("write", [csv_of, parquet_of])
def test_a_file_is_read_with_mates_kin_and_others_told_apart(tmp_path, write):
    scores = read_scores(write(tmp_path, rows()), COHORT)
    assert as_rows(scores.mated()) == [(0, 1, np.float32(0.9)), (2, 3, np.float32(0.8))]
    assert as_rows(scores.kin()) == [(4, 5, np.float32(0.6))]
    matches = scores.false_matches(0.2, everybody(6)).overall()
    assert (matches.total, matches.trials.total) == (2, 4)
    assert Verification(scores, 0.6).kin().rate().errors == 1


def test_order_of_rows_and_columns_changes_nothing(tmp_path):
    (tmp_path / "other").mkdir()
    turned = csv_of(
        tmp_path / "other",
        [(score, "x", j, i) for i, j, score in reversed(rows())],
        header=" score,further,reference,probe",
    )
    one, two = read_scores(csv_of(tmp_path, rows()), COHORT), read_scores(turned, COHORT)
    assert as_rows(one.tail(-1)) == as_rows(two.tail(-1))
    assert as_rows(one.mated()) == as_rows(two.mated())


@pytest.mark.parametrize("write", [csv_of, parquet_of])
def test_an_empty_score_is_a_comparison_that_could_not_be_made(tmp_path, write):
    empty = "" if write is csv_of else None
    lines = [*rows(), (name(0), name(5), empty), (name(3), name(5), empty)]
    cohort = cohort_of([*PEOPLE, "e"], families={"c": "x", "d": "x"})
    lines = [line for line in lines if line[:2] != (name(4), name(5))]
    scores = read_scores(write(tmp_path, lines), cohort)
    assert scores.acquisition == ("",) * 5 + (NO_SCORE, NOT_COMPARED)
    failed = Verification(scores, 0.5).failures_to_acquire(everybody(7))["everybody"]
    assert (failed.errors.sum(), failed.trials.sum()) == (1, 6)
    assert scores.false_matches(0.0, everybody(7)).overall().trials.total == 4


def test_distances_become_negative_scores(tmp_path):
    distances = csv_of(tmp_path, [(i, j, 1 - score) for i, j, score in rows()])
    scores = read_scores(distances, COHORT, kind="distance")
    matches = scores.false_matches(-0.8, everybody(6)).overall()
    assert (matches.total, matches.trials.total) == (2, 4)


@pytest.mark.parametrize(
    ("given", "right"), [("similarity", "distance"), ("distance", "similarity")]
)
def test_a_file_the_wrong_way_round_is_refused(tmp_path, given, right):
    cohort = cohort_of([person for person in "abcdef" for _ in range(2)])
    closer = 1 if right == "similarity" else -1
    lines = [
        (
            cohort.samples[i].photo,
            cohort.samples[j].photo,
            closer * (1.0 if i // 2 == j // 2 else 0.1 * i),
        )
        for i, j in combinations(range(12), 2)
    ]
    file = csv_of(tmp_path, lines)
    with pytest.raises(ScoresError, match=f'kind="{right}"'):
        read_scores(file, cohort, kind=given)
    assert len(read_scores(file, cohort, kind=right).mated()) == 6


def test_a_weak_matcher_is_not_taken_for_a_reversed_one(tmp_path):
    weak = {(0, 1): 0.25, (2, 3): 0.15, (0, 2): 0.1, (0, 3): 0.2, (1, 2): 0.3}
    assert len(read_scores(csv_of(tmp_path, rows(weak)), COHORT).mated()) == 2


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ([("0000.jpg", "0004.jpg", "nan")], r"finite.*1 other row: 8"),
        ([("0000.jpg", "0004.jpg", "inf"), ("0001.jpg", "0005.jpg", "-inf")], r"rows: 8, 9"),
        ([("0000.jpg", "0004.jpg", "1e60")], r"finite.*row: 8"),
        ([("0000.jpg", "0004.jpg", "high")], r"finite.*row: 8"),
        ([("0000.jpg", "0002.jpg", 0.1)], r"each pair of photos once.*row: 8"),
        ([("0002.jpg", "0000.jpg", 0.1)], r"each pair of photos once.*row: 8"),
        ([("0004.jpg", "0004.jpg", 1.0)], r"two different photos.*row: 8"),
        (
            [("0004.jpg", "x.jpg", 1.0), ("y.jpg", "x.jpg", 1.0)],
            r"2 other photos.*'y.jpg', 'x.jpg'",
        ),
        ([("0004.jpg", "0000.jpg")], "a row without 3 cells"),
        ([('"', "0000.jpg", 1)], "CSV or Parquet"),
    ],
)
def test_rows_that_cannot_be_used_are_named(tmp_path, extra, words):
    with pytest.raises(ScoresError, match=words):
        read_scores(csv_of(tmp_path, [*rows(), *extra]), COHORT)


def test_a_nan_in_parquet_is_no_empty_cell(tmp_path):
    file = parquet_of(tmp_path, [*rows(), (name(0), name(5), float("nan"))])
    with pytest.raises(ScoresError, match="row: 8"):
        read_scores(file, COHORT)


def test_files_that_are_no_scores_are_refused(tmp_path):
    broken, text = tmp_path / "broken.parquet", tmp_path / "latin.csv"
    broken.write_bytes(b"PAR1 and nothing else")
    text.write_bytes("probe,reference,score\né".encode("latin-1"))
    lacking = csv_of(tmp_path, rows(), header="probe,reference,value")
    for file in (broken, text, lacking, tmp_path / "none.csv", tmp_path / "none.parquet"):
        with pytest.raises(ScoresError) as caught:
            read_scores(file, COHORT)
        assert caught.value.path == file


@pytest.mark.parametrize("text", ["", "probe,reference,score\n"])
def test_a_file_without_comparisons_is_refused(tmp_path, text):
    file = tmp_path / "scores.csv"
    file.write_text(text)
    with pytest.raises(ScoresError):
        read_scores(file, COHORT)


def test_parquet_without_its_extra_says_so(tmp_path, monkeypatch):
    load = builtins.__import__

    def without(module, *args, **kwargs):
        if module.startswith("pyarrow"):
            raise ImportError(module)
        return load(module, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match="parquet") as caught:
        read_scores(tmp_path / "scores.parquet", COHORT)
    assert isinstance(caught.value, AuditError)


def test_a_kind_that_is_none_is_refused(tmp_path):
    with pytest.raises(ValueError, match="kind"):
        read_scores(csv_of(tmp_path, rows()), COHORT, kind="closeness")


def test_equal_scores_everywhere_are_one_bin(tmp_path):
    same = dict.fromkeys(CLOSE, 0.5)
    scores = read_scores(csv_of(tmp_path, rows(same)), COHORT)
    counts = scores.histogram(everybody(6)).overall()
    assert (counts.fmr(0.5), counts.fmr(0.51), counts.trials) == (1.0, 0.0, 4)


def test_a_long_file_is_read_in_parts(tmp_path):
    cohort = cohort_of([f"s{i // 2}" for i in range(400)])
    pairs = list(combinations(range(400), 2))
    score = [0.9 if i // 2 == j // 2 else (i * j % 97) / 200 for i, j in pairs]
    lines = [
        (cohort.samples[i].photo, cohort.samples[j].photo, s)
        for (i, j), s in zip(pairs, score, strict=True)
    ]
    scores = read_scores(csv_of(tmp_path, lines), cohort)
    matches = scores.false_matches(0.4, everybody(400)).overall()
    assert matches.trials.total == len(pairs) - 200
    assert matches.total == sum(np.float32(s) >= np.float32(0.4) for s in score) - 200
