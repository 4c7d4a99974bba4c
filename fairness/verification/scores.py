"""Sources of scores: vectors that are compared here, or listed comparisons.

A score counts as at or above a threshold if score >= threshold in float32. One pass over all
comparisons serves all groups of a grouping (`histogram`). A further pass is needed for a threshold
only if it is lower than all earlier ones (`tail`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from fairness.arguments import expect
from fairness.cohort import Cohort, Grouping
from fairness.errors import ScoresError
from fairness.verification.false_matches import (
    CompleteTrialsByGroups,
    Dyads,
    FalseMatches,
    TrialsByGroups,
)
from fairness.verification.histogram import ScoreHistogram, empty_counts, first_row
from fairness.verification.pairs import Pairs, Photos, kin_photos, kin_subjects, mated_photos
from fairness.verification.tiles import SIDE, Tiles
from fairness.words import counted, exact_threshold, figure

__all__ = ["MOST_FALSE_MATCHES", "EmbeddingScores", "Kind", "Pairs", "Scores"]

Kind = Literal["similarity", "distance"]
"""Kind of a score. In a similarity a higher number means closer, in a distance a lower one."""

NOT_COMPARED = "not compared"
"""Reason in `Scores.acquisition`: nobody tried to compare the photo. It counts as no failure."""

MOST_FALSE_MATCHES = 50_000_000
"""At most this many comparisons at or above a threshold are kept, in one gibibyte."""

BINS_PER_UNIT = 2048
"""Number of histogram bins for a unit of cosine similarity. It is a power of two, so that scaling
is exact: a scaled score and a scaled edge compare like the unscaled ones."""

_OUTERMOST = 2064
"""Number of bins on each side of 0. Cosines need 2048; lengths that are not quite 1 need more."""

_UNIT_WITHIN = 1e-3
_AT_ONCE = 65_536


class Scores(Protocol):
    """Scores of a cohort, see `EmbeddingScores` and `fairness.verification.ListedScores`."""

    @property
    def cohort(self) -> Cohort:
        """The cohort of the photos."""

    @property
    def kind(self) -> Kind:
        """What the matcher's own numbers are. Scores of distances are their negatives."""

    @property
    def acquisition(self) -> tuple[str, ...]:
        """For each photo "", or the reason why it could not be compared, as in "no face"."""

    def where(self, kept: NDArray[np.bool_]) -> Scores:
        """Return the scores of the photos chosen by a mask of shape (photos,)."""

    def mated(self) -> Pairs:
        """Return the comparisons of photos of one subject; nan if one could not be made."""

    def kin(self) -> Pairs:
        """Return the comparisons of two subjects of one family; nan if one could not be made."""

    def histogram(self, grouping: Grouping) -> ScoreHistogram:
        """Count the non-mated scores of every pair of groups, without kin, in one pass."""

    def tail(self, threshold: float) -> Pairs:
        """Return the non-mated comparisons at or above a threshold, left < right, without kin."""

    def made(self, grouping: Grouping) -> TrialsByGroups:
        """Count the non-mated comparisons that were made, whatever their score, without kin."""

    def false_matches(self, threshold: float, grouping: Grouping) -> FalseMatches:
        """Count the false matches of every pair of groups, without kin, in one pass at most."""


def false_matches_of(scores: Scores, threshold: float, grouping: Grouping) -> FalseMatches:
    """Count the false matches in the tail of scores, see `Scores.false_matches`."""
    pairs = scores.tail(threshold)
    codes = scores.cohort.subject_codes
    errors = Dyads.of(pairs.left, pairs.right, grouping=grouping, subject_codes=codes)
    return FalseMatches(threshold, grouping, errors, scores.made(grouping))


