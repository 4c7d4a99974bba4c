"""Low-resolution views and vectors: how they are made, and which faces count as degraded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_pictures import pictures
from numpy.typing import NDArray
from rendered_cohort import Cohort

from matcher.embedding import (
    FACE,
    LOW_RESOLUTION,
    Embedder,
    Extractor,
    LowResolutionView,
    Purpose,
    get_record,
)
from matcher.embedding.crop_embedder import CropEmbedder
from matcher.embedding.low_resolution import at_low_resolution
from matcher.embedding.networks import Network, Networks
from matcher.embedding.networks.torch_network import as_network, youth_resnet
from matcher.embedding.weights import weights_path
from matcher.errors import InputError
from matcher.faces import align
from matcher.testing import FakeEmbedder

RECORD = get_record("youth-resnet@5")


def test_what_has_no_detail_looks_the_same_at_low_resolution() -> None:
    plain = np.full((2, 150, 150, 3), (10, 120, 230), np.uint8)
    np.testing.assert_array_equal(at_low_resolution(plain, LowResolutionView(32)), plain)


def test_detail_is_averaged_away_and_what_is_larger_stays() -> None:
    fine = np.zeros((1, 150, 150, 3), np.uint8)
    fine[:, ::2] = 200
    assert np.ptp(at_low_resolution(fine, LowResolutionView(15))[0, 20:130].astype(int)) <= 12
    coarse = np.zeros((1, 150, 150, 3), np.uint8)
    coarse[:, :75] = 200
    seen = at_low_resolution(coarse, LowResolutionView(15))[0]
    assert seen[:60].min() > 180
    assert seen[90:].max() < 20


def test_who_is_far_already_loses_nothing_more() -> None:
    crops = at_low_resolution(pictures(3, 150), LowResolutionView(20))
    again = at_low_resolution(crops, LowResolutionView(60))
    assert np.abs(again.astype(int) - crops).mean() < 1.5


def test_its_own_size_changes_nothing_and_saving_does() -> None:
    crops = pictures(2, 150)
    np.testing.assert_array_equal(at_low_resolution(crops, LowResolutionView(150)), crops)
    shrunk, saved = (
        at_low_resolution(crops, LowResolutionView(24)),
        at_low_resolution(crops, LowResolutionView(24, quality=30)),
    )
    assert np.abs(shrunk.astype(int) - saved).mean() > 1.0


def test_no_crop_is_no_crop() -> None:
    assert at_low_resolution(pictures(1, 150)[:0], LowResolutionView(32)).shape == (0, 150, 150, 3)


def test_the_low_resolution_vector_is_half_way_to_what_the_degraded_expert_makes_of_the_views(
    blended_model: Embedder,
) -> None:
    crops = pictures(4, 150)
    worn = youth_resnet(weights_path(RECORD, Path()).read_bytes()).worn
    expert = CropEmbedder(
        replace(RECORD, low_resolution_views=()),
        blended_model.identity,
        Networks(as_network(worn, torch.device("cpu"), "float32")),
    )
    made = blended_model.embed_all(crops)
    views = [expert.embed(at_low_resolution(crops, view)) for view in RECORD.low_resolution_views]
    both = made.vectors + np.mean(views, axis=0)
    wanted = both / np.linalg.norm(both, axis=1, keepdims=True)
    np.testing.assert_allclose(made.kept[LOW_RESOLUTION], wanted, atol=1e-5)
    np.testing.assert_array_equal(made.vectors, blended_model.embed(crops))


def test_faces_are_judged_for_a_search_only_and_their_own_vectors_are_the_same(
    blended_model: Embedder,
) -> None:
    crops = np.concatenate(
        [pictures(2, 150), at_low_resolution(pictures(2, 150), LowResolutionView(20))]
    )
    searched, kept = (
        blended_model.embed_all(crops, purpose="search"),
        blended_model.embed_all(crops),
    )
    assert set(searched.kept) == {FACE}
    assert set(kept.kept) == {FACE, LOW_RESOLUTION}
    np.testing.assert_allclose(searched.vectors, kept.vectors, atol=1e-5)
    assert kept.degraded == (None,) * 4
    np.testing.assert_array_equal(kept.probes, kept.vectors)
    for degraded, name in zip(searched.degraded, searched.compared_with, strict=True):
        assert name == (LOW_RESOLUTION if degraded else FACE)


def outputs_of(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """A network that says of dark crops that they are degraded, each vector a constant."""
    light = pixels.mean(axis=(1, 2, 3))
    parts = [[3.0, 4.0], [0.0, 5.0]]
    return np.stack([np.append(np.ravel(parts), -one) for one in light]).astype(np.float32)


def test_a_degraded_face_is_searched_by_the_vector_of_a_degraded_face() -> None:
    record = replace(RECORD, dimension=2, low_resolution_views=(LowResolutionView(20),))
    identity = FakeEmbedder(2, low_resolution_views=record.low_resolution_views).identity

    def far(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.tile(np.float32([7.0, 0.0]), (len(pixels), 1))

    model = CropEmbedder(
        record, identity, Networks(lambda pixels: outputs_of(pixels)[:, :2], outputs_of, far)
    )
    crops = np.stack([np.full((150, 150, 3), light, np.uint8) for light in (250, 5)])
    made = model.embed_all(crops, purpose="search")
    assert made.compared_with == (FACE, LOW_RESOLUTION)
    assert made.degraded == (False, True)
    np.testing.assert_allclose(made.vectors, [[0.6, 0.8]] * 2, atol=1e-6)
    np.testing.assert_allclose(made.probes, [[0.6, 0.8], [0.0, 1.0]], atol=1e-6)
    kept = model.embed_all(crops).kept
    np.testing.assert_allclose(kept[FACE], made.vectors, atol=1e-6)
    np.testing.assert_allclose(
        kept[LOW_RESOLUTION], [np.array([1.6, 0.8]) / 3.2**0.5] * 2, atol=1e-6
    )
    assert model.embed_all(crops[:0]).kept[LOW_RESOLUTION].shape == (0, 2)


def test_a_model_with_one_vector_calls_nothing_degraded(dlib_model: Embedder) -> None:
    made = dlib_model.embed_all(at_low_resolution(pictures(2, 150), LowResolutionView(16)))
    assert LOW_RESOLUTION not in made.kept
    assert set(made.compared_with) == {FACE}
    assert made.degraded == (False, False)
    np.testing.assert_array_equal(made.probes, made.vectors)


def test_crops_of_another_shape_are_refused_for_every_vector(blended_model: Embedder) -> None:
    with pytest.raises(InputError, match="crops"):
        blended_model.embed_all(pictures(1, 112))


def test_rendered_faces_are_clear_until_they_are_small(
    blended_model: Embedder, extractor: Extractor, cohort: Cohort
) -> None:
    faces = [extractor.extract(path)[0].face for path in cohort.probes]
    crops = np.stack([align(face.photo, face.landmarks, RECORD.crop) for face in faces])
    tiny = at_low_resolution(crops, LowResolutionView(24, quality=30))
    clear, small = (blended_model.embed_all(seen, purpose="search") for seen in (crops, tiny))
    assert set(small.compared_with) == {LOW_RESOLUTION}
    assert FACE in clear.compared_with
    own = np.array([name == FACE for name in clear.compared_with])
    np.testing.assert_array_equal(clear.probes[own], clear.vectors[own])


def test_a_purpose_costs_only_the_networks_that_it_needs() -> None:
    record = replace(RECORD, dimension=2, low_resolution_views=(LowResolutionView(20),))
    identity = FakeEmbedder(2, low_resolution_views=record.low_resolution_views).identity
    ran: list[str] = []

    def named(name: str, width: int) -> Network:
        def network(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
            ran.append(name)
            return np.ones((len(pixels), width), np.float32)

        return network

    networks = Networks(named("face", 2), named("probe", 5), named("low_resolution", 2))
    model = CropEmbedder(replace(record, mirrored=False), identity, networks)
    needs: dict[Purpose, set[str]] = {
        "pairs": {"face"},
        "search": {"probe"},
        "gallery": {"face", "low_resolution"},
    }
    for purpose, needed in needs.items():
        ran.clear()
        model.embed_all(pictures(1, 150), purpose=purpose)
        assert set(ran) == needed
