"""A photo's date: found in every encoding, never without what speaks against it."""

from __future__ import annotations

import struct
import zlib
from datetime import date, time, timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tifffile
from dated_photos import (
    BERLIN,
    CAMERA,
    CHANGED,
    COMMENT,
    DIGITIZED,
    ENCODINGS,
    EXIF,
    FILE_SOURCE,
    MAKE,
    MODEL,
    OFFSET,
    ORIGINAL,
    SOFTWARE,
    TAKEN,
    dated,
    exif_of,
)
from hypothesis import given
from hypothesis import strategies as st
from photo_bytes import encoded, picture, valid_files
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from matcher.decoding import Decoders, Decoding
from matcher.errors import InputError, MatcherError, PhotoChangedError, PhotoNotFoundError
from matcher.photos import CaptureDate, Photo, capture_date, gps_position, load_photo, sha256_of

DAY = date(2019, 5, 28)
ARABIC = "".join(chr(0x660 + int(sign)) if sign.isdigit() else sign for sign in TAKEN)
TOMORROW_PLUS = date.today() + timedelta(days=3)


def found(*arguments: object, **options: object) -> CaptureDate:
    made = capture_date(dated(*arguments, **options))  # type: ignore[arg-type]
    assert made is not None
    return made


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_camera_s_date_is_good_in_every_encoding(encoding: str) -> None:
    made = found(encoding, {ORIGINAL: TAKEN, DIGITIZED: TAKEN, OFFSET: "+02:00"})
    assert made == CaptureDate(
        DAY, "EXIF DateTimeOriginal", time(12, 30, 5), "+02:00", "Canon EOS 80D"
    )
    assert made.reliability == "good"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_loaded_photo_has_the_same_date_here_and_in_a_worker(
    encoding: str, tmp_path: Path
) -> None:
    path = tmp_path / "a"
    path.write_bytes(dated(encoding, {ORIGINAL: TAKEN, OFFSET: "+02:00"}, {SOFTWARE: "GIMP"}))
    alone = capture_date(path)
    assert alone is not None
    assert load_photo(path).capture_date == alone
    with Decoders(Decoding(workers=1)) as decoders:
        (read,) = decoders.read_many([path])
    assert isinstance(read, Photo)
    assert read.capture_date == alone


@pytest.mark.parametrize("name", valid_files())
def test_a_photo_without_a_date_has_none(name: str) -> None:
    data = valid_files()[name]
    assert capture_date(data) is None
    assert load_photo(data).capture_date is None


