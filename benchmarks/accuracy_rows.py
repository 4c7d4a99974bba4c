"""The rows of `benchmarks/accuracy.py`, from vectors and labels alone.

Every row is worked out 1 + draws times: as observed, every subject counting once, and in each draw
of subjects. Weights are therefore arrays of shape (subjects, 1 + draws) whose first column is 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from fairness import Cohort, EmbeddingScores
from fairness.differentials import draw_weights, percentile_limits
from fairness.rates import SubjectCounts
from fairness.verification import Pairs, allowed_errors, years_between
from matcher.embedding import FaceVectors, fuse

PERCENT = 100.0
CLEAN = "clean"
"""Name of the probes that are not degraded."""

YOUNG, ADULT, LONG = 5.0, 18.0, 10.0  # years: age of a young probe, of an adult, a long gap
ENROLLED_BEFORE = 10.0  # years, as in benchmarks/age_gap.py
SHUFFLES = 20  # draws of which photos of a person are searched with together
ADULTS_FMR = 1e-3

Numbers = NDArray[np.float64]
Vectors = NDArray[np.float32]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Compared(Protocol):
    """The photos of a cohort compared with each other, as `EmbeddingScores` has them."""

    @property
    def cohort(self) -> Cohort:
        """The cohort of the photos."""

    def mated(self) -> Pairs:
        """Return all pairs of one subject; the score is nan where a photo has no face."""

    def tail(self, threshold: float) -> Pairs:
        """Return the pairs of two subjects at or above a score."""


@dataclass(frozen=True, eq=False)
class Row:
    """One measure of one model.

    Parameters
    ----------
    name
        What is measured.
    count, of
        How many probes, or pairs, it is measured on.
    values
        float64 array of shape (1 + draws,): as observed, then in each draw; nan where undefined.
    factor, digits
        How it is printed: values times `factor` with so many decimals.
    """

    name: str
    count: int
    of: Literal["probes", "pairs"]
    values: Numbers
    factor: float = PERCENT
    digits: int = 1

    @property
    def value(self) -> float:
        """The measure as observed."""
        return float(self.values[0])

    @property
    def limits(self) -> tuple[float, float] | None:
        """The 95 % interval; None where draws say nothing, see `percentile_limits`."""
        return percentile_limits(self.values[1:])

    def less(self, other: Row) -> Row:
        """Return the difference to the same row of another model, draw by draw."""
        values = self.values - other.values
        return Row(self.name, self.count, self.of, values, self.factor, self.digits)


def weights_of(units: int, draws: int, seed: int, strata: Codes | None = None) -> Numbers:
    """Return a column of ones, then how often each unit is in each draw."""
    drawn = draw_weights(units, draws, seed, strata)
    return np.hstack([np.ones((units, 1)), *drawn])


def searched(probes: FaceVectors, gallery: FaceVectors) -> Vectors:
    """Return the score of each probe with each photo of a gallery, as `matcher.search` has it.

    Each probe is compared with the vectors that it names, as far as the gallery has them.

    Returns
    -------
    float32 array of shape (probes, photos)
    """
    scores: Vectors = probes.probes @ gallery.vectors.T
    for name, vectors in gallery.kept.items():
        rows = np.array([one == name for one in probes.compared_with], np.bool_)
        scores[rows] = probes.probes[rows] @ vectors.T
    return scores


def rank_one(scores: Vectors, subjects: Codes) -> Mask:
    """Return whether the nearest other photo of each probe is of its own subject.

    Parameters
    ----------
    scores
        Of probes and gallery of the same photos in the same order, shape (photos, photos); a probe
        is not compared with the gallery's photo in its own place.
    subjects
        Subject code of each photo.
    """
    scores = scores.copy()
    np.fill_diagonal(scores, -np.inf)
    nearest: Mask = subjects[np.argmax(scores, axis=1)] == subjects
    return nearest


def rank_one_row(name: str, hits: Mask, chosen: Mask, subjects: Codes, weights: Numbers) -> Row:
    """Return the share of hits among the chosen probes; those without a mate are left out."""
    counted = chosen & (np.bincount(subjects)[subjects] > 1)
    return share_row(name, hits[counted], subjects[counted], weights)


def share_row(name: str, hits: Mask, subjects: Codes, weights: Numbers) -> Row:
    """Return the share of hits among probes of these subjects."""
    trials, found = (
        np.bincount(those, minlength=len(weights)) for those in (subjects, subjects[hits])
    )
    values = SubjectCounts(found, trials).resampled(weights)
    return Row(name, len(hits), "probes", values)


def several_rows(cohort: Cohort, vectors: Vectors, weights: Numbers, seed: int) -> list[Row]:
    """Return rank-1 of one, two and three probe photos of a person, fused as `matcher` fuses.

    All photos are taken for clear: their own vectors are fused, and compared with one another.
    Photos from before the age of `ENROLLED_BEFORE` are the gallery. The later photos of each
    person are put into threes at random; what is left over is not used. All rows are of the same
    threes, so they differ only in how many photos of each are searched with. Each row is the mean
    over `SHUFFLES` draws of threes.
    """
    subjects, early = cohort.subject_codes, ages_of(cohort) < ENROLLED_BEFORE
    random = np.random.default_rng(seed)
    drawn = [_threes(subjects, early, random) for _ in range(SHUFFLES)]
    rows = []
    for count, said in enumerate(("one probe photo", "two probe photos", "three probe photos"), 1):
        name = f"rank-1, {said}, enrolled before the age of {ENROLLED_BEFORE:g}"
        made = [
            share_row(
                name,
                _fused_find(threes[:, :count], vectors, subjects, early),
                subjects[threes[:, 0]],
                weights,
            )
            for threes in drawn
        ]
        rows.append(replace(made[0], values=np.mean([row.values for row in made], axis=0)))
    return rows


def _fused_find(sets: Codes, vectors: Vectors, subjects: Codes, early: Mask) -> Mask:
    """Return whether the early photo nearest to each set of photos is of its subject."""
    if not len(sets):
        return np.zeros(0, np.bool_)
    weights = np.ones(sets.shape[1])
    fused = np.stack([fuse(vectors[photos], weights).vector for photos in sets])
    found: Mask = (
        subjects[early][np.argmax(fused @ vectors[early].T, axis=1)] == subjects[sets[:, 0]]
    )
    return found


def people_with_threes(cohort: Cohort) -> int:
    """Return how many people are enrolled and have three later photos."""
    subjects, early = cohort.subject_codes, ages_of(cohort) < ENROLLED_BEFORE
    later = np.bincount(subjects[~early], minlength=len(cohort.subjects))
    return int((later[np.unique(subjects[early])] >= 3).sum())


def _threes(subjects: Codes, early: Mask, random: np.random.Generator) -> Codes:
    """Return later photos of subjects with early ones, three of one subject in each row."""
    threes = []
    for subject in np.unique(subjects[early]):
        later = random.permutation(np.flatnonzero((subjects == subject) & ~early))
        threes.append(later[: len(later) // 3 * 3].reshape(-1, 3))
    return np.concatenate([np.empty((0, 3), np.int64), *threes])


@dataclass(frozen=True, eq=False)
class Mated:
    """Scores of pairs of photos of one subject, and its code; arrays of shape (pairs,)."""

    scores: Vectors
    subjects: Codes

    def rates(self, thresholds: Numbers, weights: Numbers) -> Numbers:
        """Return the share of pairs at or above each column's own threshold."""
        rates = np.full(len(thresholds), np.nan)
        for column, threshold in enumerate(thresholds):
            counts = weights[self.subjects, column]
            if counts.any() and np.isfinite(threshold):
                rates[column] = counts @ (self.scores >= threshold) / counts.sum()
        return rates


