"""Load a `Photo` from a path, bytes, a file, an image or an array."""

from __future__ import annotations

import hashlib
from os import PathLike
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matcher.arguments import described, expect
from matcher.errors import PhotoChangedError, PhotoDamagedError, PhotoFormatError
from matcher.photos.colour import to_srgb
from matcher.photos.decode import ORIENTATION, Decoded, decode, format_of, load_image
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

PhotoSource = (
    str
    | PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | BinaryIO
    | Image.Image
    | NDArray[np.uint8]
)
"""Types of the sources that `load_photo` reads."""

# The turn that makes a picture of each EXIF orientation upright. Orientation 1 is upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def load_photo(
    source: PhotoSource,
    *,
    limits: DecodeLimits = DecodeLimits(),  # noqa: B008 - frozen, so one instance serves all calls
    salvage: bool = False,
) -> Photo:
    """Decode a photo to upright sRGB pixels.

    The function is safe on hostile files and from several threads at once. It changes no state of
    the process.

    Parameters
    ----------
    source
        A path; the encoded bytes; a binary file, read from its current position; a PIL image; or a
        uint8 array of shape (height, width, 3), RGB in sRGB, upright.
        Encodings: JPEG, PNG, WebP, TIFF, BMP, GIF (first frame of each), and HEIC with the extra
        `heif`. The first bytes tell the encoding; the file's name is never used.
    limits
        Largest numbers of bytes and pixels. A larger file is refused before it is decoded.
    salvage
        Read the remaining part of a truncated JPEG or PNG instead of refusing it. The notes of the
        photo then say about how much was lost. Other damage is still refused.

    Returns
    -------
    Photo
        Converted to sRGB from ICC profiles, CMYK, palettes, grey, 16 bits (scaled) and transparency
        (laid on the grey `BACKGROUND`). Its notes say what was converted.

    Raises
    ------
    PhotoNotFoundError
        If there is no file at the path.
    PhotoFormatError
        If the bytes are not a picture of these encodings, or the array is not uint8 RGB.
    PhotoDamagedError
        If the picture is truncated or contradicts itself.
    PhotoTooLargeError
        If it exceeds the limits.
    PhotoError
        If the file cannot be read.
    MissingExtraError
        If the photo is HEIC and pillow-heif is not installed.
    """
    expect(
        "limits", limits, DecodeLimits, rule="must be limits", next_step="Give DecodeLimits(...)."
    )
    with quiet_pillow():
        if isinstance(source, np.ndarray):
            return _from_array(source, limits)
        if isinstance(source, Image.Image):
            return _from_image(source, limits)
        if isinstance(source, (str, PathLike)):
            path = Path(source)
            return _from_bytes(read_path(path, limits), path, limits, salvage)
        if isinstance(source, (bytes, bytearray, memoryview)):
            data = bytes(source)
            require_byte_limit(len(data), limits, None)
            return _from_bytes(data, None, limits, salvage)
        if hasattr(source, "read"):
            return _from_bytes(read_stream(source, limits), None, limits, salvage)
    raise _not_a_source(described(source))


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
    return _photo(decoded, pixels, _hash_of_pixels(pixels), None, notes)


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


def _from_bytes(data: bytes, path: Path | None, limits: DecodeLimits, salvage: bool) -> Photo:
    encoding = format_of(data, path)
    lost: tuple[str, ...] = ()
    try:
        decoded = decode(data, encoding, limits, path)
    except PhotoDamagedError:
        rescued = salvage_bytes(data, encoding, limits, path) if salvage else None
        if rescued is None:
            raise
        decoded, lost = decode(rescued.data, encoding, limits, path), (rescued.note,)
    pixels, notes = _upright_pixels(decoded, path)
    return _photo(decoded, pixels, hashlib.sha256(data).hexdigest(), path, lost + notes)


def _photo(
    decoded: Decoded,
    pixels: NDArray[np.uint8],
    sha256: str,
    path: Path | None,
    notes: tuple[str, ...],
) -> Photo:
    name = decoded.image.format or "array"
    if name == "MPO":  # several JPEGs in one file, as some cameras write; only the first is read
        name, notes = "JPEG", (*notes, "first of several pictures in the file")
    return Photo(pixels, sha256, decoded.stored_size, name, path, decoded.jpeg_quality, notes)


def _upright_pixels(
    decoded: Decoded, path: Path | None
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    orientation, exif_note = _orientation(decoded)
    rgb, notes = to_srgb(decoded.image, path)
    if decoded.turned not in _UPRIGHT and orientation in _UPRIGHT:
        rgb = rgb.transpose(_UPRIGHT[orientation])
    if orientation in _UPRIGHT:
        notes = (*notes, f"turned upright from EXIF orientation {orientation}")
    return _frozen(np.asarray(rgb)), notes + exif_note


def _orientation(decoded: Decoded) -> tuple[int, tuple[str, ...]]:
    if decoded.turned in _UPRIGHT:
        return decoded.turned, ()
    try:
        return decoded.image.getexif().get(ORIENTATION, 1), ()
    except Exception:  # noqa: BLE001 - the bytes can make Pillow's EXIF reader raise any exception
        return 1, ("damaged EXIF ignored, the photo may not be upright",)


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
