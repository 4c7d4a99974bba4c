"""Every way of storing colour and direction comes out as upright sRGB."""

import sys
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from photo_bytes import encoded, exif_with_orientation, heic, picture
from PIL import Image, ImageCms, ImageOps

from matcher.errors import MissingExtraError, PhotoFormatError
from matcher.photos import BACKGROUND, load_photo

repeatable = settings(deadline=None, derandomize=True)

pictures = st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(
    lambda size: arrays(np.uint8, (*size, 3))
)


@repeatable
@given(pictures)
def test_png_pixels_survive_exactly(pixels):
    photo = load_photo(encoded(pixels, "PNG"))
    assert np.array_equal(photo.pixels, pixels)
    assert photo.notes == ()


@pytest.mark.parametrize(
    ("encoding", "options"),
    [
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_lossless_encodings_are_exact(encoding, options):
    photo = load_photo(encoded(picture(), encoding, **options))
    assert np.array_equal(photo.pixels, picture())
    assert photo.format == encoding


@pytest.mark.parametrize("encoding", ["JPEG", "WEBP"])
def test_lossy_encodings_are_close(encoding):
    photo = load_photo(encoded(picture(), encoding, quality=95))
    assert np.abs(photo.pixels.astype(int) - picture()).mean() < 3


def test_heic_is_read_with_the_extra():
    photo = load_photo(heic(picture(), quality=95))
    assert photo.format == "HEIF"
    assert np.abs(photo.pixels.astype(int) - picture()).mean() < 3


def test_heic_without_the_extra_names_the_command(monkeypatch):
    data = heic(picture())
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingExtraError, match=r'pip install "pillow-heif>=0\.18"'):
        load_photo(data)


TURNED = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.swapaxes(0, 1),
    6: lambda upright: np.rot90(upright),
    7: lambda upright: np.rot90(upright[::-1], -1)[::-1, ::-1],
    8: lambda upright: np.rot90(upright, -1),
}
"""How a picture is stored so that the orientation tag makes it upright (EXIF 2.32, 4.6.4)."""


@pytest.mark.parametrize("encoding", ["PNG", "TIFF", "WEBP", "PIL"])
@pytest.mark.parametrize("orientation", TURNED)
def test_all_eight_orientations_give_the_same_upright_picture(orientation, encoding):
    stored = Image.fromarray(np.ascontiguousarray(TURNED[orientation](picture())))
    exif = exif_with_orientation(orientation)
    if encoding == "PIL":
        stored.getexif()[0x0112] = orientation
        source = stored
    else:
        lossless = {"lossless": True} if encoding == "WEBP" else {}
        source = encoded(stored, encoding, exif=exif, **lossless)
    photo = load_photo(source)
    assert np.array_equal(photo.pixels, picture())
    assert photo.original_size == stored.size
    turned = f"turned upright from EXIF orientation {orientation}"
    assert photo.notes == ((turned,) if orientation > 1 else ())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_is_turned_as_pillow_turns_it(orientation):
    data = encoded(picture(), "JPEG", exif=exif_with_orientation(orientation))
    image = Image.open(BytesIO(data))
    assert np.array_equal(load_photo(data).pixels, np.asarray(ImageOps.exif_transpose(image)))


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_outside_the_standard_is_ignored(orientation):
    photo = load_photo(encoded(picture(), "PNG", exif=exif_with_orientation(orientation)))
    assert np.array_equal(photo.pixels, picture())


def test_grey_is_repeated_in_three_channels():
    grey = picture()[..., 0]
    photo = load_photo(encoded(grey, "PNG"))
    assert np.array_equal(photo.pixels, np.repeat(grey[..., None], 3, axis=-1))


