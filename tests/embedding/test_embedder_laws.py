"""What every embedder promises, whatever the network."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_pictures import pictures
from numpy.typing import NDArray

from matcher.embedding import Embedder, ModelIdentity, get_record, load_model
from matcher.embedding.crop_embedder import BATCH, CropEmbedder
from matcher.embedding.networks import Networks
from matcher.errors import InputError, ModelError

TOLERANCE = 1e-5


def _with_network(network: Any, **changes: Any) -> CropEmbedder:
    record = replace(get_record("dlib-resnet"), **changes)
    identity = ModelIdentity(record.name, record.version, "0" * 64, "0" * 64, record.dimension)
    return CropEmbedder(record, identity, Networks(network))


def test_vectors_are_float32_of_unit_length(dlib_model: Embedder) -> None:
    vectors = dlib_model.embed(pictures(3, 150))

    assert vectors.shape == (3, 128)
    assert vectors.dtype == np.float32
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < TOLERANCE


def test_no_crops_give_no_vectors(dlib_model: Embedder) -> None:
    vectors = dlib_model.embed(np.empty((0, 150, 150, 3), np.uint8))

    assert vectors.shape == (0, 128)
    assert vectors.dtype == np.float32


@pytest.mark.parametrize("count", [1, 7])
def test_batch_size_does_not_matter(dlib_model: Embedder, count: int) -> None:
    crops = pictures(BATCH + 1, 150)
    together = dlib_model.embed(crops)
    apart = np.concatenate([dlib_model.embed(crops[i : i + count]) for i in range(0, 33, count)])

    assert np.abs(together - apart).max() < TOLERANCE


def test_order_does_not_matter(dlib_model: Embedder) -> None:
    crops = pictures(BATCH + 1, 150)
    order = np.random.default_rng(0).permutation(len(crops))

    assert np.abs(dlib_model.embed(crops)[order] - dlib_model.embed(crops[order])).max() < TOLERANCE


def test_the_layout_of_the_array_does_not_matter(dlib_model: Embedder) -> None:
    crops = pictures(3, 150)
    views = [
        np.asfortranarray(crops),
        np.repeat(crops, 2, axis=0)[::2],
        np.frombuffer(crops.tobytes(), np.uint8).reshape(crops.shape),  # read-only
    ]

    for view in views:
        assert np.array_equal(dlib_model.embed(view), dlib_model.embed(crops))


def test_crops_are_not_changed(dlib_model: Embedder) -> None:
    crops = pictures(2, 150)
    before = crops.copy()
    dlib_model.embed(crops)

    assert np.array_equal(crops, before)


@pytest.mark.parametrize(
    "crops",
    [
        np.zeros((1, 150, 150, 3), np.float32),
        np.zeros((1, 150, 150, 3), np.int64),
        np.zeros((150, 150, 3), np.uint8),
        np.zeros((1, 3, 150, 150), np.uint8),
        np.zeros((1, 149, 150, 3), np.uint8),
        np.zeros((1, 150, 150, 4), np.uint8),
        [[1, 2]],
    ],
    ids=["float", "int64", "one crop", "channels first", "size", "four channels", "a list"],
)
def test_other_arrays_are_refused(dlib_model: Embedder, crops: Any) -> None:
    with pytest.raises(InputError, match="cannot be embedded"):
        dlib_model.embed(crops)


def test_bfloat16_stays_close_to_float32(dlib_model: Embedder) -> None:
    crops = pictures(8, 150)
    reduced = load_model("dlib-resnet", precision="bfloat16").embed(crops)

    assert (reduced * dlib_model.embed(crops)).sum(axis=1).min() > 0.999
    assert np.abs(np.linalg.norm(reduced, axis=1) - 1).max() < TOLERANCE


def test_different_pictures_have_different_vectors(dlib_model: Embedder) -> None:
    vectors = dlib_model.embed(pictures(4, 150))
    scores = vectors @ vectors.T

    assert scores[~np.eye(4, dtype=bool)].max() < 0.999


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_unusable_vector_is_an_error(value: float) -> None:
    model = _with_network(lambda pixels: np.full((len(pixels), 128), value, np.float32))

    with pytest.raises(ModelError, match="unusable"):
        model.embed(pictures(1, 150))


def test_vectors_of_another_shape_are_an_error() -> None:
    model = _with_network(lambda pixels: np.ones((len(pixels), 64), np.float32))

    with pytest.raises(ModelError, match="must be of shape"):
        model.embed(pictures(1, 150))


@given(
    order=st.sampled_from(["RGB", "BGR"]),
    mean=st.tuples(*[st.floats(0, 255)] * 3),
    scale=st.floats(0.1, 300),
)
@settings(max_examples=25)
def test_network_sees_what_the_record_says(
    order: str, mean: tuple[float, float, float], scale: float
) -> None:
    seen: list[NDArray[np.float32]] = []

    def network(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        seen.append(pixels)
        return np.ones((len(pixels), 128), np.float32)

    crop = pictures(1, 150)
    _with_network(network, colour_order=order, mean=mean, scale=scale, mirrored=False).embed(crop)
    ordered = crop if order == "RGB" else crop[..., ::-1]

    assert seen[0].dtype == np.float32
    np.testing.assert_allclose(
        seen[0], (ordered - np.array(mean)) / scale, rtol=1e-4, atol=1e-4 * 255 / scale
    )
