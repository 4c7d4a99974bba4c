"""Other people's faces in a report: what is left of them says nothing of the face."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from rendered_cohort import Cohort

from matcher.casework.exports.obscuring import CELLS, obscured, reaches_over
from matcher.embedding import Extractor
from matcher.photos import load_photo
from matcher.search.lead_sheet.places import Box

BOX = (20.0, 30.0, 84.0, 94.0)


def noise(seed: int, size: tuple[int, int] = (160, 140)) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def test_pixels_outside_stay_and_the_original_is_not_touched() -> None:
    pixels = noise(0)
    before = pixels.copy()
    shown = obscured(pixels, [BOX], None)
    assert (pixels == before).all()
    outside = np.ones(pixels.shape[:2], bool)
    outside[17:108, 7:98] = False
    assert (shown[outside] == pixels[outside]).all()
    assert (shown[40:80, 30:70] != pixels[40:80, 30:70]).any(axis=2).mean() > 0.9


@given(st.integers(0, 2**32 - 1))
def test_faces_with_the_same_mean_colours_of_cells_become_the_same_pixels(seed: int) -> None:
    """What is shown is a function of 4 by 4 colours, so nothing more can be got back from it."""
    side, random = 64, np.random.default_rng(seed)
    cell = side // CELLS
    first = random.integers(0, 256, (side, side, 3), dtype=np.uint8)
    second = first.copy()
    for top, left in np.ndindex(CELLS, CELLS):
        part = second[top * cell : (top + 1) * cell, left * cell : (left + 1) * cell]
        part[...] = random.permutation(part.reshape(-1, 3)).reshape(part.shape)
    box = (8.0, 8.0, 56.0, 56.0)  # with its margin, a little more than the picture
    assert (first != second).any()
    assert (obscured(first, [box], None) == obscured(second, [box], None)).all()


def test_the_compared_face_stays_where_another_reaches_over_it() -> None:
    pixels = noise(1)
    keep: Box = (60.0, 30.0, 120.0, 94.0)
    shown = obscured(pixels, [BOX], keep)
    assert (shown[30:94, 60:120] == pixels[30:94, 60:120]).all()
    assert (shown[40:80, 22:55] != pixels[40:80, 22:55]).any()
    assert reaches_over([BOX], keep)
    assert not reaches_over([(0.0, 0.0, 20.0, 20.0)], keep)
    assert not reaches_over([BOX], None)


@pytest.mark.parametrize(
    "box", [(-50.0, -50.0, 20.0, 20.0), (500.0, 5.0, 600.0, 50.0), (10.0, 10.0, 10.2, 10.2)]
)
def test_a_box_beyond_the_edge_or_without_area_is_no_error(box: Box) -> None:
    pixels = noise(2)
    assert obscured(pixels, [box], None).shape == pixels.shape


def test_no_face_is_found_or_known_again_in_what_is_left(
    cohort: Cohort, extractor: Extractor
) -> None:
    for path in cohort.probes:
        photo = load_photo(path)
        (faces,) = extractor.detect([photo])
        left, top, right, bottom = faces[0].box.tolist()
        shown = obscured(photo.pixels, [(left, top, right, bottom)], None)
        (again,) = extractor.detect([load_photo(Image.fromarray(shown))])
        assert again == []
