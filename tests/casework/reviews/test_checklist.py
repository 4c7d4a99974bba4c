"""The checklist: stable keys, and which features may have changed between two photos."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from matcher.casework import FEATURES
from matcher.casework.reviews.checklist import GROWN, advice_for

ages = st.one_of(st.none(), st.floats(0, 90))
gaps = st.one_of(st.none(), st.floats(-60, 60))


def test_each_feature_has_a_key_of_its_region_and_words() -> None:
    for key, feature in FEATURES.items():
        assert feature.key == key
        region, name = key.split("/")
        assert region.isidentifier()
        assert name.isidentifier()
        assert feature.words
        assert feature.region[0].isupper()
    regions = list(dict.fromkeys(feature.region for feature in FEATURES.values()))
    assert regions[0] == "Skin"
    assert len(regions) >= 15


@given(ages, gaps)
def test_each_feature_is_either_stable_or_not_and_only_growth_makes_it_so(
    age: float | None, gap: float | None
) -> None:
    advice = advice_for(age, gap)
    assert sorted((*advice.unstable, *advice.stable), key=str) == sorted(FEATURES.values(), key=str)
    assert all(feature.changes_with_growth for feature in advice.unstable)
    assert advice.sentence.endswith(".")


@given(ages, gaps)
def test_what_is_not_known_never_makes_a_feature_more_stable(
    age: float | None, gap: float | None
) -> None:
    known = set(advice_for(age, gap).unstable)
    assert known <= set(advice_for(None, gap).unstable) <= set(advice_for(None, None).unstable)
    assert known <= set(advice_for(age, None).unstable)


def test_a_grown_face_keeps_its_shape_and_a_child_does_not() -> None:
    child, grown = advice_for(8, 4), advice_for(GROWN, 4)
    shape = FEATURES["nose/bridge"]
    assert shape in child.unstable
    assert shape in grown.stable
    assert FEATURES["hairline/hair"] in grown.unstable
    assert FEATURES["ears/lobe"] in child.stable
    assert advice_for(8, 0.5).unstable == ()
