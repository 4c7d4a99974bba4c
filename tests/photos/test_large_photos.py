"""Photos of more pixels than usual: refused unless allowed, and a JPEG takes little memory."""

import numpy as np
import pytest
from photo_bytes import encoded, exif_with_orientation, picture
from PIL import Image

from matcher.errors import InputError, PhotoTooLargeError
from matcher.photos import FULL_SIZE_PIXELS, DecodeLimits, load_photo
from matcher.photos import decode as decoding


def test_the_limit_can_be_raised_above_what_pillow_opens():
    assert DecodeLimits().max_pixels == FULL_SIZE_PIXELS < 200_000_000
    assert DecodeLimits(max_pixels=1_000_000_000).max_pixels == 10**9
    with pytest.raises(InputError, match="at most 1000000000"):
        DecodeLimits(max_pixels=1_000_000_001)


@pytest.fixture
def full_size(monkeypatch):
    """Make the size above which a JPEG is reduced as small as the pictures of the tests."""

    def set_to(pixels):
        monkeypatch.setattr(decoding, "FULL_SIZE_PIXELS", pixels)

    return set_to


@pytest.mark.parametrize(
    ("pixels", "part"),
    [(64 * 48, 1), (64 * 48 - 1, 2), (32 * 24, 2), (32 * 24 - 1, 4), (16 * 12 - 1, 8), (1, 8)],
)
@pytest.mark.parametrize("encoding", ["JPEG", "MPO"])
def test_a_jpeg_above_the_full_size_is_reduced_and_says_so(full_size, pixels, part, encoding):
    full_size(pixels)
    more = {"save_all": True, "append_images": [Image.fromarray(picture())]}
    photo = load_photo(
        encoded(picture(), encoding, quality=95, **(more if encoding == "MPO" else {}))
    )
    assert photo.size == (64 // part, 48 // part)
    assert photo.original_size == (64, 48)
    assert photo.jpeg_quality == 95
    notes = [note for note in photo.notes if "of its size" in note]
    assert len(notes) == (part > 1)
    if part > 1:
        assert f"1/{part} of its size, 64x48 pixels" in notes[0]
    small = np.asarray(Image.fromarray(picture()).resize(photo.size, Image.Resampling.BOX))
    assert np.abs(photo.pixels.astype(int) - small).mean() < 4


def test_the_scale_does_not_depend_on_the_limits(full_size):
    full_size(1000)
    data = encoded(picture(), "JPEG", exif=exif_with_orientation(6))
    sizes = {load_photo(data, limits=DecodeLimits(max_pixels=most)).size for most in (3072, 10**9)}
    assert sizes == {(24, 32)}
    with pytest.raises(PhotoTooLargeError):
        load_photo(data, limits=DecodeLimits(max_pixels=3071))


def test_other_encodings_are_decoded_in_full(full_size):
    full_size(1000)
    for encoding in ("PNG", "BMP", "TIFF"):
        assert load_photo(encoded(picture(), encoding)).size == (64, 48)


@pytest.mark.slow
def test_a_photo_of_200_megapixels_is_read_when_it_is_allowed():
    data = encoded(Image.new("RGB", (16_320, 12_240), (200, 100, 50)), "JPEG")
    with pytest.raises(PhotoTooLargeError, match="16320x12240 pixels") as refusal:
        load_photo(data)
    assert "--max-megapixels" in refusal.value.next_step
    photo = load_photo(data, limits=DecodeLimits(max_pixels=200_000_000))
    assert photo.size == (8_160, 6_120)
    assert photo.original_size == (16_320, 12_240)


@pytest.mark.slow
def test_a_png_above_the_ceiling_of_pillow_is_read_when_it_is_allowed():
    data = encoded(Image.new("L", (20_000, 9_000), 90), "PNG")
    assert 2 * Image.MAX_IMAGE_PIXELS < 20_000 * 9_000
    photo = load_photo(data, limits=DecodeLimits(max_pixels=180_000_000))
    assert photo.size == (20_000, 9_000)
