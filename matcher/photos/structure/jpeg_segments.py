"""The segments and scans of a JPEG (ITU-T T.81, annex B)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from matcher.photos.source import DecodeLimits
from matcher.photos.structure.counting import Count, counted_up_to
from matcher.photos.structure.exif import exif_counts

_SCAN, _END, _EXIF = 0xDA, 0xD9, 0xE1
_MARKER = re.compile(rb"\xff[^\x00\x01\xff\xd0-\xd8]")
"""A marker with a segment: no stuffing, no fill byte, no restart."""

_MOST_SEGMENTS, _MOST_STRAY_BYTES, _MOST_EXIF = 4096, 1024 * 1024, 128
"""Pillow reads stray bytes one by one. It copies all EXIF again for each segment of it."""


def header_segments(
    data: bytes, start: int = 0, most_stray: int = _MOST_STRAY_BYTES
) -> Iterator[tuple[int, int]]:
    """Yield marker and place of each segment before the first scan, and of that scan.

    It ends early before more than `most_stray` bytes that belong to no segment.
    """
    at = start + 2
    while found := _MARKER.search(data, at, at + most_stray + 2):
        at = found.start()
        marker = data[at + 1]
        yield marker, at
        if marker in (_SCAN, _END):
            return
        at += 2 + int.from_bytes(data[at + 2 : at + 4])


def jpeg_counts(data: bytes, limits: DecodeLimits) -> Iterator[Count]:
    """Count the segments and stray bytes before the picture, and its scans."""
    segments, exif, stray, after, last = 0, 0, 0, 2, 2
    for marker, at in header_segments(data):
        segments, exif, stray = segments + 1, exif + (marker == _EXIF), stray + at - after
        after, last = at + 2 + int.from_bytes(data[at + 2 : at + 4]), at
        if segments > _MOST_SEGMENTS or stray > _MOST_STRAY_BYTES:
            break
    else:
        stray += max(0, len(data) - after) if last == 2 or data[last + 1] != _SCAN else 0
    yield Count("segments before the picture", segments, _MOST_SEGMENTS)
    yield Count("segments of EXIF", exif, _MOST_EXIF)
    yield Count("stray bytes before the picture", stray, _MOST_STRAY_BYTES)
    if exif:
        yield from exif_counts(data)
    if data.count(b"\xff\xda", last) > limits.max_scans:
        yield Count("scans", counted_up_to(limits.max_scans, _scans(data, last)), limits.max_scans)


def _scans(data: bytes, at: int) -> Iterator[int]:
    """Yield the place of each scan, up to the end of the picture."""
    while found := _MARKER.search(data, at):
        at, marker = found.start(), data[found.start() + 1]
        if marker == _END:
            return
        if marker == _SCAN:
            yield at
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