@pytest.mark.parametrize(
    ("capture", "first", "doubts", "reliability"),
    [
        ({ORIGINAL: TAKEN}, {}, ["no camera named"], "doubtful"),
        ({DIGITIZED: TAKEN}, CAMERA, ["not the field of the capture"], "doubtful"),
        ({}, CAMERA | {CHANGED: TAKEN}, ["not the field of the capture"], "doubtful"),
        ({ORIGINAL: TAKEN}, CAMERA | {SOFTWARE: "14.2.1"}, [], "good"),
        ({ORIGINAL: TAKEN}, CAMERA | {CHANGED: "2019:05:29 01:00:00"}, [], "good"),
        (
            {ORIGINAL: TAKEN},
            CAMERA | {SOFTWARE: "Adobe Photoshop CC (Windows)"},
            ["editing software"],
            "doubtful",
        ),
        (
            {ORIGINAL: TAKEN},
            CAMERA | {CHANGED: "2021:01:05 08:00:00"},
            ["dates differ"],
            "doubtful",
        ),
        ({ORIGINAL: TAKEN, DIGITIZED: "2019:06:01 12:00:00"}, CAMERA, ["dates differ"], "doubtful"),
        (
            {ORIGINAL: TAKEN},
            {MAKE: "EPSON", MODEL: "Perfection V600"},
            ["date of a scan"],
            "wrong",
        ),
        ({ORIGINAL: TAKEN, FILE_SOURCE: b"\2"}, CAMERA, ["date of a scan"], "wrong"),
        (
            {ORIGINAL: TAKEN},
            {MAKE: "Hewlett-Packard", MODEL: "HP PhotoSmart R707"},
            ["perhaps a scan"],
            "doubtful",
        ),
        (
            {ORIGINAL: TAKEN, FILE_SOURCE: b"\3"},
            {MAKE: "Hewlett-Packard", MODEL: "HP PhotoSmart R707"},
            [],
            "good",
        ),
        ({ORIGINAL: TAKEN, FILE_SOURCE: b"\3"}, CAMERA, [], "good"),
        (
            {ORIGINAL: TAKEN, COMMENT: b"ASCII\0\0\0Screenshot"},
            {},
            ["date of a screenshot", "no camera named"],
            "wrong",
        ),
        ({ORIGINAL: "2000:01:01 00:10:00"}, CAMERA, ["first day of a camera's clock"], "wrong"),
        (
            {ORIGINAL: "1980:01:01 00:00:00"},
            CAMERA,
            ["first day of a camera's clock", "before digital cameras"],
            "wrong",
        ),
        ({ORIGINAL: "1985:07:01 10:00:00"}, CAMERA, ["before digital cameras"], "doubtful"),
        ({ORIGINAL: "2014:01:01 00:10:00"}, CAMERA, ["first hour of a year"], "doubtful"),
        ({ORIGINAL: "2014:01:01 10:10:00"}, CAMERA, [], "good"),
        ({ORIGINAL: f"{TOMORROW_PLUS:%Y:%m:%d} 10:00:00"}, CAMERA, ["in the future"], "wrong"),
    ],
)
def test_what_speaks_against_a_date_is_said(
    capture: dict[int, object], first: dict[int, object], doubts: list[str], reliability: str
) -> None:
    made = found("JPEG", capture, first)
    assert (list(made.doubts), made.reliability) == (doubts, reliability)
    assert made.because == ", ".join(doubts)


@pytest.mark.parametrize(
    "blank", ["0000:00:00 00:00:00", "    :  :     :  :  ", "", "                   ", "\0" * 19]
)
def test_a_blank_field_is_no_date(blank: str) -> None:
    assert capture_date(dated("JPEG", {ORIGINAL: blank})) is None
    made = found("JPEG", {ORIGINAL: blank, DIGITIZED: TAKEN})
    assert made.doubts == ("not the field of the capture",)


@pytest.mark.parametrize(
    "text",
    ["2019:13:41 12:00:00", "yesterday", "19:05:28", "2019:02:30 00:00:00", ARABIC],
)
def test_a_field_that_is_not_a_date_is_said_and_another_is_used(text: str) -> None:
    raw = text.encode()
    alone = found("JPEG", {ORIGINAL: raw})
    assert (alone.day, alone.reliability, alone.doubts) == (None, "wrong", ("not a date",))
    beside = found("JPEG", {ORIGINAL: raw, DIGITIZED: TAKEN})
    assert (beside.day, beside.reliability) == (DAY, "doubtful")
    assert "not a date" in beside.doubts


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2019-05-28T12:30:05", time(12, 30, 5)),
        ("2019/05/28 12:30", time(12, 30)),
        ("2019:05:28", None),
        ("2019:05:28 12:30:05.250", time(12, 30, 5)),
        ("2019:05:28 24:00:00", None),
        ("2019:05:28 12:30:05\0\0", time(12, 30, 5)),
    ],
)
def test_dates_as_programs_write_them(text: str, moment: time | None) -> None:
    made = found("JPEG", {ORIGINAL: text})
    assert (made.day, made.time) == (DAY, moment)


@pytest.mark.parametrize("offset", ["   :  ", "+99:00", "CET", "", "+02"])
def test_an_offset_that_is_none_is_left_out(offset: str) -> None:
    assert found("JPEG", {ORIGINAL: TAKEN, OFFSET: offset}).offset is None