class EmbeddingScores:
    """Cosine similarities of the vectors of a cohort, every photo with every other.

    No array of the size of all comparisons is held in memory. The same input gives the same scores
    on the same machine. On another machine the last bit of a score may differ.

    Parameters
    ----------
    cohort
        The cohort of the photos.
    vectors
        float32 array of shape (photos, d), in the order of the cohort. Rows have unit length to
        within 1e-3. Rows of photos that were not acquired are ignored.
    acquisition
        For each photo "", or the reason why it has no vector; None if all have one.
    side
        Number of photos on each side of a tile, see `Tiles`. It changes only the time.

    Raises
    ------
    ScoresError
        If the shape or type is wrong, or the row of an acquired photo is not a unit vector.
    """

    kind: Kind = "similarity"

    def __init__(
        self,
        cohort: Cohort,
        vectors: NDArray[np.float32],
        acquisition: Sequence[str] | None = None,
        *,
        side: int = SIDE,
    ) -> None:
        expect(
            "cohort", cohort, Cohort, rule="must be a Cohort", next_step="Give read_cohort(path)."
        )
        expect("vectors", vectors, np.ndarray, rule="must be an array", next_step="Stack them.")
        self.cohort = cohort
        self.acquisition = tuple(acquisition) if acquisition is not None else ("",) * len(cohort)
        _require_a_row_each(cohort, vectors, self.acquisition)
        self.vectors = vectors
        self._acquired = np.array([why == "" for why in self.acquisition])
        self._side = side
        self._kept: tuple[float, Pairs] | None = None
        _require_units(cohort, vectors, self._acquired)

    def where(self, kept: NDArray[np.bool_]) -> EmbeddingScores:
        """See `Scores`."""
        acquisition = [why for why, one in zip(self.acquisition, kept, strict=True) if one]
        return EmbeddingScores(
            self.cohort.where(kept), self.vectors[kept], acquisition, side=self._side
        )

    def mated(self) -> Pairs:
        """See `Scores`: all pairs of photos of one subject."""
        return self._compared(*mated_photos(self.cohort))

    def kin(self) -> Pairs:
        """See `Scores`: all pairs of photos of one family and two subjects."""
        return self._compared(*kin_photos(self.cohort))

    def histogram(self, grouping: Grouping) -> ScoreHistogram:
        """See `Scores`. Bins have the width 1 / 2,048, with an edge at 0.

        Raises
        ------
        ScoresError
            If there are too many groups, see `empty_counts`.
        """
        bins, groups = 2 * _OUTERMOST, len(grouping.names)
        counts = empty_counts(grouping, bins)
        tiles = self._tiles(grouping.codes)

        def count(chunk: int) -> tuple[int, NDArray[np.int64]]:
            own = tiles.group(chunk)
            found = np.zeros((groups - own, bins), np.int64)
            row = tiles.row(chunk, scale=BINS_PER_UNIT, fill=-_OUTERMOST)
            for other, scores in row:
                found[tiles.group(other) - own] += _count_in_bins(scores, bins)
            return own, found

        def add(found: tuple[int, NDArray[np.int64]]) -> None:
            own, of_row = found
            counts[first_row(own, groups) : first_row(own + 1, groups)] += of_row

        tiles.sweep(count, add)
        counts[:, 0] = 0
        edges = (np.arange(bins + 1) - _OUTERMOST) / BINS_PER_UNIT
        return ScoreHistogram(grouping, edges.astype(np.float32), counts)

    def tail(self, threshold: float) -> Pairs:
        """See `Scores`. The comparisons for the lowest threshold so far are kept for later calls.

        Raises
        ------
        ScoresError
            If there would be more than `MOST_FALSE_MATCHES`.
        """
        if self._kept is None or threshold < self._kept[0]:
            self._kept = threshold, self._pass_for_tail(threshold)
        pairs = self._kept[1]
        return pairs.where(pairs.score >= np.float32(threshold))

    def false_matches(self, threshold: float, grouping: Grouping) -> FalseMatches:
        """See `Scores`.

        Raises
        ------
        ScoresError
            If there would be more than `MOST_FALSE_MATCHES`.
        """
        return false_matches_of(self, threshold, grouping)

    def made(self, grouping: Grouping) -> CompleteTrialsByGroups:
        """See `Scores`: every acquired photo with every other."""
        photos = np.zeros((len(grouping.names), len(self.cohort.subjects)), np.int64)
        subjects = self.cohort.subject_codes[self._acquired]
        np.add.at(photos, (grouping.codes[self._acquired], subjects), 1)
        return CompleteTrialsByGroups(photos, self._kin_subjects)

    def _pass_for_tail(self, threshold: float) -> Pairs:
        tiles = self._tiles(np.zeros(len(self.cohort), np.int64))
        found: list[Pairs] = []

        def keep(pairs: Pairs) -> None:
            found.append(pairs)
            _require_few(sum(map(len, found)), threshold)

        tiles.sweep(lambda chunk: _reaching(tiles, chunk, threshold), keep)
        return _joined(found, self._places)

    @cached_property
    def _places(self) -> Photos:
        """Photo index of each row of `_compared_vectors`."""
        return np.flatnonzero(self._acquired)

    @cached_property
    def _kin_subjects(self) -> NDArray[np.int64]:
        return kin_subjects(self.cohort)

    @cached_property
    def _not_impostors(self) -> tuple[Photos, Photos]:
        """Pairs of acquired photos of one subject or family, as rows of `_compared_vectors`."""
        mated, kin = mated_photos(self.cohort), kin_photos(self.cohort)
        left, right = (np.concatenate(sides) for sides in zip(mated, kin, strict=True))
        both = self._acquired[left] & self._acquired[right]
        place = np.cumsum(self._acquired) - 1
        return place[left[both]], place[right[both]]

    @cached_property
    def _compared_vectors(self) -> NDArray[np.float32]:
        compared: NDArray[np.float32] = self.vectors[self._acquired]
        return compared

    def _tiles(self, codes: NDArray[np.int64]) -> Tiles:
        return Tiles(
            self._compared_vectors, codes[self._acquired], *self._not_impostors, self._side
        )

    def _compared(self, left: Photos, right: Photos) -> Pairs:
        score = np.full(len(left), np.nan, np.float32)
        made = np.flatnonzero(self._acquired[left] & self._acquired[right])
        for begin in range(0, len(made), _AT_ONCE):
            some = made[begin : begin + _AT_ONCE]
            sides = self.vectors[left[some]], self.vectors[right[some]]
            score[some] = np.einsum("pd,pd->p", *sides)
        return Pairs(left, right, score)


