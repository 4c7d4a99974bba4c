"""Read the fields of dates, cameras and programs from EXIF, XMP and the texts of a PNG."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from email.utils import parsedate_to_datetime
from typing import Final

from matcher.photos.dates.capture import Source
from matcher.photos.dates.metadata import COMMENT, CREATION_TIME, SOFTWARE, Metadata
from matcher.photos.structure import TiffEntry, TiffFile
from matcher.words import visible

_MAKE, _MODEL, _SOFTWARE, _CHANGED, _EXIF_DIRECTORY = 0x010F, 0x0110, 0x0131, 0x0132, 0x8769
_ORIGINAL, _DIGITIZED, _COMMENT, _FILE_SOURCE = 0x9003, 0x9004, 0x9286, 0xA300
_OFFSET_OF: Final = {_CHANGED: 0x9010, _ORIGINAL: 0x9011, _DIGITIZED: 0x9012}
_FIELDS: Final = frozenset(
    {_MAKE, _MODEL, _SOFTWARE, _CHANGED, _EXIF_DIRECTORY, _ORIGINAL, _DIGITIZED, _COMMENT}
    | {_FILE_SOURCE, *_OFFSET_OF.values()}
)
_OF_CAPTURE: Final[Mapping[Source, int]] = {
    "EXIF DateTimeOriginal": _ORIGINAL,
    "EXIF DateTimeDigitized": _DIGITIZED,
    "EXIF DateTime": _CHANGED,
}
_CODE_OF_PLACE: Final = {4: "I", 13: "I", 16: "Q", 18: "Q"}
_MOST_BYTES, _MOST_SIGNS, _MOST_XMP = 256, 64, 1024 * 1024
_CHARSET: Final = 8  # bytes before a comment that name its character set

_BLANK: Final = re.compile(r"[0:\-/. TZ+]*")
"""How EXIF says that a date is unknown, and how cameras without a clock write it."""

_MOMENT: Final = re.compile(
    r"(\d{4})[-:./ ](\d\d?)[-:./ ](\d\d?)"
    r"(?:[ T]+(\d\d?):(\d\d?)(?::(\d\d?)(?:[.,]\d+)?)?)?\s*(Z|[-+]\d\d:?\d\d)?",
    re.ASCII,
)
_OFFSET: Final = re.compile(r"([-+])(0\d|1[0-4]):?([0-5]\d)", re.ASCII)

_XMP_DATE: Final = re.compile(
    rb"(?:exif:DateTimeOriginal|photoshop:DateCreated|xmp:CreateDate)"
    rb"(?:\s{0,9}=\s{0,9}[\"']|>)([^\"'<]{0,64})"
)
_XMP_TOOL: Final = re.compile(rb"xmp:CreatorTool(?:\s{0,9}=\s{0,9}[\"']|>)([^\"'<]{0,64})")


@dataclass(frozen=True)
class Moment:
    """What one field says: a day, or None for what is not a date; with time and offset if given."""

    day: date | None
    time: time | None = None
    offset: str | None = None


@dataclass(frozen=True)
class Fields:
    """What a photo says of its dates and its origin. Texts are empty where it says nothing.

    Parameters
    ----------
    moments
        What each field of a date says, the field of the capture first. A blank one is absent.
    make, model
        Maker and model of the camera or scanner.
    programs
        Programs that wrote the file.
    comment
        A remark of the device or program, in lower case.
    file_source
        What made the file: 1 and 2 for scanners, 3 for a digital camera; None if it does not tell.
    """

    moments: Mapping[Source, Moment]
    make: str = ""
    model: str = ""
    programs: tuple[str, ...] = ()
    comment: str = ""
    file_source: int | None = None


def fields_of(metadata: Metadata) -> Fields:
    """Return the fields; nothing is ever raised."""
    exif = _Exif(metadata.exif)
    texts = metadata.texts
    others: dict[Source, Moment | None] = {
        "XMP": _xmp_date(metadata.xmp),
        "PNG text": _png_date(texts),
    }
    moments = dict(exif.moments()) | {name: found for name, found in others.items() if found}
    named = (exif.text(_SOFTWARE), _xmp_tool(metadata.xmp), _tidy(texts.get(SOFTWARE, "")))
    return Fields(
        moments,
        exif.text(_MAKE),
        exif.text(_MODEL),
        tuple(dict.fromkeys(name for name in named if name)),
        f"{exif.comment()} {texts.get(COMMENT, '')[:_MOST_BYTES]}".strip().lower(),
        exif.file_source(),
    )


class _Exif:
    """The wanted tags of the first directory of EXIF data, and of that which it points to."""

    def __init__(self, data: bytes) -> None:
        self._file = TiffFile(data)
        first, _ = self._file.directory(self._file.first, _FIELDS)
        within = self._directory_within(first.get(_EXIF_DIRECTORY))
        self._entries = first | within

    def _directory_within(self, pointer: TiffEntry | None) -> dict[int, TiffEntry]:
        if pointer is None or pointer.kind not in _CODE_OF_PLACE:
            return {}
        (place,) = self._file.unpack(_CODE_OF_PLACE[pointer.kind], pointer.at) or (0,)
        return self._file.directory(place, _FIELDS)[0] if place else {}

    def moments(self) -> Iterator[tuple[Source, Moment]]:
        """Yield what each field of a date says."""
        for source, tag in _OF_CAPTURE.items():
            moment = self._moment(tag)
            if moment is not None:
                yield source, moment

    def _moment(self, tag: int) -> Moment | None:
        if tag not in self._entries:
            return None
        entry = self._entries[tag]
        raw = self._bytes(tag)
        if len(raw) < min(entry.count, _MOST_BYTES):  # its value is not all in the data
            return Moment(None)
        return _parsed(_decoded(raw), self.text(_OFFSET_OF[tag]))

    def text(self, tag: int) -> str:
        return _tidy(_decoded(self._bytes(tag)))

    def comment(self) -> str:
        return _decoded(self._bytes(_COMMENT)[_CHARSET:].replace(b"\0", b""))

    def file_source(self) -> int | None:
        raw = self._bytes(_FILE_SOURCE)[:1]
        return raw[0] if raw else None

    def _bytes(self, tag: int) -> bytes:
        entry = self._entries.get(tag)
        if entry is None:
            return b""
        return self._file.data[entry.at : entry.at + min(entry.count, _MOST_BYTES)]


def _xmp_date(packet: bytes) -> Moment | None:
    found = _XMP_DATE.search(packet, 0, _MOST_XMP)
    return None if found is None else _parsed(_decoded(found[1]))


def _xmp_tool(packet: bytes) -> str:
    found = _XMP_TOOL.search(packet, 0, _MOST_XMP)
    return "" if found is None else _tidy(_decoded(found[1]))


def _png_date(texts: Mapping[str, str]) -> Moment | None:
    text = texts.get(CREATION_TIME, "")[:_MOST_SIGNS]
    found = _parsed(text)
    if found is None or found.day is not None:
        return found
    try:
        moment = parsedate_to_datetime(text)  # the form that the standard of PNG suggests
    except (ValueError, IndexError, TypeError, OverflowError):
        return found
    return Moment(moment.date(), moment.time(), _offset(moment.strftime("%z")))


def _parsed(text: str, offset: str = "") -> Moment | None:
    """Return the moment that a text names; None for a blank one."""
    text = text.strip("\0 \t\r\n")
    if _BLANK.fullmatch(text):
        return None
    found = _MOMENT.fullmatch(text)
    try:
        day = date(*map(int, found.group(1, 2, 3))) if found else None
    except ValueError:
        day = None
    if found is None or day is None:
        return Moment(None)
    own = "+00:00" if found[7] == "Z" else found[7] or ""
    return Moment(day, _time(*found.group(4, 5, 6)), _offset(offset or own))


def _time(hour: str | None, minute: str | None, second: str | None) -> time | None:
    try:
        return None if hour is None else time(int(hour), int(minute or 0), int(second or 0))
    except ValueError:
        return None


def _offset(text: str) -> str | None:
    found = _OFFSET.fullmatch(text.strip())
    return None if found is None else f"{found[1]}{found[2]}:{found[3]}"


def _decoded(raw: bytes) -> str:
    """Return a text up to its first NUL, as UTF-8 or else as Latin-1."""
    whole = raw.partition(b"\0")[0]
    try:
        return whole.decode("utf-8")
    except UnicodeDecodeError:
        return whole.decode("latin-1")


def _tidy(text: str) -> str:
    return visible(" ".join(text.split()))[:_MOST_SIGNS]
