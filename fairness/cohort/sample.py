"""One photo of an evaluation and its labels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import NoneType
from typing import Literal, NamedTuple, get_args

from fairness.arguments import expect, expect_number
from fairness.cohort.groups import UNKNOWN
from fairness.manifests import DAYS_PER_YEAR

Provenance = Literal[
    "document",
    "self_reported",
    "guardian_reported",
    "annotator_perceived",
    "model_inferred",
    "unknown",
]
"""Possible sources of a label of sex or gender."""

SEXES = ("female", "male", "other", UNKNOWN)
"""Possible values of `Sample.sex`."""

_RANGES = {
    "age_at_capture": (0, 130),
    "skin_tone_monk": (1, 10),
    "skin_tone_fitzpatrick": (1, 6),
    "skin_tone_l": (0, 100),
    "skin_tone_hue": (-180, 360),
    "quality": (-math.inf, math.inf),
}
_WHOLE = {"skin_tone_monk", "skin_tone_fitzpatrick"}


class Fault(NamedTuple):
    """A label that is impossible: the rule, and what was found. A report shows the rule only."""

    rule: str
    got: str

    def __str__(self) -> str:
        return f"{self.rule}; got {self.got}"


@dataclass(frozen=True)
class Sample:
    """One photo and its labels.

    Parameters
    ----------
    photo
        Identifier: the path relative to the cohort's folder, or the name in a file of scores.
    subject
        Identifier of the person in the photo.
    age_at_capture
        Years; None if unknown.
    age_band
        Age band in the words of the source, for photos without an exact age.
    taken_on, date_of_birth
        Dates; None if unknown.
    sex
        female, male, other or unknown.
    sex_provenance
        Source of the label `sex`.
    skin_tone_monk
        Annotated step of the Monk scale, 1 to 10.
    skin_tone_fitzpatrick
        Annotated phototype, 1 to 6.
    skin_tone_l, skin_tone_hue
        Measured L* in [0, 100] and hue angle in degrees.
    family
        An identifier that relatives share. Comparisons between relatives are counted apart.
    quality
        Any measure of quality; higher is better.
    capture_type, source, licence
        Facts for the report: the kind of photo (school photo, social media, …), the data set or
        other origin, and the terms of use.
    labels
        Further factors by name, as in {"race": "Black"}.
    """

    photo: str
    subject: str
    age_at_capture: float | None = None
    age_band: str | None = None
    taken_on: date | None = None
    date_of_birth: date | None = None
    sex: str = UNKNOWN
    sex_provenance: Provenance = "unknown"
    skin_tone_monk: int | None = None
    skin_tone_fitzpatrick: int | None = None
    skin_tone_l: float | None = None
    skin_tone_hue: float | None = None
    family: str | None = None
    quality: float | None = None
    capture_type: str = UNKNOWN
    source: str = UNKNOWN
    licence: str = UNKNOWN
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("photo", "subject"):
            expect(name, getattr(self, name), str, rule="must be a text", next_step="Use str().")
        for name in ("taken_on", "date_of_birth"):
            expect(
                name,
                getattr(self, name),
                (date, NoneType),
                rule="must be a datetime.date, or None",
                next_step='Write date.fromisoformat("2019-05-28").',
            )
        for name in _RANGES:
            if getattr(self, name) is not None:
                expect_number(name, getattr(self, name))

    @property
    def age_from_dates(self) -> float | None:
        """Years from birth to capture; None unless both dates are known."""
        if self.taken_on is None or self.date_of_birth is None:
            return None
        return (self.taken_on - self.date_of_birth).days / DAYS_PER_YEAR

    def faults(self) -> Iterator[Fault]:
        """Yield a fault for each label that is impossible or contradicts another."""
        for name in ("photo", "subject"):
            if not getattr(self, name):
                yield Fault(f"{name} must not be empty", "nothing")
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if value is not None and not _allowed(name, value, low, high):
                yield Fault(f"{name} must be {_rule(name, low, high)}", str(value))
        if self.sex not in SEXES:
            yield Fault(f"sex must be one of {', '.join(SEXES)}", repr(self.sex))
        if self.sex_provenance not in get_args(Provenance):
            allowed = ", ".join(get_args(Provenance))
            yield Fault(f"sex_provenance must be one of {allowed}", repr(self.sex_provenance))
        yield from self._faults_of_dates()

    def _faults_of_dates(self) -> Iterator[Fault]:
        age = self.age_from_dates
        if age is None:
            return
        dates = f"born {self.date_of_birth}, taken {self.taken_on}"
        if age < 0:
            yield Fault("taken_on must not lie before date_of_birth", dates)
        elif self.age_at_capture is not None and abs(age - self.age_at_capture) > 1:
            yield Fault(
                "age_at_capture must agree with the dates to a year",
                f"{self.age_at_capture:g}; {dates}, {age:.1f} years",
            )


def _allowed(name: str, value: float, low: float, high: float) -> bool:
    return math.isfinite(value) and low <= value <= high and (name not in _WHOLE or value % 1 == 0)


def _rule(name: str, low: float, high: float) -> str:
    if math.isinf(high):
        return "a finite number"
    return f"a {'whole ' if name in _WHOLE else ''}number from {low:g} to {high:g}"
