"""The photos for training, their subjects, and the photos that are kept away from training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fairness.cohort import read_fairface, read_lfw, read_pairs

YOUNG_BANDS = ("00-02", "03-09", "10-19")
"""FairFace's bands of perceived age that count as young. All others are in one further band."""

ADULT = len(YOUNG_BANDS)

JUDGING_FOLDS = range(5, 10)
"""Folds of LFW's View 2, from 0, whose people judge and do not train."""


@dataclass(frozen=True)
class TrainingPhoto:
    """One photo to train on.

    Parameters
    ----------
    path
        Path of the file.
    subject
        Subject of the photo. It is unique to the photo if the data set states no identities.
    band
        Position in `YOUNG_BANDS` of the age that the person seems to have; `ADULT` above.
    origin
        FairFace's label of perceived race; None if there is none.
    """

    path: Path
    subject: str
    band: int
    origin: str | None = None


def fairface_training_part(folder: Path) -> list[TrainingPhoto]:
    """Return FairFace's own training part. Each photo counts as a person of its own.

    The validation part, in `val/`, is reserved for audits.
    """
    cohort = read_fairface(folder)
    return [
        TrainingPhoto(
            path=folder / sample.photo,
            subject=f"fairface:{sample.photo}",
            band=_band(sample.age_band),
            origin=sample.labels.get("race"),
        )
        for sample in cohort.samples
        if sample.photo.startswith("train/")
    ]


def lfw_training_part(folder: Path) -> list[TrainingPhoto]:
    """Return the photos of LFW whose people are in no pair of the judging folds."""
    judging = read_pairs(folder / "pairs.txt").people(JUDGING_FOLDS)
    return [
        TrainingPhoto(folder / sample.photo, f"lfw:{sample.subject}", ADULT)
        for sample in read_lfw(folder).samples
        if sample.subject not in judging
    ]


def _band(perceived: str | None) -> int:
    return YOUNG_BANDS.index(perceived) if perceived in YOUNG_BANDS else ADULT
