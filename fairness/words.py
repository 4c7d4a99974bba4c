"""Counts and bounds as a person reads them."""

from __future__ import annotations

import math


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
