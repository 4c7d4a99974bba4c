"""Pairs of a child and an adult: the share that is judged rightly.

The protocol follows FG-NET C20 and C30 of Lee, Yun, Park, Kim and Choo, "Improving Face Recognition
with Large Age Gaps by Learning to Distinguish Children" (BMVC 2021, arXiv 2110.11630), who publish
an accuracy of 85.81 and 85.04 %. Ours can differ from theirs, because the public text does not fix
all of it:

- A child is 12 or younger, and the adult's photo was taken at least 20 (30) years later in life.
  All mated pairs of this kind are taken; their lists may hold other ones.
- For each mated pair, the child's photo is also compared with a stranger's, drawn from all photos
  of people who are at least so many years older on them. Their strangers may be of another kind.
  With one such list the accuracy over 30 years has a standard deviation of 2.4 points from draw to
  draw of the strangers, on FG-NET with the default model; it is therefore the mean of 100 lists.
- Each pair is judged at the threshold with the fewest errors among pairs of other people: of those
  who are neither in the child's tenth of the people nor in that of the adult. They may put pairs
  into tenths, so that a person helps to choose the threshold that judges other pairs of the person.
- Crops and detector are others.

In the draws for the interval thresholds stay as they are, and the mated pairs count as much as the
others.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from accuracy_rows import Codes, Mask, Numbers, Row, Vectors, ages_of, best_threshold

from fairness import Cohort

CHILD = 12.0  # years: at most so old is a child
GAPS = (20.0, 30.0)  # years between the child's photo and the adult's, at least
FOLDS = 10
LISTS = 100  # draws of strangers, over which the mean is taken


def child_adult_rows(cohort: Cohort, vectors: Vectors, weights: Numbers, seed: int) -> list[Row]:
    """Return the share of pairs of a child and an adult that are judged rightly, for each gap.

    Parameters
    ----------
    cohort
        Photos with ages, each with a face.
    vectors
        float32 array of shape (photos, d), unit rows.
    weights
        Of the subjects, see `accuracy_rows`.
    seed
        Of the draw of strangers.

    Returns
    -------
    One row for each of `GAPS`; undefined where some people are left no others to set a threshold.
    """

    def score(child: Codes, adult: Codes) -> Vectors:
        scores: Vectors = np.einsum("pd,pd->p", vectors[child], vectors[adult])
        return scores

    return child_adult_rows_of(cohort, score, weights, seed)


def child_adult_rows_of(
    cohort: Cohort, score: Callable[[Codes, Codes], Vectors], weights: Numbers, seed: int
) -> list[Row]:
    """Return the rows of `child_adult_rows`, from what scores pairs of places of photos."""
    ages, subjects = ages_of(cohort), cohort.subject_codes
    rows = []
    for gap in GAPS:
        random = np.random.default_rng(seed)
        values = np.zeros(weights.shape[1])
        for _ in range(LISTS):
            pairs = child_adult_pairs(ages, subjects, gap, random)
            child, adult = pairs.T
            values += (
                accuracies(score(child, adult), subjects[child], subjects[adult], weights) / LISTS
            )
        name = f"accuracy, child of {CHILD:g} or less and adult, {gap:g} years or more apart"
        rows.append(Row(name, len(pairs), "pairs", values))
    return rows


def child_adult_pairs(
    ages: Numbers, subjects: Codes, gap: float, random: np.random.Generator
) -> Codes:
    """Return all mated pairs, and as many others.

    Returns
    -------
    int64 array of shape (pairs, 2): the place of the child's photo, and of the adult's.
    """
    pairs = [np.empty((0, 2), np.int64)]
    for child in np.flatnonzero(ages <= CHILD):
        older = ages >= ages[child] + gap
        mates = np.flatnonzero(older & (subjects == subjects[child]))
        strangers = np.flatnonzero(older & (subjects != subjects[child]))
        adults = [*mates, *random.choice(strangers, min(len(mates), len(strangers)), replace=False)]
        pairs.append(np.array([[child, adult] for adult in adults], np.int64).reshape(-1, 2))
    return np.concatenate(pairs)


def judged_among_others(scores: Vectors, child: Codes, adult: Codes) -> Mask | None:
    """Return whether each pair is judged rightly, at the best threshold of other people's pairs.

    None if one of these thresholds has no pair of each kind to be chosen on.
    """
    same = child == adult
    folds = np.sort(np.stack([child, adult]) % FOLDS, axis=0)
    right = np.zeros(len(scores), np.bool_)
    for first, second in np.unique(folds, axis=1).T:
        inside = (folds == [[first], [second]]).all(axis=0)
        others = ~np.isin(folds, (first, second)).any(axis=0)
        if len(np.unique(same[others])) < 2:
            return None
        threshold = best_threshold(scores[others], same[others])
        right[inside] = (scores[inside] >= threshold) == same[inside]
    return right


def accuracies(scores: Vectors, child: Codes, adult: Codes, weights: Numbers) -> Numbers:
    """Return the mean of both kinds' shares of pairs judged rightly, for each column of weights.

    A mated pair counts as often as its subject, another one as the product of its subjects' weights
    says (the vertex bootstrap, see `fairness.differentials`).

    Returns
    -------
    float64 array of shape (columns,), in [0, 1]; nan where undefined.
    """
    right = judged_among_others(scores, child, adult)
    if right is None or not len(right):
        return np.full(weights.shape[1], np.nan)
    same = child == adult
    mated = weights[child[same]]
    others = weights[child[~same]] * weights[adult[~same]]
    with np.errstate(invalid="ignore"):  # a draw without a pair of one kind is undefined
        halves: list[Numbers] = [
            right[kind] @ counts / counts.sum(axis=0)
            for kind, counts in ((same, mated), (~same, others))
        ]
    return 0.5 * np.add(*halves)