def test_an_xmp_date_is_never_a_good_one() -> None:
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description xmp:CreatorTool="Lightroom 6" '
        b'exif:DateTimeOriginal="2019-05-28T12:30:05+02:00"/></x:xmpmeta>'
    )
    for encoding in ("JPEG", "PNG", "WEBP", "AVIF"):
        options = {}
        if encoding == "PNG":
            options["pnginfo"] = PngInfo()
            options["pnginfo"].add_itxt("XML:com.adobe.xmp", packet.decode())
        else:
            options["xmp"] = packet
        made = capture_date(encoded(picture(), encoding, **options))
        assert made is not None
        assert (made.day, made.source, made.offset) == (DAY, "XMP", "+02:00")
        assert made.reliability == "doubtful"
        assert made.software == "Lightroom 6"
    other = packet.replace(b"2019-05", b"2011-05")
    assert "dates differ" in found("JPEG", xmp=other).doubts


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("text", ["Tue, 28 May 2019 12:30:05 +0200", "2019-05-28T12:30:05+02:00"])
def test_a_text_of_a_png_is_never_a_good_date(text: str, zipped: bool) -> None:
    info = PngInfo()
    info.add_text("Creation Time", text, zip=zipped)
    made = capture_date(encoded(picture(), "PNG", pnginfo=info))
    assert made is not None
    assert (made.day, made.time, made.offset) == (DAY, time(12, 30, 5), "+02:00")
    assert (made.source, made.reliability) == ("PNG text", "doubtful")


def test_the_exif_that_imagemagick_writes_as_text_is_read() -> None:
    body = b"Exif\0\0" + exif_of().tobytes()[6:]
    info = PngInfo()
    info.add_text("Raw profile type exif", f"\nexif\n{len(body):8d}\n{body.hex()}\n", zip=True)
    made = capture_date(encoded(picture(), "PNG", pnginfo=info))
    assert made is not None
    assert made.reliability == "good"


@pytest.mark.parametrize(("size", "is_one"), [((1080, 1920), True), ((1000, 1500), False)])
def test_a_png_of_a_screen_without_a_camera_is_a_screenshot(
    size: tuple[int, int], is_one: bool
) -> None:
    for width, height in (size, size[::-1]):
        made = found("PNG", first={}, pixels=np.zeros((height, width, 3), np.uint8))
        assert ("date of a screenshot" in made.doubts) is is_one
    camera = found("PNG", pixels=np.zeros((*size, 3), np.uint8))
    assert camera.reliability == "good"


def test_the_records_of_the_person_speak_too() -> None:
    made = found()
    assert made.of_person(None).reliability == "good"
    assert made.of_person(date(2010, 5, 28), 9.0).reliability == "good"
    assert made.of_person(date(2010, 5, 28), 8.0).reliability == "good"
    assert made.of_person(date(2019, 5, 28)).reliability == "good"
    unborn = made.of_person(date(2020, 5, 28))
    assert (unborn.reliability, unborn.doubts) == ("wrong", ("before the person's birth",))
    assert unborn.of_person(date(2020, 5, 28)) == unborn
    other = made.of_person(date(2010, 5, 28), 5.0)
    assert (other.reliability, other.doubts) == ("doubtful", ("another age than recorded",))
    with pytest.raises(InputError):
        made.of_person("2020-01-01")  # type: ignore[arg-type]


def test_names_of_cameras_are_short_and_all_visible() -> None:
    raw = "Kamera Größe 写真\x1b[2J\n\u202eab".encode() + b"x" * 1000
    made = found("JPEG", {ORIGINAL: TAKEN}, {MAKE: raw, MODEL: "M"})
    assert made.camera is not None
    assert made.camera.startswith("Kamera Größe 写真\\x1b[2J \\u202eab")
    assert made.camera.isprintable()
    assert len(made.camera) <= 70
    latin = found("JPEG", {ORIGINAL: TAKEN}, {MAKE: "Größe".encode("latin-1"), MODEL: "M"})
    assert latin.camera == "Größe M"