@dataclass(frozen=True, eq=False)
class NonMated:
    """Scores of pairs of photos of two subjects, highest first, and both codes.

    In a draw a pair counts as often as the product of its subjects' weights says: the vertex
    bootstrap, see `fairness.differentials`.
    """

    scores: Vectors
    left: Codes
    right: Codes

    @classmethod
    def of(cls, pairs: Pairs, subjects: Codes) -> NonMated:
        """Sort pairs of photos, given the subject code of each photo."""
        order = np.argsort(-pairs.score, kind="stable")
        return cls(pairs.score[order], subjects[pairs.left[order]], subjects[pairs.right[order]])

    def thresholds(self, fmrs: Sequence[float], weights: Numbers) -> Numbers:
        """Return the lowest thresholds that at most such shares of pairs reach.

        Returns
        -------
        float64 array of shape (fmrs, columns)
            With the counts of `fairness.verification.threshold_at`; nan in columns without a pair.
        """
        found = np.full((len(fmrs), weights.shape[1]), np.nan)
        for column in range(weights.shape[1]):
            reached = np.cumsum(self._counts(weights[:, column]))
            if not reached.any():
                continue
            for row, fmr in enumerate(fmrs):
                allowed = allowed_errors(fmr, int(reached[-1]))
                first_refused = self.scores[np.searchsorted(reached, allowed, side="right")]
                found[row, column] = np.nextafter(first_refused, np.float32(np.inf))
        return found

    def rates(self, thresholds: Numbers, weights: Numbers) -> Numbers:
        """Return the share of pairs at or above each column's own threshold."""
        rates = np.full(len(thresholds), np.nan)
        for column, threshold in enumerate(thresholds):
            counts = self._counts(weights[:, column])
            if counts.any() and np.isfinite(threshold):
                rates[column] = counts[self.scores >= threshold].sum() / counts.sum()
        return rates

    def _counts(self, weights: Numbers) -> Numbers:
        counts: Numbers = weights[self.left] * weights[self.right]
        return counts


