"""Read the bytes of photos under a limit, and hash files."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

from matcher.errors import (
    InputError,
    PhotoError,
    PhotoFormatError,
    PhotoNotFoundError,
    PhotoTooLargeError,
)
from matcher.hashes import FileHashes, hashes_of_stream
from matcher.words import counted

T = TypeVar("T")

PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif"}
    | {".heic", ".heif", ".hif", ".avif", ".apng", ".mpo"}
)
"""Lower-case file name endings. `find_photos` lists such a file even if it is no picture."""

FULL_SIZE_PIXELS = 128_000_000
"""Pixels above which a JPEG is decoded at a half, a quarter or an eighth of its size. It does not
depend on the limits, so that a photo has the same pixel frame wherever it is read."""

MOST_PIXELS = 1_000_000_000
"""The highest limit on pixels."""

_MEMORY_OF_A_PIXEL, _MEMORY_OF_A_BYTE = 20, 4

_BLOCK = 1 << 20
_START = 64  # bytes, more than any signature takes


@dataclass(frozen=True)
class DecodeLimits:
    """Limits on a file, checked before any pixel of it is decoded.

    Parameters
    ----------
    max_bytes
        Bytes of the encoded file, at least 1.
    max_pixels
        Largest product of width and height that the header may declare, in [1, 1000000000]. A
        JPEG of more than `FULL_SIZE_PIXELS` is decoded at a half, a quarter or an eighth of its
        size, and takes memory for the smaller picture; a progressive one takes up to six more bytes
        a pixel of its full size.
    max_scans
        Scans of a JPEG, at least 1. Encoders write about ten.
    max_parts
        Chunks of a PNG or WebP, blocks of a GIF that are not full, strips or tiles of a TIFF, boxes
        of a HEIF or AVIF; each at least 1.
    max_frames
        Frames of a GIF or WebP, directories of a TIFF; at least 1.
    max_seconds
        Longest time for one photo, > 0. Only a process that may be ended can keep to it, see
        `matcher.decoding`: the commands decode there.

    Raises
    ------
    InputError
        If a limit is out of its range.

    Notes
    -----
    While a photo is read it takes, measured, at most 9 bytes of memory a pixel, a progressive JPEG
    11, an AVIF or a TIFF of one strip 12, a WebP 19; and up to four times the file. `memory` is the
    bound over all formats. Afterwards a photo takes three bytes a pixel.
    """

    max_bytes: int = 256 * 1024 * 1024
    max_pixels: int = FULL_SIZE_PIXELS
    max_scans: int = 64
    max_parts: int = 131072
    max_frames: int = 4096
    max_seconds: float = 30.0

    @property
    def memory(self) -> int:
        """Most bytes of memory that a photo within these limits takes while it is read."""
        return _MEMORY_OF_A_PIXEL * self.max_pixels + _MEMORY_OF_A_BYTE * self.max_bytes

    def __post_init__(self) -> None:
        for name in ("max_bytes", "max_scans", "max_parts", "max_frames"):
            _require_within(name, getattr(self, name), None)
        _require_within("max_pixels", self.max_pixels, MOST_PIXELS)
        if not self.max_seconds > 0:
            raise InputError(
                "DecodeLimits.max_seconds",
                rule="must be above 0",
                got=self.max_seconds,
                next_step="Choose a number of seconds.",
            )


def _require_within(name: str, value: int, ceiling: int | None) -> None:
    if value < 1 or (ceiling is not None and value > ceiling):
        raise InputError(
            f"DecodeLimits.{name}",
            rule="must be at least 1" + (f" and at most {ceiling}" if ceiling else ""),
            got=value,
            next_step="Choose a limit in that range.",
        )


def sha256_of(path: str | os.PathLike[str], *, limits: DecodeLimits | None = None) -> str:
    """Hash a file without decoding it or holding it in memory.

    Parameters
    ----------
    path
        The file.
    limits
        Refuse a file of more than `limits.max_bytes` bytes before it is read. None reads any file.

    Returns
    -------
    str
        64 lower-case hexadecimal digits.

    Raises
    ------
    PhotoNotFoundError
        If there is no regular file at the path.
    PhotoTooLargeError
        If it has more bytes than the limits allow.
    PhotoError
        If the file cannot be read.
    """
    return _hashed(path, limits, lambda file: hashlib.file_digest(file, "sha256").hexdigest())


def file_hashes(path: str | os.PathLike[str], *, limits: DecodeLimits | None = None) -> FileHashes:
    """Return MD5, SHA-1 and SHA-256 of a file, read once; parameters and errors as `sha256_of`."""
    return _hashed(path, limits, hashes_of_stream)


def _hashed(
    path: str | os.PathLike[str],
    limits: DecodeLimits | None,
    digest: Callable[[io.BufferedReader], T],
) -> T:
    path = Path(path)
    _require_regular_file(path)
    try:
        if limits is not None:
            require_byte_limit(path.stat().st_size, limits, path)
        with path.open("rb") as file:
            return digest(file)
    except PhotoError:
        raise
    except OSError as error:
        raise _unreadable(path, error) from error


def read_path(path: Path, limits: DecodeLimits) -> bytes:
    """Read a regular file of at most `limits.max_bytes` bytes."""
    _require_regular_file(path)
    try:
        require_byte_limit(path.stat().st_size, limits, path)
        with path.open("rb") as file:
            return read_stream(file, limits, path)
    except PhotoError:
        raise
    except OSError as error:
        raise _unreadable(path, error) from error


def read_start(path: Path, limits: DecodeLimits) -> bytes:
    """Read the first bytes of a regular file of at most `limits.max_bytes` bytes."""
    _require_regular_file(path)
    try:
        require_byte_limit(path.stat().st_size, limits, path)
        with path.open("rb") as file:
            return file.read(_START)
    except PhotoError:
        raise
    except OSError as error:
        raise _unreadable(path, error) from error


def read_stream(file: BinaryIO, limits: DecodeLimits, path: Path | None = None) -> bytes:
    """Read a binary file from its current position to its end, at most `limits.max_bytes` bytes."""
    collected = io.BytesIO()
    while collected.tell() <= limits.max_bytes:
        try:
            block = file.read(min(_BLOCK, limits.max_bytes + 1 - collected.tell()))
        except (OSError, ValueError) as error:  # ValueError: the file object is closed
            raise _unreadable(path, error) from error
        if not isinstance(block, bytes):
            raise PhotoFormatError(
                "the photo source",
                rule="must be a file opened in binary mode",
                got=f"a file that reads {type(block).__name__}",
                next_step="Open it with mode 'rb'.",
                path=path,
            )
        if not block:
            break
        collected.write(block)
    data = collected.getvalue()
    require_byte_limit(len(data), limits, path)
    return data


def require_byte_limit(count: int, limits: DecodeLimits, path: Path | None) -> None:
    """Refuse more bytes than the limits allow."""
    if count > limits.max_bytes:
        raise PhotoTooLargeError(
            "the photo",
            rule=f"may have at most {counted(limits.max_bytes, 'byte')}",
            got="more bytes than that",
            next_step="If the file is trusted, pass a larger DecodeLimits(max_bytes=...).",
            path=path,
        )


def require_pixel_limit(size: tuple[int, int], limits: DecodeLimits, path: Path | None) -> None:
    """Refuse more pixels than the limits allow."""
    if size[0] * size[1] > limits.max_pixels:
        raise PhotoTooLargeError(
            "the photo",
            rule=f"may have at most {counted(limits.max_pixels, 'pixel')}",
            got=f"{size[0]}x{size[1]} pixels",
            next_step="If the file is trusted, pass a larger DecodeLimits(max_pixels=...), "
            "or --max-megapixels to the command.",
            path=path,
        )


def _require_regular_file(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise _not_found(path, "nothing that can be reached at this path") from error
    if not stat.S_ISREG(mode):
        raise _not_found(path, "a folder" if stat.S_ISDIR(mode) else "not a regular file")


def _not_found(path: Path, got: str) -> PhotoNotFoundError:
    return PhotoNotFoundError(
        "the photo",
        rule="must be an existing file",
        got=got,
        next_step="Check the spelling, and that the drive is connected.",
        path=path,
    )


def _unreadable(path: Path | None, error: Exception) -> PhotoError:
    return PhotoError(
        "the photo",
        rule="must be readable to the end",
        got=getattr(error, "strerror", None) or str(error),
        next_step="Check the rights on the file and the health of the drive.",
        path=path,
    )