def test_a_sentence_names_day_field_and_doubts() -> None:
    assert str(found()) == "2019-05-28 (EXIF DateTimeOriginal; good)"
    assert str(found("JPEG", {ORIGINAL: b"no"})) == (
        "no date that exists (EXIF DateTimeOriginal; wrong: not a date)"
    )


@given(
    st.builds(
        CaptureDate,
        day=st.none() | st.dates(),
        source=st.sampled_from(["XMP", "PNG text", "EXIF DateTime"]),
        time=st.none() | st.times().map(lambda moment: moment.replace(microsecond=0)),
        camera=st.none() | st.text(max_size=5),
        doubts=st.lists(st.sampled_from(["not a date", "dates differ"]), unique=True).map(tuple),
    )
)
def test_the_facts_give_the_same_date_back(made: CaptureDate) -> None:
    assert CaptureDate.of_facts(made.facts()) == made


@pytest.mark.parametrize(
    "wrong", [{"source": "a guess"}, {"doubts": ["none"]}, {"day": "soon"}, {"more": 1}]
)
def test_facts_of_no_date_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        CaptureDate.of_facts(found().facts() | wrong)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_a_tiff_of_either_size_and_order_tells_its_date(order: str, big: bool) -> None:
    file = BytesIO()
    tags = [(MAKE, "s", 6, "Canon", True), (ORIGINAL, "s", 20, TAKEN, True)]
    tifffile.imwrite(file, picture(), bigtiff=big, byteorder=order, extratags=tags, software=None)
    made = capture_date(file.getvalue())
    assert made is not None
    assert (made.day, made.source, made.camera) == (DAY, "EXIF DateTimeOriginal", "Canon")


def test_only_the_first_picture_of_a_file_has_the_date() -> None:
    several = dated("MPO", save_all=True, append_images=[Image.fromarray(picture()[::-1])])
    assert load_photo(several).capture_date == load_photo(several, page=1).capture_date
    assert load_photo(several).capture_date is not None
    assert load_photo(several, page=2).capture_date is None


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_position_is_read_by_its_own_function_only(encoding: str) -> None:
    data = dated(encoding, gps=BERLIN)
    place = gps_position(data)
    assert place is not None
    assert (round(place.latitude, 4), round(place.longitude, 4)) == (52.52, 13.41)
    assert "52" not in repr(capture_date(data))
    assert gps_position(dated(encoding)) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {2: (91.0, 0.0, 0.0)},
        {4: (181.0, 0.0, 0.0)},
        {1: None},
        {2: None},
        {2: (52.0, 31.0)},
    ],
)
def test_a_position_that_does_not_exist_is_none(wrong: dict[int, object]) -> None:
    tags = {tag: value for tag, value in (BERLIN | wrong).items() if value is not None}
    assert gps_position(dated(gps=tags)) is None


def test_south_and_west_are_below_zero() -> None:
    place = gps_position(dated(gps=BERLIN | {1: "S", 3: "W"}))
    assert place is not None
    assert (place.latitude < 0, place.longitude < 0) == (True, True)


@pytest.mark.parametrize("read", [capture_date, gps_position])
def test_a_source_that_is_none_is_refused(read: object, tmp_path: Path) -> None:
    assert callable(read)
    for wrong in (None, 5, [b"a"]):
        with pytest.raises(InputError):
            read(wrong)
    with pytest.raises(PhotoNotFoundError):
        read(tmp_path / "none.jpg")
    with pytest.raises(InputError):
        read(dated(), limits=5)


def test_other_bytes_than_expected_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(dated())
    assert capture_date(str(path), sha256=sha256_of(path)) is not None
    with pytest.raises(PhotoChangedError):
        capture_date(path, sha256="0" * 64)


