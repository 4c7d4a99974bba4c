"""The directories of a TIFF, a BigTIFF, or EXIF data, whose form is that of a TIFF."""

from __future__ import annotations

import struct
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

_BYTES_OF_TYPE = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_BYTES_OF_TYPE |= {13: 4, 16: 8, 17: 8, 18: 8, 129: 1}

_MOST_TAGS = 512
"""A bound on the work that a hostile file can ask for. Cameras and scanners stay far below."""


@dataclass(frozen=True)
class TiffEntry:
    """One tag: its bytes in the directory, its type, and the number and place of its values."""

    stored: bytes
    kind: int
    count: int
    at: int


@dataclass(frozen=True)
class TiffFile:
    """The bytes of a TIFF or BigTIFF."""

    data: bytes

    @cached_property
    def order(self) -> str:
        """The order of bytes, as `struct` writes it."""
        return "<" if self.data[:2] == b"II" else ">"

    @cached_property
    def big(self) -> bool:
        """Whether it is a BigTIFF."""
        return self.unpack("H", 2) == (43,)

    @property
    def first(self) -> int:
        """Place of the first directory, 0 for none."""
        (place,) = (self.unpack("Q", 8) if self.big else self.unpack("I", 4)) or (0,)
        return place

    def unpack(self, form: str, at: int) -> tuple[int, ...]:
        """Return the numbers at a place; empty if they are not all in the file."""
        form = self.order + form
        if at + struct.calcsize(form) > len(self.data):
            return ()
        return struct.unpack_from(form, self.data, at)

    def directory(self, at: int, wanted: Collection[int]) -> tuple[dict[int, TiffEntry], int]:
        """Return the wanted tags of a directory, and the place of the next one, 0 for none."""
        head, size, inline = ("Q", 20, 8) if self.big else ("H", 12, 4)
        count = (self.unpack(head, at) or (0,))[0]
        start = at + struct.calcsize(head)
        whole = min(count, _MOST_TAGS, max(0, len(self.data) - start) // size)
        entries: dict[int, TiffEntry] = {}
        for place in range(start, start + whole * size, size):
            tag, kind, number = self.unpack("HHQ" if self.big else "HHI", place)
            if tag in wanted and tag not in entries:
                value = place + size - inline
                if number * _BYTES_OF_TYPE.get(kind, inline + 1) > inline:
                    (value,) = self.unpack("Q" if self.big else "I", value)
                entries[tag] = TiffEntry(self.data[place : place + size], kind, number, value)
        following = self.unpack("Q" if self.big else "I", start + count * size)
        return entries, (following or (0,))[0]