def rows_of_cohort(
    cohort: Cohort,
    versions: Mapping[str, FaceVectors],
    weights: Numbers,
    judged: Sequence[str] = (),
) -> list[Row]:
    """Return the rows of searches and of pairs.

    Parameters
    ----------
    cohort
        Photos with ages, each with a face.
    versions
        Vectors of its photos by what was done to them, `CLEAN` among them.
    weights
        Of its subjects.
    judged
        Of which versions the error rates at a threshold set on clear photos are among the rows.
    """
    subjects, ages = cohort.subject_codes, ages_of(cohort)
    gallery = versions[CLEAN]
    rows = []
    for version, probes in versions.items():
        hits = rank_one(searched(probes, gallery), subjects)
        for group, chosen in (("", ages >= 0), (f", aged {YOUNG:g} or less", ages <= YOUNG)):
            name = f"rank-1, {version}{group}"
            rows.append(rank_one_row(name, hits, chosen, subjects, weights))
    scores = EmbeddingScores(cohort, gallery.vectors)
    (thresholds,) = _non_mated(scores).thresholds((1e-3,), weights)
    for version in judged:
        pairs = _all_pairs(searched(versions[version], gallery))
        rows += searched_rows(version, pairs, subjects, thresholds, weights)
    return [*rows, *true_match_rows(scores, weights), children_row(scores, weights)]


def searched_rows(
    version: str, pairs: Pairs, subjects: Codes, thresholds: Numbers, weights: Numbers
) -> list[Row]:
    """Return the error rates of degraded probes where clear photos have an FMR of 1e-3."""
    same = subjects[pairs.left] == subjects[pairs.right]
    mated = Mated(pairs.score[same], subjects[pairs.left[same]])
    others = NonMated.of(pairs.where(~same), subjects)
    where = f"{version}, where FMR of clear photos is 1e-3"
    return [
        Row(f"TMR, {where}", len(mated.scores), "pairs", mated.rates(thresholds, weights)),
        Row(
            f"FMR, {where}, times 1e-3",
            len(others.scores),
            "pairs",
            others.rates(thresholds, weights) / 1e-3,
            factor=1.0,
        ),
    ]


