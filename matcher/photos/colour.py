"""Convert a photo from any colour mode to sRGB with eight bits a channel."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageCms

from matcher.errors import PhotoFormatError
from matcher.words import figure

BACKGROUND = (128, 128, 128)
"""sRGB grey behind transparent parts. It is neutral, not dark, and not as light as a page."""

_SPACE_OF_MODE = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}


def to_srgb(
    image: Image.Image, path: Path | None, black_and_white: tuple[float, float] | None = None
) -> tuple[Image.Image, tuple[str, ...]]:
    """Convert a loaded image to mode RGB in sRGB; also return notes on what was converted.

    `black_and_white` are the values of black and white in a grey picture of more than eight bits a
    pixel: of 16 bits, or from 0 to 1 for floating point, if they are not given.

    Raises
    ------
    PhotoFormatError
        If the colour mode, or the range of its values, is not supported.
    """
    colour, mode_note = _opaque(image, path, black_and_white)
    rgb, colour_note = _through_profile(colour, image.info.get("icc_profile"))
    rgb, alpha_note = _over_background(rgb, _alpha_of(image))
    return rgb, tuple(note for note in (mode_note, colour_note, alpha_note) if note)


def _opaque(
    image: Image.Image, path: Path | None, black_and_white: tuple[float, float] | None
) -> tuple[Image.Image, str | None]:
    """Return the image in mode L, RGB or CMYK, without its alpha channel."""
    match image.mode:
        case "L" | "RGB":
            return image, None
        case "CMYK":
            return _ink(image), None
        case "1":
            return image.convert("L"), "black-and-white picture"
        case "LA" | "La":
            return _straight(image).getchannel("L"), None
        case "P" | "PA":
            return image.convert("RGBA").convert("RGB"), "colours from a palette"
        case "RGBA" | "RGBX" | "YCbCr":
            return image.convert("RGB"), None
        case "RGBa":
            return image.convert("RGBA").convert("RGB"), None
        case "LAB":
            lab = ImageCms.createProfile("LAB")
            return _to_srgb_from(image, lab), "converted from CIELab to sRGB"
        case "I" | "F" | "I;16" | "I;16L" | "I;16B" | "I;16N":
            return _eight_bits(image, path, black_and_white)
        case _:
            raise _unread_mode(f"colour mode {image.mode}", path)


def _ink(image: Image.Image) -> Image.Image:
    """Return CMYK where 255 is full ink.

    Adobe programs store CMYK JPEGs inverted and add an Adobe marker. Pillow inverts every CMYK
    JPEG. A JPEG without the marker is therefore inverted back.
    """
    if image.format in ("JPEG", "MPO") and "adobe" not in image.info:
        return ImageChops.invert(image)
    return image


def _straight(image: Image.Image) -> Image.Image:
    """Return grey with transparency, not multiplied by it."""
    return image.convert("LA") if image.mode == "La" else image


def _eight_bits(
    image: Image.Image, path: Path | None, black_and_white: tuple[float, float] | None
) -> tuple[Image.Image, str]:
    values = np.asarray(image)
    black, white = black_and_white or (0.0, 1.0 if image.mode == "F" else 65535.0)
    low, high = float(values.min()), float(values.max())
    if not min(black, white) <= low <= high <= max(black, white):
        raise _unread_mode(
            f"values from {figure(low, 6)} to {figure(high, 6)} in mode {image.mode}", path
        )
    share = (values.astype(np.float64) - black) / (white - black)
    scaled = np.rint(share * 255.0).astype(np.uint8)
    depth = "floating point" if image.mode == "F" else f"{int(max(black, white)).bit_length()} bits"
    return Image.fromarray(scaled), f"scaled from {depth} to 8 bits a channel"


def _unread_mode(got: str, path: Path | None) -> PhotoFormatError:
    return PhotoFormatError(
        "the photo",
        rule="must be grey, RGB, CMYK, Lab or a palette; "
        "16-bit values in [0, 65535], floats in [0, 1]",
        got=got,
        next_step="Convert it to an 8-bit RGB file with the program that wrote it.",
        path=path,
    )


def _through_profile(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, str | None]:
    """Convert to sRGB by the embedded ICC profile; without a profile, take the image as sRGB."""
    if profile is None:
        note = "CMYK without a profile, converted by formula" if image.mode == "CMYK" else None
        return _as_rgb(image), note
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        name = (source.profile.profile_description or "unnamed").strip()
        space = source.profile.xcolor_space.strip()
        if name.startswith("sRGB"):
            return _as_rgb(image), None
        if image.mode == "L" and space == "RGB":
            image = image.convert("RGB")
        if space != _SPACE_OF_MODE[image.mode]:
            return image.convert("RGB"), f"ICC profile for {space} ignored: the picture is not"
        converted = _to_srgb_from(image, source)
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return image.convert("RGB"), "damaged ICC profile ignored, colours taken as sRGB"
    return converted, f"converted to sRGB from ICC profile {name!r}"


def _as_rgb(image: Image.Image) -> Image.Image:
    return image if image.mode == "RGB" else image.convert("RGB")  # which copies an RGB image


def _to_srgb_from(image: Image.Image, source: Any) -> Image.Image:
    target = ImageCms.createProfile("sRGB")
    # Little CMS would replace a conversion from Lab by a coarse table, up to 16 levels off.
    exact = ImageCms.Flags.NOOPTIMIZE if image.mode == "LAB" else ImageCms.Flags.NONE
    return ImageCms.buildTransform(source, target, image.mode, "RGB", flags=exact).apply(image)


def _alpha_of(image: Image.Image) -> Image.Image | None:
    if image.mode.startswith(("I", "F")) or not image.has_transparency_data:
        return None
    return _straight(image).convert("RGBA").getchannel("A")


def _over_background(rgb: Image.Image, alpha: Image.Image | None) -> tuple[Image.Image, str | None]:
    if alpha is None or alpha.getextrema() == (255, 255):
        return rgb, None
    if alpha.getextrema() == (0, 0):  # as faulty exporters write; the colours are there
        return rgb, "transparent everywhere: transparency ignored, colours read as they are"
    background = Image.new("RGB", rgb.size, BACKGROUND)
    return Image.composite(rgb, background, alpha), "transparent parts laid on mid-grey"
