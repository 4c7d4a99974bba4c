"""The chunks of a PNG (ISO/IEC 15948), read from a file that may be damaged, and written anew."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"

OF_THE_PIXELS = (b"tRNS", b"iCCP", b"eXIf")
"""Ancillary chunks that change how pixels are read: transparency, colour, direction."""

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ADAM7 = (
    (0, 8, 0, 8),
    (4, 8, 0, 8),
    (0, 4, 4, 8),
    (2, 4, 0, 4),
    (0, 2, 2, 4),
    (1, 2, 0, 2),
    (0, 1, 1, 2),
)


@dataclass(frozen=True)
class Chunk:
    """One chunk: its name, its content as far as it is there, and whether its checksum holds."""

    name: bytes
    body: bytes
    intact: bool = True


@dataclass(frozen=True)
class Header:
    """The fields of IHDR."""

    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.width, self.height

    @property
    def raw_size(self) -> int:
        """Number of bytes of the rows before compression, filter bytes included."""
        passes = [(self.width, self.height)]
        if self.interlaced:
            passes = [
                (-(-(self.width - x) // dx), -(-(self.height - y) // dy))
                for x, dx, y, dy in _ADAM7
                if self.width > x and self.height > y
            ]
        bits = self.depth * _CHANNELS[self.colour]
        return sum(rows * (1 + -(-columns * bits // 8)) for columns, rows in passes)


def chunks_of(data: bytes) -> Iterator[Chunk]:
    """Yield the chunks in order, up to the end of the picture or of the bytes."""
    at = len(SIGNATURE)
    while at + 8 <= len(data):
        length, name = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + length]
        checksum = data[at + 8 + length : at + 12 + length]
        yield Chunk(name, body, checksum == zlib.crc32(name + body).to_bytes(4))
        if name == b"IEND":
            return
        at += 12 + length


def header_of(chunk: Chunk) -> Header | None:
    """Return the fields of a header; None if it makes no sense."""
    if chunk.name != b"IHDR" or len(chunk.body) != 13:
        return None
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunk.body)
    if colour not in _CHANNELS or width * height == 0:
        return None
    return Header(width, height, depth, colour, bool(interlaced))


def written(chunks: Iterable[Chunk]) -> bytes:
    """Return a PNG of these chunks, with their checksums and an end."""
    return SIGNATURE + b"".join(map(_bytes_of, (*chunks, Chunk(b"IEND", b""))))


def _bytes_of(chunk: Chunk) -> bytes:
    checksum = zlib.crc32(chunk.name + chunk.body)
    return len(chunk.body).to_bytes(4) + chunk.name + chunk.body + checksum.to_bytes(4)


def inflate(compressed: bytes, limit: int) -> Iterator[bytes]:
    """Decompress up to the first error or the end, at most `limit` bytes, in pieces."""
    stream = zlib.decompressobj()
    for at in range(0, len(compressed), 256):
        if limit == 0 or stream.eof:  # after its end, each piece would copy all that is left over
            return
        try:
            piece = stream.decompress(compressed[at : at + 256], limit)
        except zlib.error:
            return
        limit -= len(piece)
        yield piece
