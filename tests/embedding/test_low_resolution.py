"""A face from afar: what is shrunk and brought back, by whom it is seen, and who counts as worn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_pictures import pictures
from numpy.typing import NDArray
from rendered_cohort import Cohort

from matcher.embedding import Embedder, Extractor, LowResolutionView, get_record
from matcher.embedding.crop_embedder import CropEmbedder
from matcher.embedding.low_resolution import at_low_resolution
from matcher.embedding.networks.torch_network import as_network, youth_resnet
from matcher.embedding.weights import weights_path
from matcher.errors import InputError
from matcher.faces import align
from matcher.testing import FakeEmbedder

RECORD = get_record("youth-resnet")


def test_what_has_no_detail_looks_the_same_from_afar() -> None:
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


def test_the_distant_vector_is_half_way_from_the_own_to_what_the_worn_expert_sees_from_afar(
    youth_model: Embedder,
) -> None:
    crops = pictures(4, 150)
    worn = youth_resnet(weights_path(RECORD, Path()).read_bytes()).worn
    expert = CropEmbedder(
        replace(RECORD, low_resolution_views=()),
        youth_model.identity,
        as_network(worn, torch.device("cpu"), "float32"),
    )
    looks = youth_model.look(crops)
    views = [expert.embed(at_low_resolution(crops, view)) for view in RECORD.low_resolution_views]
    both = looks.vectors + np.mean(views, axis=0)
    wanted = both / np.linalg.norm(both, axis=1, keepdims=True)
    np.testing.assert_allclose(looks.distant, wanted, atol=1e-5)
    np.testing.assert_array_equal(looks.vectors, youth_model.embed(crops))


def test_who_asks_for_no_distant_vectors_is_told_the_rest(youth_model: Embedder) -> None:
    crops = np.concatenate(
        [pictures(2, 150), at_low_resolution(pictures(2, 150), LowResolutionView(20))]
    )
    looks, asked = youth_model.look(crops, distant=False), youth_model.look(crops)
    assert looks.distant is None
    assert asked.distant is not None
    np.testing.assert_array_equal(looks.worn, asked.worn)
    np.testing.assert_allclose(looks.vectors, asked.vectors, atol=1e-5)
    np.testing.assert_allclose(looks.probes, asked.probes, atol=1e-5)


def outputs_of(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """A network that says of dark crops that they are worn, each vector a constant."""
    light = pixels.mean(axis=(1, 2, 3))
    parts = [[3.0, 4.0], [0.0, 5.0]]
    return np.stack([np.append(np.ravel(parts), -one) for one in light]).astype(np.float32)


def test_a_worn_face_is_searched_by_the_vector_of_a_worn_face() -> None:
    record = replace(RECORD, dimension=2, low_resolution_views=(LowResolutionView(20),))
    identity = FakeEmbedder(2, low_resolution_views=record.low_resolution_views).identity

    def far(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.tile(np.float32([7.0, 0.0]), (len(pixels), 1))

    model = CropEmbedder(record, identity, outputs_of, far)
    crops = np.stack([np.full((150, 150, 3), light, np.uint8) for light in (250, 5)])
    looks = model.look(crops)
    assert looks.worn.tolist() == [False, True]
    np.testing.assert_allclose(looks.vectors, [[0.6, 0.8]] * 2, atol=1e-6)
    np.testing.assert_allclose(looks.probes, [[0.6, 0.8], [0.0, 1.0]], atol=1e-6)
    np.testing.assert_allclose(looks.distant, [np.array([1.6, 0.8]) / 3.2**0.5] * 2, atol=1e-6)
    assert model.look(crops[:0]).distant.shape == (0, 2)


def test_a_model_without_a_distant_look_calls_nothing_worn(dlib_model: Embedder) -> None:
    looks = dlib_model.look(at_low_resolution(pictures(2, 150), LowResolutionView(16)))
    assert looks.distant is None
    assert not looks.worn.any()
    np.testing.assert_array_equal(looks.probes, looks.vectors)


def test_crops_of_another_shape_are_refused_by_every_look(youth_model: Embedder) -> None:
    with pytest.raises(InputError, match="crops"):
        youth_model.look(pictures(1, 112))


def test_rendered_faces_are_clear_until_they_are_small(
    youth_model: Embedder, extractor: Extractor, cohort: Cohort
) -> None:
    faces = [extractor.extract(path)[0].face for path in cohort.probes]
    crops = np.stack([align(face.photo, face.landmarks, RECORD.crop) for face in faces])
    clear = youth_model.look(crops)
    small = youth_model.look(at_low_resolution(crops, LowResolutionView(24, quality=30)))
    assert small.worn.all()
    assert not clear.worn.all()
    assert small.distant is not None
    np.testing.assert_array_equal(clear.probes[~clear.worn], clear.vectors[~clear.worn])
