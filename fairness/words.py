"""Counts, bounds and texts as a person reads them."""

from __future__ import annotations

import math
import unicodedata
from typing import Final

import numpy as np

_BLANK_LETTERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Characters that Unicode counts as letters or marks, and that show nothing."""


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun, as in "1 subject" and "1,002 subjects".

    Parameters
    ----------
    number
        The count.
    one, many
        The noun for one, and for any other number; `one` with an "s" if it is not given.
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def figure(value: float, digits: int = 3) -> str:
    """Return a number with at most that many significant digits, and never with an exponent."""
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    rounded = float(f"{value:.{digits - 1}e}")
    places = digits - 1 - math.floor(math.log10(abs(rounded)))
    text = f"{rounded:.{max(0, places)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def exact_threshold(value: float) -> str:
    """Return the shortest text of a threshold that sets the same threshold when it is typed.

    Scores and thresholds are compared in float32. A rounded text would be another threshold.

    Parameters
    ----------
    value
        The threshold; any number.
    """
    exact = np.float32(value) + np.float32(0)  # no minus before a zero
    if exact == 0 or not np.isfinite(exact) or 1e-4 <= abs(exact) < 1e9:
        return np.format_float_positional(exact, unique=True, trim="-")
    return np.format_float_scientific(exact, unique=True, trim="-")


def apart(value: float, bound: float, digits: int = 3) -> str:
    """Return a value with enough significant digits to be told from a bound that it was held to.

    Parameters
    ----------
    value, bound
        What was found, and what it was compared with.
    digits
        Enough for a reader; more are given only while both would read the same.
    """
    while digits < 17 and value != bound and figure(value, digits) == figure(bound, digits):
        digits += 1
    return figure(value, digits)


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
