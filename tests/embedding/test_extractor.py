"""A face of which the model makes no vector costs its photo; when it makes none, the run ends."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from matcher.embedding import EmbeddedFace, Extractor, embed_cached
from matcher.errors import ForkError, InputError, ModelError, PhotoFailureError
from matcher.faces import Face
from matcher.photos import Photo, load_photo
from matcher.testing import FakeDetector, FakeEmbedder


class Choosy(FakeEmbedder):
    """Makes no vector of what is of one colour."""

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        if len(crops) and (crops.std(axis=(1, 2, 3)) < 1).any():
            raise ModelError("vector", rule="must be finite", got="NaN", next_step="Look at it.")
        return super().embed(crops)


CHOOSY = Extractor(FakeDetector(), Choosy(16))
PLAIN = np.full((72, 72, 3), 90, np.uint8)
PICTURES = np.random.default_rng(4).integers(0, 256, (5, 72, 72, 3), dtype=np.uint8)


def test_one_photo_without_a_vector_is_one_outcome() -> None:
    extractions = list(CHOOSY.extract_many([*PICTURES[:3], PLAIN, *PICTURES[3:]]))
    assert [one.error and one.error.code for one in extractions] == [
        *[None] * 3,
        "model",
        None,
        None,
    ]
    kept = [one.faces[0].vector for one in extractions if one.error is None]
    alone = [CHOOSY.extract(picture)[0].vector for picture in PICTURES]
    np.testing.assert_allclose(kept, alone, atol=1e-6)
    assert extractions[3].photo is not None


def test_a_purpose_that_does_not_exist_is_refused_before_any_photo_is_read() -> None:
    photos = iter(PICTURES)
    with pytest.raises(InputError, match=r"one of gallery, search, pairs.*got 'probe'"):
        CHOOSY.extract_many(photos, purpose="probe")  # type: ignore[arg-type]
    assert len(list(photos)) == len(PICTURES)
    with pytest.raises(InputError, match="purpose"):
        CHOOSY.embed([], purpose="")  # type: ignore[arg-type]


def test_a_photo_alone_is_an_outcome_too() -> None:
    (extraction,) = CHOOSY.extract_many([PLAIN])
    assert isinstance(extraction.error, ModelError)
    with pytest.raises(ModelError, match="finite"):
        CHOOSY.extract(PLAIN)


def test_a_model_that_makes_no_vector_of_several_faces_ends_the_run() -> None:
    with pytest.raises(ModelError, match="finite"):
        list(CHOOSY.extract_many([PLAIN, PLAIN + 1]))


def test_faces_come_back_in_order_with_errors_in_their_places() -> None:
    faces = [face for found in CHOOSY.extract_many([*PICTURES[:2]]) for face in found.faces]
    (bad,) = FakeDetector().detect([load_photo(PLAIN)])
    found = CHOOSY.embed_each([faces[0].face, *bad, faces[1].face])
    assert [isinstance(one, EmbeddedFace) for one in found] == [True, False, True]
    assert CHOOSY.embed_each([]) == ()


class Stumbling(FakeDetector):
    """Raises an error of its own on a photo of one colour."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def detect(self, photos: Sequence[Photo]) -> list[list[Face]]:
        if any(photo.pixels.std() < 1 for photo in photos):
            raise self.error
        return super().detect(photos)


class Tripping(FakeEmbedder):
    """Raises an error of its own on a crop of one colour."""

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        if len(crops) and (crops.std(axis=(1, 2, 3)) < 1).any():
            raise LookupError("of another library")
        return super().embed(crops)


ERRORS = [ValueError("odd"), TypeError(), MemoryError(), AssertionError(), RuntimeError("CUDA")]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_photo_on_which_the_detector_fails_is_one_outcome(error: Exception) -> None:
    extractor = Extractor(Stumbling(error), FakeEmbedder(16))
    found = list(extractor.extract_many([PICTURES[0], PLAIN, PICTURES[1], PLAIN + 1]))
    assert [one.error is None for one in found] == [True, False, True, False]
    assert isinstance(found[1].error, PhotoFailureError)
    assert found[1].error.got.startswith(type(error).__name__)
    assert found[1].error.__cause__ is error


def test_a_photo_on_which_the_model_raises_an_error_of_its_own_is_one_outcome() -> None:
    found = list(Extractor(FakeDetector(), Tripping(16)).extract_many([PLAIN, *PICTURES[:2]]))
    assert [one.error is None for one in found] == [False, True, True]
    assert isinstance(found[0].error, PhotoFailureError)
    assert found[0].error.got == "LookupError: of another library"


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_what_is_no_exception_ends_the_run(end: type[BaseException]) -> None:
    extractor = Extractor(Stumbling(end()), FakeEmbedder(16))
    with pytest.raises(end):
        list(extractor.extract_many([PICTURES[0], PLAIN]))


def test_a_detector_that_cannot_work_at_all_ends_the_run() -> None:
    broken = ForkError("detector", rule="not here", got="a fork", next_step="Spawn.")
    with pytest.raises(ForkError):
        list(Extractor(Stumbling(broken), FakeEmbedder(16)).extract_many([PICTURES[0], PLAIN]))


def test_a_measure_that_fails_costs_its_photo_only(tmp_path: Path) -> None:
    photos = [tmp_path / f"{number}.png" for number in range(3)]
    for number, photo in enumerate(photos):
        Image.fromarray(PICTURES[number]).save(photo)

    def measure(face: Face) -> dict[str, float]:
        if face.photo.path == photos[1]:
            raise ZeroDivisionError
        return {"one": 1.0}

    extractor = Extractor(FakeDetector(), FakeEmbedder(16))
    found = embed_cached(extractor, photos, tmp_path / "cache", measure=measure)
    assert [one.code for one in found] == ["", "photo_failure", ""]
