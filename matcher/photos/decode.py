"""Decode encoded bytes to a loaded Pillow image, with a typed error for every failure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from matcher.errors import (
    MissingExtraError,
    PhotoDamagedError,
    PhotoFormatError,
    PhotoTooLargeError,
)
from matcher.photos.jpeg import estimate_jpeg_quality
from matcher.photos.source import DecodeLimits, read_start, require_pixel_limit

ORIENTATION = 0x0112
"""EXIF and TIFF tag that says how to turn a picture upright."""

_WIDTH, _HEIGHT = 0x0100, 0x0101

_SIGNATURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"BM", "BMP"),
)
_HEIF_BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
)


@dataclass(frozen=True)
class Decoded:
    """A loaded image in its stored colour mode, with facts that were read before loading.

    Parameters
    ----------
    image
        Loaded. It is upright only if the decoder turned it, see `turned`.
    stored_size
        (width, height) in pixels as stored.
    jpeg_quality
        Estimated setting of the last JPEG compression, in [1, 100].
    turned
        Orientation tag that the decoder itself already applied; 1 if it applied none.
    """

    image: Image.Image
    stored_size: tuple[int, int]
    jpeg_quality: int | None
    turned: int


def format_of(data: bytes, path: Path | None) -> str:
    """Return the name of the encoding by the first bytes. The file's name is not used.

    Raises
    ------
    PhotoFormatError
        If the first bytes match no supported format.
    """
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return "HEIF"
    raise PhotoFormatError(
        "the photo",
        rule="must be JPEG, PNG, WebP, TIFF, BMP, GIF or HEIC, whatever its name",
        got=f"bytes that start with {data[:8].hex(' ')}" if data else "an empty file",
        next_step="Open it in an image viewer and save it as PNG, or fetch the file again.",
        path=path,
    )


def encoding_of(
    path: Path,
    *,
    limits: DecodeLimits = DecodeLimits(),  # noqa: B008 - frozen, so one instance serves all calls
) -> str:
    """Return the name of a photo's encoding, read from its first bytes. Nothing is decoded.

    Raises
    ------
    PhotoNotFoundError, PhotoTooLargeError, PhotoError
        As for `load_photo`.
    PhotoFormatError
        If the bytes are not a picture of an encoding that `load_photo` reads.
    MissingExtraError
        If the photo is HEIC and pillow-heif is not installed.
    """
    encoding = format_of(read_start(path, limits), path)
    if encoding == "HEIF":
        _heif_reader(path)
    return encoding


def decode(data: bytes, encoding: str, limits: DecodeLimits, path: Path | None) -> Decoded:
    """Check the declared size of the first picture in the bytes, then decode it.

    Raises
    ------
    PhotoTooLargeError, PhotoDamagedError, MissingExtraError
    """
    if encoding == "WEBP":
        require_pixel_limit(_declared_webp_size(data), limits, path)
    heif = _heif_reader(path) if encoding == "HEIF" else None
    try:
        file = BytesIO(data)
        image: Image.Image = heif(file) if heif else Image.open(file, formats=(encoding,))
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(error, limits, path) from error
    except Exception as error:  # hostile bytes can make a decoder raise any exception
        raise _damaged(f"the {encoding} photo", error, path) from error
    return load_image(image, limits, path)


def load_image(image: Image.Image, limits: DecodeLimits, path: Path | None) -> Decoded:
    """Load the pixels of an image. Pillow may have read only its header before this call.

    Raises
    ------
    PhotoTooLargeError, PhotoDamagedError
    """
    require_pixel_limit(image.size, limits, path)
    stored_size, turned = image.size, 1
    tags: Any = getattr(image, "tag_v2", {})  # Pillow turns TIFF, and only TIFF, on loading
    try:
        if tags:
            stored_size, turned = (tags[_WIDTH], tags[_HEIGHT]), tags.get(ORIENTATION, 1)
        image.load()
        quality = estimate_jpeg_quality(getattr(image, "quantization", {}))
    except Exception as error:  # hostile bytes can make a decoder raise any exception
        raise _damaged(f"the {image.format or 'PIL'} photo", error, path) from error
    return Decoded(image, stored_size, quality, turned)


def _declared_webp_size(data: bytes) -> tuple[int, int]:
    """Read the canvas size from a WebP header.

    Pillow allocates the canvas when it opens a file, so the size must be checked before. The header
    is described in RFC 9649, sections 2.5 to 2.7. The result is (0, 0) if the header is none of the
    three kinds.
    """
    kind, body = data[12:16], data[20:30]
    if len(body) < 10:
        return 0, 0
    if kind == b"VP8X":
        return (
            1 + int.from_bytes(body[4:7], "little"),
            1 + int.from_bytes(body[7:10], "little"),
        )
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = (int.from_bytes(body[at : at + 2], "little") for at in (6, 8))
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def _heif_reader(path: Path | None) -> Callable[[BytesIO], Image.Image]:
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        raise MissingExtraError(
            "the photo is HEIC",
            rule="reading HEIC needs the package pillow-heif",
            got="an environment without it",
            next_step='Run: pip install "pillow-heif>=0.18"',
            path=path,
        ) from error
    reader: Callable[[BytesIO], Image.Image] = HeifImageFile
    return reader


def _too_many_pixels(
    error: Exception, limits: DecodeLimits, path: Path | None
) -> PhotoTooLargeError:
    return PhotoTooLargeError(
        "the photo",
        rule=f"may have at most {limits.max_pixels} pixels",
        got=f"a header that asks for more than Pillow opens ({error})",
        next_step="Scale the photo down with the program that wrote it, if it is trusted.",
        path=path,
    )


def _damaged(what: str, error: Exception, path: Path | None) -> PhotoDamagedError:
    unidentified = isinstance(error, UnidentifiedImageError)  # its text is a memory address
    return PhotoDamagedError(
        what,
        rule="must be complete and follow its own header",
        got="no readable header" if unidentified else str(error) or type(error).__name__,
        next_step="Fetch the file again; load_photo(..., salvage=True) reads what is left of a "
        "truncated JPEG or PNG.",
        path=path,
    )
