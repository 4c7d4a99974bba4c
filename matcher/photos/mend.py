"""Rewrite a file that is broken outside its pixels, so that every pixel of it can be read.

Viewers open such files. Nothing here reads a picture of which a pixel is lost: that is the work of
`salvage`. No limit is raised, and Pillow's process-wide switches are left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL.PngImagePlugin import PngImageFile

from matcher.errors import PhotoDamagedError
from matcher.photos.decode import decode
from matcher.photos.png import OF_THE_PIXELS, Chunk, chunks_of, header_of, inflate, written
from matcher.photos.salvage import NOISE, Salvaged
from matcher.photos.source import DecodeLimits, require_pixel_limit
from matcher.photos.structure import require_bytes_for, webp_chunks

_END_OF_IMAGE = b"\xff\xd9"
_ENDINGS = {
    "JPEG": (_END_OF_IMAGE, NOISE + _END_OF_IMAGE),
    "GIF": (bytes(256) + b"\0;", b"\xa5" * 256 + b"\0;"),
}
"""Two different ends. If a picture is the same with both, no pixel of it was in the lost end."""

_NO_LOSS = "no pixel is lost"
_NOT_UPRIGHT = "; its EXIF is lost, the photo may not be upright"
_START_OF_IMAGE, _SCAN, _PROGRESSIVE = 0xD8, 0xDA, 0xC2
_TABLES_AND_FRAMES = frozenset({*range(0xC0, 0xD0), 0xDB, 0xDC, 0xDD} - {0xC8})
_WITH_LENGTH = _TABLES_AND_FRAMES | {*range(0xE0, 0xF0), 0xFE}
_SEGMENTS = (
    (0xE0, b"JFIF\0", 14),
    (0xE1, b"Exif\0\0", 14),
    (0xE2, b"ICC_PROFILE\0", 15),
    (0xEE, b"Adobe", 12),
)
"""Metadata of a JPEG that changes how pixels are read: marker, start, least number of bytes."""

_WEBP_CHUNKS = (b"VP8X", b"ICCP", b"ALPH", b"VP8 ", b"VP8L", b"EXIF")
"""Chunks of a WebP without animation that change how pixels are read, in their order."""
_WEBP_PROFILE, _WEBP_ALPHA, _WEBP_EXIF = 0x20, 0x10, 0x08


def mend(data: bytes, encoding: str, limits: DecodeLimits, path: Path | None) -> Salvaged | None:
    """Return the file without what is broken outside its pixels; None if a pixel may be lost.

    Raises
    ------
    PhotoTooLargeError
        If the header declares more pixels than the limits allow.
    """
    menders: dict[str, Callable[[bytes, DecodeLimits, Path | None], Salvaged | None]] = {
        "GIF": _mend_gif,
        "JPEG": _mend_jpeg,
        "PNG": _mend_png,
        "WEBP": _mend_webp,
    }
    mender = menders.get(encoding)
    return None if mender is None else mender(data, limits, path)


def _mend_gif(data: bytes, limits: DecodeLimits, path: Path | None) -> Salvaged | None:
    return _with_an_end(data, "GIF", limits, path)


def _with_an_end(
    data: bytes, encoding: str, limits: DecodeLimits, path: Path | None
) -> Salvaged | None:
    """Return the file with an end of its own, if every end gives the same picture."""
    one, other = (_pixels(data + end, encoding, limits, path) for end in _ENDINGS[encoding])
    if one is None or other is None or not np.array_equal(one, other):
        return None
    note = f"the {encoding} ends too early, but after its last pixel: {_NO_LOSS}"
    return Salvaged(data + _ENDINGS[encoding][0], note)


def _pixels(
    data: bytes, encoding: str, limits: DecodeLimits, path: Path | None
) -> NDArray[np.uint8] | None:
    try:
        return np.asarray(decode(data, encoding, limits, path).image)
    except PhotoDamagedError:
        return None


def _mend_jpeg(data: bytes, limits: DecodeLimits, path: Path | None) -> Salvaged | None:
    kept = _without_stray_bytes(data)
    if kept is None:
        return None
    note = f"the JPEG has stray bytes or broken metadata, which were left out: {_NO_LOSS}"
    if kept != data and _pixels(kept, "JPEG", limits, path) is not None:
        return Salvaged(kept, note)
    if any(marker == _PROGRESSIVE for marker, _ in _segments(kept)):
        return None  # the last scans may be missing, which no end shows
    ended = _with_an_end(kept, "JPEG", limits, path)
    return ended if ended is None or kept == data else Salvaged(ended.data, f"{note}; {ended.note}")


def _without_stray_bytes(data: bytes) -> bytes | None:
    """Return the JPEG with only those segments that a decoder needs; None if there is no scan."""
    kept = [data[:2]]
    marker = None
    for marker, segment in _segments(data):
        if marker in _TABLES_AND_FRAMES or marker == _SCAN or _is_sound(marker, segment[4:]):
            kept.append(segment)
    return b"".join(kept) if marker == _SCAN else None


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the marker and the bytes of each segment; the last is the first scan with all after it.

    It ends early where a segment is longer than the file, and where another picture begins.
    """
    at = 2
    while 0 <= at < len(data) - 3:
        marker, end = data[at + 1], at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if marker == _SCAN:
            yield marker, data[at:]
            return
        if marker == _START_OF_IMAGE or (marker in _WITH_LENGTH and end > len(data)):
            return
        if marker in _WITH_LENGTH and end >= at + 4:
            yield marker, data[at:end]
            at = end if data[end : end + 1] == b"\xff" else data.find(b"\xff", end)
        else:
            at = data.find(b"\xff", at + 1)


