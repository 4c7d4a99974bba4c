"""Read date and position of a photo from its bytes."""

from __future__ import annotations

import hashlib
from datetime import date
from os import PathLike
from pathlib import Path

from matcher.arguments import expect, path_of
from matcher.errors import PhotoChangedError
from matcher.failures import as_photo_errors
from matcher.photos.dates.capture import CaptureDate
from matcher.photos.dates.fields import fields_of
from matcher.photos.dates.judging import judged
from matcher.photos.dates.metadata import metadata_of
from matcher.photos.dates.position import Position, position_of
from matcher.photos.formats import format_of
from matcher.photos.source import DecodeLimits, read_path, require_byte_limit

FileSource = str | PathLike[str] | bytes


def date_in(data: bytes, encoding: str) -> CaptureDate | None:
    """Return the date in the bytes of a photo; nothing is ever raised."""
    metadata = metadata_of(data, encoding)
    return judged(fields_of(metadata), metadata.png_size, date.today())


def capture_date(
    source: FileSource,
    *,
    sha256: str | None = None,
    limits: DecodeLimits = DecodeLimits(),  # noqa: B008 - frozen, so one instance serves all calls
) -> CaptureDate | None:
    """Return the date of capture that a photo carries, with what speaks against it.

    No pixel is decoded, and no position is read. `load_photo` finds the same date.

    Parameters
    ----------
    source
        A path, or the encoded bytes. JPEG, PNG, WebP, TIFF, HEIC and AVIF may hold a date; a GIF
        and a BMP have none that is read.
    sha256
        Hash that the bytes must have; None for any.
    limits
        Largest number of bytes. No other limit is needed, since no pixel is decoded.

    Returns
    -------
    CaptureDate or None
        None if no field of a date is filled.

    Raises
    ------
    PhotoNotFoundError, PhotoFormatError, PhotoTooLargeError, PhotoError
        As for `load_photo`, as far as it does not depend on pixels.
    PhotoChangedError
        The bytes have another hash.
    """
    with as_photo_errors("reading the date", _path_of(source)):
        data, encoding = _read(source, limits)
        found = date_in(data, encoding)
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise PhotoChangedError(
            "the photo",
            rule="must have the bytes that it had",
            got="other bytes",
            next_step="Find the former photo.",
            path=_path_of(source),
        )
    return found


def gps_position(
    source: FileSource,
    *,
    limits: DecodeLimits = DecodeLimits(),  # noqa: B008 - frozen, so one instance serves all calls
) -> Position | None:
    """Return the position in the EXIF of a photo. Nothing else in this package reads it.

    Parameters
    ----------
    source, limits
        As in `capture_date`.

    Returns
    -------
    Position or None
        None if there is none, or none that exists on Earth.

    Raises
    ------
    PhotoNotFoundError, PhotoFormatError, PhotoTooLargeError, PhotoError
        As for `capture_date`.
    """
    with as_photo_errors("reading the position", _path_of(source)):
        return position_of(metadata_of(*_read(source, limits)).exif)


def _read(source: FileSource, limits: DecodeLimits) -> tuple[bytes, str]:
    expect(
        "limits", limits, DecodeLimits, rule="must be limits", next_step="Give DecodeLimits(...)."
    )
    path = _path_of(source)
    data = source if isinstance(source, bytes) else read_path(path_of("source", source), limits)
    require_byte_limit(len(data), limits, path)
    return data, format_of(data, path)


def _path_of(source: FileSource) -> Path | None:
    return None if isinstance(source, bytes) else path_of("source", source)
