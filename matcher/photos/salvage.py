"""Read the remaining part of a JPEG or PNG that ends too early.

The module completes the bytes so that an ordinary decoder accepts them. It never touches Pillow's
process-wide switch for truncated files.
"""

from __future__ import annotations

import re
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matcher.errors import PhotoDamagedError
from matcher.photos.decode import decode
from matcher.photos.png import OF_THE_PIXELS, Chunk, chunks_of, header_of, inflate, written
from matcher.photos.source import DecodeLimits, require_pixel_limit
from matcher.photos.structure import require_bytes_for

_END_OF_IMAGE = b"\xff\xd9"
_SCAN, _PROGRESSIVE = 0xDA, 0xC2
NOISE = np.random.default_rng(0).integers(0, 255, 8192, dtype=np.uint8).tobytes()
"""Bytes that go on where a file ends too early. They hold no marker of JPEG."""

_CUT = re.compile(rb"\xff(?:[\xc4\xda\xdb]|\Z)")  # before a table or a scan, or a lone last byte
_MOST_CUTS = 16  # without a limit, a hostile file could force one decoding for each byte


@dataclass(frozen=True)
class Salvaged:
    """Completed bytes of a damaged file.

    Parameters
    ----------
    data
        Bytes that a decoder can read to the end.
    note
        What is lost, in plain words.
    """

    data: bytes
    note: str


def salvage(data: bytes, encoding: str, limits: DecodeLimits, path: Path | None) -> Salvaged | None:
    """Complete a truncated JPEG or PNG. Return None if no part of the picture can be read.

    Raises
    ------
    PhotoTooLargeError
        If the header declares more pixels than the limits allow.
    """
    if encoding == "JPEG":
        return _salvage_jpeg(data, limits, path)
    if encoding == "PNG":
        return _salvage_png(data, limits, path)
    return None


def _salvage_jpeg(data: bytes, limits: DecodeLimits, path: Path | None) -> Salvaged | None:
    """Append the end marker to a truncated JPEG; libjpeg fills missing blocks with flat colour.

    The picture is decoded twice, with different bytes after the cut. The first row that differs is
    the first row that was not in the file.
    """
    markers = dict(_jpeg_header_markers(data))
    if _SCAN not in markers:
        return None
    for kept in islice(_jpeg_cuts(data, markers[_SCAN]), _MOST_CUTS):
        decoded = _decoded_jpeg(kept + _END_OF_IMAGE, limits, path)
        if decoded is not None:
            with_noise = _decoded_jpeg(kept + NOISE + _END_OF_IMAGE, limits, path)
            lost = 1.0 if with_noise is None else _share_after_first_difference(decoded, with_noise)
            return Salvaged(kept + _END_OF_IMAGE, _jpeg_note(_PROGRESSIVE in markers, lost))
    return None


def _jpeg_header_markers(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield each marker up to the first scan, with its position in the file (T.81, B.1.1)."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        yield marker, at
        if marker == _SCAN:
            return
        at += 1 if marker == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4])


def _jpeg_cuts(data: bytes, first_scan: int) -> Iterator[bytes]:
    """Yield the data, then ever shorter prefixes that end before a table or before a later scan."""
    yield data
    ends = deque((found.start() for found in _CUT.finditer(data, first_scan + 2)), _MOST_CUTS)
    for end in reversed(ends):
        yield data[:end]


def _decoded_jpeg(data: bytes, limits: DecodeLimits, path: Path | None) -> NDArray[np.uint8] | None:
    try:
        return np.asarray(decode(data, "JPEG", limits, path).image)
    except PhotoDamagedError:
        return None


def _share_after_first_difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    differs = (one != other).reshape(one.shape[0], -1).any(axis=1)
    first = int(np.argmax(differs)) if differs.any() else one.shape[0]
    lost: float = 1.0 - first / one.shape[0]
    return lost


def _jpeg_note(progressive: bool, lost: float) -> str:
    rows = f"about the last {lost:.0%} of the rows as stored"
    if progressive:
        more = f", and more of it in {rows}" if lost else ""
        return "salvaged from a truncated progressive JPEG: fine detail is lost in every row" + more
    return f"salvaged from a truncated JPEG: {rows} are lost and filled with flat colour"


def _salvage_png(data: bytes, limits: DecodeLimits, path: Path | None) -> Salvaged | None:
    """Decompress the remaining pixels, fill up to the header's size with zeros, write a PNG."""
    chunks = [chunk for chunk in chunks_of(data) if chunk.intact or chunk.name == b"IDAT"]
    header = header_of(chunks[0]) if chunks else None
    if header is None:
        return None
    require_pixel_limit(header.size, limits, path)
    require_bytes_for(header.size, len(data), "PNG", path)
    compressed = b"".join(chunk.body for chunk in chunks if chunk.name == b"IDAT")
    raw = b"".join(inflate(compressed, header.raw_size))
    if not raw:
        return None
    lost = 1.0 - len(raw) / header.raw_size
    pixels = Chunk(b"IDAT", _compressed(raw, header.raw_size - len(raw)))
    kept = (chunk for chunk in chunks if chunk.name in (b"IHDR", b"PLTE", *OF_THE_PIXELS))
    share = f"{lost:.0%} of the pixels" if header.interlaced else f"the last {lost:.0%} of the rows"
    note = f"salvaged from a damaged PNG: about {share} as stored are lost and left black"
    return Salvaged(written([*kept, pixels]), note)


def _compressed(raw: bytes, zeros: int) -> bytes:
    """Compress the bytes and as many zeros after them, which are never all in memory."""
    stream, block = zlib.compressobj(1), bytes(1 << 20)
    pieces = [stream.compress(raw)]
    pieces += [stream.compress(block[: zeros - at]) for at in range(0, zeros, len(block))]
    return b"".join((*pieces, stream.flush()))