@pytest.mark.parametrize("encoding", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_clipped(encoding):
    values = np.array([[0, 128, 257, 32768, 65407, 65535]], np.uint16)
    photo = load_photo(encoded(values, encoding))
    assert photo.pixels[0, :, 0].tolist() == [0, 0, 1, 128, 255, 255]
    assert any("16 bits" in note for note in photo.notes)


def test_floats_in_the_unit_range_are_scaled_and_others_refused():
    unit = np.array([[0.0, 0.5, 1.0]], np.float32)
    assert load_photo(encoded(unit, "TIFF")).pixels[0, :, 0].tolist() == [0, 128, 255]
    for value in (-1.0, 300.0, np.nan):
        with pytest.raises(PhotoFormatError, match="mode F"):
            load_photo(encoded(np.full((2, 2), value, np.float32), "TIFF"))


def test_one_bit_becomes_black_and_white():
    bits = Image.fromarray(np.tile([0, 255], (4, 4)).astype(np.uint8)).convert("1")
    photo = load_photo(encoded(bits, "PNG"))
    assert np.unique(photo.pixels).tolist() == [0, 255]


def test_a_palette_is_looked_up():
    image = Image.fromarray(picture()).convert("P", palette=Image.Palette.ADAPTIVE)
    expected = np.asarray(image.convert("RGB"))
    for encoding in ("PNG", "GIF"):
        photo = load_photo(encoded(image, encoding))
        assert np.array_equal(photo.pixels, expected)
        assert "colours from a palette" in photo.notes


def test_the_first_frame_of_a_gif_is_read():
    frames = [Image.fromarray(np.full((4, 4), shade, np.uint8)) for shade in (10, 200)]
    photo = load_photo(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert np.unique(photo.pixels).tolist() == [10]


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_parts_lie_on_the_background(mode):
    image = Image.fromarray(picture()).convert(mode)
    alpha = np.repeat(np.linspace(0, 255, 48).astype(np.uint8)[:, None], 64, axis=1)
    image.putalpha(Image.fromarray(alpha))
    photo = load_photo(encoded(image, "PNG"))
    assert photo.pixels[0, 0].tolist() == list(BACKGROUND)
    assert np.array_equal(photo.pixels[-1], np.asarray(image.convert("RGB"))[-1])
    assert any("transparent" in note for note in photo.notes)


def test_a_transparent_palette_entry_lies_on_the_background():
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putpixel((1, 0), 1)
    photo = load_photo(encoded(image, "PNG", transparency=1))
    assert photo.pixels[0].tolist() == [[255, 0, 0], list(BACKGROUND)]


def test_an_opaque_alpha_channel_changes_nothing():
    image = Image.fromarray(picture()).convert("RGBA")
    photo = load_photo(encoded(image, "PNG"))
    assert np.array_equal(photo.pixels, picture())
    assert photo.notes == ()


def without_adobe_marker(data):
    at = data.index(b"\xff\xee")
    return data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4]) :]


def test_cmyk_jpegs_are_read_by_what_their_marker_says():
    ink = Image.new("CMYK", (16, 16), (0, 255, 255, 0))  # full magenta and yellow: red
    inverted = encoded(ink, "JPEG", quality=95)
    assert b"Adobe" in inverted
    assert np.abs(load_photo(inverted).pixels.astype(int) - (255, 0, 0)).max() < 6
    opposite = load_photo(without_adobe_marker(inverted))
    assert np.abs(opposite.pixels.astype(int) - (0, 0, 0)).max() < 6  # cyan and full black


def test_cmyk_tiff_is_read_as_ink():
    photo = load_photo(encoded(Image.new("CMYK", (4, 4), (255, 0, 0, 0)), "TIFF"))
    assert photo.pixels[0, 0].tolist() == [0, 255, 255]
    assert any("CMYK" in note for note in photo.notes)


