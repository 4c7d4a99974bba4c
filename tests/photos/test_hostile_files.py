"""Whatever the bytes are: a photo or a typed error, never a surprise, never a warning."""

import struct
import threading
import tracemalloc
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from photo_bytes import encoded, picture, valid_files
from PIL import Image, ImageFile

from matcher.errors import (
    MatcherError,
    PhotoDamagedError,
    PhotoFailureError,
    PhotoTooLargeError,
)
from matcher.photos import DecodeLimits, Photo, load_photo

repeatable = settings(deadline=None, derandomize=True)

FILES = valid_files()
SIGNATURES = [data[:16] for data in FILES.values()]
LIMITS = DecodeLimits(max_pixels=1_000_000)


def photo_or_error(data, salvage):
    """Load the bytes; any exception but ours, and any warning, fails the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return load_photo(data, limits=LIMITS, salvage=salvage)
        except MatcherError as error:
            return error


@repeatable
@given(st.sampled_from([*SIGNATURES, b""]), st.binary(max_size=300), st.booleans())
def test_any_bytes_raise_nothing_but_our_errors(signature, rest, salvage):
    assert isinstance(photo_or_error(signature + rest, salvage), Photo | MatcherError)


def damaged_versions(data, rng, count):
    for _ in range(count):
        broken = bytearray(data)
        if rng.random() < 0.6:
            broken = broken[: rng.integers(1, len(broken))]
        if rng.random() < 0.6:
            reach = len(broken) if rng.random() < 0.5 else min(len(broken), 200)
            for at in rng.integers(0, reach, rng.integers(1, 6)):
                broken[at] = rng.integers(256)
        yield bytes(broken)


def assert_damage_is_survived(name, count):
    rng = np.random.default_rng(sum(name.encode()))
    for broken in damaged_versions(FILES[name], rng, count):
        for salvage in (False, True):
            photo_or_error(broken, salvage)


@pytest.mark.parametrize("name", FILES)
def test_random_damage_gives_a_photo_or_our_error(name):
    assert_damage_is_survived(name, 60)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_much_random_damage_gives_a_photo_or_our_error(name):
    assert_damage_is_survived(name, 3000)


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_never_read_as_another_picture(name):
    data = FILES[name]
    whole = load_photo(data).pixels
    for end in range(1, len(data), max(1, len(data) // 100)):
        result = photo_or_error(data[:end], salvage=False)
        if isinstance(result, Photo) and any("may not be upright" in note for note in result.notes):
            assert any(np.array_equal(np.rot90(result.pixels, turn), whole) for turn in range(4))
        else:
            assert isinstance(result, MatcherError) or np.array_equal(result.pixels, whole)


def test_the_error_of_a_truncated_file_names_path_rule_and_way_out(tmp_path):
    path = tmp_path / "cut.jpg"
    path.write_bytes(FILES["jpeg"][:-200])
    with pytest.raises(PhotoDamagedError) as refusal:
        load_photo(path)
    assert refusal.value.path == path
    assert "truncated" in refusal.value.got
    assert "salvage=True" in refusal.value.next_step


@pytest.mark.parametrize("name", FILES)
def test_no_message_speaks_of_memory_addresses(name):
    for end in (20, len(FILES[name]) // 2):
        error = photo_or_error(FILES[name][:end], salvage=False)
        assert " object at 0x" not in str(getattr(error, "got", ""))


def chunk(name, body):
    return len(body).to_bytes(4) + name + body + zlib.crc32(name + body).to_bytes(4)


def png_header_of(width, height):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1000))


def bmp_header_of(width, height):
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 100, 0, 0, 54) + info + bytes(100)


def webp_header_of(width, height):
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_header_of(width, height):
    data = bytearray(encoded(picture(), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(png_header_of(50_000, 50_000), id="PNG of 2.5 gigapixels"),
        pytest.param(png_header_of(12_000, 11_000), id="PNG that Pillow would open with a warning"),
        pytest.param(png_header_of(2**31 - 1, 2**31 - 1), id="PNG of the largest header"),
        pytest.param(bmp_header_of(50_000, 50_000), id="BMP"),
        pytest.param(jpeg_header_of(60_000, 60_000), id="JPEG"),
        pytest.param(webp_header_of(12_000, 12_000), id="WebP"),
        pytest.param(webp_header_of(2**24, 2**24), id="WebP of the largest header"),
    ],
)
@pytest.mark.parametrize("salvage", [False, True])
def test_a_bomb_is_refused_by_its_header(header, salvage):
    ceiling = Image.MAX_IMAGE_PIXELS
    tracemalloc.start()
    try:
        with pytest.raises(PhotoTooLargeError, match="pixels"):
            load_photo(header, salvage=salvage)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert ceiling == Image.MAX_IMAGE_PIXELS


def test_nothing_process_wide_is_changed():
    before = (ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS, dict(Image.OPEN).keys())
    for data in FILES.values():
        photo_or_error(data[:-30], salvage=True)
    after = (ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS, dict(Image.OPEN).keys())
    assert before == after
    assert "HEIF" not in Image.OPEN


def tiff_that_makes_pillow_warn():
    """Return a readable TIFF whose description claims more bytes than the file has."""
    data = bytearray(encoded(picture(), "TIFF", description="a school portrait"))
    directory = int.from_bytes(data[4:8], "little")
    entries = range(directory + 2, len(data), 12)
    at = next(at for at in entries if data[at : at + 2] == (270).to_bytes(2, "little"))
    data[at + 4 : at + 8] = (10**6).to_bytes(4, "little")
    return bytes(data)


def test_pillow_itself_would_warn_about_this_file():
    with pytest.warns(UserWarning, match="Tag data larger than file"):
        Image.open(BytesIO(tiff_that_makes_pillow_warn()))
    assert np.array_equal(load_photo(tiff_that_makes_pillow_warn()).pixels, picture())


def loaded_at_once(sources):
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(load_photo, sources))


def test_many_threads_read_the_same_as_one():
    sources = [*FILES.values(), tiff_that_makes_pillow_warn()] * 6
    expected = [load_photo(data).pixels for data in sources]
    for photo, pixels in zip(loaded_at_once(sources), expected, strict=True):
        assert np.array_equal(photo.pixels, pixels)


def test_other_threads_keep_their_warnings_while_photos_are_read():
    stop = threading.Event()
    heard = []

    def listen():
        while not stop.is_set():
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                warnings.warn("ours", UserWarning, stacklevel=1)
            heard.append([str(warning.message) for warning in caught])

    filters = list(warnings.filters)
    listener = threading.Thread(target=listen)
    listener.start()
    try:
        loaded_at_once(list(FILES.values()) * 6)
    finally:
        stop.set()
        listener.join()
    assert heard
    assert all(messages == ["ours"] for messages in heard)
    assert [entry for entry in warnings.filters if entry in filters] == filters


def png_of_a_palette_without_plte(*others):
    chunks = [chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 3, 0, 0, 0)), *others]
    chunks += [chunk(b"IDAT", zlib.compress(bytes(72))), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def tiff_with_a_number_for_a_profile():
    tags = {256: (4, 8), 257: (4, 8), 258: (3, 8), 259: (3, 1), 262: (3, 1), 273: (4, 8)}
    tags |= {277: (3, 1), 278: (4, 8), 279: (4, 64), 34675: (1, 7)}
    body = b"".join(
        struct.pack("<HHII", tag, kind, 1, value) for tag, (kind, value) in tags.items()
    )
    return (
        b"II*\0"
        + struct.pack("<I", 72)
        + bytes(64)
        + struct.pack("<H", len(tags))
        + body
        + bytes(4)
    )


UNTYPED = {
    "palette without PLTE": png_of_a_palette_without_plte(),
    "more transparent colours than there can be": png_of_a_palette_without_plte(
        chunk(b"PLTE", bytes(768)), chunk(b"tRNS", bytes(300))
    ),
    "transparent colours without PLTE": png_of_a_palette_without_plte(chunk(b"tRNS", bytes(300))),
    "a number for a profile": tiff_with_a_number_for_a_profile(),
}


@pytest.mark.parametrize("data", UNTYPED.values(), ids=list(UNTYPED))
def test_what_another_library_raises_is_an_error_of_the_photo(data):
    assert isinstance(photo_or_error(data, False), Photo | MatcherError)


@pytest.mark.parametrize("kind", [AssertionError, MemoryError, SystemError, RecursionError])
def test_any_exception_of_decoding_names_its_type_and_its_cause(kind, monkeypatch, tmp_path):
    path = tmp_path / "one.png"
    path.write_bytes(FILES["png"])
    raised = kind("odd")

    def fail(*_):
        raise raised

    monkeypatch.setattr("matcher.photos.load.conversion_of", fail)
    with pytest.raises(PhotoFailureError, match=f"{kind.__name__}: odd") as failure:
        load_photo(path)
    assert failure.value.__cause__ is raised
    assert failure.value.path == path


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_what_is_no_exception_ends_a_reading(kind, monkeypatch):
    def end(*_):
        raise kind

    monkeypatch.setattr("matcher.photos.load.conversion_of", end)
    with pytest.raises(kind):
        load_photo(FILES["png"])
