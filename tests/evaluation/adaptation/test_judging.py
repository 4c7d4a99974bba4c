"""Maps are judged on people they were not fitted to, and the best fair one is chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from fairness import Cohort, Sample
from matcher.evaluation import Choice, Judgement
from matcher.evaluation.adaptation.age_bands import FOLDS
from matcher.evaluation.adaptation.copies import WithCopies
from matcher.evaluation.adaptation.faces import Faces, faces_of, first_of_each
from matcher.evaluation.adaptation.judging import Court, chosen

D = 24
NAMES = ("young", "older", "adult")
BASE = None


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    made: NDArray[np.float64] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return made


def crowded(
    each: int = 200, crowd: float = 2.0, uneven: float = 3.0, origins: int = 0, seed: int = 0
) -> Faces:
    """Return people of whom the young crowd on one side, in directions of uneven strength."""
    rng = np.random.default_rng(seed)
    bands = np.repeat(np.arange(3), each)
    strong = np.where(np.arange(D) < 4, uneven, 1.0)
    own = rng.normal(size=(3 * each, D)) * strong
    own[bands < 2] += crowd * np.linspace(1, 2, D)
    origin = np.where(bands < 2, np.arange(3 * each) % max(1, origins), -1)
    if origins:
        own += np.where(origin[:, None] >= 0, 2 * rng.normal(size=(origins, D))[origin], 0)
    samples = [
        Sample(f"{n:04}.jpg", f"{n:04}.jpg", labels={"race": f"group {o}"} if o >= 0 else {})
        for n, o in enumerate(origin)
    ]
    vectors = unit(own)
    copies = unit(own + 0.8 * rng.normal(size=own.shape))
    made = WithCopies(Cohort.of(samples, name="made"), vectors, copies, {})
    return faces_of(made, bands, NAMES, "race" if origins else None, seed)


def test_a_map_takes_the_young_apart() -> None:
    court = Court(crowded(), seed=0)
    before, after = court.judge(BASE), court.judge(Choice(0.5, 0))
    assert before.times_under_18 > 20
    assert after.times_under_18 < 3
    assert after.true_match_rate >= before.true_match_rate


def test_directions_of_origin_are_taken_out() -> None:
    faces = crowded(origins=3)
    assert faces.origin_names == ("group 0", "group 1", "group 2")
    assert [choice.origin_directions for choice in faces.choices()] == [0, 1, 2] * 4
    mapped = faces.fitted(Choice(0.0, 2))
    flat = (faces.vectors - mapped.mean) @ mapped.matrix
    means = np.array([flat[faces.origins == code].mean(axis=0) for code in range(3)])
    plain = faces.fitted(Choice(0.0, 0))
    before = (faces.vectors - plain.mean) @ plain.matrix
    apart = np.array([before[faces.origins == code].mean(axis=0) for code in range(3)])
    assert np.ptp(means, axis=0).max() < 0.2 * np.ptp(apart, axis=0).max()


def test_two_groups_of_origin_differ_in_one_direction_and_a_small_group_is_none() -> None:
    assert {choice.origin_directions for choice in crowded(origins=2).choices()} == {0, 1}
    few = crowded(each=60, origins=4)
    assert few.origin_names == ()
    assert {choice.origin_directions for choice in few.choices()} == {0}


def test_a_person_is_in_one_fold_and_each_band_in_all_of_them() -> None:
    rng = np.random.default_rng(3)
    people = rng.integers(0, 120, 300)
    samples = [Sample(f"{n:04}.jpg", f"s{who}") for n, who in enumerate(people)]
    bands = np.arange(300) % 3
    vectors = unit(rng.normal(size=(300, D)))
    made = WithCopies(Cohort.of(samples, name="made"), vectors, vectors, {})
    faces = faces_of(made, bands, NAMES, None, seed=0)
    folds: dict[int, set[int]] = {}
    for who, fold in zip(faces.people, faces.folds, strict=True):
        folds.setdefault(int(who), set()).add(int(fold))
    assert all(len(of) == 1 for of in folds.values())
    for band in range(3):
        counts = np.bincount(faces.folds[faces.bands == band], minlength=FOLDS)
        assert counts.min() > 0


def test_what_was_judged_was_not_fitted_to() -> None:
    """If the faces of a fold change, the map that judges them stays."""
    faces = crowded()
    changed = replace(
        faces, vectors=np.where((faces.folds == 2)[:, None], faces.copies, faces.vectors)
    )
    for fold in range(FOLDS):
        one = faces.fitted(Choice(0.25, 0), (fold,))
        other = changed.fitted(Choice(0.25, 0), (fold,))
        assert (one.to_bytes() == other.to_bytes()) == (fold == 2)


def test_photos_of_one_person_and_of_relatives_are_no_false_matches() -> None:
    faces = crowded(crowd=0.0)
    twin, copies = faces.vectors.copy(), faces.copies.copy()
    twin[1::2], copies[1::2] = twin[::2], copies[::2]  # each odd face is its neighbour's twin
    order = np.arange(len(twin)) // 2
    together = faces.folds[order * 2]
    strangers = replace(faces, vectors=twin, copies=copies, folds=together)
    for same in ({"people": order}, {"families": order}):
        related = replace(strangers, **same)
        assert Court(related, 0).judge(BASE).true_match_rate > 0.5
    assert Court(strangers, 0).judge(BASE).true_match_rate == 0.0


def test_a_large_fold_is_judged_on_a_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from matcher.evaluation.adaptation import judging

    monkeypatch.setattr(judging, "MOST_IN_A_FOLD", 50)
    court = Court(crowded(), seed=0)
    assert court.judged == 50 * FOLDS
    assert Court(crowded(), seed=0).judge(BASE) == court.judge(BASE)


def test_the_rates_of_groups_are_those_of_a_plain_count() -> None:
    faces = crowded(each=60)
    court = Court(faces, seed=0)
    rates = {rates.name: rates for rates in court.rates(BASE)}
    assert list(rates) == ["young", "older", "all under 18", "adult"]
    scores = {name: [] for name in ("young", "adult")}  # type: ignore[var-annotated]
    for left in range(len(faces.bands)):
        for right in range(left):
            if faces.folds[left] == faces.folds[right] and faces.bands[left] == faces.bands[right]:
                name = NAMES[faces.bands[left]]
                if name in scores:
                    scores[name].append(faces.vectors[left] @ faces.vectors[right])
    adults = np.sort(scores["adult"])
    threshold = adults[len(adults) - 1 - int(len(adults) / 1000)]
    wanted = np.mean(np.array(scores["young"]) > threshold + 1e-6)
    assert rates["young"].false_matches.estimate == pytest.approx(wanted, abs=1e-3)
    mates = np.einsum("nd,nd->n", faces.vectors, faces.copies)[faces.bands == 0]
    assert rates["young"].misses.estimate == pytest.approx(np.mean(mates <= threshold), abs=0.02)


def test_the_first_photo_of_a_person_in_a_band_counts() -> None:
    samples = [Sample(f"{n}.jpg", who) for n, who in enumerate("aabbab")]
    made = Cohort.of(samples, name="made")
    kept = first_of_each(made, np.array([0, 0, 0, 1, 1, -1]))
    assert kept.tolist() == [True, False, True, True, True, False]


def made(strength: float, tmr: float, times: float) -> Judgement:
    return Judgement(Choice(strength, 0), tmr, times)


@pytest.mark.parametrize(
    ("judged", "place"),
    [
        ([made(0, 0.5, 1.0), made(0.25, 0.6, 1.9), made(0.5, 0.7, 2.1)], 1),
        ([made(0, 0.5, 4.0), made(0.25, 0.6, 3.0), made(0.5, 0.7, 9.0)], 1),
        ([made(0, 0.6, 1.0), made(0.25, 0.6, 0.5)], 0),
        ([made(0, 0.6, 2.0)], 0),
    ],
    ids=["the best fair one", "no fair one", "the weakest of equals", "on the edge"],
)
def test_the_choice(judged: list[Judgement], place: int) -> None:
    assert chosen(judged) is judged[place]
