"""Photos whose scores contradict their labels: misfiled, under two people, two people in one id.

The rules look at scores only, so they find what a person should look at, not what is wrong. Each
range starts from quantiles that a few wrong labels do not move:

- *far above the scores of different people*: the score that one of all their comparisons would
  reach, if the tail beyond the quantiles 0.99 and 0.999 is exponential. That of normal scores is
  shorter;
- *far below the scores of one person*: the score that one of all photos would not reach, if these
  scores are normal, by their median and lower quartile; and no more than the quantile 0.99 of
  different people.

Where that holds, at most about one false alarm of each kind is to be expected in an audit whose
labels are all right (`EXPECTED_FALSE_ALARMS`). `benchmarks/label_noise.py` counts them on scores
that are neither exponential nor normal.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fairness.verification.histogram import everybody
from fairness.verification.pairs import Pairs
from fairness.verification.scores import Scores

EXPECTED_FALSE_ALARMS = 1.0
"""False alarms of each kind that are to be expected at most where all labels are right."""

FEWEST_NON_MATED = 10_000
"""Fewer comparisons of different people do not show how their scores end."""

FEWEST_MATED = 50
"""Fewer comparisons of one person do not show how their scores end."""

Kind = Literal["misfiled", "two people", "one face"]
"""A photo unlike the others of its subject; a subject whose photos fall into several faces; two
photos of different subjects that look like one person, or are one photo."""


@dataclass(frozen=True)
class Suspicion:
    """A pair of photos whose score contradicts the labels. It names photos: it is private.

    Parameters
    ----------
    kind
        What the scores look like.
    photo, subject
        The photo in question, and the person whom it is labelled with.
    other_photo, other_subject
        The photo that it was compared with. Of `misfiled` and `two people`, the one of the same
        subject, in the largest set of photos that look like one person.
    score
        Score of the two; of `misfiled` and `two people` the mean over those photos.
    """

    kind: Kind
    photo: str
    subject: str
    other_photo: str
    other_subject: str
    score: float


@dataclass(frozen=True)
class SuspiciousRanges:
    """The scores from which on labels are doubted.

    Parameters
    ----------
    one_face
        Photos of different people are doubted at or above it.
    apart
        Photos of one person are doubted below it, in the mean.
    alike
        Photos of one person are taken for one face at or above it.
    """

    one_face: float
    apart: float
    alike: float


def suspicious_ranges(scores: Scores) -> SuspiciousRanges | None:
    """Return the scores from which on labels are doubted.

    None if there are too few comparisons, or if the scores of one person and of different people
    lie too close together to tell.
    """
    mated = scores.mated().score
    mated = mated[~np.isnan(mated)].astype(np.float64)
    others = scores.histogram(everybody(len(scores.cohort))).overall()
    if len(mated) < FEWEST_MATED or others.trials < FEWEST_NON_MATED:
        return None
    quartile, middle = np.quantile(mated, [0.25, 0.5]).tolist()
    typical, high, higher = (others.quantile(share) for share in (0.5, 0.99, 0.999))
    decades = math.log10(1e-3 * others.trials / EXPECTED_FALSE_ALARMS)
    one_face = higher + (higher - high) * max(0.0, decades)
    share = min(0.25, EXPECTED_FALSE_ALARMS / len(scores.cohort))
    spread = (middle - quartile) / NormalDist().inv_cdf(0.75)
    apart = min(high, middle + spread * NormalDist().inv_cdf(share))
    if apart <= typical:
        return None
    return SuspiciousRanges(one_face, apart, (middle + typical) / 2)


def suspicions(scores: Scores, ranges: SuspiciousRanges) -> tuple[Suspicion, ...]:
    """Return the pairs of photos whose scores contradict the labels, by kind and photo."""
    found = (*_within_subjects(scores, ranges), *_between_subjects(scores, ranges))
    return tuple(sorted(found, key=lambda one: (one.kind, one.photo, one.other_photo)))


def _between_subjects(scores: Scores, ranges: SuspiciousRanges) -> Iterator[Suspicion]:
    pairs, samples = scores.tail(ranges.one_face), scores.cohort.samples
    for left, right, score in zip(
        pairs.left.tolist(), pairs.right.tolist(), pairs.score.tolist(), strict=True
    ):
        one, other = samples[left], samples[right]
        yield Suspicion("one face", one.photo, one.subject, other.photo, other.subject, score)


def _within_subjects(scores: Scores, ranges: SuspiciousRanges) -> Iterator[Suspicion]:
    mated = scores.mated()
    mated = mated.where(~np.isnan(mated.score))
    of_pair = scores.cohort.subject_codes[mated.left]
    order = np.argsort(of_pair, kind="stable")
    starts = np.flatnonzero(np.diff(of_pair[order], prepend=-1))
    for places in np.split(order, starts[1:]):
        if len(places) and mated.score[places].min() < ranges.apart:
            yield from _of_subject(
                scores, Pairs(mated.left[places], mated.right[places], mated.score[places]), ranges
            )


def _of_subject(scores: Scores, pairs: Pairs, ranges: SuspiciousRanges) -> Iterator[Suspicion]:
    """Divide the photos of one subject into faces, and doubt those far from the largest one."""
    photos, ends = np.unique(np.concatenate([pairs.left, pairs.right]), return_inverse=True)
    table = np.full((len(photos), len(photos)), np.nan)
    left, right = ends[: len(pairs)], ends[len(pairs) :]
    table[left, right] = table[right, left] = pairs.score
    faces = _faces(table >= ranges.alike)
    main, samples = faces[0], scores.cohort.samples
    for face in faces[1:]:
        between = table[np.ix_(face, main)]
        if np.isnan(between).all() or not np.nanmean(between) < ranges.apart:
            continue
        kind: Kind = "misfiled" if len(face) == 1 < len(main) else "two people"
        one, other = samples[photos[face[0]]], samples[photos[main[0]]]
        score = float(np.nanmean(between))
        yield Suspicion(kind, one.photo, one.subject, other.photo, other.subject, score)


def _faces(alike: NDArray[np.bool_]) -> list[list[int]]:
    """Return the photos that are linked by likeness, the largest set first."""
    left, sets = set(range(len(alike))), []
    while left:
        linked, new = set[int](), {min(left)}
        while new:
            linked |= new
            new = set(np.flatnonzero(alike[sorted(new)].any(axis=0)).tolist()) - linked
        sets.append(sorted(linked))
        left -= linked
    return sorted(sets, key=lambda one: (-len(one), one))
