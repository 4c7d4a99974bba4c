"""The quality of the last JPEG compression is read off its tables."""

import pytest
from photo_bytes import encoded, picture
from PIL import Image

from matcher.photos import estimate_jpeg_quality, load_photo


@pytest.mark.parametrize("quality", range(1, 101))
def test_every_quality_that_libjpeg_writes_is_recovered(quality):
    assert load_photo(encoded(picture(8, 8), "JPEG", quality=quality)).jpeg_quality == quality


@pytest.mark.parametrize("quality", [5, 50, 95])
def test_grey_jpegs_have_one_table_and_suffice(quality):
    grey = Image.fromarray(picture()).convert("L")
    assert load_photo(encoded(grey, "JPEG", quality=quality)).jpeg_quality == quality


def test_tables_near_a_standard_one_give_its_quality():
    flat = [16] * 64
    assert 75 <= estimate_jpeg_quality({0: flat, 1: flat}) <= 95
    assert estimate_jpeg_quality({0: [1] * 64, 1: [1] * 64}) == 100
    assert estimate_jpeg_quality({0: [255] * 64}) == 1


def test_other_encodings_have_no_jpeg_quality():
    assert load_photo(encoded(picture(), "PNG")).jpeg_quality is None
    assert estimate_jpeg_quality({}) is None
    assert estimate_jpeg_quality({0: [1, 2, 3]}) is None