def swapped_profile():
    """Return an sRGB profile with the red and green primaries exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = int.from_bytes(profile[128:132])
    for at in range(132, 132 + 12 * tags, 12):
        name = bytes(profile[at : at + 4])
        profile[at : at + 4] = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}.get(name, name)
    named = bytes(profile).replace(
        "sRGB built-in".encode("utf-16-be"), "swap built-in".encode("utf-16-be")
    )
    assert named != bytes(profile)
    return named


def test_an_icc_profile_is_obeyed():
    reddish = np.full((4, 4, 3), (250, 10, 10), np.uint8)
    photo = load_photo(encoded(reddish, "PNG", icc_profile=swapped_profile()))
    assert np.abs(photo.pixels.astype(int) - (10, 250, 10)).max() <= 3
    assert "converted to sRGB from ICC profile" in photo.notes[0]


def test_an_srgb_profile_changes_nothing():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo = load_photo(encoded(picture(), "PNG", icc_profile=profile))
    assert np.array_equal(photo.pixels, picture())
    assert photo.notes == ()


def test_a_profile_of_another_space_or_of_rubbish_is_noted_and_ignored():
    for profile, note in (
        (swapped_profile()[:200], "damaged ICC profile"),
        (b"?" * 300, "damaged"),
    ):
        photo = load_photo(encoded(picture(), "PNG", icc_profile=profile))
        assert np.array_equal(photo.pixels, picture())
        assert note in photo.notes[0]
    cmyk = Image.new("CMYK", (4, 4), (255, 0, 0, 0))
    photo = load_photo(encoded(cmyk, "TIFF", icc_profile=swapped_profile()))
    assert "ignored" in photo.notes[0]


def test_a_grey_photo_with_a_colour_profile_stays_grey():
    photo = load_photo(encoded(picture()[..., 0], "JPEG", icc_profile=swapped_profile()))
    assert np.ptp(photo.pixels.astype(int), axis=-1).max() <= 2


def test_colour_modes_that_no_photo_is_stored_in_are_refused():
    with pytest.raises(PhotoFormatError, match="HSV"):
        load_photo(Image.fromarray(picture()).convert("HSV"))


@pytest.mark.parametrize("encoding", ["PNG", "TIFF", "WEBP"])
def test_a_picture_that_is_transparent_everywhere_is_read_by_its_colours(encoding):
    image = Image.fromarray(picture()).convert("RGBA")
    image.putalpha(0)
    exact = {"lossless": True, "exact": True} if encoding == "WEBP" else {}
    photo = load_photo(encoded(image, encoding, **exact))
    assert np.array_equal(photo.pixels, picture())
    assert photo.notes == (
        "transparent everywhere: transparency ignored, colours read as they are",
    )
    image.putpixel((0, 0), (1, 2, 3, 255))
    partly = load_photo(encoded(image, encoding, **exact))
    assert partly.pixels[0, 0].tolist() == [1, 2, 3]
    assert partly.pixels[1, 1].tolist() == list(BACKGROUND)
    assert partly.notes == ("transparent parts laid on mid-grey",)


@pytest.mark.parametrize("mode", ["LA", "P"])
def test_grey_and_a_palette_that_are_transparent_everywhere_are_read_too(mode):
    grey = Image.fromarray(picture()).convert("L")
    image = grey.convert("LA" if mode == "LA" else "P")
    if mode == "LA":
        image.putalpha(0)
    photo = load_photo(
        encoded(image, "PNG", **({"transparency": bytes(256)} if mode == "P" else {}))
    )
    assert "transparent everywhere" in photo.notes[-1]
    assert np.ptp(photo.pixels) > 100


BRANDS = ("mif1", "mif2", "msf1", "miaf", "hevc", "heix", "heim", "heis", "hevx", "hevm", "hevs")


def test_avif_is_read():
    photo = load_photo(encoded(picture(), "AVIF", quality=95))
    assert photo.format == "AVIF"
    assert np.abs(photo.pixels.astype(int) - picture()).mean() < 3
    assert photo.notes == ()


def test_avif_without_support_names_the_package(monkeypatch):
    data = encoded(picture(), "AVIF")
    monkeypatch.setattr("PIL.features.check", lambda _: False)
    with pytest.raises(MissingExtraError, match=r'"pillow>=13"') as refusal:
        load_photo(data)
    assert "libavif" in refusal.value.rule


@pytest.mark.parametrize(
    "brand",
    ["mif1", "mif2", "msf1", "miaf", "hevc", "heix", "heim", "heis", "hevx", "hevm", "hevs"],
)
@pytest.mark.parametrize("encoding", ["AVIF", "HEIF"])
def test_the_compression_is_told_by_all_brands_of_a_file(encoding, brand):
    data = heic(picture(), quality=95)
    if encoding == "AVIF":
        data = encoded(picture(), "AVIF", quality=95)
    photo = load_photo(data[:8] + brand.encode() + data[12:])
    assert photo.format == encoding
    assert np.abs(photo.pixels.astype(int) - picture()).mean() < 3


def test_heif_in_another_compression_is_not_called_damaged():
    data = encoded(picture(), "AVIF").replace(b"avif", b"mif1")
    with pytest.raises(PhotoFormatError, match="AV1") as refusal:
        load_photo(data)
    assert "pillow-heif" in refusal.value.rule


def test_a_film_is_named_by_its_brand():
    with pytest.raises(PhotoFormatError, match="brand isom"):
        load_photo(b"\0\0\0\x18ftypisom\0\0\2\0isommp41" + bytes(100))


def test_ten_bits_of_heif_are_read():
    import pillow_heif

    file = BytesIO()
    wide = (picture().astype(np.uint16) * 257).tobytes()
    pillow_heif.encode("RGB;16", (64, 48), wide, file, quality=95)
    assert b"heix" in file.getvalue()[:32]
    photo = load_photo(file.getvalue())
    assert np.abs(photo.pixels.astype(int) - picture()).mean() < 3
