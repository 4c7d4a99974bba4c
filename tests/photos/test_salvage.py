"""Of a photo that ends too early, what is there is read, and what is lost is said."""

import re
import struct
import zlib

import numpy as np
import pytest
from photo_bytes import encoded, exif_with_orientation, picture
from PIL import Image

from matcher.errors import PhotoDamagedError
from matcher.photos import load_photo


def detailed(height=96, width=128):
    noise = np.random.default_rng(2).integers(0, 60, (height, width, 3), dtype=np.uint8)
    return np.clip(picture(height, width).astype(int) // 2 + noise, 0, 255).astype(np.uint8)


def share_lost(photo):
    return int(re.search(r"(\d+)%", photo.notes[0])[1]) / 100


def rows_that_agree(pixels, whole):
    """Count the rows from the top which are those of the whole picture."""
    differs = (pixels != whole).any(axis=(1, 2))
    return int(np.argmax(differs)) if differs.any() else len(whole)


FILES = {
    "JPEG": encoded(detailed(), "JPEG", quality=85),
    "JPEG without subsampling": encoded(detailed(), "JPEG", quality=90, subsampling="4:4:4"),
    "grey JPEG": encoded(detailed()[..., 0], "JPEG"),
    "optimised JPEG": encoded(detailed(), "JPEG", optimize=True),
    "JPEG with restarts": encoded(detailed(), "JPEG", restart_marker_rows=1),
    "PNG": encoded(detailed(), "PNG"),
    "16-bit grey PNG": encoded(detailed()[..., 0].astype(np.uint16) * 257, "PNG"),
    "palette PNG": encoded(Image.fromarray(detailed()).convert("P"), "PNG"),
}


@pytest.mark.parametrize("share", [0.4, 0.6, 0.8, 0.95])
@pytest.mark.parametrize("name", FILES)
def test_the_rows_said_to_be_kept_are_those_of_the_whole_photo(name, share):
    data = FILES[name]
    whole = load_photo(data)
    part = load_photo(data[: int(len(data) * share)], salvage=True)
    assert part.size == whole.size
    kept = rows_that_agree(part.pixels, whole.pixels)
    assert abs(1 - kept / len(whole.pixels) - share_lost(part)) < 0.1
    assert 0 < share_lost(part) < 1
    assert part.notes[0].startswith("salvaged")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_progressive_jpeg_keeps_its_coarse_picture(share):
    data = encoded(detailed(), "JPEG", progressive=True)
    part = load_photo(data[: int(len(data) * share)], salvage=True)
    error = np.abs(part.pixels.astype(int) - detailed()).mean()
    assert error < np.abs(128 - detailed().astype(int)).mean()
    assert "fine detail is lost" in part.notes[0]


def test_every_cut_of_a_jpeg_after_its_header_is_salvaged():
    for options in ({}, {"progressive": True}):
        data = encoded(picture(), "JPEG", **options)
        first_scan = data.index(b"\xff\xda") + 14
        for end in range(first_scan + 4, len(data) - 2):
            load_photo(data[:end], salvage=True)


def test_a_thumbnail_in_the_metadata_is_not_taken_for_the_photo():
    thumbnail = encoded(picture(8, 8), "JPEG")
    data = FILES["JPEG"]
    comment = b"\xff\xe1" + (len(thumbnail) + 8).to_bytes(2) + b"thumb\0" + thumbnail
    holding = data[:2] + comment + data[2:]
    assert np.array_equal(load_photo(holding).pixels, load_photo(data).pixels)
    with pytest.raises(PhotoDamagedError):
        load_photo(holding[: len(comment) + 2], salvage=True)
    assert load_photo(holding[:-500], salvage=True).size == (128, 96)


def interlaced_png():
    """Return an Adam7 PNG of 8 by 8 grey pixels, each row of each pass unfiltered."""
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
    starts = ((0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4))
    starts += ((1, 2, 0, 2), (0, 1, 1, 2))
    raw = b"".join(b"\0" + row.tobytes() for x, dx, y, dy in starts for row in grey[y::dy, x::dx])

    def chunk(name, body):
        return len(body).to_bytes(4) + name + body + zlib.crc32(name + body).to_bytes(4)

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 1))
    pixels = chunk(b"IDAT", zlib.compress(raw, 0))
    return grey, b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")


def test_an_interlaced_png_is_salvaged_too():
    grey, data = interlaced_png()
    assert np.array_equal(load_photo(data).pixels[..., 0], grey)
    part = load_photo(data[: len(data) - 40], salvage=True)
    assert (part.pixels[..., 0] == grey).mean() > 0.5
    assert "of the pixels" in part.notes[0]


def test_what_is_salvaged_is_turned_and_hashed_as_ever():
    data = encoded(detailed(), "PNG", exif=exif_with_orientation(6))[:-3000]
    part = load_photo(data, salvage=True)
    assert part.size == (96, 128)
    assert part.original_size == (128, 96)
    assert len(part.notes) == 2


def test_a_whole_photo_is_not_touched_by_salvage():
    for data in FILES.values():
        assert load_photo(data, salvage=True).notes == load_photo(data).notes


@pytest.mark.parametrize("encoding", ["BMP", "TIFF", "WEBP", "GIF"])
def test_other_truncated_encodings_are_refused_with_salvage_as_without(encoding):
    data = encoded(Image.fromarray(detailed()), encoding)
    with pytest.raises(PhotoDamagedError):
        load_photo(data[: len(data) // 2], salvage=True)


@pytest.mark.parametrize("name", ["JPEG", "PNG"])
def test_a_file_that_ends_in_its_header_is_refused(name):
    with pytest.raises(PhotoDamagedError):
        load_photo(FILES[name][:40], salvage=True)
