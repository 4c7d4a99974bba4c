"""The fakes keep the promises of what they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from matcher.embedding import Extractor
from matcher.faces import align
from matcher.photos import load_photo
from matcher.testing import (
    FakeDetector,
    FakeEmbedder,
    clustered_unit_vectors,
    random_unit_vectors,
)

Crops = NDArray[np.uint8]
EMBEDDER = FakeEmbedder(32)
SIDE = EMBEDDER.record.crop.size

seeds = st.integers(0, 10_000)


def crops(count: int, seed: int, side: int = SIDE) -> Crops:
    """Return pictures of large soft patches."""
    cells = np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    return cells.repeat(side // 8, axis=1).repeat(side // 8, axis=2)


def noisy(pictures: Crops, strength: float, seed: int) -> Crops:
    noise = np.random.default_rng(seed).normal(0, strength, pictures.shape)
    return np.clip(pictures + noise, 0, 255).astype(np.uint8)


def cosines(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((one * other).sum(axis=1))


def within_and_between(
    vectors: NDArray[np.float32], photos: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the cosines of photos of one subject, and of two."""
    subject = np.arange(len(vectors)) // photos
    every = vectors @ vectors.T
    same = subject[:, None] == subject[None]
    other_photo = ~np.eye(len(vectors), dtype=bool)
    return every[same & other_photo], every[~same]


@given(width=st.integers(20, 300), height=st.integers(20, 300))
def test_a_photo_is_one_face_from_edge_to_edge(width: int, height: int) -> None:
    photo = load_photo(np.full((height, width, 3), 90, np.uint8))
    (faces,) = FakeDetector().detect([photo])
    (face,) = faces
    assert face.photo is photo
    assert face.box.tolist() == [0, 0, width, height]
    assert face.landmarks.shape == (5, 2)
    assert (face.landmarks > 0).all()
    assert (face.landmarks < [width, height]).all()


def test_each_photo_has_its_own_face_in_its_place() -> None:
    photos = [load_photo(np.full((30 + k, 40, 3), k, np.uint8)) for k in range(4)]
    assert [found[0].photo for found in FakeDetector().detect(photos)] == photos
    assert FakeDetector().detect([]) == []


def test_the_crop_of_a_square_photo_is_the_photo() -> None:
    pixels = crops(1, 3)[0]
    photo = load_photo(pixels)
    ((face,),) = FakeDetector().detect([photo])
    crop = align(photo, face.landmarks, EMBEDDER.record.crop)
    np.testing.assert_allclose(crop.astype(int), pixels, atol=2)


