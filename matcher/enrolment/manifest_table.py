"""The table of a manifest: text, separator, header and rows, read strictly.

A cell too many, an unclosed quote or a column that stands twice moves values to other columns or
swallows rows. None of them is guessed at: the file or the row is refused.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from matcher.errors import ManifestError
from matcher.words import counted

ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "file": "photo",
        "path": "photo",
        "gender": "sex",
        "dob": "date_of_birth",
        "age": "age_at_capture",
        "subject_id": "subject",
    }
)
"""Other names of columns that people write, and the column that each stands for."""

REQUIRED: Final = ("photo", "subject")
MULTILINE: Final = ("note",)
"""Columns whose cells may hold line breaks. Elsewhere a line break is an unclosed quote."""

_SEPARATORS: Final = (",", ";", "\t")
_ENCODINGS: Final = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class TableRow:
    """One row of a manifest.

    Parameters
    ----------
    line
        Number of its last line in the file, from 1.
    cells
        Text by column, without space around it.
    fault
        Why the row cannot be read; empty if it can.
    """

    line: int
    cells: Mapping[str, str]
    fault: str = ""


@dataclass(frozen=True)
class ManifestTable:
    """The rows of a manifest, and the columns that nobody reads."""

    rows: tuple[TableRow, ...]
    unknown: tuple[str, ...]


def read_table(path: Path, known: tuple[str, ...]) -> ManifestTable:
    """Read the table of a manifest.

    The text is UTF-8, or UTF-16 with a byte order mark. The separator is a comma, a semicolon or a
    tab, whichever the first row holds most; a first line `sep=;` states it. Columns may be in
    capitals, and have the names of `ALIASES`.

    Parameters
    ----------
    path
        The file.
    known
        Columns that are read; others are counted among the unknown ones.

    Raises
    ------
    ManifestError
        There is no file, it is no such text, a quote is not closed, a required column is absent, or
        a known column stands twice.
    """
    text, separator = _stated_separator(_text(path))
    before = 1 if separator else 0  # the line that states it
    first = text.partition("\n")[0]
    separator = separator or max(_SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = [_column(name) for name in next(reader, [])]
        _check_header(header, known, path)
        rows = tuple(
            _row(header, cells, before + reader.line_num)
            for cells in reader
            if any(cell.strip() for cell in cells)
        )
    except csv.Error as error:
        raise unreadable(path, f"line {before + reader.line_num}: {error}") from error
    return ManifestTable(rows, tuple(name for name in header if name and name not in known))


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        for mark, encoding in _ENCODINGS:
            if data.startswith(mark):
                return data.decode(encoding)
        return data.decode("utf-8-sig")
    except OSError as error:
        raise unreadable(path, error.strerror or type(error).__name__) from error
    except UnicodeDecodeError as error:
        raise unreadable(path, f"{error}; save the table as CSV UTF-8") from error


def _stated_separator(text: str) -> tuple[str, str]:
    """Return the text without Excel's first line `sep=;`, and the separator that it states."""
    first, _, rest = text.partition("\n")
    stated = first.strip()
    if stated.lower().startswith("sep=") and len(stated) == len("sep=") + 1:
        return rest, stated[-1]
    return text, ""


def _column(name: str) -> str:
    plain = name.strip().lower().replace(" ", "_")
    return ALIASES.get(plain, plain)


def _check_header(header: list[str], known: tuple[str, ...], path: Path) -> None:
    if missing := [name for name in REQUIRED if name not in header]:
        raise ManifestError(
            "manifest",
            rule="needs the columns photo and subject",
            got=f"no column {' and '.join(missing)}",
            next_step=f"Name them in the first row; known columns are {', '.join(known)}.",
            path=path,
        )
    if twice := [name for name, count in Counter(header).items() if count > 1 and name in known]:
        raise ManifestError(
            "manifest",
            rule="has each column once",
            got=f"{' and '.join(twice)} more than once, under this name or another of the same",
            next_step="Delete the column that is wrong.",
            path=path,
        )


def _row(header: list[str], cells: list[str], line: int) -> TableRow:
    by_name = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
    broken = [n for n, cell in by_name.items() if "\n" in cell and n not in MULTILINE]
    if len(cells) != len(header):
        sizes = f"{counted(len(cells), 'cell')} under {counted(len(header), 'column')}"
        fault = f"{sizes}: a separator or a quote is wrong"
        return TableRow(line, by_name, fault)
    if broken:
        return TableRow(line, by_name, f"a line break in {broken[0]}: a quote is not closed")
    return TableRow(line, by_name)


def unreadable(path: Path, got: str) -> ManifestError:
    """Return the error for something that cannot be enrolled as a whole."""
    return ManifestError(
        "what to enrol",
        rule="a CSV manifest in UTF-8, or a folder with one sub-folder of photos for each subject",
        got=got,
        next_step="Check the path.",
        path=path,
    )
