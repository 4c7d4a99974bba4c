"""Refuse a file of more parts than the limits allow, before anything decodes it.

A decoder works for each part. A file of a few megabytes can hold millions of parts, and keep a
decoder busy for many minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from matcher.errors import PhotoDamagedError, PhotoTooLargeError
from matcher.photos.source import DecodeLimits
from matcher.photos.structure.containers import (
    bmp_counts,
    gif_counts,
    heif_counts,
    png_counts,
    webp_counts,
)
from matcher.photos.structure.counting import Count
from matcher.photos.structure.jpeg_segments import jpeg_counts
from matcher.words import counted

_COUNTS: dict[str, Callable[[bytes, DecodeLimits], Iterator[Count]]] = {
    "AVIF": heif_counts,
    "BMP": bmp_counts,
    "GIF": gif_counts,
    "HEIF": heif_counts,
    "JPEG": jpeg_counts,
    "PNG": png_counts,
    "WEBP": webp_counts,
}

_PIXELS_OF_A_BYTE = {
    "AVIF": 65536,
    "GIF": 4096,
    "HEIF": 65536,
    "JPEG": 4096,
    "PNG": 8 * 1032,
    "WEBP": 65536,
}
"""Pixels that a byte of the file can hold at most. Of PNG it follows from deflate, of GIF from LZW;
of the others it is far above what an encoder reaches on a picture of one colour."""

_TURNS = 8
"""Frames of the largest size that may be decoded to reach a page."""


def require_parts(data: bytes, encoding: str, limits: DecodeLimits, path: Path | None) -> None:
    """Refuse a file of more segments, scans, chunks, frames, blocks or boxes than allowed.

    A TIFF is checked when its picture is chosen.

    Raises
    ------
    PhotoTooLargeError
    """
    for count in _COUNTS.get(encoding, _no_counts)(data, limits):
        require_few(count, path)


def _no_counts(data: bytes, limits: DecodeLimits) -> Iterator[Count]:
    del data, limits
    yield from ()


def require_few(count: Count, path: Path | None) -> None:
    """Refuse more parts than their limit.

    Raises
    ------
    PhotoTooLargeError
    """
    if count.number > count.limit:
        raise PhotoTooLargeError(
            "the photo",
            rule=f"may have at most {count.limit:,} {count.what}",
            got=f"more {count.what} than that",
            next_step="Open it in an image viewer and save it as PNG, if it is trusted.",
            path=path,
        )


def require_bytes_for(size: tuple[int, int], length: int, encoding: str, path: Path | None) -> None:
    """Refuse a header that declares more pixels than the bytes of the file can hold.

    Raises
    ------
    PhotoDamagedError
    """
    most = _PIXELS_OF_A_BYTE.get(encoding)
    if most is not None and size[0] * size[1] > most * length:
        raise PhotoDamagedError(
            f"the {encoding} photo",
            rule=f"must have a byte for every {most:,} pixels that its header declares",
            got=f"{size[0]}x{size[1]} pixels in {counted(length, 'byte')}",
            next_step="Fetch the file again.",
            path=path,
        )


def require_turns(
    page: int, size: tuple[int, int], limits: DecodeLimits, path: Path | None
) -> None:
    """Refuse a page that is reached only by decoding too many frames before it.

    Raises
    ------
    PhotoTooLargeError
    """
    pixels = page * size[0] * size[1]
    require_few(Count("pixels up to this page", pixels, _TURNS * limits.max_pixels), path)
