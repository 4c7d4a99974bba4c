"""Ages and days as people write them."""

from __future__ import annotations

import re
from datetime import date

DAYS_PER_YEAR = 365.2425
"""Mean days of a year of the Gregorian calendar."""

_PER_YEAR = {"y": 1.0, "m": 12.0, "w": DAYS_PER_YEAR / 7, "d": DAYS_PER_YEAR}
_NUMBER = r"(\d+(?:[.,]\d+)?)\s*"
_PARTS = (
    rf"(?:{_NUMBER}(?:y|yrs?|years?))?",
    rf"(?:{_NUMBER}(?:m|mos?|mths?|months?))?",
    rf"(?:{_NUMBER}(?:w|wks?|weeks?))?",
    rf"(?:{_NUMBER}(?:d|days?))?",
)
_IN_WORDS = re.compile(r"[\s,]*".join(_PARTS), re.IGNORECASE)
_NO_DAY = re.compile(r"\d{4}(-\d{2})?")
_MIDNIGHT = re.compile(r"[ T]00:00(:00(\.0+)?)?$")


def age_in_years(text: str) -> float:
    """Return an age in years: `7`, `7.5`, `7,5`, `3 months`, `18 mo`, `2y 6m`, `6 weeks`.

    A month is the twelfth part of a year, and a year has 365.2425 days.

    Raises
    ------
    ValueError
        It is no such age. Ranges such as 3-4 are none.
    """
    if is_plain_number(number := text.replace(",", ".")):
        return float(number)
    found = _IN_WORDS.fullmatch(text.strip())
    numbers = found.groups() if found else ()
    if not any(numbers):
        raise ValueError(text)
    parts = zip(numbers, _PER_YEAR.values(), strict=True)
    return sum(float(n.replace(",", ".")) / per_year for n, per_year in parts if n)


def is_plain_number(text: str) -> bool:
    """Tell whether a text is a number, with a point before its fraction."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def calendar_day(text: str) -> date:
    """Return a day as ISO 8601 writes it, 2019-05-28. Midnight may follow, as pandas writes it.

    Raises
    ------
    ValueError
        It is no such day. The message is what was found, with advice where there is any.
    """
    try:
        return date.fromisoformat(_MIDNIGHT.sub("", text))
    except ValueError as error:
        raise ValueError(_no_day(text)) from error


def _no_day(text: str) -> str:
    if _NO_DAY.fullmatch(text):
        return f"{text!r}, which names no day: leave it empty, and write age_at_capture instead"
    return repr(text)
