"""A face of which the model makes no vector costs its photo; when it makes none, the run ends."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from matcher.embedding import EmbeddedFace, Extractor
from matcher.errors import ModelError
from matcher.photos import load_photo
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
