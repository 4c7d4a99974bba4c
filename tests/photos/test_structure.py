"""A file of very many parts is refused before anything decodes it; ordinary files never are."""

import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from photo_bytes import encoded, heic, picture, valid_files
from PIL import Image

from matcher.errors import InputError, PhotoDamagedError, PhotoTooLargeError
from matcher.photos import DecodeLimits, load_photo, sha256_of
from matcher.photos.png import inflate

JPEG, PNG = encoded(picture(), "JPEG"), encoded(picture(), "PNG")
AFTER_IHDR = 33


def chunk(name, body=b""):
    return len(body).to_bytes(4) + name + body + zlib.crc32(name + body).to_bytes(4)


def jpeg_of_scans(more):
    data = encoded(np.full((64, 64), 128, np.uint8), "JPEG", progressive=True)
    table, end = data.rfind(b"\xff\xc4"), data.rfind(b"\xff\xd9")
    return data[:end] + data[table:end] * more + data[end:]


def png_with(*chunks):
    return PNG[:AFTER_IHDR] + b"".join(chunks) + PNG[AFTER_IHDR:]


def exif_of_entries(number, size):
    entries = (struct.pack("<HHII", 0x8000 + at, 7, size, 8) for at in range(number))
    data = b"II*\0" + struct.pack("<IH", 8, number) + b"".join(entries) + bytes(4)
    return data.ljust(size + 8, b"\0")


def directory(tags, following=0):
    body = struct.pack("<H", len(tags))
    body += b"".join(struct.pack("<HHII", tag, *value) for tag, value in sorted(tags.items()))
    return body + struct.pack("<I", following)


def tiff_of(rows, **changed):
    at = 4096
    tags = {256: (4, 1, 64), 257: (4, 1, rows), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1)}
    tags |= {273: (4, rows, at), 277: (3, 1, 1), 278: (4, 1, 1), 279: (4, rows, at + 4 * rows)}
    tags |= {int(tag[1:]): value for tag, value in changed.items()}
    start = (b"II*\0" + struct.pack("<I", 8) + directory(tags)).ljust(at, b"\0")
    return start + struct.pack("<I", 1000) * rows + struct.pack("<I", 64) * rows


def tiff_of_directories(number):
    tags = {256: (4, 1, 8), 257: (4, 1, 8)}
    size = len(directory(tags))
    places = [8 + size * at for at in range(number)]
    chain = b"".join(directory(tags, place + size) for place in places)
    return b"II*\0" + struct.pack("<I", 8) + chain + bytes(64)


def gif_of(frames=1, block=b"\2\2\x44\1\0"):
    head = b"GIF89a" + struct.pack("<HHBBB", 2, 2, 0x80, 0, 0) + bytes(6)
    return head + (b"\x2c" + struct.pack("<HHHHB", 0, 0, 2, 2, 0) + block) * frames + b";"


def webp_of_chunks(number):
    data = encoded(picture(), "WEBP") + b"ABCD\0\0\0\0" * number
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


def heif_of_boxes(number):
    data = heic(picture())
    return data[: int.from_bytes(data[:4])] + b"\0\0\0\x08free" * number + data


def bmp_of_runs(side):
    info = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, 4 * side, 0, 0, 256, 0)
    lines = b"\1\0\0\0" * side + b"\0\1"
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 1078) + info + bytes(1024) + lines


OF_MANY_PARTS = {
    "scans of a JPEG": lambda: jpeg_of_scans(5000),
    "segments of a JPEG": lambda: JPEG[:2] + b"\xff\xe5\0\2" * 100_000 + JPEG[2:],
    "stray bytes of a JPEG": lambda: JPEG[:2] + bytes(3_000_000) + JPEG[2:],
    "fill bytes of a JPEG": lambda: JPEG[:2] + b"\xff" * 3_000_000 + JPEG[2:],
    "EXIF segments of a JPEG": lambda: JPEG[:2] + b"\xff\xe1\0\x08Exif\0\0" * 1000 + JPEG[2:],
    "EXIF values of a JPEG": lambda: (
        JPEG[:2] + b"\xff\xe1\xff\xf0Exif\0\0" + exif_of_entries(5000, 65504) + JPEG[2:]
    ),
    "chunks of a PNG": lambda: png_with(chunk(b"IDAT") * 200_000),
    "metadata of a PNG": lambda: png_with(chunk(b"teSt") * 2000),
    "EXIF values of a PNG": lambda: png_with(chunk(b"eXIf", exif_of_entries(30_000, 1_000_000))),
    "chunks of a WebP": lambda: webp_of_chunks(200_000),
    "frames of a GIF": lambda: gif_of(50_000),
    "blocks of a GIF": lambda: gif_of(block=b"\2" + b"\1\0" * 300_000 + b"\0"),
    "stray bytes of a GIF": lambda: gif_of()[:-1] + b"\1" * 300_000,
    "runs of a BMP": lambda: bmp_of_runs(3000),
    "boxes of a HEIC": lambda: heif_of_boxes(200_000),
    "strips of a TIFF": lambda: tiff_of(200_000),
    "tiles of a TIFF, by their size": lambda: tiff_of(
        4096, t256=(4, 1, 4096), t322=(4, 1, 1), t323=(4, 1, 1), t324=(4, 1, 8), t325=(4, 1, 8)
    ),
    "values of a tag of a TIFF": lambda: tiff_of(500, t320=(3, 2**31, 8)),
    "directories of a TIFF": lambda: tiff_of_directories(5000),
}


