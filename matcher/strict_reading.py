"""Read JSON and TOML that may be damaged or hostile: one reader for all files of the program.

The standard readers accept what no file of this program holds: NaN and Infinity, a name twice in
one object, numbers that no 64-bit number holds, lone surrogates, and nesting until Python gives up.
All of these are refused here with a ValueError, as is anything that is not UTF-8.
"""

from __future__ import annotations

import json
import math
import tomllib
from typing import Any, Final

DEEPEST: Final = 32
"""Largest number of lists and objects within each other."""

LARGEST: Final = 2**63 - 1


def read_json(content: str | bytes) -> Any:
    """Return what a JSON text holds.

    Raises
    ------
    ValueError
        When it is not JSON, or holds what this module refuses.
    """
    try:
        found = strict_decoder().decode(_text(content))
    except RecursionError:
        raise _too_deep() from None
    _check(found)
    return found


def strict_decoder() -> json.JSONDecoder:
    """Return a decoder that refuses what `read_json` refuses, but deep nesting and surrogates."""
    return json.JSONDecoder(
        object_pairs_hook=_object,
        parse_constant=_constant,
        parse_float=_finite,
        parse_int=_small,
    )


def read_toml(content: str | bytes) -> dict[str, Any]:
    """Return what a TOML text holds. It may hold `nan` and `inf`, which are words of TOML.

    Raises
    ------
    ValueError
        When it is not TOML, or holds what this module refuses.
    """
    try:
        found = tomllib.loads(_text(content), parse_float=_of_toml)
    except RecursionError:
        raise _too_deep() from None
    _check(found)
    return found


def object_of(value: object) -> dict[str, Any]:
    """Return a value that is an object; raise ValueError for any other."""
    if not isinstance(value, dict):
        raise ValueError(f"an object was expected, not {_kind(value)}")
    return value


def list_of(value: object) -> list[Any]:
    """Return a value that is a list; raise ValueError for any other."""
    if not isinstance(value, list):
        raise ValueError(f"a list was expected, not {_kind(value)}")
    return value


def text_of(value: object) -> str:
    """Return a value that is a text; raise ValueError for any other."""
    if not isinstance(value, str):
        raise ValueError(f"a text was expected, not {_kind(value)}")
    return value


def whole_of(value: object, least: int = 0, most: int = LARGEST) -> int:
    """Return a value that is a whole number in [least, most]; raise ValueError for any other."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"a whole number from {least} to {most} was expected, not {_kind(value)}")
    return value


def number_of(value: object, least: float = -math.inf, most: float = math.inf) -> float:
    """Return a value that is a finite number in [least, most]; raise ValueError for any other."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"a number was expected, not {_kind(value)}")
    if not math.isfinite(value) or not least <= value <= most:
        raise ValueError(f"a number from {least} to {most} was expected, not {value}")
    return float(value)


def _text(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode("utf-8")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:20]} is no finite number")
    return number


def _of_toml(digits: str) -> float:
    return float(digits) if digits.lstrip("+-") in ("nan", "inf") else _finite(digits)


def _small(digits: str) -> int:
    number = int(digits)
    if not -LARGEST - 1 <= number <= LARGEST:
        raise ValueError(f"{digits[:20]} is a larger number than 64 bits hold")
    return number


def _check(found: object) -> None:
    """Refuse what is nested too deep, lone surrogates, and numbers that 64 bits do not hold."""
    waiting: list[tuple[object, int]] = [(found, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST:
            raise _too_deep()
        if isinstance(value, str):
            value.encode("utf-8")
        elif isinstance(value, int):
            _small(str(int(value)))
        elif isinstance(value, dict):
            waiting += ((part, depth + 1) for item in value.items() for part in item)
        elif isinstance(value, list):
            waiting += ((part, depth + 1) for part in value)


def _too_deep() -> ValueError:
    return ValueError(f"lists and objects are nested deeper than {DEEPEST}")


def _kind(value: object) -> str:
    return str(value) if isinstance(value, int | float) else type(value).__name__
