"""Small photos of every encoding, and how a seed spoils one: the inputs of `hostile_photos.py`."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageCms

Mutation = Callable[[bytearray, "Seeds", np.random.Generator], bytearray]
Seeds = dict[str, bytes]

EXTREMES = (
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    12,
    13,
    16,
    255,
    256,
    1000,
    2000,
    9000,
    32767,
    65535,
    2**24 - 1,
    2**31 - 1,
    2**32 - 1,
)
"""Values for a field of length, count or size."""

CHECKED = 0.7
"""Share of the spoilt PNGs whose checksums are right again."""


def seeds() -> Seeds:
    """Return a valid photo of each kind by name; HEIC only where pillow-heif is installed."""
    y, x = np.mgrid[:48, :64]
    planes = np.stack([40 + 3 * x, 200 - 3 * y, 30 + x + 2 * y], axis=-1)
    colour = Image.fromarray(np.clip(planes, 0, 255).astype(np.uint8))
    grey, clear = colour.convert("L"), colour.copy()
    clear.putalpha(grey)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6
    several = {"save_all": True, "append_images": [colour.rotate(180), colour.rotate(90)]}
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    shares = Image.fromarray(np.asarray(grey).astype(np.float32) / 255)
    made = {
        "jpeg": _saved(colour, "JPEG", exif=exif, icc_profile=profile),
        "jpeg progressive": _saved(colour, "JPEG", progressive=True),
        "jpeg cmyk": _saved(colour.convert("CMYK"), "JPEG"),
        "png": _saved(colour, "PNG", exif=exif, icc_profile=profile),
        "png palette": _saved(colour.convert("P"), "PNG", transparency=3),
        "png one bit": _saved(grey.convert("1"), "PNG"),
        "png palette opaque": _saved(colour.convert("P"), "PNG"),
        "png 16 bits": _saved(deep, "PNG"),
        "png transparent": _saved(clear, "PNG"),
        "png animated": _saved(colour, "PNG", **several),
        "webp": _saved(colour, "WEBP", exif=exif),
        "webp lossless": _saved(clear, "WEBP", lossless=True),
        "webp animated": _saved(colour, "WEBP", **several),
        "tiff": _saved(colour, "TIFF", icc_profile=profile),
        "tiff lzw": _saved(colour, "TIFF", compression="tiff_lzw"),
        "tiff jpeg": _saved(colour, "TIFF", compression="jpeg"),
        "tiff fax": _saved(grey.convert("1"), "TIFF", compression="group4"),
        "tiff palette": _saved(colour.convert("P"), "TIFF"),
        "tiff cmyk": _saved(colour.convert("CMYK"), "TIFF", icc_profile=profile),
        "tiff transparent": _saved(clear, "TIFF", compression="tiff_deflate"),
        "tiff floating point": _saved(shares, "TIFF"),
        "tiff pages": _saved(colour, "TIFF", **several),
        "gif": _saved(colour.convert("P"), "GIF", **several),
        "bmp": _saved(colour, "BMP"),
        "bmp palette": _saved(colour.convert("P"), "BMP"),
        "jpeg mpo": _saved(colour, "MPO", **several),
        "avif": _saved(colour, "AVIF", exif=exif),
    }
    return made | _heic(colour)


def _saved(image: Image.Image, encoding: str, **options: Any) -> bytes:
    file = BytesIO()
    image.copy().save(file, encoding, **options)
    return file.getvalue()


def _heic(image: Image.Image) -> Seeds:
    try:
        import pillow_heif
    except ImportError:
        return {}
    file = BytesIO()
    pillow_heif.from_pillow(image).save(file)
    return {"heic": file.getvalue()}


def mutated(photos: Seeds, seed: int, number: int) -> tuple[str, bytes]:
    """Return a name that tells what was done, and the spoilt photo. Same numbers, same bytes."""
    rng = np.random.default_rng((seed, number))
    name = str(rng.choice(list(photos)))
    data, done = bytearray(photos[name]), []
    for _ in range(int(rng.integers(1, 4))):
        mutation = MUTATIONS[int(rng.integers(len(MUTATIONS)))]
        data = mutation(data, photos, rng)
        done.append(mutation.__name__)
    whole = rng.random() < CHECKED
    return f"{number} {name}: {', '.join(done)}", with_checksums(data) if whole else bytes(data)


def with_checksums(data: bytearray) -> bytes:
    """Return the data; if it is a PNG, with the right checksum after every chunk.

    A reader refuses a chunk whose checksum is wrong, so that it would never read the mutation.
    """
    for start, end in _parts(data) if data.startswith(b"\x89PNG") else ():
        if end - start >= 12:
            data[end - 4 : end] = zlib.crc32(data[start + 4 : end - 4]).to_bytes(4)
    return bytes(data)


def flip_bits(data: bytearray, photos: Seeds, rng: np.random.Generator) -> bytearray:
    """Flip some bits, half of the time near the start."""
    del photos
    reach = len(data) if rng.random() < 0.5 else min(len(data), 200)
    for at in rng.integers(0, max(1, reach), int(rng.integers(1, 9))):
        if at < len(data):
            data[at] ^= 1 << int(rng.integers(8))
    return data


def truncate(data: bytearray, photos: Seeds, rng: np.random.Generator) -> bytearray:
    """Cut the end off."""
    del photos
    return data[: int(rng.integers(0, len(data) + 1))]


def duplicate(data: bytearray, photos: Seeds, rng: np.random.Generator) -> bytearray:
    """Repeat a chunk, segment, tag or box, sometimes very often."""
    del photos
    start, end = _a_part(data, rng)
    times = int(rng.choice((1, 2, 50, 3000)))
    return (
        data[:end] + data[start:end] * min(times, 1 + 2_000_000 // max(1, end - start)) + data[end:]
    )


def swap(data: bytearray, photos: Seeds, rng: np.random.Generator) -> bytearray:
    """Exchange two parts."""
    del photos
    (a, b), (c, d) = sorted((_a_part(data, rng), _a_part(data, rng)))
    if b > c:
        return data
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def drop(data: bytearray, photos: Seeds, rng: np.random.Generator) -> bytearray:
    """Leave a part out."""
    del photos
    start, end = _a_part(data, rng)
    return data[:start] + data[end:]


def change_a_field(data: bytearray, photos: Seeds, rng: np.random.Generator) -> bytearray:
    """Write an extreme number at the start of a part: its length, its kind, or its first field."""
    del photos
    start, _ = _a_part(data, rng)
    return _write(data, start + int(rng.integers(0, 12)), rng)


def change_a_dimension(data: bytearray, photos: Seeds, rng: np.random.Generator) -> bytearray:
    """Write an extreme number where a header has 64 or 48: width or height."""
    del photos
    numbers = (64, 48, 63, 47)
    places = [at for at, value in enumerate(data[:400]) if value in numbers]
    return _write(data, int(rng.choice(places or [0])) - int(rng.integers(0, 4)), rng)


def splice(data: bytearray, photos: Seeds, rng: np.random.Generator) -> bytearray:
    """Go on with the bytes of another photo, or put a part of it in."""
    other = bytearray(photos[str(rng.choice(list(photos)))])
    at = int(rng.integers(0, len(data) + 1))
    if rng.random() < 0.5:
        return data[:at] + other[int(rng.integers(0, len(other))) :]
    start, end = _a_part(other, rng)
    return data[:at] + other[start:end] + data[at:]


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits,
    truncate,
    duplicate,
    swap,
    drop,
    change_a_field,
    change_a_dimension,
    splice,
)


def _write(data: bytearray, at: int, rng: np.random.Generator) -> bytearray:
    width = int(rng.choice((1, 2, 4)))
    value = int(rng.choice(EXTREMES)) & (1 << 8 * width) - 1
    at = max(0, min(at, len(data) - width))
    data[at : at + width] = value.to_bytes(width, "big" if rng.random() < 0.5 else "little")
    return data


def _a_part(data: bytearray, rng: np.random.Generator) -> tuple[int, int]:
    """Return start and end of a chunk, segment, tag or box; of some bytes if there is none."""
    found = list(_parts(data))[:5000]
    if found and rng.random() < 0.9:
        return found[int(rng.integers(len(found)))]
    start, end = sorted(int(at) for at in rng.integers(0, len(data) + 1, 2))
    return start, end


def _parts(data: bytearray) -> Iterator[tuple[int, int]]:
    if data.startswith(b"\xff\xd8"):
        yield from _segments(data)
    elif data.startswith((b"II*\0", b"MM\0*")):
        yield from _tags(data)
    elif data.startswith(b"\x89PNG"):
        yield from _sized(data, 8, before=4, more=8, order="big")
    elif data.startswith(b"RIFF"):
        yield from _sized(data, 12, before=8, more=0, order="little")
    elif data[4:8] == b"ftyp":
        yield from _boxes(data, 0, len(data))


def _segments(data: bytearray) -> Iterator[tuple[int, int]]:
    at = 2
    while (at := data.find(b"\xff", at)) >= 0 and at + 4 <= len(data):
        if data[at + 1] in (0, 0xFF):
            at += 2
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        yield at, min(end, len(data))
        at = max(end, at + 2)


def _sized(
    data: bytearray, at: int, *, before: int, more: int, order: str
) -> Iterator[tuple[int, int]]:
    """Yield parts that state their length in four of their first eight bytes."""
    while at + 8 <= len(data):
        field = data[at : at + 4] if before == 4 else data[at + 4 : at + 8]
        end = at + before + more + int.from_bytes(field, "big" if order == "big" else "little")
        yield at, min(end, len(data))
        at = end


def _tags(data: bytearray) -> Iterator[tuple[int, int]]:
    order = "<" if data[:2] == b"II" else ">"
    (start,) = np.frombuffer(data, order + "u4", 1, 4) if len(data) >= 8 else (0,)
    if start and start + 2 <= len(data):
        (count,) = np.frombuffer(data, order + "u2", 1, int(start))
        for at in range(int(start) + 2, min(int(start) + 2 + 12 * int(count), len(data)), 12):
            yield at, min(at + 12, len(data))


def _boxes(data: bytearray, at: int, end: int) -> Iterator[tuple[int, int]]:
    while at + 8 <= end:
        length, name = int.from_bytes(data[at : at + 4]), bytes(data[at + 4 : at + 8])
        if length < 8:
            return
        yield at, min(at + length, end)
        if name in (b"meta", b"iprp", b"ipco", b"iinf", b"iref"):
            skipped = 8 if name in (b"iprp", b"ipco") else 14 if name == b"iinf" else 12
            yield from _boxes(data, at + skipped, min(at + length, end))
        at += length