@pytest.mark.parametrize("make", OF_MANY_PARTS.values(), ids=list(OF_MANY_PARTS))
@pytest.mark.parametrize("salvage", [False, True])
def test_a_file_of_very_many_parts_is_refused(make, salvage, monkeypatch):
    data, decoded = make(), []
    monkeypatch.setattr(Image.Image, "load", lambda image: decoded.append(image))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda image: decoded.append(image))
    with pytest.raises(PhotoTooLargeError, match=r"may have at most [\d,]+ ") as refusal:
        load_photo(data, salvage=salvage)
    assert "pixels;" not in refusal.value.rule
    assert not decoded


@pytest.mark.parametrize("name", valid_files())
def test_an_ordinary_file_is_far_from_every_limit(name):
    data = valid_files()[name]
    narrow = DecodeLimits(max_scans=12, max_parts=40, max_frames=4)
    np.testing.assert_array_equal(load_photo(data, limits=narrow).pixels, load_photo(data).pixels)


@pytest.mark.parametrize(("more", "fits"), [(20, True), (54, True), (55, False)])
def test_the_limit_on_scans_is_exact(more, fits):
    base = jpeg_of_scans(0).count(b"\xff\xda")
    limits = DecodeLimits(max_scans=base + 54)
    if fits:
        assert load_photo(jpeg_of_scans(more), limits=limits).size == (64, 64)
    else:
        with pytest.raises(PhotoTooLargeError, match=f"at most {base + 54} scans"):
            load_photo(jpeg_of_scans(more), limits=limits)


def test_scans_of_a_thumbnail_and_bytes_like_scans_in_metadata_do_not_count():
    like_scans = b"\xff\xe5" + (2 + 600).to_bytes(2) + b"\xff\xda" * 300
    data = JPEG[:2] + like_scans + JPEG[2:] + JPEG * 100
    assert load_photo(data).size == (64, 48)


def test_a_tiff_of_many_strips_within_the_limit_is_read():
    assert load_photo(tiff_of(2000)).size == (64, 2000)


@pytest.mark.parametrize("name", ["max_scans", "max_parts", "max_frames", "max_bytes"])
def test_a_limit_below_one_is_refused(name):
    with pytest.raises(InputError, match=name):
        replace(DecodeLimits(), **{name: 0})


def test_bytes_after_the_pixels_of_a_png_are_not_read():
    pieces = list(inflate(zlib.compress(b"pixels") + bytes(1_000_000), 100))
    assert b"".join(pieces) == b"pixels"
    assert len(pieces) == 1


def webp_of_34_bytes(width, height):
    size = struct.pack("<I", (width - 1) | (height - 1) << 14)
    return (
        b"RIFF"
        + struct.pack("<I", 26)
        + b"WEBPVP8L"
        + struct.pack("<I", 14)
        + b"\x2f"
        + size
        + bytes(9)
    )


def png_of_bytes(width, height):
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return PNG[:8] + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(900)))


def jpeg_claiming(width, height):
    at = JPEG.index(b"\xff\xc0") + 5
    return JPEG[:at] + struct.pack(">HH", height, width) + JPEG[at + 4 :]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(webp_of_34_bytes(10_000, 10_000), id="WebP"),
        pytest.param(png_of_bytes(10_000, 10_000), id="PNG"),
        pytest.param(jpeg_claiming(11_000, 11_000), id="JPEG"),
        pytest.param(
            b"GIF89a" + struct.pack("<HHBBB", 9000, 9000, 0x80, 0, 0) + gif_of()[13:], id="GIF"
        ),
    ],
)
@pytest.mark.parametrize("salvage", [False, True])
def test_a_header_of_more_pixels_than_the_bytes_can_hold_is_refused(data, salvage, monkeypatch):
    decoded = []
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda image: decoded.append(image))
    with pytest.raises(PhotoDamagedError, match="a byte for every"):
        load_photo(data, salvage=salvage)
    assert not decoded


def test_a_page_behind_too_many_pixels_is_refused():
    frames = [Image.fromarray(picture() // (shade + 1)) for shade in range(20)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    small = DecodeLimits(max_pixels=64 * 48)
    assert load_photo(data, page=8, limits=small).size == (64, 48)
    with pytest.raises(PhotoTooLargeError, match="pixels up to this page"):
        load_photo(data, page=9, limits=small)


@pytest.mark.parametrize("read", [load_photo, lambda path: sha256_of(path, limits=DecodeLimits())])
def test_a_huge_file_is_refused_by_its_size_before_it_is_read(read, tmp_path, monkeypatch):
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.write(JPEG)
        file.truncate(300 * 10**9)

    def opened(*_, **__):
        raise AssertionError

    monkeypatch.setattr("pathlib.Path.open", opened)
    with pytest.raises(PhotoTooLargeError, match="bytes") as refusal:
        read(path)
    assert refusal.value.path == path
