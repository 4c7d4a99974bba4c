"""Counts, figures and comparisons as a person reads them."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import fairness.words
import matcher.words
from matcher.faces import POLICIES, FaceQuality, refusals

BOTH = pytest.mark.parametrize(
    "words", [matcher.words, fairness.words], ids=["matcher", "fairness"]
)


@BOTH
def test_one_has_no_plural(words) -> None:
    assert words.counted(1, "lead") == "1 lead"
    assert words.counted(0, "lead") == "0 leads"
    assert words.counted(2, "person", "people") == "2 people"


@BOTH
@given(st.floats(1e-12, 1e12), st.integers(2, 6))
def test_a_figure_has_no_exponent_and_is_near(words, value: float, digits: int) -> None:
    text = words.figure(value, digits)
    assert "e" not in text
    assert math.isclose(float(text), value, rel_tol=0.5 * 10 ** (1 - digits) * 1.001)


@pytest.mark.parametrize(
    ("value", "text"),
    [(240.3, "240"), (0.000123, "0.00012"), (1.0, "1"), (0.0, "0"), (99.9, "100"), (-2.5, "-2.5")],
)
def test_figures(value: float, text: str) -> None:
    assert matcher.words.figure(value) == text


@given(st.floats(0, 1), st.floats(0, 1))
def test_numbers_that_differ_read_differently(value: float, bound: float) -> None:
    assume(abs(value - bound) > 1e-9)
    one, other = matcher.words.apart(value, bound, 2)
    assert one != other
    assert (float(one) < float(other)) == (value < bound)
    assert fairness.words.apart(value, bound) != fairness.words.apart(bound, value)


def test_a_refusal_never_asks_for_what_it_got() -> None:
    policy = POLICIES["standard"]
    quality = FaceQuality(
        inter_eye_distance=policy.inter_eye_distance - 0.01,
        sharpness=policy.sharpness - 1e-4,
        exposure=policy.darkest - 1e-5,
        contrast=policy.contrast - 1e-6,
        compression=policy.compression - 0.1 if policy.compression else 0,
        yaw=policy.yaw + 0.001,
        pitch=-policy.pitch - 0.001,
        roll=0,
        inside=policy.inside - 1e-4,
        probability=policy.probability - 1e-4,
    )
    found = refusals(quality, policy)
    assert len(found) >= 7
    for refusal in found:
        numbers = [word.strip(",%") for word in str(refusal).split()]
        values = [float(word) for word in numbers if word.replace(".", "").isdigit()]
        assert len(values) == 2
        assert values[0] != values[1], str(refusal)