def _all_pairs(scores: Vectors) -> Pairs:
    """Return each probe with each photo of the gallery but its own, from scores of all."""
    left, right = np.nonzero(~np.eye(len(scores), dtype=np.bool_))
    return Pairs(left, right, scores[left, right])


def true_match_rows(scores: Compared, weights: Numbers) -> list[Row]:
    """Return the true match rates at false match rates of all non-mated pairs."""
    subjects = scores.cohort.subject_codes
    pairs = scores.mated()
    apart = years_between(scores.cohort, pairs) >= LONG
    at_3, at_2 = _non_mated(scores).thresholds((1e-3, 1e-2), weights)
    rows = []
    for name, chosen, thresholds in (
        ("TMR at FMR 1e-3", np.ones_like(apart), at_3),
        (f"TMR at FMR 1e-2, {LONG:g} years or more apart", apart, at_2),
    ):
        mated = Mated(pairs.score[chosen], subjects[pairs.left[chosen]])
        values = mated.rates(thresholds, weights)
        rows.append(Row(name, len(mated.scores), "pairs", values))
    return rows


def children_row(scores: Compared, weights: Numbers) -> Row:
    """Return the false match rate of under-18s where that of adults is 1e-3, as a multiple."""
    adult = ages_of(scores.cohort) >= ADULT
    adults, children = _non_mated(scores, adult), _non_mated(scores, ~adult)
    (thresholds,) = adults.thresholds((ADULTS_FMR,), weights)
    return Row(
        f"FMR under {ADULT:g} where that of adults is 1e-3, times 1e-3",
        len(children.scores),
        "pairs",
        children.rates(thresholds, weights) / ADULTS_FMR,
        factor=1.0,
    )


def _non_mated(scores: Compared, chosen: Mask | None = None) -> NonMated:
    pairs = scores.tail(-2.0)  # below any cosine
    if chosen is not None:
        pairs = pairs.where(chosen[pairs.left] & chosen[pairs.right])
    return NonMated.of(pairs, scores.cohort.subject_codes)


def ages_of(cohort: Cohort) -> Numbers:
    """Return the age on each photo, in years."""
    return np.array([sample.age_at_capture for sample in cohort.samples], dtype=np.float64)


def best_threshold(scores: Vectors, same: Mask) -> float:
    """Return the threshold with the fewest errors, one of the scores; the lowest of equals."""
    candidates = np.unique(scores)
    missed = np.searchsorted(np.sort(scores[same]), candidates)
    refused = np.searchsorted(np.sort(scores[~same]), candidates)
    return float(candidates[np.argmax(refused - missed)])


def judged_by_fold(scores: Vectors, same: Mask, folds: Codes) -> Mask:
    """Return whether each pair is judged rightly, at the best threshold of the other folds."""
    right = np.zeros(len(scores), np.bool_)
    for fold in np.unique(folds):
        inside = folds == fold
        threshold = best_threshold(scores[~inside], same[~inside])
        right[inside] = (scores[inside] >= threshold) == same[inside]
    return right


def rows_of_folds(scores: Vectors, same: Mask, folds: Codes, weights: Numbers) -> list[Row]:
    """Return the accuracies of LFW's View 2; weights are of the pairs, folds from 0 to 9."""
    right = judged_by_fold(scores, same, folds)
    rows = []
    for name, chosen in (("folds 6-10", folds >= 5), ("all ten folds", folds >= 0)):
        counts = SubjectCounts((chosen & right).astype(np.int64), chosen.astype(np.int64))
        values = counts.resampled(weights)
        rows.append(Row(f"LFW View 2, {name}", int(chosen.sum()), "pairs", values, digits=2))
    return rows
