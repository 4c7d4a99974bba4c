"""The position at which a photo was taken. Nothing reads it unless it is asked for by name."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.photos.structure import TiffEntry, TiffFile

_POSITION = 0x8825
_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE = 1, 2, 3, 4
_LONG, _RATIONAL = 4, 5
_DIGITS = 6  # about a tenth of a metre


@dataclass(frozen=True)
class Position:
    """A place on Earth, as the receiver of the camera had it.

    Parameters
    ----------
    latitude
        In degrees, in [-90, 90], north above 0.
    longitude
        In degrees, in [-180, 180], east above 0.
    """

    latitude: float
    longitude: float


def position_of(exif: bytes) -> Position | None:
    """Return the position in EXIF data; None if there is none, or none that exists."""
    file = TiffFile(exif)
    pointer = file.directory(file.first, (_POSITION,))[0].get(_POSITION)
    if pointer is None or pointer.kind != _LONG:
        return None
    (place,) = file.unpack("I", pointer.at) or (0,)
    entries, _ = file.directory(place, (_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE))
    latitude = _degrees(file, entries, _LATITUDE, _LATITUDE_REF, b"S")
    longitude = _degrees(file, entries, _LONGITUDE, _LONGITUDE_REF, b"W")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return Position(round(latitude, _DIGITS), round(longitude, _DIGITS))


def _degrees(
    file: TiffFile, entries: dict[int, TiffEntry], tag: int, ref: int, negative: bytes
) -> float | None:
    entry, sign = entries.get(tag), entries.get(ref)
    if entry is None or sign is None or (entry.kind, entry.count) != (_RATIONAL, 3):
        return None
    parts = file.unpack("6I", entry.at)
    if not parts or 0 in parts[1::2]:
        return None
    degrees, minutes, seconds = (parts[at] / parts[at + 1] for at in (0, 2, 4))
    value = degrees + minutes / 60 + seconds / 3600
    return -value if file.data[sign.at : sign.at + 1].upper() == negative else value
