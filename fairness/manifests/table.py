"""The table of a manifest: separator, header and rows, read strictly.

A cell too many, an unclosed quote or a column that stands twice moves values to other columns or
swallows rows. None of them is guessed at: the file or the row is refused.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from fairness.errors import CohortError
from fairness.manifests.cells import age_in_years, is_plain_number
from fairness.manifests.spelling import in_one_form, spelling_remarks
from fairness.manifests.text import read_text, unreadable

ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("file", "path", "image", "filename", "file_name"), "photo"),
        **dict.fromkeys(("subject_id", "identity", "person", "person_id"), "subject"),
        **dict.fromkeys(("dob", "birth_date", "birthdate"), "date_of_birth"),
        "gender": "sex",
        "age": "age_at_capture",
    }
)
"""Other names of columns that people write, and the column that each stands for."""

_AS_ON_DISK: Final = "photo"
_MULTILINE: Final = "note"
"""The column whose cells may hold line breaks. Elsewhere a line break is an unclosed quote."""

_SEPARATORS: Final = (",", ";", "\t")
_END_OF_LINE: Final = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class TableRow:
    """One row of a table.

    Parameters
    ----------
    line
        Number of its last line in the file, from 1.
    cells
        Text by column, without space around it, in Unicode's form NFC. Only paths of photos are as
        they are written, for a path must stay the path on the disk.
    fault
        Why the row cannot be read; empty if it can.
    """

    line: int
    cells: Mapping[str, str]
    fault: str = ""


@dataclass(frozen=True)
class ManifestTable:
    """A table as it was read.

    Parameters
    ----------
    columns
        Names of the columns in the order of the file, aliases resolved. A column that is not known
        has its name as it is written.
    rows
        The rows, without those that are empty.
    remarks
        What a person should know about how the table was read.
    """

    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    remarks: tuple[str, ...] = ()


def read_table(
    path: Path,
    known: Collection[str],
    *,
    required: Sequence[str] = ("photo", "subject"),
    aliases: Mapping[str, str] = ALIASES,
) -> ManifestTable:
    """Read a table, one row for each photo.

    The text is UTF-8, UTF-16 with a byte order mark, or Windows-1252 (which is remarked). The
    separator is a comma, a semicolon or a tab, whichever the first row holds most; a first line
    `sep=;` states it. Known columns may be in capitals, with spaces or hyphens, and have the names
    of `aliases`.

    Parameters
    ----------
    path
        The file.
    known
        Columns with a meaning.
    required
        Those that must be there.
    aliases
        Other names of columns, each with the name of the column.

    Raises
    ------
    CohortError
        There is no file, it is no such text, a quote is not closed, a required column is absent, or
        a column stands twice. A row that breaks a rule has a `fault` instead.
    """
    text, remarks = read_text(path)
    text, separator = _stated_separator(text)
    before = 1 if separator else 0  # the line that states it
    separator = separator or max(_SEPARATORS, key=_END_OF_LINE.split(text, 1)[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = [_column(name, known, aliases) for name in next(reader, [])]
        _check_header(header, known, required, path)
        written = [
            (before + reader.line_num, cells) for cells in reader if any(map(str.strip, cells))
        ]
    except csv.Error as error:
        raise unreadable(path, f"line {before + reader.line_num}: {error}") from error
    rows = tuple(_row(header, cells, line) for line, cells in written)
    columns = tuple(name for name in header if name)
    return ManifestTable(columns, rows, (*remarks, *_remarks(header, written, rows)))


def _stated_separator(text: str) -> tuple[str, str]:
    """Return the text without Excel's first line `sep=;`, and the separator that it states."""
    first, *rest = _END_OF_LINE.split(text, 1)
    stated = first.strip(" \"'")
    if stated.lower().startswith("sep=") and len(stated) == len("sep=") + 1:
        return "".join(rest), stated[-1]
    return text, ""


def _column(name: str, known: Collection[str], aliases: Mapping[str, str]) -> str:
    written = in_one_form(name.strip())
    plain = re.sub(r"[\s-]+", "_", written.lower())
    if plain in aliases:
        return aliases[plain]
    return plain if plain in known else written


def _check_header(
    header: list[str], known: Collection[str], required: Sequence[str], path: Path
) -> None:
    if missing := [name for name in required if name not in header]:
        raise CohortError(
            "the table",
            rule=f"needs the columns {' and '.join(required)}",
            got=f"no column {' and '.join(missing)} in the first row",
            next_step=f"Name them in the first row; known columns are {', '.join(known)}.",
            path=path,
        )
    counts = Counter(name.lower() for name in header if name)
    if twice := [name for name, count in counts.items() if count > 1]:
        raise CohortError(
            "the table",
            rule="has each column once",
            got=f"{' and '.join(twice)} more than once, under this name or another of the same",
            next_step="Delete the column that is wrong.",
            path=path,
        )


def _row(header: list[str], cells: list[str], line: int) -> TableRow:
    by_name = {
        name: cell.strip() if name == _AS_ON_DISK else in_one_form(cell.strip())
        for name, cell in zip(header, cells, strict=False)
        if name
    }
    broken = [n for n, cell in by_name.items() if "\n" in cell and n != _MULTILINE]
    if len(cells) != len(header):
        fault = f"{len(cells)} cells under {len(header)} columns: a separator or a quote is wrong"
        return TableRow(line, by_name, fault)
    if broken:
        return TableRow(line, by_name, f"a line break in {broken[0]}: a quote is not closed")
    return TableRow(line, by_name)


def _remarks(
    header: list[str], written: list[tuple[int, list[str]]], rows: Sequence[TableRow]
) -> Iterator[str]:
    nameless = [place for place, name in enumerate(header) if not name]
    if any(
        cells[place].strip() for _, cells in written for place in nameless if place < len(cells)
    ):
        yield "A column without a heading is not read."
    if "subject" in header:
        place = header.index("subject")
        yield from spelling_remarks(
            (cells[place], row.cells["subject"])
            for (_, cells), row in zip(written, rows, strict=True)
            if not row.fault and row.cells["subject"]
        )
    in_words = [
        text
        for row in rows
        if (text := row.cells.get("age_at_capture", "")) and _is_age_in_words(text)
    ]
    if in_words:
        years = age_in_years(in_words[0])
        yield (
            f"Ages that are not a number of years are read as one: {in_words[0]!r} as {years:.3g}, "
            f"and so on ({len(in_words)} in all)."
        )


def _is_age_in_words(text: str) -> bool:
    try:
        age_in_years(text)
    except ValueError:
        return False
    return not is_plain_number(text)
