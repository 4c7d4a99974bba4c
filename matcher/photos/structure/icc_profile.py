"""Compare what the tags of an ICC profile claim to hold with the bytes that they have.

Little CMS makes room for as many texts and table entries as a tag claims, before it reads them. A
profile of a few hundred bytes could take gigabytes. The layouts are those of ICC.1:2022.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from typing import Final

_HEADER: Final = 128
_MOST_TAGS: Final = 100
"""As many as Little CMS reads."""


def require_sound_profile(profile: bytes) -> None:
    """Raise ValueError if a tag lies outside the profile, or claims more than its bytes can hold.

    Multi-process elements (`mpet`), which hardly any profile has, are refused too: their tables
    are nested too deeply to be looked through.
    """
    for tag in _tags(profile):
        if _bytes_claimed(tag) > len(tag):
            raise ValueError(f"an ICC tag of type {tag[:4]!r} claims more than it holds")


def _tags(profile: bytes) -> Iterator[bytes]:
    (count,) = _numbers(">I", profile, _HEADER)
    if count > _MOST_TAGS:
        raise ValueError(f"{count} tags in an ICC profile")
    for number in range(count):
        offset, size = _numbers(">II", profile, _HEADER + 8 + 12 * number)
        if size < 8 or offset + size > len(profile):
            raise ValueError("an ICC tag lies outside its profile")
        yield profile[offset : offset + size]


def _bytes_claimed(tag: bytes) -> int:
    """Return how many bytes a tag must have for what it claims to hold, at the least."""
    kind = tag[:4]
    if kind == b"mpet":
        raise ValueError("an ICC profile with multi-process elements")
    if kind == b"mluc":
        (texts,) = _numbers(">I", tag, 8)
        return 16 + 12 * texts
    if kind == b"ncl2":
        colours, channels = _numbers(">II", tag, 12)
        return 84 + colours * (38 + 2 * channels)
    if kind in (b"mft1", b"mft2"):
        inputs, outputs, points = _numbers(">BBB", tag, 8)
        entries = math.prod([points] * inputs) * outputs
        return (48 if kind == b"mft1" else 52) + int(kind[3:]) * entries
    if kind in (b"mAB ", b"mBA "):
        return _bytes_of_table(tag)
    return 8


def _bytes_of_table(tag: bytes) -> int:
    inputs, outputs = _numbers(">BB", tag, 8)
    (place,) = _numbers(">I", tag, 24)
    if not place:
        return 32
    points = _numbers(">16B", tag, place)[:inputs]
    (width,) = _numbers(">B", tag, place + 16)
    return int(place + 20 + width * math.prod(points) * outputs)


def _numbers(form: str, data: bytes, at: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(form, data, at)
    except struct.error as error:
        raise ValueError("an ICC profile ends too early") from error
