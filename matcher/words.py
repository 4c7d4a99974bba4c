"""Numbers and texts as a person reads them: counts with nouns, plain figures, no hidden signs."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from typing import Final

_BLANK_LETTERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Characters that Unicode counts as letters or marks, and that show nothing."""


def counted(number: float, one: str, many: str | None = None) -> str:
    """Return a count with its noun, as in "1 lead" and "2 leads".

    Parameters
    ----------
    number
        The count, or a number such as 0.5 of seconds.
    one, many
        The noun for one, and for any other number; `one` with an "s" if it is not given.
    """
    text = figure(number, 6) if isinstance(number, float) else str(number)
    return f"{text} {one if number == 1 else many or one + 's'}"


def some_of(names: Sequence[str], most: int = 5) -> str:
    """Return the first names, and how many more there are, as in "a, b and 3 more"."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def figure(value: float, digits: int = 2) -> str:
    """Return a number with at most that many significant digits, and never with an exponent."""
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    rounded = float(f"{value:.{digits - 1}e}")
    places = digits - 1 - math.floor(math.log10(abs(rounded)))
    text = f"{rounded:.{max(0, places)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def apart(value: float, bound: float, places: int) -> tuple[str, str]:
    """Return two different numbers with as many digits as it takes to tell them apart.

    Parameters
    ----------
    value, bound
        What was found, and what it is compared with.
    places
        Digits after the point that are enough for a reader; more are given only where both would
        read the same.
    """
    texts = f"{value:.{places}f}", f"{bound:.{places}f}"
    if texts[0] == texts[1] and value != bound and math.isfinite(value) and places < 17:
        return apart(value, bound, places + 1)
    return texts


def visible(text: str, keep: str = "") -> str:
    r"""Return a text in which every character without a sign of its own is an escape.

    A terminal obeys control characters, such as the escape that begins a command to it. Marks of
    direction, line separators and characters without a width let a text look like another one. An
    escape shows them, as in `\x1b`, `\u202e` and `\n`. Accented letters, letters of all scripts,
    and blanks stay.

    Parameters
    ----------
    text
        Any text.
    keep
        Characters that stay as they are all the same.
    """
    if text.isprintable() and _BLANK_LETTERS.isdisjoint(text):
        return text
    return "".join(sign if sign in keep or _is_seen(sign) else _escape(sign) for sign in text)


def _is_seen(sign: str) -> bool:
    if sign in _BLANK_LETTERS:
        return False
    return sign.isprintable() or unicodedata.category(sign) == "Zs"


def _escape(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")
