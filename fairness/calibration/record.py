"""The record of a calibration, as it is written for whoever uses it.

The JSON is a contract: its reader checks `format` and `version` and needs nothing of this package.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

FORMAT = "face score calibration"
VERSION = 1
TARGETS = (0.01, 0.05, 0.1)
"""False-positive identification rates for which the record names the largest gallery."""


@dataclass(frozen=True)
class Curve:
    """False-match rate by score.

    Parameters
    ----------
    scores
        Ascending. A comparison is a false match if its score is at least this.
    errors
        Number of comparisons at or above each score.
    rate, low, high
        The rate and its confidence limits, in [0, 1]; limits fall with the score.
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
        Numbers of searched faces, ascending.
    rate, low, high
        A row for each score of the band's curve, a column for each size.
    """

    sizes: tuple[int, ...]
    rate: tuple[tuple[float, ...], ...]
    low: tuple[tuple[float, ...], ...]
    high: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class GapBand:
    """False-match rate against photos a number of years, [at_least, below), older or younger."""

    at_least: float
    below: float | None
    subjects: int
    comparisons: int
    false_matches: Curve


@dataclass(frozen=True)
class AgeBand:
    """What was measured for probes of one band of ages, [at_least, below) years.

    Parameters
    ----------
    name, at_least, below
        Which ages; `below` is None for an open band.
    subjects, photos, comparisons
        What it was measured on.
    false_matches
        Against photos of the same band.
    galleries
        Against several of them at once.
    largest_gallery
        Faces that may be searched at most for each of `TARGETS`.
    gaps
        False matches against photos of another age; bands of gaps with too few data are left out.
    """

    name: str
    at_least: float
    below: float | None
    subjects: int
    photos: int
    comparisons: int
    false_matches: Curve
    galleries: Galleries
    largest_gallery: Mapping[str, int]
    gaps: tuple[GapBand, ...]


@dataclass(frozen=True)
class CalibrationRecord:
    """The record as it is written; `docs/calibration.md` describes the JSON.

    Parameters
    ----------
    bands, not_calibrated
        What was measured; and bands by name that were not, and why.
    cohort, model
        What was compared: name, sha256 and counts of the cohort; name and hashes of the model.
    made_on, software, method
        When and how.
    level, age_edges, gap_edges, most_photos, seed
        The choices that were made.
    """

    bands: tuple[AgeBand, ...]
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
        """Write the record."""
        path.write_text(self.to_json(), encoding="utf-8")

    def __str__(self) -> str:
        return "\n".join([*map(_line, self.bands), *map(": ".join, self.not_calibrated.items())])


def _line(band: AgeBand) -> str:
    curve = band.false_matches
    sizes = ", ".join(f"{n} at {float(t):.0%}" for t, n in band.largest_gallery.items())
    return (
        f"{band.name}: {band.comparisons} comparisons of {band.subjects} people; false-match rate "
        f"down to {curve.rate[-1]:.1e} (at most {curve.high[-1]:.1e}) at {curve.scores[-1]:.4f}; "
        f"largest gallery for a chance of a false lead: {sizes}"
    )
