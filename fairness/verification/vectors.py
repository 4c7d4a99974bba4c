"""Vectors of the photos of a cohort: their form, and the vectors that photos are searched with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.arguments import described, expect, listed
from fairness.cohort import Cohort
from fairness.errors import ScoresError
from fairness.words import counted, figure

_UNIT_WITHIN = 1e-3


@dataclass(frozen=True, eq=False)
class Probes:
    """The photos of a cohort as probes, where these are not the photos that are enrolled.

    Parameters
    ----------
    vectors
        float32 array of shape (photos, d), in the order of the cohort: of each photo, the vector to
        search with. Rows have unit length to within 1e-3. Rows of probes that were not acquired are
        ignored.
    acquisition
        For each photo "", or the reason why its probe has no vector.
    degraded
        How the probes were degraded, in words for the report, as in "a face of 24 pixels".

    Raises
    ------
    AuditError
        If `acquisition` is no sequence of texts.
    ScoresError
        If `degraded` is no text, or an empty one.
    """

    vectors: NDArray[np.float32]
    acquisition: Sequence[str]
    degraded: str

    def __post_init__(self) -> None:
        step = 'Give "" for each photo that has a probe, else the reason why not.'
        listed("acquisition of the probes", self.acquisition, str, next_step=step)
        if not isinstance(self.degraded, str) or not self.degraded.strip():
            raise ScoresError(
                "probes",
                rule="say how they were degraded, for the report",
                got=described(self.degraded),
                next_step='Give degraded="a face of 24 pixels", for example.',
            )

    @property
    def acquired(self) -> NDArray[np.bool_]:
        """Whether each photo has a probe, shape (photos,)."""
        return acquired(self.acquisition)

    def where(self, kept: NDArray[np.bool_]) -> Probes:
        """Return the probes of the photos chosen by a mask of shape (photos,)."""
        acquisition = [why for why, one in zip(self.acquisition, kept, strict=True) if one]
        return Probes(self.vectors[kept], acquisition, self.degraded)


def require_probes(probes: Probes, cohort: Cohort, enrolled: NDArray[np.float32]) -> None:
    """Refuse probes that cannot be compared with the enrolled vectors of a cohort.

    Raises
    ------
    AuditError
        If they are no `Probes`.
    ScoresError
        If the shape or type is wrong, or the row of an acquired probe is not a unit vector.
    """
    step = "Give Probes(vectors, acquisition, degraded)."
    expect("probes", probes, Probes, rule="must be Probes, or None", next_step=step)
    require_vectors(cohort, probes.vectors, probes.acquisition, what="probes")
    if probes.vectors.shape != enrolled.shape:
        raise ScoresError(
            f"probes of cohort {cohort.name!r}",
            rule=f"as many numbers as the enrolled vectors, {enrolled.shape[1]}",
            got=probes.vectors.shape[1],
            next_step="Make both with one model.",
        )


def acquired(acquisition: Sequence[str]) -> NDArray[np.bool_]:
    """Return whether each photo has a vector, shape (photos,)."""
    return np.array([why == "" for why in acquisition], dtype=np.bool_)


def require_vectors(
    cohort: Cohort,
    vectors: NDArray[np.float32],
    acquisition: Sequence[str],
    *,
    what: str = "vectors",
) -> None:
    """Refuse vectors that are not those of a cohort's photos.

    Raises
    ------
    ScoresError
        If there is not one row, and one reason, for each photo; if the vectors are no float32
        array of shape (photos, d); or if the row of an acquired photo is not a unit vector.
    """
    expect(what, vectors, np.ndarray, rule="must be an array", next_step="Stack them.")
    for part, number in ((what, len(vectors)), ("acquisition", len(acquisition))):
        if number != len(cohort):
            raise ScoresError(
                f"{part} of cohort {cohort.name!r}",
                rule=f"one for each of its {counted(len(cohort), 'photo')}, in their order",
                got=number,
                next_step="Order them as cohort.samples; give a reason for photos without one.",
            )
    if vectors.ndim != 2 or vectors.dtype != np.float32:
        raise ScoresError(
            f"{what} of cohort {cohort.name!r}",
            rule="a float32 array of shape (photos, d)",
            got=f"{vectors.dtype} of shape {vectors.shape}",
            next_step="Convert them, or stack them into one array.",
        )
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    wrong = np.flatnonzero(acquired(acquisition) & ~(np.abs(lengths - 1) <= _UNIT_WITHIN))
    if len(wrong):
        named = ", ".join(
            f"{cohort.samples[row].photo!r}: {figure(float(lengths[row]), 6)}" for row in wrong[:3]
        )
        raise ScoresError(
            f"{what} of cohort {cohort.name!r}",
            rule="numbers, each row of length 1 to within 0.001",
            got=f"{counted(len(wrong), 'other row')}, as in {named}",
            next_step="Divide each row by its length; say why a photo has no vector.",
        )
