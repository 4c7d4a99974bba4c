"""Which pairs are leads: a threshold, or a calibration and the share of false alarms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from matcher.arguments import expect, expect_number
from matcher.errors import CalibrationError, InputError
from matcher.search.calibration import Calibration, ExpectedFalseLeads, LowestScore
from matcher.words import figure

_NEXT: Final = "Give a calibration and max_fpir, or a threshold."


@dataclass(frozen=True)
class LeadRule:
    """The lowest score of a lead. Either `threshold`, or `max_fpir` and `calibration`, are given.

    Parameters
    ----------
    threshold
        Lowest score of a lead, a cosine similarity in [-1, 1].
    max_fpir
        Accepted share, in (0, 1), of subjects without a mate for whom there is a lead. The lowest
        score follows from the age at capture of each face, the number of photos of its subject, and
        the number of faces on the other side. All of these are assumed to be of other people of
        that age and sex.
    calibration
        Meaning of scores by age.

    Raises
    ------
    InputError
        A number is out of range, none is given, or both are.
    CalibrationError
        `max_fpir` is given without a calibration.
    """

    threshold: float | None = None
    max_fpir: float | None = None
    calibration: Calibration | None = None

    def __post_init__(self) -> None:
        for name in ("threshold", "max_fpir"):
            if getattr(self, name) is not None:
                expect_number(name, getattr(self, name))
        if self.calibration is not None:
            expect(
                "calibration",
                self.calibration,
                Calibration,
                rule="must be a Calibration",
                next_step="Give Calibration.load(path).",
            )
        if (self.threshold is None) == (self.max_fpir is None):
            got = "none" if self.threshold is None else "a threshold and max_fpir"
            rule = "must be set by one number, because it compares everybody with everybody"
            raise InputError("the lowest score of a lead", rule=rule, got=got, next_step=_NEXT)
        if self.threshold is not None and not -1 <= self.threshold <= 1:
            rule = "must be a cosine similarity in [-1, 1]"
            raise InputError("threshold", rule=rule, got=self.threshold, next_step=_NEXT)
        if self.max_fpir is not None and not 0 < self.max_fpir < 1:
            rule = "must be a share of subjects in (0, 1)"
            raise InputError("max_fpir", rule=rule, got=self.max_fpir, next_step=_NEXT)
        if self.max_fpir is not None and self.calibration is None:
            rule = "needs a calibration on people of the ages in the gallery"
            raise CalibrationError("max_fpir", rule=rule, got="none", next_step=_NEXT)

    def floor(self, faces: int) -> float:
        """Return a score below which no pair is a lead, among `faces` or more on the other side."""
        if self.calibration is not None and self.max_fpir is not None:
            return self.calibration.floor(self.max_fpir, faces=max(faces, 1))
        assert self.threshold is not None  # noqa: S101 - one of the two is given
        return self.threshold

    def lowest(self, age: float | None, photos: int, faces: int) -> LowestScore:
        """Return the lowest score of a lead for a face.

        Parameters
        ----------
        age
            Age at capture in years, if known.
        photos
            Number of photos of its subject, >= 1. Each photo is one more chance of a false lead, so
            that each gets an equal part of `max_fpir`.
        faces
            Number of faces on the other side.
        """
        if self.calibration is not None and self.max_fpir is not None:
            return _lowest(self.calibration, self.max_fpir / photos, max(faces, 1), age)
        return LowestScore(self.floor(faces), None)

    def false_leads(
        self, score: float, age: float | None, photos: int, faces: int
    ) -> ExpectedFalseLeads | None:
        """Return the expected number of other people's faces as close to a subject, if known."""
        if self.calibration is None or not self.calibration.covers(age):
            return None
        return self.calibration.false_leads(score, faces=photos * faces, age=age)

    def __str__(self) -> str:
        if self.calibration is None or self.max_fpir is None:
            return f"Lowest score {figure(self.floor(1), 4)}"
        share, source = figure(100 * self.max_fpir, 3), self.calibration
        return (
            f"For at most {share} % of the subjects who have no mate on the other side there would "
            "be a lead, if every face there were of another person of the same age and sex "
            f"(calibrated on {source.cohort}, {source.made_on})"
        )


@lru_cache(maxsize=100_000)
def _lowest(calibration: Calibration, share: float, faces: int, age: float | None) -> LowestScore:
    return calibration.lowest_score(share, faces=faces, age=age)
