"""The faces that a map is fitted to and judged on, and the fit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fairness import Cohort
from fairness.cohort import UNKNOWN
from fairness.verification import family_codes
from matcher.embedding import VectorMap, partial_whitening, without_groups
from matcher.evaluation.adaptation.age_bands import FEWEST_IN_A_BAND, FOLDS
from matcher.evaluation.adaptation.ageing import DatedFaces, dated_faces, less_ageing
from matcher.evaluation.adaptation.copies import WithCopies

STRENGTHS: Final = (0.0, 0.25, 0.5, 0.75)
"""Strengths of whitening that are tried, see `matcher.embedding.partial_whitening`."""

MOST_ORIGIN_DIRECTIONS: Final = 2

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Choice:
    """What a fit does.

    Parameters
    ----------
    strength
        Strength of whitening, see `matcher.embedding.partial_whitening`; None leaves the vectors
        of a model that is fitted to children already as they are.
    origin_directions
        Number of directions of origin that are removed.
    ageing
        Whether what changes in a person over the years is taken out.
    """

    strength: float | None
    origin_directions: int
    ageing: bool = False


@dataclass(frozen=True, eq=False)
class Faces:
    """Faces, one of each person in each age band.

    Parameters
    ----------
    vectors, copies
        float64 (n, d), unit rows: of the photo and of its poor copy.
    bands
        int64 (n,): age band from 0; the last is that of adults.
    origins
        int64 (n,): group of origin from 0; -1 where it is unknown or small, and for adults.
    people, families
        int64 (n,): codes of the person and of the family, the latter -1 where it is not known.
    folds
        int64 (n,): the part, from 0 to `FOLDS` - 1, that holds the person.
    band_names, origin_names
        Names of the bands and of the groups of origin.
    dated
        All photos of people who were photographed years apart; their folds are those of `folds`.
    """

    vectors: NDArray[np.float64]
    copies: NDArray[np.float64]
    bands: Codes
    origins: Codes
    people: Codes
    families: Codes
    folds: Codes
    band_names: tuple[str, ...]
    origin_names: tuple[str, ...]
    dated: DatedFaces

    @property
    def young(self) -> NDArray[np.bool_]:
        """Whether each face is of a person who is no adult."""
        return self.bands < len(self.band_names) - 1

    def choices(self, *, unchanged: bool = False) -> list[Choice]:
        """Return what is tried, the weakest first; `unchanged` leaves the vectors as they are."""
        if unchanged:
            return [Choice(None, 0)]
        most = min(MOST_ORIGIN_DIRECTIONS, max(0, len(self.origin_names) - 1))
        return [Choice(strength, k) for strength in STRENGTHS for k in range(most + 1)]

    def fitted(self, choice: Choice, left_out: Collection[int] = ()) -> VectorMap:
        """Return the map that is fitted to everybody, but for the people of some folds."""
        fitted = self._fitted_to_bands(choice, ~np.isin(self.folds, list(left_out)))
        if not choice.ageing:
            return fitted
        dated = self.dated.where(~np.isin(self.dated.folds, list(left_out)))
        return fitted.then(less_ageing(fitted(dated.vectors), dated.people, dated.ages))

    def _fitted_to_bands(self, choice: Choice, rows: NDArray[np.bool_]) -> VectorMap:
        if choice.strength is None:
            dimension = self.vectors.shape[1]
            return VectorMap(np.zeros(dimension), np.eye(dimension))
        vectors = self.vectors[rows]
        whitening = partial_whitening(vectors, self.bands[rows], choice.strength)
        if not choice.origin_directions:
            return whitening
        level = without_groups(whitening(vectors), self.origins[rows], choice.origin_directions)
        return whitening.then(level)


def first_of_each(cohort: Cohort, bands: Codes) -> NDArray[np.bool_]:
    """Return which photos are the first of their person in their band; -1 is no band."""
    kept = np.zeros(len(bands), np.bool_)
    known = np.flatnonzero(bands >= 0)
    pairs = np.column_stack([cohort.subject_codes[known], bands[known]])
    kept[known[np.unique(pairs, axis=0, return_index=True)[1]]] = True
    return kept


def faces_of(
    embedded: WithCopies, bands: Codes, names: Sequence[str], origin: str | None, seed: int
) -> Faces:
    """Return the faces of photos that have a band each.

    Parameters
    ----------
    embedded
        The photos. The first one of each person in each band counts; of people who were
        photographed years apart also the others.
    bands, names
        Band of each photo, and the names of the bands.
    origin
        The label of origin, if there is one. A group with fewer than `FEWEST_IN_A_BAND` young
        people is left out.
    seed
        Draws the folds.
    """
    kept = first_of_each(embedded.cohort, bands)
    folds = _folds(embedded.cohort.subject_codes, bands, seed)
    first, bands = embedded.where(kept), bands[kept]
    origins, origin_names = _origins(first.cohort, bands < len(names) - 1, origin)
    people = first.cohort.subject_codes
    return Faces(
        first.vectors.astype(np.float64),
        first.copies.astype(np.float64),
        bands,
        origins,
        people,
        family_codes(first.cohort)[people],
        folds[people],
        tuple(names),
        origin_names,
        dated_faces(embedded.cohort, embedded.vectors, folds),
    )


def _origins(
    cohort: Cohort, young: NDArray[np.bool_], origin: str | None
) -> tuple[Codes, tuple[str, ...]]:
    codes = np.full(len(young), -1, np.int64)
    if origin is None:
        return codes, ()
    grouping = cohort.grouping(origin)
    names: list[str] = []
    for code, name in enumerate(grouping.names):
        inside = young & (grouping.codes == code)
        if name != UNKNOWN and len(set(cohort.subject_codes[inside])) >= FEWEST_IN_A_BAND:
            codes[inside] = len(names)
            names.append(name)
    return codes, tuple(names)


def _folds(people: Codes, bands: Codes, seed: int) -> Codes:
    """Deal out the people of each band evenly; a person of several bands counts in the lowest.

    Returns
    -------
    int64 array of shape (subjects,)
        The fold of each subject.
    """
    lowest = np.full(people.max() + 1, bands.max())
    np.minimum.at(lowest, people, bands)
    shuffled = np.random.default_rng(seed).permutation(len(lowest))
    dealt = np.empty(len(lowest), np.int64)
    dealt[shuffled[np.argsort(lowest[shuffled], kind="stable")]] = np.arange(len(lowest)) % FOLDS
    return dealt
