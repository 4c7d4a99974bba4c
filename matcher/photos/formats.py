"""Tell the encoding of a photo from its first bytes. The file's name is never used."""

from __future__ import annotations

from pathlib import Path

from matcher.errors import PhotoFormatError

_SIGNATURES = (
    (b"\xff\xd8", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"BM", "BMP"),
)
_AVIF_BRANDS = frozenset((b"avif", b"avis"))
_HEIF_BRANDS = frozenset(b"heic heix heim heis hevc hevx hevm hevs mif1 mif2 msf1 miaf".split())


def format_of(data: bytes, path: Path | None) -> str:
    """Return the name of the encoding by the first bytes.

    Raises
    ------
    PhotoFormatError
        If the first bytes match no supported format.
    """
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    brands = _brands(data)
    if not brands.isdisjoint(_AVIF_BRANDS):
        return "AVIF"
    if not brands.isdisjoint(_HEIF_BRANDS):
        return "HEIF"
    raise PhotoFormatError(
        "the photo",
        rule="must be JPEG, PNG, WebP, TIFF, BMP, GIF, HEIC or AVIF, whatever its name",
        got=_found(data),
        next_step="Open it in an image viewer and save it as PNG, or fetch the file again.",
        path=path,
    )


def _found(data: bytes) -> str:
    if data[4:8] == b"ftyp":
        return f"a file of brand {data[8:12].decode('ascii', 'replace').strip()}, such as a film"
    return f"bytes that start with {data[:8].hex(' ')}" if data else "an empty file"


def _brands(data: bytes) -> set[bytes]:
    """Return the major and the compatible brands of a file of ISO/IEC 14496-12, section 4.3.

    The major brand alone does not tell the compression: `mif1` may hold HEVC or AV1.
    """
    if data[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(data[:4]), 256)
    compatible = range(16, end - 3, 4)
    return {data[8:12], *(data[at : at + 4] for at in compatible)}
