"""Numbers as text for a reader: shares as per cent, intervals as precise as their estimate."""

from __future__ import annotations

import math

from fairness.tables import Unit, Value
from fairness.words import exact_threshold

NONE = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_PERCENT = "\N{NO-BREAK SPACE}%"


def decimals_for(share: float) -> int:
    """Return the number of decimals of a share written as per cent, from 1 to 7.

    It shows two significant digits of the share or of its complement, whichever is smaller.
    """
    small = min(share, 1 - share) if 0 < share < 1 else 0.0
    if small == 0:
        return 1
    return min(7, max(1, 1 - math.floor(math.log10(100 * small))))


def percent(share: float, decimals: int | None = None) -> str:
    """Write a share as per cent.

    Parameters
    ----------
    share
        Usually in [0, 1]; a difference of shares may be negative.
    decimals
        Number of decimals; by default enough to show two significant digits. More are used if a
        share would otherwise be written as 0 or 100 although it is neither.
    """
    if share in (0, 1):
        return f"{100 * share:.0f}{_PERCENT}"
    places = decimals_for(abs(share)) if decimals is None else decimals
    if decimals is not None and abs(share) < 1 and _rounds_off(share, places):
        places = decimals_for(abs(share))
    return f"{100 * share:,.{places}f}{_PERCENT}".replace("-", _MINUS)


def short_percent(share: float) -> str:
    """Write a share as per cent without trailing zeros, for an axis."""
    return _trimmed(without_sign(percent(share))) + _PERCENT


def without_sign(text: str) -> str:
    """Return a written share without its per cent sign."""
    return text.removesuffix(_PERCENT)


def _trimmed(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


def _rounds_off(share: float, places: int) -> bool:
    return round(100 * abs(share), places) in (0, 100)


def percent_interval(low: float, high: float, estimate: float) -> str:
    """Write an interval of shares with the decimals of its estimate."""
    places = decimals_for(abs(estimate)) if estimate not in (0, 1) else None
    return f"{without_sign(percent(low, places))} to {percent(high, places)}"


def one_in(share: float) -> str:
    """Write a share as "1 in N"; "" if the share is 0 or above a half."""
    if not 0 < share <= 0.5:
        return ""
    times = 1 / share
    digits = max(0, math.floor(math.log10(times)) - 1)
    return f"1 in {round(times, -digits):,.0f}"


def interval(low: float, high: float, centre: float, unit: Unit) -> str:
    """Write an interval with the precision of its centre."""
    if unit in ("rate", "points"):
        text = percent_interval(low, high, centre)
        return f"{without_sign(text)} points" if unit == "points" else text
    return f"{written(low, unit)} to {written(high, unit)}"


def significant(value: float, digits: int = 3) -> str:
    """Write a number with at most `digits` significant digits and no exponent."""
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return _trimmed(f"{value:,.{min(places, 9)}f}").replace("-", _MINUS)


def p_value(value: float) -> str:
    """Write a p-value with three decimals; below 0.001 as a bound."""
    return "under 0.001" if value < 0.001 else f"{value:.3f}"


def written(value: Value, unit: Unit) -> str:
    """Write a value of a column for a reader."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    match unit:
        case "count":
            return f"{value:,.0f}"
        case "rate":
            return percent(value)
        case "points":
            return f"{without_sign(percent(value))} points"
        case "threshold":
            return exact_threshold(value)
        case "p":
            return p_value(value)
        case "score":
            return f"{round(value, 3) + 0.0:.3f}".replace("-", _MINUS)
        case _:
            return significant(value)
