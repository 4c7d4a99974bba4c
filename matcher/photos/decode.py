"""Decode encoded bytes to a loaded Pillow image, with a typed error for every failure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImagePalette, features
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile, jpeg_factory
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from matcher.errors import (
    InputError,
    MissingExtraError,
    PhotoDamagedError,
    PhotoError,
    PhotoFormatError,
    PhotoTooLargeError,
)
from matcher.photos.formats import format_of
from matcher.photos.jpeg import estimate_jpeg_quality
from matcher.photos.pages import select_frame
from matcher.photos.source import (
    FULL_SIZE_PIXELS,
    DecodeLimits,
    read_start,
    require_pixel_limit,
)
from matcher.photos.structure import require_bytes_for, require_parts, require_turns
from matcher.photos.tiff import ORIENTATION, choose_picture, tiff_pictures, unread_layout
from matcher.photos.tiff_layout import TiffLayout

_WIDTH, _HEIGHT, _COLOUR_MAP = 0x0100, 0x0101, 0x0140

# The plugins themselves, not `Image.open`: its limit on pixels is a switch of the whole process.
# The limits of `DecodeLimits` are checked here instead, before any pixel is decoded.
_READERS: dict[str, Callable[[BytesIO], Image.Image]] = {
    "AVIF": AvifImageFile,
    "BMP": BmpImageFile,
    "GIF": GifImageFile,
    "JPEG": jpeg_factory,
    "PNG": PngImageFile,
    "TIFF": TiffImageFile,
    "WEBP": WebPImageFile,
}

_OTHER_CODEC = "has not been built in"
"""What libheif says of a file that is not damaged, but compressed in a way that it cannot read."""


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
    orientation
        Orientation tag of the picture, if the container of its encoding tells it; else None.
    black_and_white
        The values of black and of white in a grey picture of more than eight bits a pixel; None if
        they follow from the mode.
    notes
        Which picture of the file it is, and what was done to read it.
    """

    image: Image.Image
    stored_size: tuple[int, int]
    jpeg_quality: int | None
    turned: int
    orientation: int | None = None
    black_and_white: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()


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
        If the photo is HEIC or AVIF, and what reads it is not installed.
    """
    encoding = format_of(read_start(path, limits), path)
    if encoding == "HEIF":
        _heif_reader(path)
    if encoding == "AVIF":
        _require_avif(path)
    return encoding


def decode(
    data: bytes, encoding: str, limits: DecodeLimits, path: Path | None, page: int | None = None
) -> Decoded:
    """Check the declared size of the wanted picture in the bytes, then decode it.

    Raises
    ------
    PhotoTooLargeError, PhotoDamagedError, PhotoFormatError, MissingExtraError
    InputError
        The file has no such page.
    """
    if encoding == "TIFF":
        return _decode_tiff(data, limits, path, page)
    if encoding == "WEBP":
        _require_size(_declared_webp_size(data), data, encoding, limits, path)
    image = _opened(data, encoding, path)
    _require_size(image.size, data, encoding, limits, path)
    if page is not None:
        require_turns(page, image.size, limits, path)
    try:
        note = select_frame(image, page, path)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # hostile bytes can make a decoder raise any exception
        if page is not None:
            raise _damaged(f"picture {page} of the {encoding} file", error, path) from error
        image = _opened(data, encoding, path)
        note = "first of several pictures in the file; another is damaged, so they were not counted"
    decoded = load_image(image, limits, path)
    return decoded if note is None else replace(decoded, notes=(note, *decoded.notes))


def _require_size(
    size: tuple[int, int], data: bytes, encoding: str, limits: DecodeLimits, path: Path | None
) -> None:
    require_pixel_limit(size, limits, path)
    require_bytes_for(size, len(data), encoding, path)


def _decode_tiff(data: bytes, limits: DecodeLimits, path: Path | None, page: int | None) -> Decoded:
    pictures = tiff_pictures(data, limits, path)
    if not pictures:
        raise _damaged("the TIFF photo", "no directory with a picture", path)
    picture, note = choose_picture(pictures, page, path)
    require_pixel_limit(picture.size, limits, path)
    picture.require_parts(limits, path)
    alone, encoding = picture.alone()
    require_parts(alone, encoding, limits, path)
    if encoding == "TIFF" and not _opens(alone):
        number = pictures.index(picture) + 1
        raise unread_layout(str(picture.layout), number, len(pictures), path)
    decoded = load_image(_opened(alone, encoding, path), limits, path)
    notes = decoded.notes if note is None else (note, *decoded.notes)
    return replace(decoded, orientation=picture.orientation, notes=notes)


def _opens(tiff: bytes) -> bool:
    """Whether Pillow knows the layout of a TIFF of one picture."""
    try:
        TiffImageFile(BytesIO(tiff))
    except SyntaxError:
        return False
    except Exception:  # noqa: BLE001 - the bytes are damaged, which is said when they are opened
        return True
    return True


def _opened(data: bytes, encoding: str, path: Path | None) -> Image.Image:
    reader = _heif_reader(path) if encoding == "HEIF" else _READERS[encoding]
    if encoding == "AVIF":
        _require_avif(path)
    try:
        return reader(BytesIO(data))
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(error, path) from error
    except MemoryError:
        raise
    except Exception as error:  # hostile bytes can make a decoder raise any exception
        raise _damaged(f"the {encoding} photo", error, path) from error


def load_image(image: Image.Image, limits: DecodeLimits, path: Path | None) -> Decoded:
    """Load the pixels of an image. Pillow may have read only its header before this call.

    A JPEG of more than `FULL_SIZE_PIXELS` is decoded at a half, a quarter or an eighth of its size.

    Raises
    ------
    PhotoTooLargeError, PhotoDamagedError, PhotoFormatError
    """
    require_pixel_limit(image.size, limits, path)
    stored_size, turned, levels = image.size, 1, None
    try:
        if isinstance(image, TiffImageFile):
            layout = TiffLayout.of(partial(_numbers, image))
            if layout.fault:
                raise unread_layout(layout.fault, 1, 1, path)
            # Pillow turns TIFF, and only TIFF, on loading.
            stored_size = image.tag_v2[_WIDTH], image.tag_v2[_HEIGHT]
            turned, levels = image.tag_v2.get(ORIENTATION, 1), layout.black_and_white
        notes = tuple(note for note in (_draft(image), _mend_palette(image)) if note)
        image.load()
        if image.mode == "P" and image.palette is None:
            raise ValueError("colours from a palette, but no palette")
        quality = estimate_jpeg_quality(getattr(image, "quantization", {}))
    except (PhotoFormatError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(error, path) from error
    except Exception as error:  # hostile bytes can make a decoder raise any exception
        raise _damaged(f"the {image.format or 'PIL'} photo", error, path) from error
    return Decoded(image, stored_size, quality, turned, None, levels, notes)


def _numbers(image: TiffImageFile, tag: int) -> tuple[int, ...]:
    value: Any = image.tag_v2.get(tag, ())
    return value if isinstance(value, tuple) else (value,)


def _draft(image: Image.Image) -> str | None:
    """Have a large JPEG decoded at a part of its size, and return a note on it."""
    width, height = image.size
    parts = [part for part in (1, 2, 4, 8) if width * height <= FULL_SIZE_PIXELS * part**2]
    part = parts[0] if parts else 8
    if part == 1 or not isinstance(image, JpegImageFile) or not image.tile:
        return None
    image.draft(None, (width // part, height // part))
    size = f"{width}x{height} pixels"
    return f"decoded at 1/{part} of its size, {size}; coordinates are of the smaller picture"


def _mend_palette(image: Image.Image) -> str | None:
    """Read the palette of a TIFF by its eight bits, if a program left the upper eight empty."""
    if not isinstance(image, TiffImageFile) or image.mode not in ("P", "PA"):
        return None
    colours = _numbers(image, _COLOUR_MAP)
    if not 0 < max(colours) < 256:
        return None
    image.palette = ImagePalette.raw("RGB;L", bytes(colours))
    return "palette of 8 bits where 16 are the rule"


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


def _require_avif(path: Path | None) -> None:
    if not features.check("avif"):
        raise MissingExtraError(
            "the photo is AVIF",
            rule="reading AVIF needs a build of the package pillow with libavif",
            got="a build without it",
            next_step='Run: pip install --only-binary pillow --force-reinstall "pillow>=13"',
            path=path,
        )


def _too_many_pixels(error: Exception, path: Path | None) -> PhotoTooLargeError:
    return PhotoTooLargeError(
        "the photo",
        rule="may have at most as many pixels as Pillow opens in this format",
        got=f"a header that asks for more ({error})",
        next_step="Scale the photo down with the program that wrote it, if it is trusted.",
        path=path,
    )


def _damaged(what: str, error: Exception | str, path: Path | None) -> PhotoError:
    if _OTHER_CODEC in str(error):
        return PhotoFormatError(
            what,
            rule="must be compressed with HEVC, which the package pillow-heif reads",
            got=str(error),
            next_step="Open it in an image viewer and save it as PNG.",
            path=path,
        )
    return PhotoDamagedError(
        what,
        rule="must be complete and follow its own header",
        got=str(error) or type(error).__name__,
        next_step="Fetch the file again; load_photo(..., salvage=True) reads what is left of a "
        "truncated JPEG or PNG.",
        path=path,
    )