def _is_sound(marker: int, body: bytes) -> bool:
    return any(
        marker == kind and body.startswith(start) and len(body) >= least
        for kind, start, least in _SEGMENTS
    )


def _mend_png(data: bytes, limits: DecodeLimits, path: Path | None) -> Salvaged | None:
    chunks = list(chunks_of(data))
    header = header_of(chunks[0]) if chunks else None
    critical = [chunk for chunk in chunks if chunk.name in (b"IHDR", b"PLTE")]
    needed = {chunk.name for chunk in chunks if chunk.name[:1].isupper()}  # as the standard says
    known = needed <= {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
    if header is None or not known or not all(chunk.intact for chunk in critical):
        return None
    require_pixel_limit(header.size, limits, path)
    require_bytes_for(header.size, len(data), "PNG", path)
    stream = b"".join(chunk.body for chunk in chunks if chunk.name == b"IDAT")
    if sum(map(len, inflate(stream, header.raw_size))) < header.raw_size:
        return None
    others = [chunk for chunk in chunks if chunk.name not in (b"IHDR", b"PLTE", b"IDAT", b"IEND")]
    sound = [chunk for chunk in others if chunk.intact and _opens(critical, chunk)]
    kept = [chunk for chunk in sound if chunk.name in OF_THE_PIXELS]
    names = sorted({chunk.name.decode("latin-1") for chunk in others if chunk not in sound})
    broken = ", ".join(name for name in names if name.isascii() and name.isalpha()) or "its end"
    note = f"the PNG is broken outside its pixels ({broken}): {_NO_LOSS}"
    note += _NOT_UPRIGHT if "eXIf" in names else ""
    return Salvaged(written([*critical, *kept, Chunk(b"IDAT", stream)]), note)


def _opens(critical: list[Chunk], chunk: Chunk) -> bool:
    """Whether Pillow opens a PNG with this chunk, within its limits."""
    try:
        PngImageFile(BytesIO(written([*critical, chunk, Chunk(b"IDAT", b"")])))
    except Exception:  # noqa: BLE001 - hostile bytes can make a decoder raise any exception
        return False
    return True


def _mend_webp(data: bytes, limits: DecodeLimits, path: Path | None) -> Salvaged | None:
    """Write the container of RFC 9649 anew, with the chunks that are whole."""
    del limits, path  # the canvas is that of the file, which was found to be within the limits
    chunks = {name: body for name, body in webp_chunks(data) if name in _WEBP_CHUNKS}
    if (b"VP8 " in chunks) == (b"VP8L" in chunks):
        return None
    note = f"the WebP is broken outside its pixels: {_NO_LOSS}"
    if b"VP8X" in chunks:
        if chunks[b"VP8X"][0] & _WEBP_EXIF and b"EXIF" not in chunks:
            note += _NOT_UPRIGHT
        flags = chunks[b"VP8X"][0] & _WEBP_ALPHA
        flags |= _WEBP_PROFILE * (b"ICCP" in chunks) | _WEBP_EXIF * (b"EXIF" in chunks)
        chunks[b"VP8X"] = bytes([flags]) + chunks[b"VP8X"][1:]
    body = b"WEBP" + b"".join(
        name + len(chunks[name]).to_bytes(4, "little") + chunks[name] + bytes(len(chunks[name]) % 2)
        for name in _WEBP_CHUNKS
        if name in chunks
    )
    return Salvaged(b"RIFF" + len(body).to_bytes(4, "little") + body, note)
