"""One value as the text of a cell, and rows as CSV."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import IO, Any, Final

from matcher.words import figure

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""First characters of a text that a spreadsheet would run as a formula."""

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
    text = as_text(value)
    return "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in text)


def write_csv(file: IO[str], columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> int:
    """Write rows under a header; return the number of texts that got an apostrophe.

    A text from a case file could begin as a formula does. A spreadsheet would run it, so it gets an
    apostrophe before it. Numbers are written as they are, with all digits.
    """
    guarded = 0
    writer = csv.writer(file)
    writer.writerow(columns)
    for row in rows:
        cells = []
        for name in columns:
            value = row.get(name)
            text = as_text(value)
            if text.startswith(FORMULA) and not isinstance(value, int | float):
                guarded += 1
                text = f"'{text}"
            cells.append(text)
        writer.writerow(cells)
    return guarded
