"""The lines of a list of hashes, one at a time, and the hash that each holds.

Anybody can have made such a file. No line is held that is longer than `LONGEST`, and no text of the
file goes anywhere.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, TextIO

from matcher.errors import ExchangeFileError
from matcher.hashes.digests import BYTES

LONGEST: Final = 1 << 16
"""Characters of the longest line that is read; a longer one is malformed."""

_DIGITS: Final = frozenset(2 * count for count in BYTES.values())
_COLUMNS: Final = re.compile(r"(file)?(md5|sha1|sha256|hash)(hash|sum|value|hex)?")
_SEPARATORS: Final = (",", ";", "\t")
_MARKS: Final = {
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"\xef\xbb\xbf": "utf-8-sig",
}
_OTHER_FILES: Final = {
    b"SQLite format 3\0": ("a database of SQLite", "Export its column of hashes as CSV."),
    b"PK\x03\x04": ("a ZIP archive", "Unpack it, and give the list in it."),
    b"\x1f\x8b": ("a gzip archive", "Unpack it, and give the list in it."),
    b"[": ("a list in JSON", "Give a VICS file, which is an object, or one hash a line."),
}


def hashes_of_lines(path: Path) -> Iterator[tuple[int, bytes | None, bool]]:
    """Yield the number of each line, its hash, and whether something in it is malformed."""
    reader = LineReader()
    for number, line in numbered_lines(path):
        yield number, *reader.read(line)


def numbered_lines(path: Path) -> Iterator[tuple[int, str | None]]:
    """Yield the lines of a list from 1, without their ends; None for a line that is too long.

    The text is UTF-8, with or without a byte order mark, or UTF-16. Bytes that are no text are
    replaced: they may stand in names of files, and never in a hash.

    Raises
    ------
    ExchangeFileError
        The file cannot be read, or is of another kind.
    """
    try:
        with path.open("rb") as file:
            start = file.read(64)
        encoding = _encoding(start, path)
        with path.open(encoding=encoding, errors="replace") as text:
            yield from enumerate(_lines(text), start=1)
    except OSError as error:
        raise unusable(path, error.strerror or "a file that cannot be read") from error


def _encoding(start: bytes, path: Path) -> str:
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            return encoding
    for mark, (kind, step) in _OTHER_FILES.items():
        if start.startswith(mark):
            raise unusable(path, kind, step)
    if start[1:2] == b"\0" or start[:1] == b"\0":  # UTF-16 without its mark
        return "utf-16-le" if start[1:2] == b"\0" else "utf-16-be"
    return "utf-8"


def _lines(text: TextIO) -> Iterator[str | None]:
    while line := text.readline(LONGEST):
        if len(line) < LONGEST or line.endswith("\n"):
            yield line
            continue
        while (rest := text.readline(LONGEST)) and not rest.endswith("\n"):
            pass
        yield None


def unusable(path: Path, got: str, step: str = "Check the path.") -> ExchangeFileError:
    """Return the error for a file that is no list of hashes."""
    return ExchangeFileError(
        "the list of hashes",
        rule="a text with one hash a line, a CSV with a column md5, sha1 or sha256, or VICS",
        got=got,
        next_step=step,
        path=path,
    )


class LineReader:
    """Reads the hash of each line. A header, if there is one, says in which columns they stand.

    Without a header the hash is the first cell or word of the line, as `md5sum` and `sha256sum`
    write it. Of several hashes of one file the strongest is taken.
    """

    def __init__(self) -> None:
        self._columns: tuple[int, ...] | None = None
        self._separator = ","
        self._begun = False

    def read(self, line: str | None) -> tuple[bytes | None, bool]:
        """Return the hash of a line, and whether something in it is malformed.

        Neither a comment nor a blank line nor the header has a hash, and none is malformed.
        """
        if line is None:
            return None, True
        line = line.strip()
        if (whole := _digest(line)) is not None:
            self._begun = True
            return whole, False
        if not line or line[0] == "#" or (not self._begun and line.lower().startswith("sep=")):
            return None, False
        if (not self._begun or line.startswith("%%%%")) and self._is_header(line):
            return None, False
        self._begun = True
        if line.startswith("%%%%"):  # the marks of hashdeep
            return None, False
        cells = self._cells(line)
        found = [digest for cell in cells if (digest := _digest(cell)) is not None]
        filled = sum(bool(cell.strip()) for cell in cells)
        return max(found, key=len, default=None), not found or len(found) < filled

    def _is_header(self, line: str) -> bool:
        for separator in _SEPARATORS:
            names = _split(line.removeprefix("%%%%"), separator)
            columns = tuple(place for place, name in enumerate(names) if _is_of_hashes(name))
            if columns:
                self._columns, self._separator, self._begun = columns, separator, True
                return True
        return False

    def _cells(self, line: str) -> Sequence[str]:
        if self._columns is None:
            words = re.split(r"[\s,;]", line.lstrip('\\"'), maxsplit=1)
            return (words[0].strip('"'),)
        cells = _split(line, self._separator)
        return [cells[place] for place in self._columns if place < len(cells)]


def _split(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _is_of_hashes(name: str) -> bool:
    return _COLUMNS.fullmatch(re.sub(r"[^a-z0-9]", "", name.lower())) is not None


def _digest(cell: str) -> bytes | None:
    """Return the bytes of a hash; None for any other text. Its length tells the algorithm."""
    if len(cell) not in _DIGITS and len(cell := cell.strip()) not in _DIGITS:
        return None
    try:
        digest = bytes.fromhex(cell)
    except ValueError:
        return None
    return digest if 2 * len(digest) == len(cell) else None  # blanks may stand between digits