# Hostile files: a date, none, or one of our errors, and always soon.


def jpeg_of(exif: bytes) -> bytes:
    body = b"Exif\0\0" + exif
    plain = encoded(picture(), "JPEG")
    return bytes(plain[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(body)) + body + plain[2:])


def entry(tag: int, kind: int, count: int, place: int) -> bytes:
    return struct.pack("<HHII", tag, kind, count, place)


def directory(*entries: bytes, following: int = 0) -> bytes:
    return struct.pack("<H", len(entries)) + b"".join(entries) + struct.pack("<I", following)


HEAD = b"II*\0\x08\0\0\0"


@pytest.mark.parametrize(
    "exif",
    [
        HEAD + directory(entry(EXIF, 4, 1, 8), following=8),
        HEAD + directory(entry(EXIF, 4, 1, 0xFFFFFFFF), following=0xFFFFFFFF),
        HEAD + directory(entry(EXIF, 2, 1, 8)),
        HEAD + struct.pack("<H", 0xFFFF) + entry(ORIGINAL, 2, 20, 8) * 5000,
        HEAD[:4] + b"\xff\xff\xff\x7f",
        HEAD[:3],
        b"",
        b"II+\0\x08\0\0\0" + b"\xff" * 40,
    ],
)
def test_directories_without_an_end_or_a_place_are_read_in_a_moment(exif: bytes) -> None:
    data = jpeg_of(exif)
    for read in (capture_date, gps_position, load_photo):
        read(data)


@pytest.mark.parametrize("count", [20, 0xFFFFFFFF])
def test_a_value_outside_the_data_is_not_a_date(count: int) -> None:
    made = capture_date(jpeg_of(HEAD + directory(entry(ORIGINAL, 2, count, 0xFFFFFF00))))
    assert made is not None
    assert (made.day, made.doubts[-1]) == (None, "not a date")


def test_a_text_that_swells_is_read_up_to_a_bound() -> None:
    info = PngInfo()
    for keyword in ("Creation Time", "Comment", "Software"):
        info.add_text(keyword, "9" * 30_000_000, zip=True)
    made = capture_date(encoded(picture(), "PNG", pnginfo=info))
    assert made is not None
    assert made.day is None
    assert len(made.software or "") <= 64


def test_pieces_of_an_item_that_overlap_are_bounded() -> None:
    data = bytearray(dated("AVIF"))
    at = data.find(b"iloc")
    for changed in range(at + 4, at + 60):
        for value in (0, 1, 255):
            broken = bytearray(data)
            broken[changed] = value
            date_or_error(bytes(broken))


def date_or_error(data: bytes) -> CaptureDate | MatcherError | None:
    try:
        gps_position(data)
        return capture_date(data)
    except MatcherError as error:
        return error


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_random_damage_gives_a_date_none_or_our_error(encoding: str) -> None:
    data = dated(encoding, gps=BERLIN)
    rng = np.random.default_rng(sum(encoding.encode()))
    for _ in range(300):
        broken = bytearray(data[: rng.integers(1, len(data) + 1)])
        for at in rng.integers(0, min(len(broken), 600), rng.integers(1, 8)):
            broken[at] = rng.integers(256)
        date_or_error(bytes(broken))


@given(st.sampled_from(ENCODINGS), st.binary(max_size=400))
def test_any_bytes_after_a_signature_raise_nothing_but_our_errors(
    encoding: str, rest: bytes
) -> None:
    date_or_error(dated(encoding)[:24] + rest)


@given(st.binary(max_size=300))
def test_any_exif_is_read_without_an_error(exif: bytes) -> None:
    capture_date(jpeg_of(HEAD[:4] + exif))
    chunk = b"eXIf" + exif
    png = encoded(picture(), "PNG")
    body = len(exif).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)
    capture_date(png[:33] + body + png[33:])
