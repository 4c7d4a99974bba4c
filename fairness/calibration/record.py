"""The record of a calibration, as it is written to a file.

The JSON is a contract. Its reader checks `format` and `version`, and needs nothing of this package.
Field names are keys of the JSON and must not change.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from fairness.private_files import write_private
from fairness.words import counted, exact_threshold, figure

FORMAT = "face score calibration"
VERSION = 1
TARGETS = (0.01, 0.05, 0.1)
"""False-positive identification rates for which the record names the largest gallery."""


@dataclass(frozen=True)
class FalseMatchCurve:
    """False-match rate by score.

    Parameters
    ----------
    scores
        Scores, ascending. A comparison is a false match if its score is at least this.
    errors
        Number of comparisons at or above each score.
    rate, low, high
        The rate and its confidence limits, in [0, 1]. The limits never rise with the score.
    """

    scores: tuple[float, ...]
    errors: tuple[int, ...]
    rate: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class Galleries:
    """False-positive identification rate by score and gallery size, see `false_positive_rates`.

    Parameters
    ----------
    sizes
        Numbers of faces in the gallery, ascending.
    rate, low, high
        Tables with a row for each score of the band's curve and a column for each size.
    """

    sizes: tuple[int, ...]
    rate: tuple[tuple[float, ...], ...]
    low: tuple[tuple[float, ...], ...]
    high: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class GapBandRecord:
    """False-match rate against photos that are [at_least, below) years older or younger."""

    at_least: float
    below: float | None
    subjects: int
    comparisons: int
    false_matches: FalseMatchCurve


@dataclass(frozen=True)
class AgeBandRecord:
    """Measured rates for probes of one age band, [at_least, below) years.

    Parameters
    ----------
    name, at_least, below
        Name and limits of the band; `below` is None for an open band.
    subjects, photos, comparisons
        Numbers that the rates were measured on.
    false_matches
        False-match rate against one photo of the same band.
    galleries
        Rate of false positives against several photos of the same band at once.
    largest_gallery
        Largest number of faces that may be searched, for each of `TARGETS`.
    gaps
        False-match rate against photos of another age. Gaps with too few data are left out.
    """

    name: str
    at_least: float
    below: float | None
    subjects: int
    photos: int
    comparisons: int
    false_matches: FalseMatchCurve
    galleries: Galleries
    largest_gallery: Mapping[str, int]
    gaps: tuple[GapBandRecord, ...]


@dataclass(frozen=True)
class CalibrationRecord:
    """The record as it is written; `docs/reference/calibration-record.md` describes the JSON.

    Parameters
    ----------
    bands, not_calibrated
        The measured bands; and the reason, by name, for each band that was not measured.
    cohort, model
        Name, sha256 and counts of the cohort; name and hashes of the model.
    made_on, software, method
        Date, software and method of the measurement.
    level, age_edges, gap_edges, most_photos, seed
        Settings of the measurement, see `calibrate`.
    """

    bands: tuple[AgeBandRecord, ...]
    not_calibrated: Mapping[str, str]
    cohort: Mapping[str, str | int]
    model: Mapping[str, str]
    made_on: str
    software: str
    method: str
    level: float
    age_edges: tuple[float, ...]
    gap_edges: tuple[float, ...]
    most_photos: int
    seed: int
    format: str = FORMAT
    version: int = VERSION

    def to_json(self) -> str:
        """Return the record as one JSON object; equal inputs give equal bytes."""
        return json.dumps(asdict(self), sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"

    def write(self, path: Path) -> None:
        """Write the record to a file that only its owner can read."""
        write_private(path, self.to_json().encode())

    def __str__(self) -> str:
        return "\n".join([*map(_line, self.bands), *map(": ".join, self.not_calibrated.items())])


def _line(band: AgeBandRecord) -> str:
    curve = band.false_matches
    sizes = ", ".join(f"{n} at {float(t):.0%}" for t, n in band.largest_gallery.items())
    comparisons = counted(band.comparisons, "comparison")
    rate = f"{figure(curve.rate[-1])} (at most {figure(curve.high[-1])})"
    return (
        f"{band.name}: {comparisons} of {counted(band.subjects, 'person', 'people')}; "
        f"false-match rate down to {rate} at {exact_threshold(curve.scores[-1])}; "
        f"largest gallery for a chance of a false lead: {sizes}"
    )
