"""Every way of storing pixels in a TIFF is read as another reader reads it, or refused."""

from io import BytesIO
from itertools import product

import numpy as np
import pytest
import tifffile
from photo_bytes import encoded, picture
from PIL import Image
from tiff_files import (
    CMYK,
    DEFLATE,
    FLOAT,
    LAB,
    LZMA,
    LZW,
    MIN_IS_BLACK,
    MIN_IS_WHITE,
    OLD_DEFLATE,
    PACKBITS,
    PALETTE,
    PREMULTIPLIED,
    RAW,
    RGB,
    SIGNED,
    STRAIGHT,
    UNSIGNED,
    UNSPECIFIED,
    YCBCR,
    ZSTD,
    seen_by_tifffile,
    tiff_of,
)

from matcher.errors import PhotoFormatError
from matcher.photos import load_photo

COMPRESSIONS = (RAW, LZW, DEFLATE, OLD_DEFLATE, PACKBITS, LZMA, ZSTD)
EXTRAS = (
    (),
    (UNSPECIFIED,),
    (PREMULTIPLIED,),
    (STRAIGHT,),
    (UNSPECIFIED, UNSPECIFIED),
    (STRAIGHT, UNSPECIFIED),
    (PREMULTIPLIED, UNSPECIFIED),
)
DEPTHS = [(UNSIGNED, bits) for bits in (1, 2, 4, 8, 12, 16, 32)]
DEPTHS += [(SIGNED, 8), (SIGNED, 16), (SIGNED, 32), (FLOAT, 16), (FLOAT, 32), (FLOAT, 64)]
COLOURS = (MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, CMYK, YCBCR, LAB)

ALWAYS_READ = {
    **{(grey, UNSIGNED, bits): [()] for grey in (0, 1) for bits in (1, 2, 4, 8)},
    **{(PALETTE, UNSIGNED, bits): [()] for bits in (1, 2, 4, 8)},
    (MIN_IS_BLACK, UNSIGNED, 8): [(), (UNSPECIFIED,), (PREMULTIPLIED,), (STRAIGHT,)],
    (MIN_IS_BLACK, UNSIGNED, 16): [()],
    (MIN_IS_WHITE, FLOAT, 32): [()],
    (MIN_IS_BLACK, FLOAT, 32): [()],
    (RGB, UNSIGNED, 8): list(EXTRAS),
    (RGB, UNSIGNED, 16): [(), (UNSPECIFIED,), (PREMULTIPLIED,), (STRAIGHT,)],
    (CMYK, UNSIGNED, 8): [(), (UNSPECIFIED,), (UNSPECIFIED, UNSPECIFIED)],
    (CMYK, UNSIGNED, 16): [()],
    (YCBCR, UNSIGNED, 8): [()],
    (LAB, UNSIGNED, 8): [()],
}
"""Layouts pixel by pixel that are never refused, in every compression and both byte orders."""

TOLERANCE = 1.7
"""Levels of 255: 16-bit colour keeps its upper eight bits, and is composited and inked in eight."""


def agrees(data):
    """Whether the photo is as tifffile sees it; None if it was refused with a reason."""
    refusal = None
    try:
        photo = load_photo(data)
    except PhotoFormatError as error:
        refusal = error
    if refusal is not None:
        assert len(refusal.got) > 10
        assert "RGB" in refusal.next_step
        return None
    difference = np.abs(photo.pixels - seen_by_tifffile(data)).max()
    return bool(difference <= TOLERANCE)


def variants(bits, kind, photometric):
    """Yield every way to store such samples that TIFF 6.0 and its supplements define."""
    for extra, compression, separate, order in product(EXTRAS, COMPRESSIONS, (0, 1), "<>"):
        how = {
            "extra": extra,
            "compression": compression,
            "separate": bool(separate),
            "order": order,
        }
        if photometric == PALETTE and bits > 8:
            continue  # a palette of 65536 colours is met with in no photo
        if extra and compression not in (RAW, DEFLATE):
            continue  # the samples do not depend on the compression
        yield how
        if not extra:
            yield how | {"fill_order": 2}
        if compression in (LZW, DEFLATE, ZSTD, LZMA) and bits in (8, 16) and kind == UNSIGNED:
            yield how | {"predictor": True}


@pytest.mark.parametrize(("kind", "bits"), DEPTHS)
@pytest.mark.parametrize("photometric", COLOURS)
def test_a_layout_is_read_as_tifffile_reads_it_or_refused(photometric, kind, bits):
    wrong, refused = [], []
    for how in variants(bits, kind, photometric):
        result = agrees(tiff_of(photometric, bits, kind=kind, **how))
        if result is False:
            wrong.append(how)
        swapped = kind == FLOAT and how["order"] == ">" and how["compression"] != RAW
        if result is None and not (how["separate"] or swapped or "fill_order" in how):
            refused.append(how["extra"])
    assert not wrong
    assert not set(refused) & set(ALWAYS_READ.get((photometric, kind, bits), ()))


@pytest.mark.parametrize("extra", [(), (STRAIGHT,), (UNSPECIFIED,)])
@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_colour_in_separate_planes_is_read(compression, extra):
    assert agrees(tiff_of(RGB, 8, separate=True, compression=compression, extra=extra)) in (
        (True,) if extra != (UNSPECIFIED,) else (True, None)
    )


