"""What a policy refuses, what it says, and what a face weighs."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.faces import POLICIES, FaceQuality, QualityPolicy, refusals, weight

GOOD = FaceQuality(
    inter_eye_distance=90,
    sharpness=0.5,
    exposure=0.5,
    contrast=0.5,
    compression=90,
    yaw=3,
    pitch=-4,
    roll=2,
    probability=0.999,
)
shares = st.floats(0, 1)
qualities = st.builds(
    FaceQuality,
    inter_eye_distance=st.floats(0, 500),
    sharpness=shares,
    exposure=shares,
    contrast=shares,
    compression=st.floats(1, 100),
    yaw=st.floats(-90, 90),
    pitch=st.floats(-90, 90),
    roll=st.floats(-179, 180),
    probability=shares,
    inside=shares,
    shading=st.floats(0, 2),
)


def test_the_three_policies_are_named():
    assert list(POLICIES) == ["off", "standard", "strict"]
    assert all(policy.name == name for name, policy in POLICIES.items())


@pytest.mark.parametrize("name", ["off", "standard", "strict"])
def test_a_good_face_is_taken_by_every_policy(name):
    assert refusals(GOOD, POLICIES[name]) == ()


@given(qualities)
def test_off_refuses_nothing(quality):
    assert refusals(quality, POLICIES["off"]) == ()


@given(qualities)
def test_what_standard_refuses_strict_refuses_for_the_same_reasons(quality):
    standard, strict = (refusals(quality, POLICIES[name]) for name in ("standard", "strict"))
    assert {r.code for r in standard} <= {r.code for r in strict}


@pytest.mark.parametrize(
    ("worse", "code"),
    [
        ({"inter_eye_distance": 3.0}, "eyes_close"),
        ({"sharpness": 0.001}, "blurred"),
        ({"exposure": 0.001}, "dark"),
        ({"exposure": 0.999}, "bright"),
        ({"contrast": 0.001}, "flat"),
        ({"compression": 1.0}, "compressed"),
        ({"yaw": -80.0}, "turned_aside"),
        ({"pitch": 80.0}, "tilted"),
        ({"inside": 0.1}, "cut_off"),
        ({"shading": 0.001}, "unshaded"),
        ({"probability": 0.3}, "doubtful"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_fault_has_its_code(worse, code):
    for name in ("standard", "strict"):
        (refusal,) = refusals(replace(GOOD, **worse), POLICIES[name])
        assert refusal.code == code
        assert str(refusal) == refusal.words


def test_a_refusal_reads_like_a_sentence_and_carries_its_numbers():
    policy = QualityPolicy("mine", inter_eye_distance=20)
    (refusal,) = refusals(replace(GOOD, inter_eye_distance=14.2), policy)
    assert str(refusal) == "eyes 14 px apart, needs 20"
    assert (refusal.measured, refusal.limit, refusal.unit) == (14.2, 20, "px")


def test_a_measure_that_just_reaches_its_limit_is_taken():
    policy = QualityPolicy("mine", inter_eye_distance=20, brightest=0.5, yaw=3)
    assert refusals(replace(GOOD, inter_eye_distance=20), policy) == ()


def test_all_reasons_are_given_at_once():
    poor = replace(GOOD, inter_eye_distance=2, exposure=0.0, contrast=0.0, sharpness=0.0)
    codes = [refusal.code for refusal in refusals(poor, POLICIES["standard"])]
    assert codes == ["eyes_close", "blurred", "dark", "flat"]


def test_a_good_face_weighs_one():
    assert weight(GOOD) == 1


@given(qualities)
def test_every_face_weighs_something_and_none_more_than_one(quality):
    assert 0.05 <= weight(quality) <= 1


@given(qualities, st.sampled_from(["inter_eye_distance", "sharpness", "contrast"]), shares)
def test_a_worse_face_never_weighs_more(quality, measure, share):
    worse = replace(quality, **{measure: getattr(quality, measure) * share})
    assert weight(worse) <= weight(quality)