def _count_in_bins(scaled: NDArray[np.float32], bins: int) -> NDArray[np.int64]:
    np.floor(scaled, out=scaled)
    scaled += _OUTERMOST
    return np.bincount(scaled.ravel().astype(np.intp), minlength=bins)


def _reaching(tiles: Tiles, chunk: int, threshold: float) -> Pairs:
    """Return the comparisons of a chunk that reach a threshold, as rows of the vectors."""
    lowest = np.float32(threshold)
    begin = tiles.starts[chunk]
    found: list[Pairs] = []
    for other, scores in tiles.row(chunk, scale=1, fill=np.nan):
        place = np.flatnonzero(scores >= lowest)
        left, right = np.divmod(place, scores.shape[1])
        found.append(Pairs(left + begin, right + tiles.starts[other], scores.ravel()[place]))
        _require_few(sum(map(len, found)), threshold)
    return _joined(found, tiles.order)


def _joined(found: Sequence[Pairs], places: Photos) -> Pairs:
    """Concatenate pairs and replace positions by the entries of `places` there."""
    left, right = (
        places[np.concatenate([[], *(getattr(pairs, side) for pairs in found)]).astype(np.int64)]
        for side in ("left", "right")
    )
    score = np.concatenate([np.empty(0, np.float32), *(pairs.score for pairs in found)])
    return Pairs(left, right, score)


def _require_few(number: int, threshold: float) -> None:
    if number > MOST_FALSE_MATCHES:
        raise ScoresError(
            f"false matches at the threshold {exact_threshold(threshold)}",
            rule=f"at most {MOST_FALSE_MATCHES:,} comparisons of different people reach it",
            got="more",
            next_step="Raise the threshold, or audit fewer photos at once.",
        )


def _require_a_row_each(
    cohort: Cohort, vectors: NDArray[np.float32], acquisition: Sequence[str]
) -> None:
    for what, number in (("vectors", len(vectors)), ("acquisition", len(acquisition))):
        if number != len(cohort):
            raise ScoresError(
                f"{what} of cohort {cohort.name!r}",
                rule=f"one for each of its {counted(len(cohort), 'photo')}, in their order",
                got=number,
                next_step="Order them as cohort.samples; give a reason for photos without one.",
            )
    if vectors.ndim != 2 or vectors.dtype != np.float32:
        raise ScoresError(
            f"vectors of cohort {cohort.name!r}",
            rule="a float32 array of shape (photos, d)",
            got=f"{vectors.dtype} of shape {vectors.shape}",
            next_step="Convert them, or stack them into one array.",
        )


def _require_units(
    cohort: Cohort, vectors: NDArray[np.float32], acquired: NDArray[np.bool_]
) -> None:
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    wrong = np.flatnonzero(acquired & ~(np.abs(lengths - 1) <= _UNIT_WITHIN))
    if len(wrong):
        named = ", ".join(
            f"{cohort.samples[row].photo!r}: {figure(float(lengths[row]), 6)}" for row in wrong[:3]
        )
        raise ScoresError(
            f"vectors of cohort {cohort.name!r}",
            rule="numbers, each row of length 1 to within 0.001",
            got=f"{counted(len(wrong), 'other row')}, as in {named}",
            next_step="Divide each row by its length; say why a photo has no vector.",
        )
