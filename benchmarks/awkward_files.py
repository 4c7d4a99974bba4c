"""Thirty files as they come with cases, made of rendered people, and what a side makes of them.

The first is a plain photo. Most hold the face of one rendered person in an encoding, a position or
a place that readers trip over; some hold no picture at all, or a picture without a face.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import numpy as np
from peer_process import Outcome
from PIL import Image, ImageCms

from matcher.synthetic import sample_photos

Holds = Literal["face", "no face", "nothing", "part"]
"""What is in a file: the person's face; a picture without one; nothing that can be read; a photo
that is cut off, of which either the person's vector or an error is right."""

PEOPLE, SIZE = 6, 400
RIGHT, REFUSED, WRONG, ENDED = (
    "as it should be",
    "error on a photo that can be read",
    "wrong without an error",
    "process ended",
)
VERDICTS = (RIGHT, REFUSED, WRONG, ENDED)


@dataclass(frozen=True)
class Awkward:
    """A file: its name, what is in it, and its bytes; None for a folder."""

    name: str
    holds: Holds
    data: bytes | None


def people() -> list[Image.Image]:
    """Return the plain photo of each rendered person; the first is in the files."""
    drawn = sample_photos(PEOPLE, (9.0,), seed=3, size=SIZE)
    return [Image.fromarray(one.pixels) for one in drawn]


def awkward(person: Image.Image, other: Image.Image) -> list[Awkward]:
    """Return the thirty files."""
    plain = _saved(person, "JPEG", quality=92)
    return [
        Awkward("plain.jpg", "face", plain),
        *_damaged(person, plain),
        *_encodings(person),
        *_turned(person),
        *_no_pictures(),
        *_placed(person, other, plain),
    ]


def _damaged(person: Image.Image, plain: bytes) -> list[Awkward]:
    png = _saved(person, "PNG")
    return [
        Awkward("cut-in-half.jpg", "part", plain[: len(plain) // 2]),
        Awkward("cut-in-half.png", "part", png[: len(png) // 2]),
        Awkward("only-a-header.jpg", "nothing", plain[:20]),
    ]


def _encodings(person: Image.Image) -> list[Awkward]:
    grey = person.convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    clear, half = person.copy(), grey.copy()
    clear.putalpha(Image.new("L", person.size, 255))
    half.putalpha(Image.new("L", person.size, 255))
    several = {"save_all": True, "append_images": [person.rotate(180), person.rotate(90)]}
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return [
        Awkward("cmyk.jpg", "face", _saved(person.convert("CMYK"), "JPEG")),
        Awkward("grey.jpg", "face", _saved(grey, "JPEG")),
        Awkward(
            "progressive-profile.jpg",
            "face",
            _saved(person, "JPEG", progressive=True, icc_profile=profile),
        ),
        Awkward("16-bits.png", "face", _saved(deep, "PNG")),
        Awkward("palette.png", "face", _saved(person.convert("P"), "PNG")),
        Awkward("alpha.png", "face", _saved(clear, "PNG")),
        Awkward("grey-alpha.png", "face", _saved(half, "PNG")),
        Awkward("animated.gif", "face", _saved(person.convert("P"), "GIF", **several)),
        Awkward("animated.webp", "face", _saved(person, "WEBP", **several)),
        Awkward("pages.tiff", "face", _saved(person, "TIFF", **several)),
        Awkward("phone.avif", "face", _saved(person, "AVIF")),
        Awkward("phone.heic", "face", _heic(person)),
        Awkward("one-bit.png", "face", _saved(person.convert("1"), "PNG")),
    ]


def _turned(person: Image.Image) -> list[Awkward]:
    """Return photos whose pixels lie on a side; EXIF tells of it in two of them."""
    aside, upside = person.rotate(90, expand=True), person.rotate(180)
    return [
        Awkward("turned-by-exif.jpg", "face", _saved(aside, "JPEG", exif=_orientation(6))),
        Awkward("upside-down-by-exif.jpg", "face", _saved(upside, "JPEG", exif=_orientation(3))),
        Awkward("on-its-side.jpg", "face", _saved(aside, "JPEG")),
        Awkward("upside-down.jpg", "face", _saved(upside, "JPEG")),
    ]


def _no_pictures() -> list[Awkward]:
    dot = Image.new("RGB", (1, 1), (128, 128, 128))
    return [
        Awkward("zero-bytes.jpg", "nothing", b""),
        Awkward("text.jpg", "nothing", b"This is a letter, not a photo.\n" * 20),
        Awkward("bomb.png", "nothing", bomb(50_000)),
        Awkward("folder.jpg", "nothing", None),
        Awkward("one-pixel.png", "no face", _saved(dot, "PNG")),
    ]


def _placed(person: Image.Image, other: Image.Image, plain: bytes) -> list[Awkward]:
    """Return photos in which the face is somewhere, and photos with odd names."""
    wide = Image.new("RGB", (12 * SIZE, SIZE), (90, 110, 90))
    wide.paste(person, (10 * SIZE, 0))
    pair = Image.new("RGB", (2 * SIZE, SIZE), (90, 110, 90))
    pair.paste(person, (0, 0))
    pair.paste(other.resize((SIZE // 3, SIZE // 3)), (SIZE + SIZE // 2, SIZE // 2))
    return [
        Awkward("very-wide.jpg", "face", _saved(wide, "JPEG")),
        Awkward("with-a-smaller-face.jpg", "face", _saved(pair, "JPEG")),
        Awkward("Ребёнок 子ども é.jpg", "face", plain),
        Awkward("two\nlines.jpg", "face", plain),
    ]


def write(folder: Path, files: list[Awkward]) -> dict[str, Path]:
    """Write files into a folder, and return the path of each."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for file in files:
        path = folder / file.name
        paths[file.name] = path
        if file.data is None:
            path.mkdir(exist_ok=True)
        else:
            path.write_bytes(file.data)
    return paths


def verdict(file: Awkward, outcome: Outcome, nearest: int | None) -> tuple[str, str]:
    """Return what a side made of a file, in a few words, and one of `VERDICTS`.

    Parameters
    ----------
    nearest
        Which of the rendered people has the nearest plain photo; None without a vector.
    """
    if outcome.ended:
        return f"ended: {outcome.ended}", ENDED
    if outcome.error:
        readable = file.holds == "face"
        return outcome.error, REFUSED if readable else RIGHT
    if outcome.vector is None:
        return "no face", RIGHT if file.holds == "no face" else WRONG
    if file.holds in ("no face", "nothing"):
        return "a vector", WRONG
    return ("the person", RIGHT) if nearest == 0 else ("another person", WRONG)


def bomb(side: int) -> bytes:
    """Return a small PNG that says it is `side` pixels wide and high, of one bit each."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    size = side.to_bytes(4)
    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = chunk(b"IHDR", size + size + bytes([1, 0, 0, 0, 0]))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def _saved(image: Image.Image, encoding: str, **options: Any) -> bytes:
    file = BytesIO()
    image.copy().save(file, encoding, **options)
    return file.getvalue()


def _heic(image: Image.Image) -> bytes:
    import pillow_heif

    file = BytesIO()
    pillow_heif.from_pillow(image).save(file)
    return file.getvalue()
