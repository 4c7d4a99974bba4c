"""Read the entries of a VICS file one at a time, whatever else the file holds.

Fields and structure follow public descriptions of VICS 2.0, the JSON of Project VIC: an object with
a list `value`, of cases with a list `Media` or of media directly.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from matcher.errors import ExchangeFileError
from matcher.hashes.digests import Algorithm, is_hash
from matcher.strict_reading import object_of, strict_decoder

LARGEST: Final = 512 * 1024 * 1024
"""Bytes of the largest file that is read. Its text is held in memory, its entries are not."""

SUBJECT_FIELDS: Final = ("Comments", "Series", "Tags")
"""Free texts of an entry that may hold the identifier of a subject."""

_READ: Final = frozenset({"MediaID", "MD5", "SHA1", "RelativeFilePath", "MediaFiles", "MimeType"})
_BLANK: Final = re.compile(r"[ \t\r\n]*")
_MARKS: Final = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True)
class VicsMedia:
    """What an entry says of a photo.

    Parameters
    ----------
    number
        Its place in the file, from 1.
    media_id
        `MediaID` as text; empty if there is none.
    md5, sha1
        Lower-case hexadecimal digits; None where there is none, or something else.
    names
        Names of the file, without folders, in small letters.
    is_video
        Whether `MimeType` says so.
    texts
        The free texts of `SUBJECT_FIELDS`, without space around them.
    """

    number: int
    media_id: str
    md5: str | None
    sha1: str | None
    names: frozenset[str]
    is_video: bool
    texts: Mapping[str, str]


def vics_media(path: Path, unread: Counter[str]) -> Iterator[VicsMedia]:
    """Yield the entries of a file; count in `unread` the fields that hold something else.

    Raises
    ------
    ExchangeFileError
        The file cannot be read, is larger than `LARGEST`, is not JSON (the message names line and
        column), or has no list `value`.
    """
    text = _text_of(path)
    try:
        for number, entry in enumerate(_entries(_Scanner(text), unread), start=1):
            yield _media(number, entry, unread)
    except json.JSONDecodeError as error:
        got = f"{error.msg} in line {error.lineno}, column {error.colno}"
        raise _unusable(path, got) from error


def hashes_of_vics(path: Path) -> Iterator[tuple[int, bytes | None, bool]]:
    """Yield the number of each entry, its strongest hash, and whether it has none.

    Raises
    ------
    ExchangeFileError
        As `vics_media`.
    """
    for entry in vics_media(path, Counter()):
        digits = entry.sha1 or entry.md5
        yield entry.number, bytes.fromhex(digits) if digits else None, digits is None


def looks_like_vics(path: Path) -> bool:
    """Return whether a file begins as an object of JSON does."""
    try:
        with path.open("rb") as file:
            return file.read(64).lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1] == b"{"
    except OSError:
        return False  # whoever reads it says why it cannot be read


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise _unusable(path, f"more than {LARGEST >> 20} MiB", "Split it by cases.")
        data = path.read_bytes()
        return data.decode(_MARKS.get(data[:2], "utf-8-sig"))
    except OSError as error:
        raise _unusable(path, error.strerror or "a file that cannot be read") from error
    except UnicodeDecodeError as error:
        got = f"bytes that are no text in UTF-8, from byte {error.start + 1}"
        raise _unusable(path, got) from error


def _unusable(path: Path, got: str, step: str = "Export it again where it comes from.") -> Any:
    return ExchangeFileError(
        "the VICS file",
        rule="an object of JSON with a list `value` of cases or media, as in VICS 2.0",
        got=got,
        next_step=step,
        path=path,
    )


def _entries(scan: _Scanner, unread: Counter[str]) -> Iterator[dict[str, Any]]:
    """Yield each entry of media, and drop it before the next one is read."""
    has_value = False
    for name in scan.members():
        if name == "value":
            has_value = True
            for _ in scan.elements():
                yield from _entries_of_case(scan, unread)
        elif scan.value() and name not in ("@odata.context", "odata.metadata"):
            unread[name] += 1
    scan.end()
    if not has_value:
        raise scan.fault("no list `value`")


def _entries_of_case(scan: _Scanner, unread: Counter[str]) -> Iterator[dict[str, Any]]:
    start = scan.at
    case: dict[str, Any] = {}
    is_case = False
    for name in scan.members():
        if name == "Media":
            is_case = True
            for _ in scan.elements():
                yield scan.object()
        elif name in case:
            raise scan.fault("a name that stands twice", start)
        else:
            case[name] = scan.value()
    if is_case:
        unread.update(f"case {name}" for name, value in case.items() if _holds(value))
    else:
        yield case


def _holds(value: object) -> bool:
    return value not in (None, "", [], {})


def _media(number: int, entry: Mapping[str, Any], unread: Counter[str]) -> VicsMedia:
    known = (*_READ, *SUBJECT_FIELDS)
    unread.update(name for name, value in entry.items() if name not in known and _holds(value))
    files = [one for one in _list(entry.get("MediaFiles")) if isinstance(one, dict)]
    unread.update(
        f"MediaFiles {name}"
        for one in files
        for name, value in one.items()
        if name != "FileName" and _holds(value)
    )
    paths = [entry.get("RelativeFilePath"), *(one.get("FileName") for one in files)]
    return VicsMedia(
        number,
        _text(entry.get("MediaID")),
        _digits("md5", entry.get("MD5")),
        _digits("sha1", entry.get("SHA1")),
        frozenset(re.split(r"[\\/]", _text(one))[-1].lower() for one in paths) - {""},
        _text(entry.get("MimeType")).lower().startswith("video"),
        {name: _text(entry.get(name)) for name in SUBJECT_FIELDS},
    )


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    """Return a text, a number, or a list of them as text; nothing for anything else."""
    parts = value if isinstance(value, list) else [value]
    plain = [one for one in parts if isinstance(one, str | int) and not isinstance(one, bool)]
    return ", ".join(filter(None, (str(one).strip() for one in plain)))


def _digits(name: Algorithm, value: object) -> str | None:
    text = _text(value).lower()
    return text if is_hash(text, name) else None


class _Scanner:
    """Walks through a text of JSON. `members` and `elements` stop before each value."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._decoder = strict_decoder()
        self.at = 0
        self._skip()

    def value(self) -> Any:
        """Read one value."""
        start = self.at
        try:
            found, self.at = self._decoder.raw_decode(self._text, start)
        except json.JSONDecodeError:
            raise
        except ValueError as error:  # what the strict decoder refuses
            raise self.fault(str(error), start) from error
        except RecursionError as error:
            raise self.fault("lists and objects nested too deep", start) from error
        self._skip()
        return found

    def object(self) -> dict[str, Any]:
        """Read one value that is an object."""
        if self._next() != "{":
            raise self.fault("no {")
        return object_of(self.value())

    def members(self) -> Iterator[str]:
        """Yield the name of each member of an object; the caller reads its value."""
        self._take("{")
        while not self._takes("}"):
            name = self.value() if self._next() == '"' else None
            if not isinstance(name, str):
                raise self.fault("no name in quotes")
            self._take(":")
            yield name
            self._go_on("}")

    def elements(self) -> Iterator[None]:
        """Stop before each element of a list; the caller reads it."""
        self._take("[")
        while not self._takes("]"):
            yield
            self._go_on("]")

    def end(self) -> None:
        """Refuse anything behind the last value."""
        if self.at < len(self._text):
            raise self.fault("more text behind the end")

    def fault(self, got: str, at: int | None = None) -> json.JSONDecodeError:
        """Return an error for what stands here."""
        return json.JSONDecodeError(got, self._text, self.at if at is None else at)

    def _next(self) -> str:
        return self._text[self.at : self.at + 1]

    def _skip(self) -> None:
        if found := _BLANK.match(self._text, self.at):
            self.at = found.end()

    def _takes(self, sign: str) -> bool:
        if self._next() != sign:
            return False
        self.at += 1
        self._skip()
        return True

    def _take(self, sign: str) -> None:
        if not self._takes(sign):
            raise self.fault(f"no {sign}")

    def _go_on(self, end: str) -> None:
        """Pass the comma between two parts; the end of the whole is left for the caller."""
        if self._next() != end:
            self._take(",")
            if self._next() == end:
                raise self.fault("a comma before the end")
