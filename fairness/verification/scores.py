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
from fairness.verification.tiles import SIDE, Chunks, Tiles
from fairness.verification.vectors import Probes, acquired, require_probes, require_vectors
from fairness.words import exact_threshold

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
        """For each photo "", or the reason why it could not be compared, as in "no face".

        If the probes are degraded, these are the reasons of the probes.
        """

    @property
    def compared(self) -> NDArray[np.bool_]:
        """Whether each photo could be compared, enrolled or as a probe, shape (photos,)."""

    @property
    def degraded(self) -> str:
        """How the probes were degraded, see `Probes`; "" if all photos are compared as they are."""

    def where(self, kept: NDArray[np.bool_]) -> Scores:
        """Return the scores of the photos chosen by a mask of shape (photos,)."""

    def mated(self) -> Pairs:
        """Return the comparisons of photos of one subject; nan if one could not be made."""

    def kin(self) -> Pairs:
        """Return the comparisons of two subjects of one family; nan if one could not be made."""

    def histogram(self, grouping: Grouping) -> ScoreHistogram:
        """Count the non-mated scores of every pair of groups, without kin, in one pass."""

    def tail(self, threshold: float) -> Pairs:
        """Return the non-mated comparisons at or above a threshold, without kin.

        Of each, left < right. If the probes are degraded, `left` is the enrolled photo and `right`
        the probe.
        """

    def made(self, grouping: Grouping) -> TrialsByGroups:
        """Count the non-mated comparisons that were made, whatever their score, without kin."""

    def false_matches(self, threshold: float, grouping: Grouping) -> FalseMatches:
        """Count the false matches of every pair of groups, without kin, in one pass at most."""


def false_matches_of(scores: Scores, threshold: float, grouping: Grouping) -> FalseMatches:
    """Count the false matches in the tail of scores, see `Scores.false_matches`."""
    pairs = scores.tail(threshold)
    errors = Dyads.of(
        pairs.left,
        pairs.right,
        grouping=grouping,
        subject_codes=scores.cohort.subject_codes,
        directed=scores.degraded != "",
    )
    return FalseMatches(threshold, grouping, errors, scores.made(grouping))


