"""Load a `Photo` from a path, bytes, a file, an image or an array."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matcher.arguments import described, expect
from matcher.errors import InputError, PhotoChangedError, PhotoDamagedError, PhotoFormatError
from matcher.failures import as_photo_errors
from matcher.hashes import hashes_of
from matcher.photos.colour import bands_of, conversion_of
from matcher.photos.dates import date_in
from matcher.photos.decode import Decoded, decode, load_image
from matcher.photos.formats import format_of
from matcher.photos.mend import mend
from matcher.photos.pages import frame_note
from matcher.photos.photo import Photo
from matcher.photos.pillow_warnings import quiet_pillow
from matcher.photos.salvage import salvage as salvage_bytes
from matcher.photos.source import (
    DecodeLimits,
    read_path,
    read_stream,
    require_byte_limit,
    require_pixel_limit,
)
from matcher.photos.structure import exif_is_small, require_parts
from matcher.photos.tiff import ORIENTATION

PhotoSource = (
    str
    | PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | BinaryIO
    | Image.Image
    | NDArray[np.uint8]
    | Photo
)
"""Types of the sources that `load_photo` reads."""

_AS_STORED: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.swapaxes(0, 1),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: upright[::-1, ::-1].swapaxes(0, 1),
    8: lambda upright: np.rot90(upright, -1),
}
"""For each EXIF orientation the view of an upright picture as it is stored. 1 is upright."""

_SIDEWAYS = (5, 6, 7, 8)

_EXIF_AS_TEXT = "Raw profile type exif"  # as ImageMagick writes it into a PNG


def load_photo(
    source: PhotoSource,
    *,
    page: int | None = None,
    limits: DecodeLimits = DecodeLimits(),  # noqa: B008 - frozen, so one instance serves all calls
    salvage: bool = False,
) -> Photo:
    """Decode a photo to upright sRGB pixels.

    The function is safe on hostile files and from several threads at once. It changes no state of
    the process.

    Parameters
    ----------
    source
        A path; the encoded bytes; a binary file, read from its current position; a PIL image; a
        uint8 array of shape (height, width, 3), RGB in sRGB, upright; or a `Photo`, which is
        returned as it is.
        Encodings: JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, and HEIC with the extra `heif`. The first
        bytes tell the encoding; the file's name is never used.
    page
        Number of the picture to read in a file of several, from 1. Pages of a TIFF count in the
        order of the file, each before the pictures within it. By default the picture is the first,
        the primary one of a HEIC, or the largest of a TIFF that holds several sizes of one photo. A
        note says so if there are several.
    limits
        Largest numbers of bytes and pixels. A larger file is refused before it is decoded.
    salvage
        Read the remaining part of a truncated JPEG or PNG instead of refusing it. The notes of the
        photo then say about how much was lost. Other damage is still refused. A file that is
        broken only outside its pixels is read without it, with a note.

    Returns
    -------
    Photo
        Converted to sRGB from ICC profiles, CMYK, Lab, palettes, grey, 16 bits (scaled) and
        transparency (laid on the grey `BACKGROUND`). Its notes say what was converted. A JPEG of
        more than 128 million pixels is decoded at a half, a quarter or an eighth of its size.

    Raises
    ------
    PhotoNotFoundError
        If there is no file at the path.
    PhotoFormatError
        If the bytes are not a picture of these encodings, the pixels are stored in a way that is
        not read, or the array is not uint8 RGB.
    PhotoDamagedError
        If the picture is truncated or contradicts itself.
    PhotoTooLargeError
        If it exceeds the limits.
    PhotoFailureError
        If a decoder fails on it in a way of its own: every other `Exception`, whose type it names.
    PhotoError
        If the file cannot be read.
    InputError
        If the file has no such page, or the source is not a file or its bytes and has no pages.
    MissingExtraError
        If the photo is HEIC and pillow-heif is not installed.
    """
    expect(
        "limits", limits, DecodeLimits, rule="must be limits", next_step="Give DecodeLimits(...)."
    )
    if page is not None:
        expect("page", page, int, rule="must be a number", next_step="Give a number from 1.")
    where = Path(source) if isinstance(source, (str, PathLike)) else None
    with quiet_pillow(), as_photo_errors("decoding", where):
        if isinstance(source, Photo | np.ndarray | Image.Image):
            _require_no_page(page, source)
            return _from_pixels(source, limits)
        if isinstance(source, (str, PathLike)):
            path = Path(source)
            return _from_bytes(read_path(path, limits), path, limits, salvage, page)
        if isinstance(source, (bytes, bytearray, memoryview)):
            data = bytes(source)
            require_byte_limit(len(data), limits, None)
            return _from_bytes(data, None, limits, salvage, page)
        if hasattr(source, "read"):
            return _from_bytes(read_stream(source, limits), None, limits, salvage, page)
    raise _not_a_source(described(source))


def _require_no_page(page: int | None, source: object) -> None:
    if page is not None:
        raise InputError(
            "the page",
            rule="is for a path, encoded bytes or a binary file",
            got=f"page {page} of a {type(source).__name__}, which is one picture",
            next_step="Leave the page out, or pass the file itself.",
        )


def _from_pixels(source: Photo | NDArray[np.uint8] | Image.Image, limits: DecodeLimits) -> Photo:
    if isinstance(source, Photo):
        return source
    if isinstance(source, Image.Image):
        return _from_image(source, limits)
    return _from_array(source, limits)


def _from_array(array: NDArray[np.uint8], limits: DecodeLimits) -> Photo:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or array.size == 0:
        raise _not_a_source(f"a {array.dtype} array of shape {array.shape}")
    height, width, _ = array.shape
    require_pixel_limit((width, height), limits, None)
    pixels = _frozen(array)
    return Photo(pixels, _hash_of_pixels(pixels), (width, height), "array")


def _from_image(image: Image.Image, limits: DecodeLimits) -> Photo:
    if 0 in image.size:
        raise _not_a_source(f"an image of {image.size[0]}x{image.size[1]} pixels")
    decoded = load_image(image, limits, None)
    pixels, notes = _upright_pixels(decoded, None)
    encoding = "JPEG" if image.format == "MPO" else image.format or "array"
    quality, several = decoded.jpeg_quality, frame_note(image)
    notes = notes if several is None else (several, *notes)
    return Photo(
        pixels, _hash_of_pixels(pixels), decoded.stored_size, encoding, None, quality, notes
    )


def load_unchanged(
    path: Path,
    sha256: str,
    *,
    limits: DecodeLimits = DecodeLimits(),  # noqa: B008 - frozen, so one instance serves all calls
    salvage: bool = False,
) -> Photo:
    """Decode a photo that was seen before, if the file still has the bytes that it had.

    Parameters
    ----------
    path
        Where the photo was.
    sha256
        Hash of its bytes at that time.
    limits, salvage
        As in `load_photo`.

    Raises
    ------
    PhotoChangedError
        If the file has other bytes: it may show somebody else.
    PhotoError
        As `load_photo`.
    """
    photo = load_photo(path, limits=limits, salvage=salvage)
    if photo.sha256 != sha256:
        raise PhotoChangedError(
            "the photo",
            rule="must be the one that was seen before",
            got="a file with other bytes at its place",
            next_step="Find the former photo; enrol the present one as a photo of its own.",
            path=path,
        )
    return photo


def _from_bytes(
    data: bytes, path: Path | None, limits: DecodeLimits, salvage: bool, page: int | None
) -> Photo:
    encoding = format_of(data, path)
    require_parts(data, encoding, limits, path)
    decoded = _decoded(data, encoding, path, limits, salvage, page)
    pixels, notes = _upright_pixels(decoded, path)
    hashes = hashes_of(data)
    return Photo(
        pixels,
        hashes.sha256,
        decoded.stored_size,
        encoding,
        path,
        decoded.jpeg_quality,
        notes,
        capture_date=date_in(data, encoding) if page in (None, 1) else None,
        md5=hashes.md5,
        sha1=hashes.sha1,
    )


def _decoded(
    data: bytes,
    encoding: str,
    path: Path | None,
    limits: DecodeLimits,
    salvage: bool,
    page: int | None,
) -> Decoded:
    """Decode the bytes, or else what is whole of them, or else, if wanted, what is left."""
    try:
        return decode(data, encoding, limits, path, page)
    except PhotoDamagedError:
        if page not in (None, 1):  # only the first picture of a damaged file is looked for
            raise
        for rescue in (mend, salvage_bytes) if salvage else (mend,):
            rescued = rescue(data, encoding, limits, path)
            if rescued is not None:
                with suppress(PhotoDamagedError):
                    decoded = decode(rescued.data, encoding, limits, path)
                    return replace(decoded, notes=(rescued.note, *decoded.notes))
        raise


def _upright_pixels(
    decoded: Decoded, path: Path | None
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Convert and turn band by band, so that no second picture of the full size is made."""
    orientation, exif_note = _orientation(decoded)
    conversion = conversion_of(decoded.image, path, decoded.black_and_white)
    notes = conversion.notes
    if orientation in _AS_STORED:
        notes = (*notes, f"turned upright from EXIF orientation {orientation}")
    turn = 1 if decoded.turned in _AS_STORED else orientation
    width, height = decoded.image.size
    upright = (width, height) if turn in _SIDEWAYS else (height, width)
    pixels = np.empty((*upright, 3), np.uint8)
    stored = _AS_STORED[turn](pixels) if turn in _AS_STORED else pixels
    for top, band in bands_of(decoded.image):
        stored[top : top + band.height] = np.asarray(conversion.convert(band))
    pixels.setflags(write=False)
    return pixels, decoded.notes + notes + exif_note


