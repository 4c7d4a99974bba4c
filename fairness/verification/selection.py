"""Which share of all pairs a file lists, and whether the listed pairs were chosen by their scores.

An error rate of listed pairs holds for all pairs only if the scores had no part in the choice.
Lists of candidates hold the likeliest false matches and few others. No file says how its pairs were
chosen, so `require_no_selection` looks for three traces that a choice by score leaves and that a
draw by chance, or a protocol, does not leave.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.errors import ScoresError
from fairness.verification.listed_scores import ListedScores
from fairness.verification.pairs import Pairs, family_codes
from fairness.words import figure

_COMPLETE = 0.95  # share of the pairs of probes and references from which nothing was chosen
_FEWEST_PAIRS = 200
_FEWEST_LISTS = 20
_FEWEST_EXPECTED = 20
_OF_EXPECTED = 0.1


@dataclass(frozen=True)
class Listing:
    """Numbers of pairs of the compared photos, without relatives.

    Parameters
    ----------
    mated, non_mated
        Listed pairs with a score, of one person and of two.
    possible_mated, possible_non_mated
        All pairs of the photos that are in a listed pair with a score.
    """

    mated: int
    possible_mated: int
    non_mated: int
    possible_non_mated: int

    @property
    def complete(self) -> bool:
        """Whether every possible pair is listed."""
        return self.mated + self.non_mated == self.possible_mated + self.possible_non_mated

    def __str__(self) -> str:
        parts = (
            (self.non_mated, self.possible_non_mated, "non-mated"),
            (self.mated, self.possible_mated, "mated"),
        )
        return " and ".join(
            f"{listed:,} of the {possible:,} possible {kind} pairs"
            + (f" ({figure(100 * listed / possible)} %)" if possible else "")
            for listed, possible, kind in parts
        )


def listing(scores: ListedScores) -> Listing:
    """Count the listed pairs, and all pairs of the photos in them."""
    compared = np.array(scores.acquisition) == ""
    codes = scores.cohort.subject_codes
    photos = np.bincount(codes[compared], minlength=len(scores.cohort.subjects))
    families = family_codes(scores.cohort)
    in_family = np.bincount(families[families >= 0], photos[families >= 0]).astype(np.int64)
    mated = _pairs_among(photos)
    kin = _pairs_among(in_family) - _pairs_among(photos[families >= 0])
    return Listing(
        mated=int(np.count_nonzero(~np.isnan(scores.mated().score))),
        possible_mated=mated,
        non_mated=len(scores.tail(-np.inf)),
        possible_non_mated=_pairs_among(photos.sum(keepdims=True)) - mated - kin,
    )


def require_no_selection(scores: ListedScores) -> None:
    """Refuse listed pairs that were chosen by their scores.

    Nothing is refused if `scores.drawn_by_chance`, or if at least 95 % of the pairs of a probe and
    a reference of the file are listed. Else each of three traces is one of a choice by score:

    - *The closest of each photo.* Let k be the 5 % quantile of the number of pairs of a probe. In
      lists of k candidates, each pair is among the k closest of one of its two photos. Among pairs
      drawn by chance a known number is not. Fewer than a tenth of that number give the lists away.
    - *Lists of one length.* At least four in five probes have equally many pairs, and the gap
      between the two closest strangers exceeds that between the two farthest about as often as it
      does among the highest of many scores, n - 1 of n times; in a whole distribution it is half
      of the times.
    - *A cut.* No score of strangers is below a line at which their density is highest: the lowest
      tenth spans hardly more than the next tenth, and the distribution is skewed as a tail is. A
      line near 0 is taken for the end of a scale.

    What passes unseen: lists with one or two strangers each, a few hundred lists with three, a cut
    near 0, fewer than 200 pairs of strangers, and lists of many lengths of which the probes are not
    among the references. What is refused although it was drawn by chance: equally many strangers
    for each probe with scores that are as skewed as a tail. `drawn_by_chance` is for those.

    Raises
    ------
    ScoresError
        If there is a trace.
    """
    if scores.drawn_by_chance or _share_of_table(scores) >= _COMPLETE:
        return
    made = scores.pairs
    strangers = scores.strangers
    trace = (
        _closest_of_each(scores, made, strangers)
        or _lists_of_one_length(made, strangers)
        or _cut(made.score[strangers])
    )
    if trace:
        raise ScoresError(
            "file of scores",
            rule="all pairs, or pairs chosen without regard to their scores",
            got=f"{listing(scores)}, {trace}",
            next_step="No false match rate follows from the closest pairs. Give all scores, or "
            "audit the candidates of searches as such (--lists). If the pairs were drawn by "
            "chance, say so (--drawn-by-chance, or drawn_by_chance=True).",
        )


def _pairs_among(photos: NDArray[np.int64]) -> int:
    return int((photos * (photos - 1) // 2).sum())


def _share_of_table(scores: ListedScores) -> float:
    """Return the share of the pairs of a probe and a reference of the file that are listed."""
    probes, references = np.unique(scores.left), np.unique(scores.right)
    both = len(np.intersect1d(probes, references))
    return len(scores.left) / (len(probes) * len(references) - both - both * (both - 1) // 2)


def _closest_of_each(scores: ListedScores, made: Pairs, strangers: NDArray[np.bool_]) -> str:
    photos = len(scores.cohort)
    degree = np.bincount(np.concatenate([made.left, made.right]), minlength=photos)
    probes = np.unique(made.left)
    if len(probes) < _FEWEST_LISTS:
        return ""
    k = int(np.quantile(degree[probes], 0.05, method="lower"))
    ranks = _ranks(made)
    far = np.minimum(ranks[0], ranks[1])[strangers] > k
    others = np.bincount(
        np.concatenate([made.left[strangers], made.right[strangers]]), minlength=photos
    )
    near = np.clip((k - (degree - others)) / np.maximum(others, 1), 0, 1)  # mates come first
    sides = near[made.left[strangers]], near[made.right[strangers]]
    expected = float(((1 - sides[0]) * (1 - sides[1])).sum())
    if expected >= _FEWEST_EXPECTED and np.count_nonzero(far) < _OF_EXPECTED * expected:
        return "each among the closest of a photo, as in lists of candidates"
    return ""


def _ranks(made: Pairs) -> NDArray[np.int64]:
    """Return the rank of each pair among those of its left and of its right photo, (2, pairs).

    Equal scores have one rank, that of the first.
    """
    photo = np.concatenate([made.left, made.right])
    score = np.tile(made.score, 2)
    order = np.lexsort((-score, photo))
    photo, score = photo[order], score[order]
    place = np.arange(len(order))
    first = np.r_[True, photo[1:] != photo[:-1]]
    fresh = first | np.r_[True, score[1:] != score[:-1]]
    start, tied = (np.maximum.accumulate(np.where(at, place, 0)) for at in (first, fresh))
    ranks = np.empty(len(order), np.int64)
    ranks[order] = tied - start + 1
    return ranks.reshape(2, -1)


def _lists_of_one_length(made: Pairs, strangers: NDArray[np.bool_]) -> str:
    for some in (made, made.where(strangers)):
        lengths = np.unique(some.left, return_counts=True)[1]
        if len(lengths) and np.mean(lengths == lengths.max()) >= 0.8:
            break
    else:
        return ""
    others = made.where(strangers)
    order = np.lexsort((-others.score, others.left))
    probe, score = others.left[order], others.score[order].astype(np.float64)
    starts = np.flatnonzero(np.r_[True, probe[1:] != probe[:-1]][: len(probe)])
    lengths = np.diff(np.append(starts, len(probe)))
    starts, lengths = starts[lengths >= 3], lengths[lengths >= 3]
    ends = starts + lengths - 1
    top, low = score[starts] - score[starts + 1], score[ends - 1] - score[ends]
    told = top != low
    if np.count_nonzero(told) < _FEWEST_LISTS:
        return ""
    share, of_tails = np.mean((top > low)[told]), np.mean((1 - 1 / lengths)[told])
    sure = (share - 0.5) * 2 * np.sqrt(np.count_nonzero(told)) >= 3
    if sure and share >= 0.5 + 0.6 * (of_tails - 0.5):
        return "in lists of one length that hold the highest scores of many"
    return ""


def _cut(score: NDArray[np.float32]) -> str:
    if len(score) < _FEWEST_PAIRS:
        return ""
    low, first, tenth, fifth, middle, high = np.quantile(
        score.astype(np.float64), [0, 0.01, 0.1, 0.2, 0.5, 0.99]
    )
    falling = tenth - low <= 1.3 * (fifth - tenth)
    ends_near_zero = 0 <= low <= middle - low
    if falling and not ends_near_zero and middle - first < 0.45 * (high - middle):
        return "cut off at a score"
    return ""
