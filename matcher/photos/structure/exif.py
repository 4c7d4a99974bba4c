"""How many bytes the values of an EXIF directory take, which a reader of EXIF copies one by one.

Many entries may point to the same bytes. A directory of 65,535 entries in a file of 10 MB can so
ask for 600 GB.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Literal

import numpy as np

from matcher.photos.structure.counting import Count

_TIFF_HEADER = re.compile(rb"II\*\x00|MM\x00\*")
_MOST_HEADERS = 256
_MOST_BYTES = 64 * 1024 * 1024
"""Cameras write less than one megabyte."""

_BYTES_OF_TYPE = np.zeros(65536, np.int64)
_BYTES_OF_TYPE[1:14] = (1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4)
_BYTES_OF_TYPE[16:19] = 8


def bytes_of_values(data: bytes, at: int = 0) -> int:
    """Return the bytes of all values of the first directory of EXIF data that start at a place.

    They count up to the first value that is not all in the data: a reader ends there.
    """
    order: Literal["little", "big"] = "little" if data[at : at + 2] == b"II" else "big"
    start = at + int.from_bytes(data[at + 4 : at + 8], order)
    count = int.from_bytes(data[start : start + 2], order)
    count = min(count, max(0, len(data) - start - 2) // 12)
    if count == 0:
        return 0
    form = np.dtype([("tag", "u2"), ("kind", "u2"), ("count", "u4"), ("place", "u4")])
    entries = np.frombuffer(data, form.newbyteorder(order), count, start + 2)
    sizes = _BYTES_OF_TYPE[entries["kind"]] * entries["count"].astype(np.int64)
    beyond = (sizes > 4) & (at + entries["place"].astype(np.int64) + sizes > len(data))
    read = int(np.argmax(beyond)) if beyond.any() else count
    return int(sizes[:read].sum())


def exif_is_small(exif: bytes) -> bool:
    """Whether the values of EXIF data take few enough bytes to be read."""
    return all(count.number <= count.limit for count in exif_counts(exif))


def exif_counts(data: bytes) -> Iterator[Count]:
    """Count the bytes of the values of whatever in the data looks like EXIF."""
    headers = islice(_TIFF_HEADER.finditer(data), _MOST_HEADERS)
    most = max((bytes_of_values(data, header.start()) for header in headers), default=0)
    yield Count("bytes of EXIF values", most, _MOST_BYTES)