def _orientation(decoded: Decoded) -> tuple[int, tuple[str, ...]]:
    if decoded.turned in _AS_STORED:
        return decoded.turned, ()
    if decoded.orientation is not None:
        return decoded.orientation, ()
    with suppress(Exception):  # the bytes can make Pillow's EXIF reader raise any
        if exif_is_small(_exif_of(decoded.image)):
            return decoded.image.getexif().get(ORIENTATION, 1), ()
    return 1, ("damaged EXIF ignored, the photo may not be upright",)


def _exif_of(image: Image.Image) -> bytes:
    """Return the bytes that Pillow will read as EXIF."""
    text = image.info.get(_EXIF_AS_TEXT)
    if text is None or "exif" in image.info:
        return bytes(image.info.get("exif") or b"")
    return bytes.fromhex("".join(str(text).split("\n")[3:]))


def _frozen(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    own = np.array(pixels, order="C", copy=True)
    own.setflags(write=False)
    return own


def _hash_of_pixels(pixels: NDArray[np.uint8]) -> str:
    digest = hashlib.sha256("x".join(map(str, pixels.shape)).encode())
    digest.update(pixels.data)
    return digest.hexdigest()


def _not_a_source(got: str) -> PhotoFormatError:
    return PhotoFormatError(
        "the photo source",
        rule="must be a path, encoded bytes, a binary file, a PIL image, "
        "or a uint8 array of shape (height, width, 3)",
        got=got,
        next_step="Convert it to one of these; arrays hold RGB values from 0 to 255.",
    )
