"""Is it the tone, or how the photos were taken? Exposure, quality and size by group.

A gap between tones that vanishes among photos of like exposure is an effect of the images. This
table shows whether groups differ in such things at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.cohort import Cells, Cohort, thirds


@dataclass(frozen=True)
class Confound:
    """How one fact is distributed in one group.

    Parameters
    ----------
    group
        Name of the group.
    fact
        Name of the fact, as in "exposure".
    subjects, photos
        Those for which the fact is known. A table must not print counts of fewer than
        `fairness.rates.FEWEST_SUBJECTS` subjects.
    mean
        Over these photos; nan if there are none.
    thirds
        Photos in the lowest, middle and highest third of all photos of the cohort.
    shift
        Mean of the group less the mean of all other photos, in standard deviations of all photos;
        nan if there are no others, or no deviation.
    """

    group: str
    fact: str
    subjects: int
    photos: int
    mean: float
    thirds: tuple[int, int, int]
    shift: float


def confounds(
    cohort: Cohort, cells: Cells, facts: Mapping[str, Sequence[float] | NDArray[np.floating]]
) -> tuple[Confound, ...]:
    """Return a row for each fact and group, in the order of facts, then of groups.

    Parameters
    ----------
    cohort, cells
        The photos and their groups, as in `cohort.cells("tone")`.
    facts
        By name a number for each photo of the cohort, nan where it is not known: exposure, quality,
        distance between the eyes.

    Raises
    ------
    ValueError
        If a fact does not have one number for each photo.
    """
    return tuple(
        row for name, values in facts.items() for row in _rows(cohort, cells, name, values)
    )


def _rows(
    cohort: Cohort, cells: Cells, fact: str, values: Sequence[float] | NDArray[np.floating]
) -> Iterator[Confound]:
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.shape != (len(cohort),):
        raise ValueError(f"need one {fact} for each of {len(cohort)} photos, got {numbers.shape}")
    known = np.isfinite(numbers)
    third = thirds(numbers)
    for code, group in enumerate(cells.names):
        inside = known & (cells.codes == code)
        low, middle, high = np.bincount(third[inside], minlength=3).tolist()
        yield Confound(
            group,
            fact,
            subjects=len(np.unique(cohort.subject_codes[inside])),
            photos=int(inside.sum()),
            mean=float(numbers[inside].mean()) if inside.any() else math.nan,
            thirds=(low, middle, high),
            shift=_shift(numbers[inside], numbers[known & ~inside]),
        )


def _shift(group: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    if not len(group) or not len(others):
        return math.nan
    deviation = float(np.concatenate([group, others]).std())
    return float(group.mean() - others.mean()) / deviation if deviation > 0 else math.nan
