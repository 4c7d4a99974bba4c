"""Read a calibration record in JSON, and check it before the search uses it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from matcher.errors import CalibrationError
from matcher.search.calibration.false_match_curve import AgeBand, FalseMatchCurve, Floats, GapBand

FORMAT: Final = "face score calibration"
VERSION: Final = 1


def read_record(path: Path) -> dict[str, Any]:
    """Return the record in a file of this format and version.

    Raises
    ------
    CalibrationError
        There is no such file, it is not a calibration, or it has another version.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _unreadable(path, "a file that can be read", error.strerror) from error
    except ValueError as error:
        raise _unreadable(path, "a JSON record", "something else") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise _unreadable(path, f"a record of the format {FORMAT!r}", "something else")
    if record.get("version") != VERSION:
        raise _unreadable(path, f"version {VERSION} of the format", record.get("version"))
    return record


def bands_of(record: Mapping[str, Any], path: Path) -> tuple[AgeBand, ...]:
    """Return the bands of a record, the youngest first.

    Raises
    ------
    CalibrationError
        Something is missing, or a number is impossible.
    """
    try:
        bands = sorted(map(_band, record["bands"]), key=lambda band: band.at_least)
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(path, "complete bands of possible numbers", f"{error}") from error
    if not bands:
        raise _unreadable(path, "at least one band of ages", "none")
    return tuple(bands)


def _band(found: Mapping[str, Any]) -> AgeBand:
    galleries = found["galleries"]
    curve = _curve(found["false_matches"])
    sizes = np.array(galleries["sizes"], dtype=np.int64)
    chances = np.array(galleries["high"], dtype=np.float64)
    _require(chances.shape == (len(curve.scores), len(sizes)), "galleries of another shape")
    _require(bool(np.all(np.diff(sizes) > 0)), "sizes that do not rise")
    _require(_falls(chances) and bool(np.all((chances >= 0) & (chances <= 1))), "wrong chances")
    return AgeBand(
        at_least=float(found["at_least"]),
        below=_years(found["below"]),
        subjects=int(found["subjects"]),
        comparisons=int(found["comparisons"]),
        curve=curve,
        sizes=sizes,
        chances=chances,
        gaps=tuple(map(_gap, found["gaps"])),
    )


def _gap(found: Mapping[str, Any]) -> GapBand:
    curve = _curve(found["false_matches"])
    return GapBand(float(found["at_least"]), _years(found["below"]), curve)


def _curve(found: Mapping[str, Any]) -> FalseMatchCurve:
    scores, rate, low, high = (
        np.array(found[name], dtype=np.float64) for name in ("scores", "rate", "low", "high")
    )
    _require(scores.ndim == 1 and len(scores) > 0, "no scores")
    _require(all(part.shape == scores.shape for part in (rate, low, high)), "rates missing")
    _require(bool(np.all(np.diff(scores) > 0)), "scores that do not rise")
    _require(bool(np.all((low > 0) & (low <= rate) & (rate <= high) & (high <= 1))), "wrong rates")
    _require(all(map(_falls, (rate, low, high))), "rates that rise with the score")
    return FalseMatchCurve(scores, rate, low, high)


def _falls(values: Floats) -> bool:
    return bool(np.all(np.diff(values, axis=0) <= 0))


def _years(value: float | None) -> float | None:
    return None if value is None else float(value)


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
