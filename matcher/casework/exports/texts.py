"""Facts as lines of text, in the words of a language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from matcher.casework.exports.languages import Messages

LONGEST: Final = 2000
"""Most characters of a recorded text that a report shows."""

Line = tuple[str, str]
"""The name of a fact, and the fact."""


def lines(family: str, known: Mapping[str, object], words: Messages) -> Iterator[Line]:
    """Yield the facts that are known, by their names in the language."""
    for name, value in known.items():
        if value is not None and value != "":
            yield words.named(family, name), short(str(value))


def short(text: str) -> str:
    """Return a text cut to `LONGEST` characters, with the number of those that are left out."""
    more = len(text) - LONGEST
    return text if more <= 0 else f"{text[:LONGEST]}… (+{more})"


def moment(at: datetime | None) -> str:
    """Return a time to the second, with its zone; empty for None."""
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S %Z}"