class EmbeddingScores:
    """Cosine similarities of the vectors of a cohort, every photo with every other.

    With `probes`, an enrolled photo is compared with a probe. Of two photos of one person, or of
    two relatives, the later one is the probe. Two other people are compared both ways: each photo
    of either is a probe once.

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
    probes
        The photos as probes, if they are degraded; None if all photos are compared as they are.
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
        probes: Probes | None = None,
        side: int = SIDE,
    ) -> None:
        expect(
            "cohort", cohort, Cohort, rule="must be a Cohort", next_step="Give read_cohort(path)."
        )
        self.cohort = cohort
        self.enrolment = tuple(acquisition) if acquisition is not None else ("",) * len(cohort)
        require_vectors(cohort, vectors, self.enrolment)
        self.vectors = vectors
        self.probes = probes
        self._enrolled = acquired(self.enrolment)
        self._searched = self._enrolled
        if probes is not None:
            require_probes(probes, cohort, vectors)
            self._searched = probes.acquired
        self._side = side
        self._kept: tuple[float, Pairs] | None = None

    @property
    def acquisition(self) -> tuple[str, ...]:
        """See `Scores`. `enrolment` has the reasons of the enrolled photos."""
        return self.enrolment if self.probes is None else tuple(self.probes.acquisition)

    @property
    def compared(self) -> NDArray[np.bool_]:
        """See `Scores`."""
        return self._enrolled | self._searched

    @property
    def degraded(self) -> str:
        """See `Scores`."""
        return "" if self.probes is None else self.probes.degraded

    def where(self, kept: NDArray[np.bool_]) -> EmbeddingScores:
        """See `Scores`."""
        enrolment = [why for why, one in zip(self.enrolment, kept, strict=True) if one]
        probes = None if self.probes is None else self.probes.where(kept)
        some, vectors = self.cohort.where(kept), self.vectors[kept]
        return EmbeddingScores(some, vectors, enrolment, probes=probes, side=self._side)

    def labelled(self, cohort: Cohort) -> EmbeddingScores:
        """Return the same scores of a cohort with the same photos and other labels."""
        return EmbeddingScores(
            cohort, self.vectors, self.enrolment, probes=self.probes, side=self._side
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

        def count(chunk: int) -> tuple[int, dict[int, NDArray[np.int64]]]:
            found: dict[int, NDArray[np.int64]] = {}
            for other, scores in tiles.row(chunk, scale=BINS_PER_UNIT, fill=-_OUTERMOST):
                group, numbers = tiles.probes.group(other), _count_in_bins(scores, bins)
                found[group] = found[group] + numbers if group in found else numbers
            return tiles.enrolled.group(chunk), found

        def add(found: tuple[int, dict[int, NDArray[np.int64]]]) -> None:
            own, of_row = found
            for group, numbers in of_row.items():
                low, high = min(own, group), max(own, group)
                counts[first_row(low, groups) + high - low] += numbers

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
        """See `Scores`: every acquired photo with every other, or with every acquired probe."""
        photos = self._by_group(grouping, self._enrolled)
        probes = None if self.probes is None else self._by_group(grouping, self._searched)
        return CompleteTrialsByGroups(photos, self._kin_subjects, probes)

    def _by_group(self, grouping: Grouping, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the chosen photos of each subject in each group, shape (groups, subjects)."""
        photos = np.zeros((len(grouping.names), len(self.cohort.subjects)), np.int64)
        np.add.at(photos, (grouping.codes[chosen], self.cohort.subject_codes[chosen]), 1)
        return photos

    def _pass_for_tail(self, threshold: float) -> Pairs:
        tiles = self._tiles(np.zeros(len(self.cohort), np.int64))
        found: list[Pairs] = []

        def keep(pairs: Pairs) -> None:
            found.append(pairs)
            _require_few(sum(map(len, found)), threshold)

        tiles.sweep(lambda chunk: _reaching(tiles, chunk, threshold), keep)
        return _joined(found, np.flatnonzero(self._enrolled), np.flatnonzero(self._searched))

    @cached_property
    def _kin_subjects(self) -> NDArray[np.int64]:
        return kin_subjects(self.cohort)

    @cached_property
    def _not_impostors(self) -> tuple[Photos, Photos]:
        """Comparisons within a subject or family, as rows of the vectors that are compared."""
        mated, kin = mated_photos(self.cohort), kin_photos(self.cohort)
        left, right = (np.concatenate(sides) for sides in zip(mated, kin, strict=True))
        if self.probes is not None:
            itself = np.arange(len(self.cohort))
            left, right = np.r_[left, right, itself], np.r_[right, left, itself]
        both = self._enrolled[left] & self._searched[right]
        rows, columns = (np.cumsum(some) - 1 for some in (self._enrolled, self._searched))
        return rows[left[both]], columns[right[both]]

    def _tiles(self, codes: NDArray[np.int64]) -> Tiles:
        made, used = self._enrolled, self._searched
        enrolled = Chunks(self._enrolled_vectors, codes[made], self._side)
        probes = enrolled
        if self.probes is not None:
            probes = Chunks(self._probe_vectors, codes[used], self._side)
        return Tiles(enrolled, probes, *self._not_impostors)

    @cached_property
    def _enrolled_vectors(self) -> NDArray[np.float32]:
        return self.vectors[self._enrolled]

    @cached_property
    def _probe_vectors(self) -> NDArray[np.float32]:
        return self._searched_with[self._searched]

    @property
    def _searched_with(self) -> NDArray[np.float32]:
        return self.vectors if self.probes is None else self.probes.vectors

    def _compared(self, left: Photos, right: Photos) -> Pairs:
        score = np.full(len(left), np.nan, np.float32)
        made = np.flatnonzero(self._enrolled[left] & self._searched[right])
        for begin in range(0, len(made), _AT_ONCE):
            some = made[begin : begin + _AT_ONCE]
            sides = self.vectors[left[some]], self._searched_with[right[some]]
            score[some] = np.einsum("pd,pd->p", *sides)
        return Pairs(left, right, score)


def _count_in_bins(scaled: NDArray[np.float32], bins: int) -> NDArray[np.int64]:
    np.floor(scaled, out=scaled)
    scaled += _OUTERMOST
    return np.bincount(scaled.ravel().astype(np.intp), minlength=bins)


def _reaching(tiles: Tiles, chunk: int, threshold: float) -> Pairs:
    """Return the comparisons of a chunk that reach a threshold, as rows of the vectors."""
    lowest = np.float32(threshold)
    begin = tiles.enrolled.starts[chunk]
    found: list[Pairs] = []
    for other, scores in tiles.row(chunk, scale=1, fill=np.nan):
        place = np.flatnonzero(scores >= lowest)
        left, right = np.divmod(place, scores.shape[1])
        found.append(Pairs(left + begin, right + tiles.probes.starts[other], scores.ravel()[place]))
        _require_few(sum(map(len, found)), threshold)
    return _joined(found, tiles.enrolled.order, tiles.probes.order)


def _joined(found: Sequence[Pairs], enrolled: Photos, probes: Photos) -> Pairs:
    """Concatenate pairs and replace positions by the entries of `enrolled` and `probes` there."""
    left, right = (
        places[np.concatenate([[], *(getattr(pairs, side) for pairs in found)]).astype(np.int64)]
        for places, side in ((enrolled, "left"), (probes, "right"))
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
