"""Read a calibration record in JSON, and check it before the search uses it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from matcher.errors import CalibrationError
from matcher.search.calibration.false_match_curve import AgeBand, FalseMatchCurve, Floats, GapBand
from matcher.strict_reading import list_of, number_of, object_of, read_json, whole_of

FORMAT: Final = "face score calibration"
VERSION: Final = 1

_HIGHEST: Final = 1 + 1e-6
"""Largest cosine similarity, with what rounding may add."""


def read_record(path: Path) -> tuple[dict[str, Any], str]:
    """Return the record in a file of this format and version, and the SHA-256 of the file.

    Raises
    ------
    CalibrationError
        There is no such file, it is not a calibration, or it has another version.
    """
    try:
        content = path.read_bytes()
        record = read_json(content)
    except OSError as error:
        raise _unreadable(path, "a file that can be read", error.strerror) from error
    except ValueError as error:
        raise _unreadable(path, "a JSON record", "something else") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise _unreadable(path, f"a record of the format {FORMAT!r}", "something else")
    version = record.get("version")
    if isinstance(version, bool) or version != VERSION:
        raise _unreadable(path, f"version {VERSION} of the format", version)
    return record, hashlib.sha256(content).hexdigest()


def bands_of(record: Mapping[str, Any], path: Path) -> tuple[AgeBand, ...]:
    """Return the bands of a record, the youngest first.

    Raises
    ------
    CalibrationError
        Something is missing, a number is impossible, or bands overlap.
    """
    try:
        bands = sorted(map(_band, list_of(record["bands"])), key=lambda band: band.at_least)
        for one, other in pairwise(bands):
            _require(one.below is not None and one.below <= other.at_least, "bands that overlap")
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(path, "complete bands of possible numbers", f"{error}") from error
    if not bands:
        raise _unreadable(path, "at least one band of ages", "none")
    return tuple(bands)


def _band(found: Any) -> AgeBand:
    found = object_of(found)
    galleries = object_of(found["galleries"])
    curve = _curve(found["false_matches"])
    sizes = np.array([whole_of(size, 1) for size in list_of(galleries["sizes"])], dtype=np.int64)
    chances = np.array([_numbers(row) for row in list_of(galleries["high"])], dtype=np.float64)
    _require(chances.shape == (len(curve.scores), len(sizes)), "galleries of another shape")
    _require(bool(np.all(np.diff(sizes) > 0)), "sizes that do not rise")
    _require(_falls(chances) and bool(np.all((chances >= 0) & (chances <= 1))), "wrong chances")
    at_least, below = _years(found)
    return AgeBand(
        at_least=at_least,
        below=below,
        subjects=whole_of(found["subjects"]),
        comparisons=whole_of(found["comparisons"]),
        curve=curve,
        sizes=sizes,
        chances=chances,
        gaps=tuple(map(_gap, list_of(found["gaps"]))),
    )


def _gap(found: Any) -> GapBand:
    return GapBand(*_years(object_of(found)), _curve(found["false_matches"]))


def _curve(found: Any) -> FalseMatchCurve:
    found = object_of(found)
    scores, rate, low, high = (
        np.array(_numbers(found[name]), dtype=np.float64)
        for name in ("scores", "rate", "low", "high")
    )
    _require(len(scores) > 0, "no scores")
    _require(bool(np.all(np.abs(scores) <= _HIGHEST)), "scores that no cosine similarity has")
    _require(all(part.shape == scores.shape for part in (rate, low, high)), "rates missing")
    _require(bool(np.all(np.diff(scores) > 0)), "scores that do not rise")
    _require(bool(np.all((low > 0) & (low <= rate) & (rate <= high) & (high <= 1))), "wrong rates")
    _require(all(map(_falls, (rate, low, high))), "rates that rise with the score")
    return FalseMatchCurve(scores, rate, low, high)


def _numbers(found: object) -> list[float]:
    return [number_of(number) for number in list_of(found)]


def _falls(values: Floats) -> bool:
    return bool(np.all(np.diff(values, axis=0) <= 0))


def _years(found: Mapping[str, Any]) -> tuple[float, float | None]:
    """Return the ends of a band, in years; None for a band without an upper end."""
    at_least = number_of(found["at_least"], 0)
    below = found["below"]
    if below is None:
        return at_least, None
    _require(number_of(below) > at_least, "a band that ends before it begins")
    return at_least, float(below)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)


def _unreadable(path: Path, rule: str, got: object) -> CalibrationError:
    return CalibrationError(
        "calibration",
        rule=f"must be {rule}",
        got=got,
        next_step="Make the calibration again, with this version.",
        path=path,
    )
