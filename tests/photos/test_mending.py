"""A file that is broken outside its pixels is read whole, and what was left out is said."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from photo_bytes import encoded, exif_with_orientation, picture
from PIL import Image, PngImagePlugin

from matcher.errors import PhotoDamagedError, PhotoTooLargeError
from matcher.photos import DecodeLimits, load_photo

LOSSLESS = "no pixel is lost"


def chunk(name, body, checksum=None):
    right = zlib.crc32(name + body)
    return len(body).to_bytes(4) + name + body + (right ^ (checksum == "wrong")).to_bytes(4)


PNG = encoded(picture(), "PNG")
HEAD, PIXELS, END = PNG[:33], PNG[33:-12], PNG[-12:]
TWO_MEGABYTES = zlib.compress(b"v" * (2 << 20))
assert len(b"v" * (2 << 20)) > PngImagePlugin.MAX_TEXT_CHUNK
SOUND = {
    b"tEXt": b"key\0value",
    b"zTXt": b"key\0\0" + zlib.compress(b"value"),
    b"iTXt": b"key\0\0\0\0\0value",
    b"pHYs": struct.pack(">IIB", 1, 1, 1),
    b"gAMA": struct.pack(">I", 45455),
    b"cHRM": bytes(32),
    b"sRGB": b"\0",
    b"tIME": bytes(7),
    b"bKGD": bytes(6),
    b"eXIf": exif_with_orientation(1).tobytes()[6:],
    b"iCCP": b"name\0\0" + zlib.compress(b"?" * 200),
    b"tRNS": bytes(6),
    b"acTL": struct.pack(">II", 2, 0),
    b"fcTL": bytes(26),
    b"prVt": b"private",
}
TOO_LARGE = {
    "zTXt": b"key\0\0" + TWO_MEGABYTES,
    "iTXt": b"key\0\1\0\0\0" + TWO_MEGABYTES,
    "iCCP": b"name\0\0" + TWO_MEGABYTES,
}


def read_whole(data, pixels):
    photo = load_photo(data)
    assert np.array_equal(photo.pixels, pixels)
    assert any(LOSSLESS in note for note in photo.notes)
    return photo.notes[0]


@pytest.mark.parametrize("name", SOUND)
def test_a_png_with_a_wrong_checksum_beside_its_pixels_is_read(name):
    data = HEAD + chunk(name, SOUND[name], "wrong") + PIXELS + END
    assert name.decode() in read_whole(data, picture())


@pytest.mark.parametrize("name", ["pHYs", "gAMA", "cHRM", "sRGB", "iCCP", "tRNS", "acTL", "fcTL"])
@pytest.mark.parametrize("after", [False, True])
def test_a_png_with_an_empty_chunk_is_read(name, after):
    empty = chunk(name.encode(), b"")
    data = HEAD + (PIXELS + empty if after else empty + PIXELS) + END
    assert name in read_whole(data, picture())


@pytest.mark.parametrize("name", TOO_LARGE)
@pytest.mark.parametrize("after", [False, True])
def test_a_png_with_a_text_or_profile_over_pillows_limit_is_read(name, after):
    large = chunk(name.encode(), TOO_LARGE[name])
    data = HEAD + (PIXELS + large if after else large + PIXELS) + END
    assert name in read_whole(data, picture())


@pytest.mark.parametrize(
    "end",
    [
        b"",
        END[:5],
        chunk(b"tEXt", b"key\0a long value")[:-9],
        b"\0\0\0\1\1\2\3\4" + END,
        END + b"?",
    ],
)
def test_a_png_that_ends_anyhow_after_its_pixels_is_read(end):
    assert np.array_equal(load_photo(HEAD + PIXELS + end).pixels, picture())


def test_the_sound_chunks_of_a_broken_png_are_kept():
    exif = chunk(b"eXIf", exif_with_orientation(6).tobytes()[6:])
    photo = load_photo(HEAD + exif + chunk(b"tEXt", b"key\0value", "wrong") + PIXELS + END)
    assert np.array_equal(photo.pixels, np.rot90(picture(), -1))
    assert photo.notes[0] == f"the PNG is broken outside its pixels (tEXt): {LOSSLESS}"


def test_a_png_whose_direction_is_lost_says_so():
    exif = chunk(b"eXIf", exif_with_orientation(6).tobytes()[6:], "wrong")
    assert "may not be upright" in read_whole(HEAD + exif + PIXELS + END, picture())


def test_a_png_whose_pixels_or_colours_may_be_wrong_is_refused():
    wrong_sum = bytearray(PNG)
    wrong_sum[-20:-16] = b"abcd"
    palette = encoded(Image.fromarray(picture()).convert("P"), "PNG")
    at = palette.index(b"PLTE") + 10
    for data in (
        bytes(wrong_sum),
        HEAD[:-4] + b"abcd" + PIXELS + END,
        palette[:at] + bytes([palette[at] ^ 1]) + palette[at + 1 :],
        PNG[: len(PNG) // 2],
    ):
        with pytest.raises(PhotoDamagedError):
            load_photo(data)


@pytest.mark.parametrize("name", [b"pLTE", b"PLTF", b"QLTE"])
@pytest.mark.parametrize("salvage", [False, True])
def test_a_png_whose_palette_is_lost_is_refused(name, salvage):
    data = encoded(Image.fromarray(picture()).convert("P"), "PNG").replace(b"PLTE", name)
    with pytest.raises(PhotoDamagedError):
        load_photo(data, salvage=salvage)


def test_mending_keeps_the_limits():
    broken = chunk(b"tEXt", b"key\0value", "wrong")
    data = HEAD + broken + PIXELS + END
    with pytest.raises(PhotoTooLargeError, match="pixels"):
        load_photo(data, limits=DecodeLimits(max_pixels=64 * 48 - 1))
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    bomb = PNG[:8] + chunk(b"IHDR", header) + broken + PIXELS + END
    with pytest.raises(PhotoTooLargeError, match="pixels"):
        load_photo(bomb)
    text = HEAD + chunk(b"zTXt", TOO_LARGE["zTXt"]) + PIXELS + END
    before = PngImagePlugin.MAX_TEXT_CHUNK
    load_photo(text)
    assert before == PngImagePlugin.MAX_TEXT_CHUNK


JPEG = encoded(picture(), "JPEG", quality=90)
FRAME, SCAN = JPEG.index(b"\xff\xc0"), JPEG.index(b"\xff\xda")


def segment(marker, body):
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2) + body


BROKEN_SEGMENTS = [
    segment(0xE0, b"JFIF"),
    segment(0xE2, b"ICC_PROFILE\0"),
    segment(0xE2, b"ICC_PROFILE\0\1"),
    segment(0xED, b"Photoshop 3.0\x008BIM\0\1"),
    segment(0xEE, b"Adobe"),
    b"\xff\x01",
    b"\xff\x4f",
    b"\0\0\0\xff\x01",
]


@pytest.mark.parametrize("place", [2, FRAME, SCAN])
@pytest.mark.parametrize("stray", BROKEN_SEGMENTS, ids=repr)
def test_a_jpeg_with_broken_metadata_or_stray_bytes_is_read(stray, place):
    data = JPEG[:place] + stray + JPEG[place:]
    photo = load_photo(data)
    assert np.array_equal(photo.pixels, load_photo(JPEG).pixels)
    if photo.notes:  # some places Pillow reads without help
        assert LOSSLESS in photo.notes[0]


@pytest.mark.parametrize("stray", [b"\0\0\0", b"abc", b"\r\n"])
def test_a_jpeg_with_bytes_before_its_first_segment_is_read(stray):
    assert "stray bytes" in read_whole(JPEG[:2] + stray + JPEG[2:], load_photo(JPEG).pixels)


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0",
        b"Exif\0\0garbage",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff",
        b"http://ns.adobe.com/xap/",
    ],
)
def test_a_jpeg_with_broken_exif_is_read(exif):
    data = JPEG[:2] + segment(0xE1, exif) + JPEG[2:]
    assert np.array_equal(load_photo(data).pixels, load_photo(JPEG).pixels)


def test_a_jpeg_without_its_end_marker_is_read():
    whole = load_photo(JPEG).pixels
    for end in (JPEG[:-2], JPEG[:-2] + b"\0\0"):
        assert "after its last pixel" in read_whole(end, whole)


def test_a_jpeg_of_which_a_pixel_is_lost_is_refused():
    for data in (JPEG[:-12], JPEG[: len(JPEG) * 3 // 4]):
        with pytest.raises(PhotoDamagedError):
            load_photo(data)
    progressive = encoded(picture(), "JPEG", progressive=True)
    last_scan = progressive.rindex(b"\xff\xda")
    with pytest.raises(PhotoDamagedError):
        load_photo(progressive[:last_scan])


def test_a_thumbnail_is_never_read_in_place_of_a_broken_jpeg():
    thumbnail = encoded(picture(8, 8), "JPEG")
    exif = segment(0xE1, b"Exif\0\0" + thumbnail)
    longer = exif[:2] + (60_000).to_bytes(2) + exif[4:]
    shorter = b"\xff\x01" + exif[:2] + (4).to_bytes(2) + exif[4:]
    for broken in (longer, shorter):
        with pytest.raises(PhotoDamagedError):
            load_photo(JPEG[:2] + broken + JPEG[2:])


def test_a_gif_that_ends_after_its_pixels_is_read():
    data = encoded(Image.fromarray(picture()).convert("P"), "GIF")
    whole = load_photo(data).pixels
    for cut in (1, 2, 3):
        assert np.array_equal(load_photo(data[:-cut]).pixels, whole)
    assert "after its last pixel" in read_whole(data[:-3], whole)
    with pytest.raises(PhotoDamagedError):
        load_photo(data[: len(data) // 2])


@pytest.mark.parametrize("stray", [b"\0\0", b"xyz", b"!\xfe\2ab\0", b"!\xff\x03abc\0"])
def test_a_gif_with_stray_blocks_is_read(stray):
    data = encoded(Image.fromarray(picture()).convert("P"), "GIF")
    at = 13 + 3 * 2 ** ((data[10] & 7) + 1)
    broken = data[:at] + stray + data[at:]
    assert np.array_equal(load_photo(broken).pixels, load_photo(data).pixels)


def test_a_bmp_without_the_filling_of_its_last_row_is_read():
    pixels = np.ascontiguousarray(picture()[:, :63])  # rows of 189 bytes and three to fill
    data = encoded(pixels, "BMP")
    for cut in (1, 2, 3):
        assert np.array_equal(load_photo(data[:-cut]).pixels, pixels)
    with pytest.raises(PhotoDamagedError):
        load_photo(data[:-4])


@pytest.mark.parametrize("field", [(2, 4), (34, 4), (38, 8)])
def test_a_bmp_with_wrong_sizes_in_its_header_is_read(field):
    data = bytearray(encoded(picture(), "BMP"))
    at, length = field
    data[at : at + length] = b"\xff" * length
    assert np.array_equal(load_photo(bytes(data)).pixels, picture())


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 90}], ids=str)
def test_a_webp_that_is_broken_after_its_pixels_is_read(options):
    plain = encoded(picture(), "WEBP", **options)
    data = encoded(picture(), "WEBP", xmp=b"x" * 300, exif=exif_with_orientation(6), **options)
    turned, upright = load_photo(data).pixels, load_photo(plain).pixels
    at = data.index(b"XMP ")
    assert LOSSLESS in read_whole(data[:-100], turned)
    assert LOSSLESS in read_whole(data[:4] + b"\xff\xff\xff\x7f" + data[8:], turned)
    assert LOSSLESS in read_whole(data[: at + 4] + b"\xff\xff\0\0" + data[at + 8 :], turned)
    assert "may not be upright" in read_whole(data[: data.index(b"EXIF") + 12], upright)
    with pytest.raises(PhotoDamagedError):
        load_photo(plain[: len(plain) // 2])


def test_a_webp_keeps_its_transparency_when_it_is_mended():
    image = Image.fromarray(picture()).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    for options in ({"lossless": True}, {"quality": 90}):
        data = encoded(image, "WEBP", xmp=b"x" * 300, **options)
        whole = load_photo(data)
        mended = load_photo(data[:-10])
        assert np.array_equal(mended.pixels, whole.pixels)
        assert mended.notes[1:] == whole.notes


def test_a_page_of_a_broken_file_other_than_the_first_is_not_guessed():
    data = HEAD + chunk(b"tEXt", b"key\0value", "wrong") + PIXELS + END
    assert np.array_equal(load_photo(data, page=1).pixels, picture())
    with pytest.raises(PhotoDamagedError):
        load_photo(data, page=2)


def test_pillow_itself_refuses_what_is_mended():
    for data in (JPEG[:-2], HEAD + chunk(b"pHYs", b"") + PIXELS + END):
        with pytest.raises((OSError, SyntaxError, ValueError)):
            Image.open(BytesIO(data)).load()
