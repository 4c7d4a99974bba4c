"""Laws and stories of fusing several photos of one subject."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from matcher.embedding import Template, fuse
from matcher.errors import InputError

Vectors = NDArray[np.float32]


def _unit(vectors: NDArray[np.floating[Any]]) -> Vectors:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def _around(centre: NDArray[np.floating[Any]], count: int, spread: float, seed: int) -> Vectors:
    noise = np.random.default_rng(seed).normal(0, 1, (count, len(centre)))
    return _unit(centre + spread * _unit(noise))


@st.composite
def photos(draw: st.DrawFn, least: int = 1) -> tuple[Vectors, NDArray[np.float64]]:
    """Vectors of one subject, sometimes with strangers among them, and weights."""
    count = draw(st.integers(least, 9))
    seed = draw(st.integers(0, 2**16))
    centre = _unit(np.random.default_rng(seed).normal(size=16))
    vectors = _around(centre, count, draw(st.floats(0.05, 0.8)), seed + 1)
    strangers = draw(st.integers(0, count - 1)) if draw(st.booleans()) else 0
    if strangers:
        vectors[:strangers] = _unit(np.random.default_rng(seed + 2).normal(size=(strangers, 16)))
    weights = draw(st.lists(st.floats(0.01, 1), min_size=count, max_size=count))
    return vectors, np.array(weights)


@given(photos())
def test_template_has_unit_length_and_keeps_all_members(
    given_photos: tuple[Vectors, NDArray[np.float64]],
) -> None:
    vectors, weights = given_photos
    template = fuse(vectors, weights)

    assert template.vector.dtype == np.float32
    assert abs(np.linalg.norm(template.vector) - 1) < 1e-6
    assert np.array_equal(template.members, vectors)
    assert np.array_equal(template.weights, weights)
    assert template.kept.sum() * 2 > len(vectors)


@given(photos(), st.randoms(use_true_random=False))
def test_order_does_not_matter(
    given_photos: tuple[Vectors, NDArray[np.float64]], random: Any
) -> None:
    vectors, weights = given_photos
    order = list(range(len(vectors)))
    random.shuffle(order)
    first, second = fuse(vectors, weights), fuse(vectors[order], weights[order])

    assert np.array_equal(first.kept[order], second.kept)
    np.testing.assert_allclose(first.vector, second.vector, atol=1e-6)


@given(photos(), st.floats(0.001, 1000))
def test_only_the_ratios_of_weights_count(
    given_photos: tuple[Vectors, NDArray[np.float64]], factor: float
) -> None:
    vectors, weights = given_photos

    np.testing.assert_allclose(
        fuse(vectors, weights).vector, fuse(vectors, weights * factor).vector, atol=1e-6
    )


@given(photos(), photos())
def test_photos_of_weight_zero_are_ignored(
    given_photos: tuple[Vectors, NDArray[np.float64]],
    ignored: tuple[Vectors, NDArray[np.float64]],
) -> None:
    vectors, weights = given_photos
    more = np.concatenate([vectors, ignored[0]])
    template = fuse(more, np.concatenate([weights, np.zeros(len(ignored[0]))]))
    alone = fuse(vectors, weights)

    np.testing.assert_allclose(template.vector, alone.vector, atol=1e-6)
    assert np.array_equal(template.kept[: len(vectors)], alone.kept)
    assert not template.kept[len(vectors) :].any()


@given(photos(), st.floats(0.001, 1000))
def test_one_photo_is_its_own_template(
    given_photos: tuple[Vectors, NDArray[np.float64]], weight: float
) -> None:
    vector = given_photos[0][:1]

    np.testing.assert_allclose(fuse(vector, [weight]).vector, vector[0], atol=1e-6)


@given(photos(least=2))
def test_more_weight_moves_the_template_nearer(
    given_photos: tuple[Vectors, NDArray[np.float64]],
) -> None:
    vectors, weights = given_photos[0][:2], given_photos[1][:2]
    assume(float(vectors[0] @ vectors[1]) < 0.999)
    light, heavy = fuse(vectors, weights), fuse(vectors, weights * np.array([2, 1]))

    assert heavy.vector @ vectors[0] > light.vector @ vectors[0] - 1e-6


@pytest.mark.parametrize("count", [4, 5, 8])
@pytest.mark.parametrize("seed", range(5))
def test_a_stranger_among_like_photos_is_set_aside(count: int, seed: int) -> None:
    centre, stranger = _unit(np.random.default_rng(seed).normal(size=(2, 128)))
    vectors = np.concatenate([_around(centre, count - 1, 0.3, seed), stranger[None]])
    template = fuse(vectors, np.ones(count))

    assert template.kept.tolist() == [True] * (count - 1) + [False]
    np.testing.assert_allclose(
        template.vector, fuse(vectors[:-1], np.ones(count - 1)).vector, atol=1e-6
    )


def test_two_strangers_among_six_are_set_aside() -> None:
    centre, *strangers = _unit(np.random.default_rng(3).normal(size=(3, 128)))
    vectors = np.concatenate([_around(centre, 4, 0.2, 0), strangers])

    assert fuse(vectors, np.ones(6)).kept.tolist() == [True] * 4 + [False] * 2


def test_of_three_photos_none_is_set_aside() -> None:
    centre, stranger = _unit(np.random.default_rng(0).normal(size=(2, 128)))
    vectors = np.concatenate([_around(centre, 2, 0.1, 0), stranger[None]])

    assert fuse(vectors, np.ones(3)).kept.all()


def test_a_photo_that_differs_from_a_burst_is_kept() -> None:
    centre = _unit(np.random.default_rng(0).normal(size=128))
    burst = _around(centre, 5, 0.01, 0)
    other = _around(centre, 1, 0.4, 1)  # cosine about 0.93

    assert fuse(np.concatenate([burst, other]), np.ones(6)).kept.all()


@pytest.mark.parametrize("seed", range(10))
def test_equally_scattered_photos_are_all_kept(seed: int) -> None:
    centre = _unit(np.random.default_rng(seed).normal(size=128))

    assert fuse(_around(centre, 6, 0.7, seed), np.ones(6)).kept.all()


def test_a_template_cannot_be_changed() -> None:
    given_vectors = _around(np.ones(8), 2, 0.1, 0)
    template = fuse(given_vectors, [1, 1])

    with pytest.raises(ValueError, match="read-only"):
        template.vector[0] = 0
    given_vectors[0, 0] = 9  # the caller's array is his own
    assert template.members[0, 0] != 9
    assert isinstance(template, Template)


ONE = np.eye(4, dtype=np.float32)


@pytest.mark.parametrize(
    ("vectors", "weights"),
    [
        (ONE[:0], []),
        (ONE[0], [1]),
        (ONE * 2, [1, 1, 1, 1]),
        (ONE * np.nan, [1, 1, 1, 1]),
        (ONE, [1, 1]),
        (ONE[:2], [0, 0]),
        (ONE[:2], [1, -1]),
        (ONE[:2], [1, np.nan]),
        (ONE[:2], [1, np.inf]),
        (np.stack([ONE[0], -ONE[0]]), [1, 1]),
    ],
    ids=[
        "no photo",
        "one dimension",
        "not unit length",
        "not a number",
        "weights missing",
        "all weights zero",
        "negative weight",
        "weight not a number",
        "infinite weight",
        "opposite vectors",
    ],
)
def test_nonsense_is_refused(vectors: Vectors, weights: list[float]) -> None:
    with pytest.raises(InputError, match="cannot be fused"):
        fuse(vectors, weights)