def test_a_16_bit_negative_comes_out_as_a_positive():
    photo = load_photo(tiff_of(MIN_IS_WHITE, 16))
    assert photo.pixels[0, 0].tolist() == [255] * 3
    assert photo.pixels[0, -1].tolist() == [0] * 3
    assert photo.notes == ("scaled from 16 bits to 8 bits a channel",)


def test_an_image_that_pillow_opened_is_read_like_its_file():
    for photometric, bits, how in (
        (MIN_IS_WHITE, 16, {}),
        (MIN_IS_WHITE, 32, {"kind": FLOAT}),
        (MIN_IS_BLACK, 12, {}),
        (MIN_IS_BLACK, 8, {"extra": (PREMULTIPLIED,)}),
    ):
        data = tiff_of(photometric, bits, **how)
        image = Image.open(BytesIO(data))
        assert np.array_equal(load_photo(image).pixels, load_photo(data).pixels)
    with pytest.raises(PhotoFormatError, match="signed"):
        load_photo(Image.open(BytesIO(tiff_of(MIN_IS_BLACK, 16, kind=SIGNED))))


def test_a_palette_of_eight_bits_is_not_read_as_black():
    data = tiff_of(PALETTE, 8, tags={320: (3, [*range(256), *range(255, -1, -1), *[7] * 256])})
    photo = load_photo(data)
    assert photo.pixels[0, 0].tolist() == [0, 255, 7]
    assert photo.pixels[0, -1].tolist() == [255, 0, 7]
    assert any("palette" in note and "8 bits" in note for note in photo.notes)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({262: (3, [32803])}, "sensor"),
        ({262: (3, [34892])}, "sensor"),
        ({262: (3, [9])}, "photometric interpretation 9"),
        ({259: (3, [34713])}, "compression 34713"),
        ({339: (3, [4, 4, 4])}, "unknown"),
        ({262: (3, [YCBCR]), 530: (3, [2, 2])}, "subsampled"),
        ({258: (3, [5, 6, 5])}, "5/6/5 bits"),
    ],
)
def test_a_layout_that_is_not_read_is_named(tags, reason):
    with pytest.raises(PhotoFormatError, match=reason) as refusal:
        load_photo(tiff_of(RGB, 8, tags=tags))
    assert "must be grey, RGB" in refusal.value.rule


def test_inks_that_are_not_the_four_usual_ones_are_refused():
    with pytest.raises(PhotoFormatError, match="inks"):
        load_photo(tiff_of(CMYK, 8, tags={332: (3, [2])}))


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt", "jpeg", "zstd"])
def test_the_compressions_that_pillow_writes_are_read_as_tifffile_reads_them(compression):
    colour = Image.fromarray(picture())
    fax = compression in ("group3", "group4", "tiff_ccitt")
    data = encoded(colour.convert("1") if fax else colour, "TIFF", compression=compression)
    with tifffile.TiffFile(BytesIO(data)) as file:
        seen = file.pages[0].asarray().astype(float)
        if file.pages[0].photometric == MIN_IS_WHITE:
            seen = 1 - seen
    seen = seen[..., None] * 255 if fax else seen
    assert np.abs(load_photo(data).pixels - seen).mean() < 1.5


@pytest.mark.parametrize("photometric", ["rgb", "ycbcr", "minisblack", "miniswhite", "separated"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_jpeg_in_a_tiff_is_read_as_tifffile_reads_it_or_refused(photometric, planar):
    image = Image.fromarray(picture())
    mode = {"rgb": "RGB", "ycbcr": "RGB", "separated": "CMYK"}.get(photometric, "L")
    samples, how = np.asarray(image.convert(mode)), {}
    if samples.ndim == 3:
        how = {"planarconfig": planar}
        samples = np.moveaxis(samples, -1, 0) if planar == "separate" else samples
    file = BytesIO()
    tifffile.imwrite(
        file, samples, photometric=photometric, compression="jpeg", metadata=None, **how
    )
    with tifffile.TiffFile(BytesIO(file.getvalue())) as opened:
        seen = opened.pages[0].asarray().astype(float)
    seen = np.moveaxis(seen, 0, -1) if planar == "separate" and seen.ndim == 3 else seen
    if photometric == "separated":
        seen = (255 - seen[..., :3]) * (255 - seen[..., 3:]) / 255
    seen = 255 - seen if photometric == "miniswhite" else seen
    seen = seen[..., None] if seen.ndim == 2 else seen
    try:
        photo = load_photo(file.getvalue())
    except PhotoFormatError:
        assert planar == "separate"
    else:
        assert np.abs(photo.pixels - seen).mean() < 2


def test_webp_in_a_tiff_is_refused_and_not_called_damaged():
    file = BytesIO()
    tifffile.imwrite(file, picture(), photometric="rgb", compression="webp")
    with pytest.raises(PhotoFormatError, match="compression 50001"):
        load_photo(file.getvalue())


def test_broken_metadata_of_a_tiff_is_not_looked_at():
    for tag, kind, numbers in (
        (34675, 4, [8]),  # an ICC profile that is a number
        (700, 4, [8]),  # XMP that is a number
        (34665, 4, [2**32 - 16]),  # EXIF behind the end
        (270, 2, [65] * 9),
    ):
        data = tiff_of(RGB, 8, tags={tag: (kind, numbers)})
        assert agrees(data)
