"""The chunks, blocks and boxes of PNG, WebP, GIF, HEIF and AVIF; the runs of a BMP."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator

from matcher.photos.source import DecodeLimits
from matcher.photos.structure.counting import Count, counted_up_to
from matcher.photos.structure.exif import exif_counts

_PIXELS_OF_PNG = (b"IDAT", b"fdAT", b"fcTL")
_MOST_METADATA = 256
"""Each may inflate to a megabyte, and a broken PNG is opened with each of them alone."""

_FULL_BLOCK = 128
"""Bytes that the blocks of a GIF hold in the mean, from which on more of them are allowed."""

_RUN_LENGTHS = (1, 2)
_MOST_PIXELS_OF_RUNS = 4_000_000
"""Pillow reads the runs of a BMP in Python, about a million in a second. No photo has them."""

_HOLD_BOXES = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"iinf": 4, b"iref": 4}
"""Boxes that hold boxes, with the bytes before the first of them (ISO/IEC 23008-12)."""
_DEEPEST = 4


def png_counts(data: bytes, limits: DecodeLimits) -> Iterator[Count]:
    """Count the chunks of a PNG (ISO/IEC 15948)."""
    chunks, metadata, at = 0, 0, 8
    while at + 8 <= len(data) and chunks <= limits.max_parts and metadata <= _MOST_METADATA:
        chunks, metadata = chunks + 1, metadata + (data[at + 4 : at + 8] not in _PIXELS_OF_PNG)
        at += 12 + int.from_bytes(data[at : at + 4])
    yield Count("chunks", chunks, limits.max_parts)
    yield Count("chunks of metadata", metadata, _MOST_METADATA)
    if b"eXIf" in data:
        yield from exif_counts(data)


def webp_counts(data: bytes, limits: DecodeLimits) -> Iterator[Count]:
    """Count the chunks and frames of a WebP (RFC 9649)."""
    chunks, frames, at = 0, 0, 12
    while at + 8 <= len(data) and chunks <= limits.max_parts:
        chunks, frames = chunks + 1, frames + (data[at : at + 4] == b"ANMF")
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
    yield Count("chunks", chunks, limits.max_parts)
    yield Count("frames", frames, limits.max_frames)
    if b"EXIF" in data:
        yield from exif_counts(data)


def webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of each chunk of a WebP, up to the first that is not whole."""
    at = 12
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + length]
        if len(body) < length or not body:
            return
        yield data[at : at + 4], body
        at += 8 + length + length % 2


def gif_counts(data: bytes, limits: DecodeLimits) -> Iterator[Count]:
    """Count the frames of a GIF (GIF89a), its blocks, and the bytes between them."""
    most = limits.max_parts + len(data) // _FULL_BLOCK
    found: Counter[str] = Counter()
    for kind in _gif_parts(data):
        found[kind] += 1
        if found.total() > most or found["frame"] > limits.max_frames:
            break
    yield Count("frames", found["frame"], limits.max_frames)
    yield Count("blocks", found.total(), most)


def _gif_parts(data: bytes) -> Iterator[str]:
    at = 13 + _colours(data[10:11])
    while at < len(data) and data[at] != 0x3B:
        if data[at] == 0x2C:
            yield "frame"
            at += 11 + _colours(data[at + 9 : at + 10])
        elif data[at] == 0x21:
            yield "extension"
            at += 2
        else:
            yield "stray byte"
            at += 1
            continue
        while at < len(data) and data[at]:
            yield "block"
            at += 1 + data[at]
        at += 1


def _colours(flags: bytes) -> int:
    return 3 << (flags[0] & 7) + 1 if flags and flags[0] & 0x80 else 0


def bmp_counts(data: bytes, limits: DecodeLimits) -> Iterator[Count]:
    """Count the pixels of a BMP that is stored as runs of equal pixels."""
    del limits  # the same for all
    if len(data) < 34:
        return
    header, width, height, _, _, compression = struct.unpack_from("<IiiHHI", data, 14)
    if header >= 40 and compression in _RUN_LENGTHS:
        yield Count("pixels in runs", abs(width * height), _MOST_PIXELS_OF_RUNS)


def heif_counts(data: bytes, limits: DecodeLimits) -> Iterator[Count]:
    """Count the boxes of a HEIF or an AVIF."""
    number = counted_up_to(limits.max_parts, _boxes(data, 0, len(data)))
    yield Count("boxes", number, limits.max_parts)
    yield from exif_counts(data)


def _boxes(data: bytes, at: int, end: int, depth: int = 0) -> Iterator[bytes]:
    while at + 8 <= end:
        length, name, head = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8], 8
        if length == 1:
            length, head = int.from_bytes(data[at + 8 : at + 16]), 16
        following = at + length if length else end
        if following < at + head:
            return
        yield name
        if name in _HOLD_BOXES and depth < _DEEPEST:
            first = at + head + _HOLD_BOXES[name]
            yield from _boxes(data, first, min(following, end), depth + 1)
        at = following
