"""Find the EXIF, the XMP and the texts in the bytes of a photo. No pixel is decoded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from matcher.photos.dates.boxes import EXIF, XMP, items_of
from matcher.photos.png import SIGNATURE, Chunk, header_of, inflate
from matcher.photos.structure import TiffFile, header_segments, webp_chunks

_APP1 = 0xE1
_EXIF_START, _XMP_START = b"Exif\0", b"http://ns.adobe.com/xap/1.0/\0"
_XMP_TAG = 700
_PNG_XMP, _EXIF_AS_TEXT = "XML:com.adobe.xmp", "Raw profile type exif"
CREATION_TIME, SOFTWARE, COMMENT = "Creation Time", "Software", "Comment"
_KEYWORDS = frozenset({_PNG_XMP, _EXIF_AS_TEXT, CREATION_TIME, SOFTWARE, COMMENT})
"""Texts of a PNG that are read."""


# Bounds on the work that a hostile file can ask for. Those of `DecodeLimits` come on top, if the
# photo is decoded.
_MOST_TEXT, _MOST_PARTS = 1024 * 1024, 131072
_MOST_SEGMENTS, _MOST_STRAY_BYTES = 4096, 65536


@dataclass(frozen=True)
class Metadata:
    """What a photo says of itself beside its pixels.

    Parameters
    ----------
    exif
        EXIF data: the bytes of a TIFF; empty if there is none.
    xmp
        The XMP packet; empty if there is none.
    texts
        Texts of a PNG by keyword, of those that tell of its origin.
    png_size
        (width, height) in pixels, of a PNG.
    """

    exif: bytes = b""
    xmp: bytes = b""
    texts: Mapping[str, str] = field(default_factory=dict)
    png_size: tuple[int, int] | None = None


def metadata_of(data: bytes, encoding: str) -> Metadata:
    """Return the metadata of a photo; nothing is ever raised.

    A GIF and a BMP have none that is read.
    """
    reader = _READERS.get(encoding)
    return Metadata() if reader is None else reader(data)


def _of_jpeg(data: bytes) -> Metadata:
    exif, xmp = b"", b""
    for marker, at in islice(header_segments(data, 0, _MOST_STRAY_BYTES), _MOST_SEGMENTS):
        start = at + 4
        body = (
            data[start : at + 2 + int.from_bytes(data[at + 2 : start])] if marker == _APP1 else b""
        )
        if body.startswith(_EXIF_START):
            exif = exif or body[6:]
        elif body.startswith(_XMP_START):
            xmp = xmp or body[len(_XMP_START) :]
    return Metadata(exif, xmp)


def _of_png(data: bytes) -> Metadata:
    exif, size, texts = b"", None, dict[str, str]()
    for name, body in _png_chunks(data):
        if name == b"IHDR":
            header = header_of(Chunk(name, body))
            size = None if header is None else header.size
        elif name == b"eXIf":
            exif = exif or _without_start(body)
        elif name in _PNG_TEXTS:
            keyword, _, rest = body.partition(b"\0")
            if (word := keyword.decode("latin-1")) in _KEYWORDS and word not in texts:
                texts[word] = _PNG_TEXTS[name](rest)
    if not exif and _EXIF_AS_TEXT in texts:
        exif = _without_start(_bytes_of_digits(texts[_EXIF_AS_TEXT]))
    return Metadata(exif, texts.get(_PNG_XMP, "").encode(), texts, size)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks that are not pixels."""
    at = len(SIGNATURE)
    for _ in range(_MOST_PARTS):
        length, name = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        if len(name) < 4 or name == b"IEND":
            return
        if name != b"IDAT":
            yield name, data[at + 8 : at + 8 + length]
        at += 12 + length


def _plain_text(text: bytes) -> str:
    return text[:_MOST_TEXT].decode("latin-1")


def _packed_text(text: bytes) -> str:
    return _inflated(text[1:]).decode("latin-1")


def _unicode_text(body: bytes) -> str:
    text = body[2:].partition(b"\0")[2].partition(b"\0")[2]
    plain = _inflated(text) if body[:1] == b"\1" else text[:_MOST_TEXT]
    return plain.decode("utf-8", "replace")


_PNG_TEXTS: Mapping[bytes, Callable[[bytes], str]] = {
    b"tEXt": _plain_text,
    b"zTXt": _packed_text,
    b"iTXt": _unicode_text,
}


def _inflated(packed: bytes) -> bytes:
    return b"".join(inflate(packed, _MOST_TEXT))


def _bytes_of_digits(text: str) -> bytes:
    """Return the bytes that ImageMagick wrote as hexadecimal digits, after three lines."""
    try:
        return bytes.fromhex("".join(text.split("\n")[3:]))
    except ValueError:
        return b""


def _of_webp(data: bytes) -> Metadata:
    chunks = dict[bytes, bytes]()
    for name, body in islice(webp_chunks(data), _MOST_PARTS):
        if name in (b"EXIF", b"XMP "):
            chunks.setdefault(name, body)
    return Metadata(_without_start(chunks.get(b"EXIF", b"")), chunks.get(b"XMP ", b""))


def _of_boxes(data: bytes) -> Metadata:
    items = items_of(data)
    exif = items.get(EXIF, b"")
    return Metadata(exif[4 + int.from_bytes(exif[:4]) :], items.get(XMP, b""))


def _of_tiff(data: bytes) -> Metadata:
    file = TiffFile(data)
    entry = file.directory(file.first, (_XMP_TAG,))[0].get(_XMP_TAG)
    xmp = b"" if entry is None else data[entry.at : entry.at + min(entry.count, _MOST_TEXT)]
    return Metadata(data, xmp)


def _without_start(exif: bytes) -> bytes:
    return exif[6:] if exif.startswith(_EXIF_START) else exif


_READERS: Mapping[str, Callable[[bytes], Metadata]] = {
    "AVIF": _of_boxes,
    "HEIF": _of_boxes,
    "JPEG": _of_jpeg,
    "PNG": _of_png,
    "TIFF": _of_tiff,
    "WEBP": _of_webp,
}