@given(seed=seeds, count=st.integers(1, 6))
def test_vectors_are_unit_rows_and_repeat(seed: int, count: int) -> None:
    vectors = EMBEDDER.embed(crops(count, seed))
    assert (vectors.shape, vectors.dtype) == ((count, 32), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(vectors, FakeEmbedder(32).embed(crops(count, seed)))


@given(seed=seeds)
def test_a_crop_has_the_same_vector_in_any_company(seed: int) -> None:
    pictures = crops(5, seed)
    together = EMBEDDER.embed(pictures)
    alone = np.concatenate([EMBEDDER.embed(picture[None]) for picture in pictures])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    np.testing.assert_allclose(EMBEDDER.embed(pictures[::-1]), together[::-1], atol=1e-6)


@settings(max_examples=20)
@given(seed=seeds)
def test_the_more_alike_two_crops_are_the_more_alike_their_vectors(seed: int) -> None:
    pictures = crops(6, seed)
    vectors = EMBEDDER.embed(pictures)
    alike = [cosines(vectors, EMBEDDER.embed(noisy(pictures, s, seed))) for s in (5, 40, 120)]
    strangers = cosines(vectors, EMBEDDER.embed(crops(6, seed + 50_000)))
    assert alike[0].min() > 0.995
    assert alike[0].mean() > alike[1].mean() > alike[2].mean() > strangers.mean()
    assert strangers.max() < 0.8


def test_brighter_is_not_another_person() -> None:
    dark = (crops(4, 1) // 3).astype(np.uint8)
    assert cosines(EMBEDDER.embed(dark), EMBEDDER.embed(dark + 100)).min() > 0.999
    assert cosines(EMBEDDER.embed(dark), EMBEDDER.embed(dark * 3)).min() > 0.999


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_crop_of_one_colour_has_a_vector_too(value: int) -> None:
    vectors = EMBEDDER.embed(np.full((2, SIDE, SIDE, 3), value, np.uint8))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("side", [16, 48, 64, 160])
def test_crops_of_any_size_show_the_same_person(side: int) -> None:
    assert cosines(EMBEDDER.embed(crops(3, 5, side)), EMBEDDER.embed(crops(3, 5))).min() > 0.999


def test_another_version_or_dimension_is_another_model() -> None:
    models = [FakeEmbedder(32), FakeEmbedder(32, "2"), FakeEmbedder(33)]
    assert len({model.identity for model in models}) == 3
    pictures = crops(40, 2)
    one, other = (model.embed(pictures) for model in models[:2])
    assert np.abs(cosines(one, other).mean()) < 0.2


def test_the_identity_is_that_of_the_record_and_equal_for_equal_models() -> None:
    model, twin = FakeEmbedder(24, "7"), FakeEmbedder(24, "7")
    assert model.identity == twin.identity
    assert (model.identity.name, model.identity.version) == ("fake", "7")
    assert model.identity.dimension == model.record.dimension == 24
    assert model.identity.weights_sha256 == model.record.weights.sha256


def test_detector_and_embedder_make_an_extractor() -> None:
    extractor = Extractor(FakeDetector(), EMBEDDER)
    pixels = crops(1, 9)[0]
    (face,) = extractor.extract(pixels)
    assert extractor.model == EMBEDDER.identity
    assert cosines(face.vector[None], EMBEDDER.embed(pixels[None]))[0] > 0.99


@given(n=st.integers(1, 40), d=st.integers(2, 64), seed=seeds)
def test_random_vectors_are_unit_rows_of_the_size_asked_for(n: int, d: int, seed: int) -> None:
    vectors = random_unit_vectors(n, d, seed)
    assert (vectors.shape, vectors.dtype) == ((n, d), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(vectors, random_unit_vectors(n, d, seed))
    assert not np.array_equal(vectors, random_unit_vectors(n, d, seed + 1))


@pytest.mark.parametrize("d", [3, 16])
def test_random_vectors_fill_the_sphere_evenly(d: int) -> None:
    vectors = random_unit_vectors(20_000, d, seed=1)
    assert np.abs(vectors.mean(axis=0)).max() < 0.02
    np.testing.assert_allclose(vectors.T @ vectors / len(vectors), np.eye(d) / d, atol=0.01)


@pytest.mark.parametrize("up", [(1, 0, 0), (1, 1, 1)])
def test_on_a_ball_every_height_is_as_likely(up: tuple[int, int, int]) -> None:
    heights = random_unit_vectors(20_000, 3, seed=2) @ (up / np.linalg.norm(up))
    assert stats.kstest(heights, stats.uniform(-1, 2).cdf).pvalue > 0.01


@settings(max_examples=15)
@given(subjects=st.integers(1, 12), photos=st.integers(1, 5), d=st.sampled_from([8, 32]))
def test_clustered_vectors_are_unit_rows_of_adjacent_photos(
    subjects: int, photos: int, d: int
) -> None:
    vectors = clustered_unit_vectors(subjects, photos, d, seed=3)
    assert (vectors.shape, vectors.dtype) == ((subjects * photos, d), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(vectors, clustered_unit_vectors(subjects, photos, d, seed=3))


@pytest.mark.parametrize("seed", [0, 1])
def test_clustered_vectors_have_the_cosines_that_were_measured(seed: int) -> None:
    within, between = within_and_between(clustered_unit_vectors(300, 3, 128, seed), 3)
    assert within.mean() == pytest.approx(0.94, abs=0.01)
    assert between.mean() == pytest.approx(0.88, abs=0.01)
    assert np.mean(within[:, None] > between[None, :2000]) > 0.9


@pytest.mark.parametrize("seed", [0, 1])
def test_a_few_directions_hold_most_of_what_tells_them_apart(seed: int) -> None:
    vectors = clustered_unit_vectors(600, 4, 128, seed)
    spread = np.linalg.eigvalsh(np.cov(vectors.T))[::-1]
    relative = spread / spread[0]
    assert relative[15] == pytest.approx(0.15, abs=0.05)
    assert relative[63] == pytest.approx(0.02, abs=0.01)
    assert np.linalg.norm(vectors.mean(axis=0)) == pytest.approx(0.9375, abs=0.01)
