"""Convert a photo from any colour mode to sRGB with eight bits a channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageCms

from matcher.errors import PhotoFormatError
from matcher.photos.structure import require_sound_profile
from matcher.words import figure

BACKGROUND = (128, 128, 128)
"""sRGB grey behind transparent parts. It is neutral, not dark, and not as light as a page."""

_BAND_PIXELS = 1 << 20
"""Pixels that are converted at a time: what is made on the way takes little memory."""

Convert = Callable[[Image.Image], Image.Image]

_SPACE_OF_MODE = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}


@dataclass(frozen=True)
class Conversion:
    """How a picture becomes sRGB.

    Parameters
    ----------
    convert
        Turns a part of the picture, in its own mode, into mode RGB.
    notes
        What is converted.
    """

    convert: Callable[[Image.Image], Image.Image]
    notes: tuple[str, ...]


def conversion_of(
    image: Image.Image, path: Path | None, black_and_white: tuple[float, float] | None = None
) -> Conversion:
    """Return how a loaded image becomes sRGB, so that it need not be converted at once.

    `black_and_white` are the values of black and white in a grey picture of more than eight bits a
    pixel: of 16 bits, or from 0 to 1 for floating point, if they are not given.

    Raises
    ------
    PhotoFormatError
        If the colour mode, or the range of its values, is not supported.
    """
    opaque, mode_note = _opaque(image, path, black_and_white)
    to_rgb, colour_note = _through_profile(
        opaque(image.crop((0, 0, 1, 1))), image.info.get("icc_profile")
    )
    flat, alpha_note = _over_background(image)
    notes = tuple(note for note in (mode_note, colour_note, alpha_note) if note)
    return Conversion(lambda part: flat(to_rgb(opaque(part)), part), notes)


def bands_of(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """Yield the first row of each band of a loaded image, and the band: all of it, in order."""
    width, height = image.size
    rows = max(1, _BAND_PIXELS // width)
    for top in range(0, height, rows):
        yield top, image.crop((0, top, width, min(height, top + rows)))


def _opaque(
    image: Image.Image, path: Path | None, black_and_white: tuple[float, float] | None
) -> tuple[Convert, str | None]:
    """Return what brings the image into mode L, RGB or CMYK, without its alpha channel."""
    match image.mode:
        case "L" | "RGB":
            return _unchanged, None
        case "CMYK":
            return (_unchanged if _is_ink(image) else ImageChops.invert), None
        case "1":
            return (lambda part: part.convert("L")), "black-and-white picture"
        case "LA" | "La":
            return (lambda part: _straight(part).getchannel("L")), None
        case "P" | "PA":
            return (lambda part: part.convert("RGBA").convert("RGB")), "colours from a palette"
        case "RGBA" | "RGBX" | "YCbCr":
            return (lambda part: part.convert("RGB")), None
        case "RGBa":
            return (lambda part: part.convert("RGBA").convert("RGB")), None
        case "LAB":
            lab = _transform_of(ImageCms.createProfile("LAB"), "LAB")
            return lab.apply, "converted from CIELab to sRGB"
        case "I" | "F" | "I;16" | "I;16L" | "I;16B" | "I;16N":
            return _eight_bits(image, path, black_and_white)
        case _:
            raise _unread_mode(f"colour mode {image.mode}", path)


def _unchanged(part: Image.Image) -> Image.Image:
    return part


def _is_ink(image: Image.Image) -> bool:
    """Whether 255 in a CMYK image is full ink.

    Adobe programs store CMYK JPEGs inverted and add an Adobe marker. Pillow inverts every CMYK
    JPEG. A JPEG without the marker is therefore inverted back.
    """
    return image.format not in ("JPEG", "MPO") or "adobe" in image.info


def _straight(image: Image.Image) -> Image.Image:
    """Return grey with transparency, not multiplied by it."""
    return image.convert("LA") if image.mode == "La" else image


def _eight_bits(
    image: Image.Image, path: Path | None, black_and_white: tuple[float, float] | None
) -> tuple[Convert, str]:
    black, white = black_and_white or (0.0, 1.0 if image.mode == "F" else 65535.0)
    lows, highs = zip(*(_range_of(band) for _, band in bands_of(image)), strict=True)
    low, high = float(np.min(lows)), float(np.max(highs))
    if not min(black, white) <= low <= high <= max(black, white):
        raise _unread_mode(
            f"values from {figure(low, 6)} to {figure(high, 6)} in mode {image.mode}", path
        )

    def scaled(part: Image.Image) -> Image.Image:
        share = (np.asarray(part).astype(np.float64) - black) / (white - black)
        return Image.fromarray(np.rint(share * 255.0).astype(np.uint8))

    depth = "floating point" if image.mode == "F" else f"{int(max(black, white)).bit_length()} bits"
    return scaled, f"scaled from {depth} to 8 bits a channel"


def _range_of(band: Image.Image) -> tuple[float, float]:
    values = np.asarray(band)
    return float(values.min()), float(values.max())


def _unread_mode(got: str, path: Path | None) -> PhotoFormatError:
    return PhotoFormatError(
        "the photo",
        rule="must be grey, RGB, CMYK, Lab or a palette; "
        "16-bit values in [0, 65535], floats in [0, 1]",
        got=got,
        next_step="Convert it to an 8-bit RGB file with the program that wrote it.",
        path=path,
    )


def _through_profile(sample: Image.Image, profile: bytes | None) -> tuple[Convert, str | None]:
    """Return what converts to sRGB by the embedded ICC profile; without one, it is sRGB already.

    The sample is a part of the picture, in mode L, RGB or CMYK.
    """
    if profile is None:
        note = "CMYK without a profile, converted by formula" if sample.mode == "CMYK" else None
        return _as_rgb, note
    try:
        require_sound_profile(profile)
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        name = (source.profile.profile_description or "unnamed").strip()
        space = source.profile.xcolor_space.strip()
        if name.startswith("sRGB"):
            return _as_rgb, None
        first = _as_rgb if sample.mode == "L" and space == "RGB" else _unchanged
        if space != _SPACE_OF_MODE[first(sample).mode]:
            return _as_rgb, f"ICC profile for {space} ignored: the picture is not"
        transform = _transform_of(source, first(sample).mode)
        transform.apply(first(sample))
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return _as_rgb, "damaged ICC profile ignored, colours taken as sRGB"
    return (
        lambda part: transform.apply(first(part))
    ), f"converted to sRGB from ICC profile {name!r}"


def _as_rgb(part: Image.Image) -> Image.Image:
    return part if part.mode == "RGB" else part.convert("RGB")  # which copies an RGB image


def _transform_of(source: Any, mode: str) -> ImageCms.ImageCmsTransform:
    target = ImageCms.createProfile("sRGB")
    # Little CMS would replace a conversion from Lab by a coarse table, up to 16 levels off.
    exact = ImageCms.Flags.NOOPTIMIZE if mode == "LAB" else ImageCms.Flags.NONE
    return ImageCms.buildTransform(source, target, mode, "RGB", flags=exact)


def _alpha_of(part: Image.Image) -> Image.Image:
    return _straight(part).convert("RGBA").getchannel("A")


def _over_background(
    image: Image.Image,
) -> tuple[Callable[[Image.Image, Image.Image], Image.Image], str | None]:
    """Return what lays the RGB of a part on the background where the part is transparent."""
    if image.mode.startswith(("I", "F")) or not image.has_transparency_data:
        return _as_it_is, None
    extrema = [_range_of(_alpha_of(band)) for _, band in bands_of(image)]
    lows, highs = zip(*extrema, strict=True)
    if min(lows) == 255:
        return _as_it_is, None
    if max(highs) == 0:  # as faulty exporters write; the colours are there
        return _as_it_is, "transparent everywhere: transparency ignored, colours read as they are"

    def laid(rgb: Image.Image, part: Image.Image) -> Image.Image:
        background = Image.new("RGB", rgb.size, BACKGROUND)
        return Image.composite(rgb, background, _alpha_of(part))

    return laid, "transparent parts laid on mid-grey"


def _as_it_is(rgb: Image.Image, part: Image.Image) -> Image.Image:
    del part
    return rgb
