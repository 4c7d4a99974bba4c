"""Error versus discard: how a quality cut lowers the error rate, and whose photos it refuses.

The quality of a comparison is the lower of its two photos' qualities. The comparisons of the lowest
quality are discarded first (Schlett et al., arXiv 2303.13294). Comparisons of equal quality are
discarded together, and only if the share to be discarded holds all of them, so that no arbitrary
order among equals is needed. A cut may lower the error of all by refusing the photos of one
group. `refused_by_group` and `Misses.missed_or_refused` show this.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairness.cohort import Cohort, Grouping
from fairness.errors import CohortError
from fairness.identification.searches import Misses
from fairness.rates import SubjectCounts, by_group
from fairness.verification import Pairs
from fairness.words import counted

_ROUNDING = 1e-9  # tolerance, so that a share of 0.3 of 10 comparisons is 3


@dataclass(frozen=True, eq=False)
class ErrorVersusDiscard:
    """Errors among the comparisons that remain after each step of discarding.

    Arrays have the shape (steps,). Each step keeps fewer comparisons; the first keeps all.

    Parameters
    ----------
    kept
        int64: number of comparisons that remain, at least 1.
    errors
        int64: number of errors among them.
    """

    kept: NDArray[np.int64]
    errors: NDArray[np.int64]

    @classmethod
    def of(cls, quality: ArrayLike, missed: ArrayLike) -> ErrorVersusDiscard:
        """Return the curve of comparisons that are discarded from the lowest quality up.

        Parameters
        ----------
        quality
            Quality of each comparison, shape (comparisons,), finite; higher is better. At least
            one comparison.
        missed
            bool of shape (comparisons,): whether a comparison is an error.

        Raises
        ------
        ValueError
            If there is no comparison, shapes differ or a quality is not finite.
        """
        measured, error = np.asarray(quality, dtype=np.float64), np.asarray(missed, dtype=np.bool_)
        if not measured.size or measured.ndim != 1 or measured.shape != error.shape:
            raise ValueError(f"need two arrays of one shape, got {measured.shape, error.shape}")
        if not np.all(np.isfinite(measured)):
            raise ValueError("need a finite quality of every comparison")
        _, level, size = np.unique(measured, return_inverse=True, return_counts=True)
        errors = np.bincount(level.reshape(-1), error, len(size)).astype(np.int64)
        return cls(_left_from(size.astype(np.int64)), _left_from(errors))

    @property
    def discarded(self) -> NDArray[np.float64]:
        """Share of the comparisons discarded, rising from 0."""
        total = int(self.kept[0])
        return (total - self.kept) / total

    @property
    def rate(self) -> NDArray[np.float64]:
        """Share of errors among the comparisons that remain, in [0, 1]. It may rise with a step."""
        return self.errors / self.kept

    def at(self, share: float) -> float:
        """Return the error rate after at most a share in [0, 1] was discarded.

        At the last step only the comparisons of the best quality remain. Beyond it the rate stays
        constant.
        """
        _require_share(share)
        step = np.searchsorted(self.discarded, share + _ROUNDING, side="right") - 1
        return float(self.rate[step])

    def area(self, limit: float) -> float:
        """Return the area under the steps from 0 to `limit`, a share in (0, 1]."""
        _require_share(limit)
        ends = np.append(self.discarded, 1.0).clip(max=limit)
        return float(np.diff(ends) @ self.rate)


@dataclass(frozen=True, eq=False)
class JudgedPairs:
    """Mated comparisons with a score and a quality; arrays of shape (comparisons,).

    Parameters
    ----------
    cohort
        The cohort.
    photos
        int64: index of the photo whose labels decide the group of the comparison.
    quality
        float64: the lower of the two photos' qualities.
    missed
        bool: whether the score is below the threshold.
    left_out
        Number of comparisons left out because a photo has no vector or no quality.
    """

    cohort: Cohort
    photos: NDArray[np.int64]
    quality: NDArray[np.float64]
    missed: NDArray[np.bool_]
    left_out: int

    @classmethod
    def of(cls, cohort: Cohort, pairs: Pairs, *, threshold: float) -> JudgedPairs:
        """Judge mated comparisons at a threshold.

        Parameters
        ----------
        cohort
            The cohort; it gives the `quality` of each photo.
        pairs
            Mated comparisons. The labels of the right, later photo decide the group of a
            comparison.
        threshold
            A comparison with a lower score is an error.

        Raises
        ------
        CohortError
            If no comparison has a score and two photos with a quality.
        """
        quality = np.minimum(_quality(cohort)[pairs.left], _quality(cohort)[pairs.right])
        known = ~(np.isnan(quality) | np.isnan(pairs.score))
        if not known.any():
            raise CohortError(
                "the quality of the photos",
                rule="error versus discard needs it of both photos of some comparison",
                got=f"none of {counted(len(known), 'comparison')}",
                next_step="Give a quality for each photo, or leave this part out.",
            )
        return cls(
            cohort,
            pairs.right[known],
            quality[known],
            pairs.score[known] < np.float32(threshold),
            int(np.sum(~known)),
        )

    def cut(self, share: float) -> float:
        """Return the highest quality below which at most a share in [0, 1] of comparisons lies."""
        _require_share(share)
        place = math.floor(share * len(self.quality) + _ROUNDING)
        return float(np.append(np.sort(self.quality), math.inf)[place])

    def missed_after(self, grouping: Grouping, *, cut: float) -> dict[str, Misses]:
        """Return the FNMR of each group if comparisons below a quality are refused.

        The cut is the same for all groups. `Misses.missed_or_refused` counts refused comparisons
        as errors, because a photo that is not used finds nobody.
        """
        kept = self.quality >= cut
        every = np.ones_like(kept)
        some = by_group(self.cohort, grouping, self.photos, self.missed & kept, kept)
        both = by_group(self.cohort, grouping, self.photos, self.missed | ~kept, every)
        return {name: Misses(some[name], both[name]) for name in grouping.names}

    def curves(self, grouping: Grouping) -> dict[str, ErrorVersusDiscard]:
        """Return the curve of each group with a comparison. It discards within the group."""
        codes = grouping.codes[self.photos]
        return {
            name: ErrorVersusDiscard.of(self.quality[codes == code], self.missed[codes == code])
            for code, name in enumerate(grouping.names)
            if np.any(codes == code)
        }


def refused_by_group(cohort: Cohort, grouping: Grouping, *, cut: float) -> dict[str, SubjectCounts]:
    """Return the share of each group's photos whose quality is below a cut.

    Photos without a measure of quality are left out.
    """
    quality = _quality(cohort)
    (photos,) = np.nonzero(~np.isnan(quality))
    refused = quality[photos] < cut
    return by_group(cohort, grouping, photos, refused, np.ones_like(refused))


def _quality(cohort: Cohort) -> NDArray[np.float64]:
    measured = (sample.quality for sample in cohort.samples)
    return np.array([math.nan if value is None else value for value in measured])


def _left_from(levels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sum from each level to the last."""
    return np.cumsum(levels[::-1])[::-1]


def _require_share(share: float) -> None:
    if not 0 <= share <= 1:
        raise ValueError(f"a share is in [0, 1], got {share}")
