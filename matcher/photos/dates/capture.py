"""The date that a photo carries, and what speaks against it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, time
from typing import Any, Final, Literal, get_args

from matcher.arguments import expect_age, expect_day

Source = Literal[
    "EXIF DateTimeOriginal", "EXIF DateTimeDigitized", "EXIF DateTime", "XMP", "PNG text"
]
"""The field that holds the date."""

Reliability = Literal["good", "doubtful", "wrong"]
"""`good`: the clock of a named camera wrote it, and nothing speaks against it. `doubtful`: it may
be the day of capture. `wrong`: it cannot be, or it is the day of something else."""

Doubt = Literal[
    "not a date",
    "in the future",
    "first day of a camera's clock",
    "before the person's birth",
    "date of a scan",
    "date of a screenshot",
    "before digital cameras",
    "not the field of the capture",
    "no camera named",
    "perhaps a scan",
    "editing software",
    "dates differ",
    "first hour of a year",
    "another age than recorded",
]
"""What speaks against a date."""

_WRONG: Final[frozenset[Doubt]] = frozenset(
    {
        "in the future",
        "first day of a camera's clock",
        "before the person's birth",
        "date of a scan",
        "date of a screenshot",
    }
)
_DAYS_PER_YEAR: Final = 365.2425
_MOST_YEARS_APART: Final = 1.5
"""Recorded ages are often rounded to whole years."""


@dataclass(frozen=True)
class CaptureDate:
    """The date of capture that a photo carries. Its position, if any, is not in it.

    Parameters
    ----------
    day
        The day, as the clock of the camera had it; None if no field holds a date that exists.
    source
        The field that was read.
    time
        Time of day, without an offset, if there is one.
    offset
        Difference of that time from UTC, as in "+02:00", if there is one.
    camera, software
        As the file names them; at most 64 characters, all of them visible.
    doubts
        What speaks against the date; empty if nothing does.
    """

    day: date | None
    source: Source
    time: time | None = None
    offset: str | None = None
    camera: str | None = None
    software: str | None = None
    doubts: tuple[Doubt, ...] = ()

    @property
    def reliability(self) -> Reliability:
        """How far the date may be taken for the day of capture."""
        if self.day is None or not _WRONG.isdisjoint(self.doubts):
            return "wrong"
        return "doubtful" if self.doubts else "good"

    @property
    def because(self) -> str:
        """The doubts as one text, empty for a good date."""
        return ", ".join(self.doubts)

    @property
    def clock(self) -> str | None:
        """Time and offset as in ISO 8601, such as "12:30:05+02:00"; None without a time."""
        return None if self.time is None else self.time.isoformat() + (self.offset or "")

    def of_person(
        self, date_of_birth: date | None, age_at_capture: float | None = None
    ) -> CaptureDate:
        """Return the date with what the records of the person say against it.

        Parameters
        ----------
        date_of_birth
            Day of birth, if known. A photo of an earlier day is not of this person.
        age_at_capture
            Age in years that the records have for this photo. It may differ from the age on the day
            by a year and a half.

        Raises
        ------
        InputError
            For a date or an age as text.
        """
        expect_day("date_of_birth", date_of_birth)
        expect_age("age_at_capture", age_at_capture)
        if self.day is None or date_of_birth is None:
            return self
        years = (self.day - date_of_birth).days / _DAYS_PER_YEAR
        found: list[Doubt] = []
        if years < 0:
            found.append("before the person's birth")
        elif age_at_capture is not None and abs(years - age_at_capture) > _MOST_YEARS_APART:
            found.append("another age than recorded")
        new = tuple(doubt for doubt in found if doubt not in self.doubts)
        return replace(self, doubts=(*self.doubts, *new)) if new else self

    def __str__(self) -> str:
        day = "no date that exists" if self.day is None else self.day.isoformat()
        because = f": {self.because}" if self.doubts else ""
        return f"{day} ({self.source}; {self.reliability}{because})"

    def facts(self) -> dict[str, Any]:
        """Return the fields as JSON holds them."""
        plain = {"day": _iso(self.day), "time": _iso(self.time), "doubts": list(self.doubts)}
        return asdict(self) | plain

    @classmethod
    def of_facts(cls, facts: dict[str, Any]) -> CaptureDate:
        """Return the date that `facts` gave.

        Raises
        ------
        ValueError, TypeError
            Unless they are such facts.
        """
        day, moment, doubts = facts["day"], facts["time"], facts["doubts"]
        made = cls(**facts | {"doubts": tuple(doubts)})
        if made.source not in get_args(Source) or not set(doubts) <= set(get_args(Doubt)):
            raise ValueError("no date of capture")
        return replace(
            made,
            day=None if day is None else date.fromisoformat(day),
            time=None if moment is None else time.fromisoformat(moment),
        )


def _iso(moment: date | time | None) -> str | None:
    return None if moment is None else moment.isoformat()
