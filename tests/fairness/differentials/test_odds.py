"""Odds ratios of an error: those of statsmodels, where the data determine them, and no others."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from fairness.differentials import LevelOdds, Levels, odds_ratios
from fairness.errors import MissingExtraError
from fairness.rates import effective_people

models = pytest.importorskip("statsmodels.api")

PEOPLE, PHOTOS = 400, 5


def expit(eta):
    return 1 / (1 + np.exp(-eta))


def drawn(seed, *, sex=0.0, poor=0.0, middle=0.0, shared=0.5, people=PEOPLE):
    """Errors with these log odds ratios; trials of one person go together as `shared` says."""
    rng = np.random.default_rng(seed)
    subjects = np.repeat(np.arange(people), PHOTOS)
    sexes = np.array(["female", "male"])[np.repeat(rng.integers(0, 2, people), PHOTOS)]
    quality = rng.choice(["1 poor", "2 middle", "3 good"], people * PHOTOS)
    own, of_person = rng.normal(size=people * PHOTOS), np.repeat(rng.normal(size=people), PHOTOS)
    # A shared normal part keeps the probability of each trial exactly that of the model.
    uniform = expit_of_normal(np.sqrt(shared) * of_person + np.sqrt(1 - shared) * own)
    eta = -1.2 + sex * (sexes == "female") + poor * (quality == "1 poor")
    eta = eta + middle * (quality == "2 middle")
    return uniform < expit(eta), subjects, sexes, quality


def expit_of_normal(z):
    from scipy.stats import norm

    return norm.cdf(z)


def by_level(found: tuple[LevelOdds, ...]) -> dict[str, LevelOdds]:
    return {one.level: one for one in found}


def test_every_number_is_that_of_statsmodels() -> None:
    errors, subjects, sexes, quality = drawn(3, sex=0.7, poor=1.0)
    found = by_level(
        odds_ratios(
            errors,
            subjects,
            [Levels("sex", sexes, "male"), Levels("quality", quality, "3 good")],
            level=0.9,
        )
    )
    columns = {
        "female": sexes == "female",
        "1 poor": quality == "1 poor",
        "2 middle": quality == "2 middle",
    }

    def fit(*names):
        design = np.column_stack([np.ones(len(errors)), *(columns[name] for name in names)])
        return models.Logit(errors.astype(float), design.astype(float)).fit(
            disp=0, cov_type="cluster", cov_kwds={"groups": subjects}, use_t=True
        )

    for result, names, which in (
        (fit(*columns), tuple(columns), "adjusted"),
        (fit("female"), ("female",), "crude"),
        (fit("1 poor", "2 middle"), ("1 poor", "2 middle"), "crude"),
    ):
        for place, name in enumerate(names, start=1):
            ratio = getattr(found[name], which)
            low, high = np.exp(result.conf_int(0.1)[place])
            assert ratio.ratio == pytest.approx(np.exp(result.params[place]), rel=1e-6)
            assert (ratio.low, ratio.high) == pytest.approx((low, high), rel=1e-6)
            assert ratio.p_value == pytest.approx(result.pvalues[place], rel=1e-5)
    assert found["male"].remark == found["3 good"].remark == "reference"
    women = sexes == "female"
    assert (found["female"].errors, found["female"].trials) == (errors[women].sum(), women.sum())
    assert found["female"].subjects == len(set(subjects[women]))


def test_intervals_hold_known_odds_ratios_although_trials_of_a_person_go_together() -> None:
    truth = {"female": np.exp(0.5), "1 poor": np.exp(0.8), "2 middle": 1.0}
    held, narrow = dict.fromkeys(truth, 0), 0
    for seed in range(200):
        errors, subjects, sexes, quality = drawn(seed, sex=0.5, poor=0.8, people=150, shared=0.9)
        factors = [Levels("sex", sexes, "male"), Levels("quality", quality, "3 good")]
        found = by_level(odds_ratios(errors, subjects, factors))
        for name, value in truth.items():
            ratio = found[name].adjusted
            held[name] += ratio.low <= value <= ratio.high
        alone = by_level(odds_ratios(errors, np.arange(len(errors)), factors))["female"].adjusted
        narrow += alone.low <= truth["female"] <= alone.high
    assert all(182 <= number <= 199 for number in held.values())
    assert narrow < 165  # without regard to persons the interval is too narrow


def test_a_gap_that_quality_explains_goes_when_quality_is_held_fixed() -> None:
    rng = np.random.default_rng(1)
    subjects = np.repeat(np.arange(400), 4)
    dark = np.repeat(np.arange(400) % 2 == 0, 4)
    poor = rng.random(1600) < np.where(dark, 0.8, 0.2)
    errors = rng.random(1600) < np.where(poor, 0.4, 0.1)
    tone, quality = np.where(dark, "dark", "light"), np.where(poor, "poor", "good")
    factors = [Levels("tone", tone, "light"), Levels("quality", quality, "good")]
    found = by_level(odds_ratios(errors, subjects, factors))
    assert found["dark"].crude.low > 1.5
    assert found["dark"].adjusted.low < 1 < found["dark"].adjusted.high
    assert found["poor"].adjusted.low > 3


@pytest.mark.parametrize("errors_of_level", [0, None], ids=["no error", "only errors"])
def test_a_level_without_both_outcomes_gets_words_and_leaves_the_others_alone(
    errors_of_level: int | None,
) -> None:
    errors, subjects, sexes, quality = drawn(5, sex=0.7, poor=1.0)
    spoilt = errors.copy()
    spoilt[quality == "1 poor"] = errors_of_level is None
    factors = [Levels("sex", sexes, "male"), Levels("quality", quality, "3 good")]
    found = by_level(odds_ratios(spoilt, subjects, factors))
    assert found["1 poor"].crude is found["1 poor"].adjusted is None
    assert "separation" in found["1 poor"].remark
    rest = quality != "1 poor"
    without = by_level(
        odds_ratios(
            errors[rest],
            subjects[rest],
            [Levels("sex", sexes[rest], "male"), Levels("quality", quality[rest], "3 good")],
        )
    )
    assert found["female"].adjusted.ratio == pytest.approx(without["female"].adjusted.ratio)
    assert found["2 middle"].adjusted.ratio == pytest.approx(without["2 middle"].adjusted.ratio)


def test_levels_that_are_separated_only_together_are_found() -> None:
    """Alone each has both outcomes; without x and z is no error, with both are only errors."""
    rng = np.random.default_rng(2)
    subjects = np.arange(3000)
    x, z, w = (rng.integers(0, 2, 3000) for _ in range(3))
    errors = np.where(x == z, x == 1, rng.random(3000) < 0.5)
    factors = [Levels(name, np.char.mod("%d", v), "0") for name, v in (("x", x), ("z", z))]
    w_labels = np.where(w == 1, "w", "no w")
    found = odds_ratios(errors, subjects, [*factors, Levels("w", w_labels, "no w")])
    x1, z1, with_w = (one for one in found if one.level in ("1", "w"))
    for one in (x1, z1):
        assert one.crude is not None
        assert one.adjusted is None
        assert one.remark == "with the others: no finite ratio (separation)"
    assert with_w.adjusted.low < 1 < with_w.adjusted.high


def test_factors_that_say_the_same_get_no_number_together() -> None:
    errors, subjects, sexes, quality = drawn(6, sex=0.5, poor=0.5)
    same = np.char.add("also ", sexes)
    found = by_level(
        odds_ratios(
            errors,
            subjects,
            [Levels("sex", sexes, "male"), Levels("twin", same), Levels("quality", quality)],
        )
    )
    for name in ("female", "also female"):
        one = found[name] if found[name].remark != "reference" else found["also male"]
        assert one.crude is not None
        assert one.adjusted is None
        assert "cannot be told apart" in one.remark
    assert found["1 poor"].adjusted or found["2 middle"].adjusted


def test_too_few_people_behind_the_errors_are_refused() -> None:
    errors, subjects, sexes, quality = drawn(7)
    few = errors & (subjects < 60)  # not 30 people with an error
    factors = [Levels("sex", sexes, "male"), Levels("quality", quality, "3 good")]
    found = by_level(odds_ratios(few, subjects, factors))
    assert 10 <= effective_people(np.bincount(subjects[few])) < 30
    assert all(one.adjusted is None for one in found.values())
    assert found["female"].crude is not None
    assert found["female"].remark == "with the others: too few people for a fit"


def test_one_person_with_many_photos_is_no_crowd() -> None:
    assert effective_people(np.bincount(np.arange(50))) == 50
    assert effective_people(np.bincount(np.repeat(np.arange(50), 7))) == 50
    assert effective_people(np.bincount(np.zeros(300, np.int64))) == 1
    assert effective_people(np.bincount(np.empty(0, np.int64))) == 0
    errors, subjects, sexes, quality = drawn(8, people=100)
    crowded = np.where(subjects < 60, 0, subjects)
    factors = [Levels("sex", sexes, "male"), Levels("quality", quality, "3 good")]
    found = by_level(odds_ratios(errors, crowded, factors))
    assert all(one.adjusted is None for one in found.values())


def test_without_a_reference_the_level_with_most_people_is_taken() -> None:
    errors, subjects, _, _ = drawn(9)
    labels = np.where(subjects < 320, "many", "few")
    found = by_level(odds_ratios(errors, subjects, [Levels("size", labels)]))
    assert found["many"].remark == "reference"
    assert found["few"].crude == found["few"].adjusted


@pytest.mark.parametrize(
    ("subjects", "labels"),
    [
        (np.zeros(3, np.int64), np.array(["a", "b", "a", "b"])),
        (np.zeros(4, np.int64), np.array(["a", "a", "a", "a"])),
        (np.zeros(4, np.int64), np.array(["a", "b"])),
    ],
    ids=["subjects", "one level", "labels"],
)
def test_arrays_that_do_not_fit_are_refused(subjects, labels) -> None:
    with pytest.raises(ValueError, match="need"):
        odds_ratios(np.zeros(4, np.bool_), subjects, [Levels("kind", labels)])


def test_no_factor_is_refused() -> None:
    with pytest.raises(ValueError, match="need factors"):
        odds_ratios(np.zeros(4, np.bool_), np.zeros(4, np.int64), [])


def test_without_statsmodels_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "statsmodels", None)
    monkeypatch.setitem(sys.modules, "statsmodels.api", None)
    with pytest.raises(MissingExtraError, match="statsmodels"):
        odds_ratios(np.zeros(4, np.bool_), np.zeros(4, np.int64), [])
