"""Tests of searches with mated and non-mated probes; `searches` has the definitions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairness.cohort import Cohort, Grouping
from fairness.errors import ScoresError
from fairness.identification.plan import IdentificationPlan
from fairness.identification.searches import MatedSearches, NonMatedSearches
from fairness.rates import SubjectCounts, by_group
from fairness.verification import Probes, require_probes

_AT_ONCE = 1 << 23  # largest number of scores held at once
_UNIT = 1e-3  # largest deviation of a vector's length from 1


@dataclass(frozen=True, eq=False)
class OpenSet:
    """Outcomes of the searches of a plan, or of several plans together.

    Parameters
    ----------
    cohort
        The cohort.
    galleries
        N, the number of subjects, of each gallery that was searched.
    enrolments
        int64 array of shape (enrolments,): photos that were to be enrolled.
    failed
        bool array of shape (enrolments,): whether a photo has no vector.
    mated, non_mated
        Searches for enrolled people, and for people who are not enrolled.
    kin
        Searches for people who are not enrolled but whose relatives are. Only these relatives are
        candidates.
    parts
        The outcomes of each gallery, if those of several are counted together.
    """

    cohort: Cohort
    galleries: tuple[int, ...]
    enrolments: NDArray[np.int64]
    failed: NDArray[np.bool_]
    mated: MatedSearches
    non_mated: NonMatedSearches
    kin: NonMatedSearches
    parts: tuple[OpenSet, ...] = ()

    @classmethod
    def pooled(cls, parts: Sequence[OpenSet]) -> OpenSet:
        """Return the searches of several plans of one cohort together.

        Rates count by person, over all galleries. People who are enrolled in one gallery and
        searched for in another are compared with each other both ways, which
        `NonMatedSearches.both_ways` allows for. A gallery in which nobody could be enrolled is not
        listed; its people are misses.

        Raises
        ------
        ValueError
            If there is no part, or candidates were counted at different thresholds.
        """
        cohort = parts[0].cohort
        enrolments = np.concatenate([part.enrolments for part in parts])
        non_mated = NonMatedSearches.pooled([part.non_mated for part in parts])
        people, codes = cohort.subject_codes, non_mated.photos
        both_ways = bool(np.isin(people[enrolments], people[codes]).any())
        return cls(
            cohort,
            tuple(size for part in parts for size in part.galleries if size),
            enrolments,
            np.concatenate([part.failed for part in parts]),
            MatedSearches.pooled([part.mated for part in parts]),
            replace(non_mated, both_ways=both_ways),
            replace(NonMatedSearches.pooled([part.kin for part in parts]), both_ways=both_ways),
            tuple(parts),
        )

    @property
    def independent(self) -> OpenSet:
        """The searches in one gallery, in which no two people are compared both ways."""
        return self.parts[0] if self.non_mated.both_ways else self

    @property
    def enrolled(self) -> int:
        """N, the number of subjects in the gallery; in the smallest of several."""
        return min(self.galleries)

    def failed_enrolments(self, grouping: Grouping) -> dict[str, SubjectCounts]:
        """Return the failure-to-enrol rate of each group, over the photos to be enrolled."""
        every = np.ones_like(self.failed)
        return by_group(self.cohort, grouping, self.enrolments, self.failed, every)


def search_plan(
    plan: IdentificationPlan,
    vectors: ArrayLike,
    acquisition: Sequence[str] | None = None,
    *,
    thresholds: Sequence[float] = (),
    probes: Probes | None = None,
) -> OpenSet:
    """Search the gallery of a plan with its probes, exactly, by cosine similarity.

    The probes are searched in blocks. No table of all scores is held.

    Parameters
    ----------
    plan
        The photos to enrol, and the probes.
    vectors
        float32 array of shape (photos, d), in the order of the cohort. Each row has unit length.
        Rows of photos that were not acquired are ignored.
    acquisition
        For each photo "", or the reason why it has no vector; None if all have one.
    thresholds
        Thresholds at which the candidates of non-mated searches are counted, for the selectivity.
    probes
        The photos as probes, if they are degraded; None if they are searched with as they are.

    Raises
    ------
    AuditError
        If the probes are no `Probes`.
    ScoresError
        If the vectors have another form, or no photo of the gallery has a vector.
    """
    return search_plans((plan,), vectors, acquisition, thresholds=thresholds, probes=probes)


def search_plans(
    plans: Sequence[IdentificationPlan],
    vectors: ArrayLike,
    acquisition: Sequence[str] | None = None,
    *,
    thresholds: Sequence[float] = (),
    probes: Probes | None = None,
) -> OpenSet:
    """Search the gallery of each plan with its probes, and pool the searches.

    Parameters and errors are those of `search_plan`. `plans` has one plan or more of one cohort,
    as from `IdentificationPlan.in_turn`. An error is raised only if no gallery holds a vector.
    """
    cohort = plans[0].cohort
    enrolled = _Vectors.checked(vectors, _acquired(len(cohort), acquisition))
    searched = enrolled
    if probes is not None:
        require_probes(probes, cohort, enrolled.unit)
        searched = _Vectors(probes.vectors, probes.acquired)
    if not any(enrolled.acquired[plan.gallery].any() for plan in plans):
        raise ScoresError(
            "the gallery",
            rule="holds one photo or more with a vector",
            got="none",
            next_step="See why its photos were not acquired.",
        )
    return OpenSet.pooled([_searched(plan, enrolled, searched, thresholds) for plan in plans])


@dataclass(frozen=True, eq=False)
class _Vectors:
    """Vectors of all photos, shape (photos, d), and which of the photos have one."""

    unit: NDArray[np.float32]
    acquired: NDArray[np.bool_]

    @classmethod
    def checked(cls, vectors: ArrayLike, acquired: NDArray[np.bool_]) -> _Vectors:
        unit = np.asarray(vectors, dtype=np.float32)
        if unit.ndim != 2 or len(unit) != len(acquired):
            raise _vector_error(
                f"have shape ({len(acquired)}, d), a row for each photo", unit.shape
            )
        lengths = np.sqrt(np.einsum("ij,ij->i", unit, unit))[acquired]
        if wrong := int(np.sum(~(np.abs(lengths - 1) <= _UNIT))):
            raise _vector_error("are finite and of unit length", f"{wrong} that are not")
        return cls(unit, acquired)


def _searched(
    plan: IdentificationPlan,
    enrolled: _Vectors,
    probes: _Vectors,
    thresholds: Sequence[float],
) -> OpenSet:
    failed = ~enrolled.acquired[plan.gallery]
    gallery = _Gallery.of(enrolled.unit, plan.gallery[~failed], plan.cohort.subject_codes)
    mated = _search_mated(plan, probes, gallery)
    non_mated, kin = _search_non_mated(plan, probes, gallery, thresholds)
    size = (len(gallery.subjects),)
    return OpenSet(plan.cohort, size, plan.gallery, failed, mated, non_mated, kin)


@dataclass(frozen=True, eq=False)
class _Gallery:
    """Vectors sorted by subject, and the index of each subject's first vector."""

    vectors: NDArray[np.float32]
    subjects: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def of(
        cls, unit: NDArray[np.float32], photos: NDArray[np.int64], codes: NDArray[np.int64]
    ) -> _Gallery:
        photos = photos[np.argsort(codes[photos], kind="stable")]
        subjects, starts = np.unique(codes[photos], return_index=True)
        return cls(unit[photos], subjects, starts)

    def scores(self, probes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the score of each subject's closest photo, shape (subjects, probes)."""
        scores = self.vectors @ probes.T
        photos = np.diff(np.append(self.starts, len(scores)))
        best: NDArray[np.float32] = scores[self.starts]
        for further in range(1, photos.max(initial=1)):  # much faster than maximum.reduceat
            (some,) = np.nonzero(photos > further)
            best[some] = np.maximum(best[some], scores[self.starts[some] + further])
        return best

    def blocks(self, chosen: NDArray[np.bool_]) -> Iterator[NDArray[np.int64]]:
        """Yield the indices of the chosen probes, in blocks that fit into memory."""
        (places,) = np.nonzero(chosen)
        at_once = max(1, _AT_ONCE // max(1, len(self.vectors)))
        for start in range(0, len(places), at_once):
            yield places[start : start + at_once]


def _search_mated(plan: IdentificationPlan, probes: _Vectors, gallery: _Gallery) -> MatedSearches:
    photos, size = plan.mated, len(gallery.subjects)
    subjects = plan.cohort.subject_codes[photos]
    refused, unenrolled = ~probes.acquired[photos], ~np.isin(subjects, gallery.subjects)
    rank = np.zeros(len(photos), np.int64)
    score = np.full(len(photos), math.nan, np.float32)
    for block in gallery.blocks(~(refused | unenrolled)):
        scores = gallery.scores(probes.unit[photos[block]])
        rows = np.searchsorted(gallery.subjects, subjects[block])
        mate = scores[rows, np.arange(len(block))]
        rank[block], score[block] = np.count_nonzero(scores >= mate, axis=0), mate
    return MatedSearches(plan.cohort, photos, rank, score, refused, unenrolled, size)


def _search_non_mated(
    plan: IdentificationPlan,
    probes: _Vectors,
    gallery: _Gallery,
    thresholds: Sequence[float],
) -> tuple[NonMatedSearches, NonMatedSearches]:
    photos, at = plan.non_mated, np.array(thresholds, dtype=np.float32)
    made, relatives = probes.acquired[photos], plan.relatives(gallery.subjects)
    top = np.full(len(photos), math.nan, np.float32)
    counts = np.zeros((len(photos), len(at)), np.int64)
    of_kin = [np.empty(0, np.float32)] * len(photos)
    for block in gallery.blocks(made):
        scores = gallery.scores(probes.unit[photos[block]])
        for column, probe in enumerate(block):
            if not len(relatives[probe]):
                continue
            rows = np.searchsorted(gallery.subjects, relatives[probe])
            of_kin[probe] = scores[rows, column]
            scores[rows, column] = -math.inf
        top[block] = scores.max(axis=0, initial=-math.inf)
        for place, threshold in enumerate(at):
            counts[block, place] = np.count_nonzero(scores >= threshold, axis=0)
    everywhere = np.full(len(photos), -math.inf, np.float32)
    number = np.array([len(codes) for codes in relatives], dtype=np.int64)
    strangers = len(gallery.subjects) - number
    some = strangers > 0
    others = NonMatedSearches(
        plan.cohort, photos[some], top[some], everywhere[some], at, counts[some], strangers[some]
    )
    kin = NonMatedSearches.of_scores(
        plan.cohort,
        photos,
        of_kin,
        made=made,
        floor=everywhere,
        thresholds=at,
        enrolled=number,
    )
    return others, kin


def _acquired(photos: int, acquisition: Sequence[str] | None) -> NDArray[np.bool_]:
    if acquisition is None:
        return np.ones(photos, dtype=np.bool_)
    if len(acquisition) != photos:
        raise _vector_error("say of each photo whether it has one", f"{len(acquisition)} of them")
    return np.array([not reason for reason in acquisition], dtype=np.bool_)


def _vector_error(rule: str, got: object) -> ScoresError:
    return ScoresError(
        "the vectors",
        rule=f"they {rule}",
        got=got,
        next_step="Give them in the order of the cohort, and say which photos have none.",
    )
