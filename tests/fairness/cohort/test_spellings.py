"""One label in several spellings is one group, and nothing of it is silent."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness import AuditSettings, Cohort, EmbeddingScores, Sample, audit, read_cohort


def cohort_of(texts: list[str], label: str = "race") -> Cohort:
    return Cohort.of(
        [Sample(f"{i:03}.jpg", f"s{i:03}", labels={label: t}) for i, t in enumerate(texts)],
        name="made",
    )


def test_black_in_three_spellings_is_one_group_in_every_table() -> None:
    texts = ["Black"] * 20 + ["black"] * 15 + ["BLACK"] * 12 + [" Black  "] + ["White"] * 30
    cohort = cohort_of(texts)
    assert cohort.grouping("race").names == ("Black", "White")
    (remark,) = cohort.remarks
    assert "' Black  ', 'BLACK', 'black' is read as 'Black'" in remark
    assert "28 photos" in remark
    vectors = np.random.default_rng(0).normal(size=(len(cohort), 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    settings = AuditSettings(factors=("race",), fmr=0.1, draws=10)
    report = audit(EmbeddingScores(cohort, vectors), settings, matcher={})
    assert report.table("coverage").values("group") == ("all", "Black", "White")
    assert "'BLACK'" in report.card["Spellings"]
    assert any("read as one group" in text for text in report.caveats)


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(["Cafe\u0301", "Caf\u00e9"], id="accent"),
        pytest.param(["South  Asian", "South Asian", "south asian"], id="spaces"),
        pytest.param(["Stra\u00dfe", "STRASSE"], id="capitals of other scripts"),
        pytest.param(["a\u00a0b", "a b"], id="hard space"),
    ],
)
def test_what_looks_alike_is_one_group(texts: list[str]) -> None:
    assert len(cohort_of(texts).grouping("race").names) == 1


def test_what_means_unknown_is_unknown() -> None:
    assert cohort_of(["Unknown", "", " ", "UNKNOWN", "x"]).grouping("race").names == (
        "unknown",
        "x",
    )


def test_labels_of_an_audit_only_are_on_the_card() -> None:
    samples = [
        Sample(
            f"{i}.jpg",
            f"s{i}",
            source=("Lab", "lab")[i % 2],
            labels={"school": "Aa" if i else "aa"},
        )
        for i in range(40)
    ]
    cohort = Cohort.of(samples, name="made")
    assert {spelling.label for spelling in cohort.spellings} == {"school", "source"}
    vectors = np.eye(40, dtype=np.float32)
    report = audit(
        EmbeddingScores(cohort, vectors),
        AuditSettings(factors=("sex",), threshold=0.0001),
        matcher={},
    )
    assert "source 'lab'" in report.card["Spellings"]
    assert "school" not in str(dict(report.card))


def test_subjects_are_not_folded_but_named() -> None:
    samples = [Sample("1.jpg", "Anna"), Sample("2.jpg", "anna"), Sample("3.jpg", "Berta")]
    cohort = Cohort.of(samples, name="made")
    assert cohort.subjects == ("Anna", "Berta", "anna")
    (remark,) = cohort.remarks
    assert "'Anna' and 'anna'" in remark
    assert "read as different subjects" in remark


def test_a_manifest_says_each_thing_once(tmp_path: Path) -> None:
    rows = ["photo,subject,race", "1.jpg,Anna,Black", "2.jpg,anna,black", "3.jpg,c,Black"]
    (tmp_path / "manifest.csv").write_text("\n".join(rows))
    cohort = read_cohort(tmp_path)
    assert len(cohort.remarks) == 2
    assert cohort.without(["1.jpg"], "left out").spellings == cohort.spellings


@given(
    st.lists(
        st.text(st.sampled_from("aAbB \u00e9e\u0301\u00df"), max_size=4), min_size=1, max_size=12
    ),
    st.randoms(),
)
def test_folding_is_idempotent_and_does_not_depend_on_the_order(texts: list[str], random) -> None:
    cohort = cohort_of(texts)
    names = [sample.labels["race"] for sample in cohort.samples]
    again = cohort_of(names)
    assert [sample.labels["race"] for sample in again.samples] == names
    shuffled = list(texts)
    random.shuffle(shuffled)
    assert cohort_of(shuffled).grouping("race").names == cohort.grouping("race").names
    keys = {" ".join(name.casefold().split()) for name in set(names)}
    assert len(keys) == len(set(names))
