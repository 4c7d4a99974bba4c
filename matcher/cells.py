"""One value as the text of a cell, and rows as CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from numbers import Real
from typing import IO, Any, Final

from matcher.paths import shown
from matcher.words import figure, visible

_BLANK: Final = (
    r" \x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xa0\xad\u1680\u2000-\u200f"
    r"\u2028-\u202f\u205f-\u206f\u3000\ufeff"
)
"""Blanks, and characters that cannot be seen; without those at which a cell may be split."""

_SIGN: Final = (
    "[=+\\-@\u207a\u207c\u208a\u208c\ufb29\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20]"
)
"""The signs that begin a formula, and the forms that Unicode takes for the same (NFKC)."""

_AT_START: Final = re.compile(rf"[\t\r\n]|[{_BLANK}\t\r\n]*{_SIGN}")
_INSIDE: Final = re.compile(rf'(?<=[;\t\r\n])(?=[{_BLANK}"]*{_SIGN})')

_ONE_LINE: Final = str.maketrans("\t\n\v\f\r", "     ")

_PLACES: Final = 3
"""Digits after the point in a table; a number that is smaller than they show gets two digits."""


def as_text(value: object) -> str:
    """Return a value as a manifest would hold it: ISO dates, lists as `a;b`, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={as_text(item)}" for key, item in value.items())
    if isinstance(value, Collection) and not isinstance(value, str | bytes):
        return ";".join(map(as_text, value))
    return str(value)


def table_cell(value: object) -> str:
    """Return a value as one line of text for a table, numbers rounded for a reader."""
    if isinstance(value, float):
        small = value != 0 and abs(value) < 0.5 * 10**-_PLACES
        return figure(value) if small else f"{value:.{_PLACES}f}"
    return visible(shown(as_text(value)).translate(_ONE_LINE))


def guarded(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula: an apostrophe stands before the sign.

    A sign begins a formula also after blanks, and in its full-width form. A program that splits
    cells at other places, as many languages do at a semicolon, meets the sign in the middle of a
    text; so an apostrophe stands there too.
    """
    inside = _INSIDE.sub("'", text)
    return f"'{inside}" if _AT_START.match(text) else inside


def write_csv(
    file: IO[str],
    columns: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    line_end: str = "\r\n",
) -> int:
    """Write rows under a header; return the number of texts that got an apostrophe.

    A text from a case file could begin as a formula does. A spreadsheet would run it, so every text
    is `guarded`. Numbers are written as they are, with all digits.
    """
    changed = 0
    writer = csv.writer(file, lineterminator=line_end)
    writer.writerow(columns)
    for row in rows:
        cells = []
        for name in columns:
            value = row.get(name)
            text = as_text(value)
            cell = text if isinstance(value, Real) else guarded(text)
            changed += cell != text
            cells.append(cell)
        writer.writerow(cells)
    return changed
