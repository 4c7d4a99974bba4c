"""Numbers of comparisons between subjects, without a table of all pairs of subjects.

If every photo of one group was compared with every photo of another, there are closed forms
(`CompleteTrials`). With a_i photos of subject i in the first group and b_i in the second, subjects
i and j are compared m_ij = a_i b_j + a_j b_i times, or half as often within one group. The
comparisons of a score file are listed by pair of subjects (`ListedTrials`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array


@dataclass(frozen=True, eq=False)
class CompleteTrials:
    """Comparisons of every photo of one group with every photo of another.

    Photos of one subject, and photos of relatives, are not compared.

    Parameters
    ----------
    first, second
        int64 arrays of shape (subjects,): number of photos of each subject in the first and in
        the second group. They are equal for comparisons within one group. Arrays of shape
        (parts, subjects) stand for several such sets of comparisons, which are added up.
    same
        Whether both are one group. Each unordered pair of photos is then compared once.
    kin
        int64 array of shape (pairs, 2): subject codes of relatives, each pair once. They need not
        be in the groups.

    Raises
    ------
    ValueError
        If shapes are wrong, `same` is true of different groups, or a subject is its own kin.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    same: bool
    kin: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 2), np.int64))

    def __post_init__(self) -> None:
        if self.first.ndim not in (1, 2) or self.first.shape != self.second.shape:
            raise ValueError(
                "need two arrays of shape (subjects,) or (parts, subjects), got "
                f"{self.first.shape, self.second.shape}"
            )
        if self.same and not np.array_equal(self.first, self.second):
            raise ValueError("comparisons within one group need the same photos on both sides")
        if self.kin.ndim != 2 or self.kin.shape[1] != 2:
            raise ValueError(f"need kin of shape (pairs, 2), got {self.kin.shape}")
        if np.any(self.kin[:, 0] == self.kin[:, 1]):
            raise ValueError("a subject cannot be its own kin")
        if np.any((self.kin < 0) | (self.kin >= self.first.shape[-1])):
            raise ValueError("need the subject codes of kin to be those of the groups")

    @cached_property
    def _sides(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """`first` and `second`, of shape (parts, subjects)."""
        return np.atleast_2d(self.first), np.atleast_2d(self.second)

    @cached_property
    def _kin(self) -> ListedTrials:
        """The comparisons of relatives, which are subtracted from all."""
        left, right = self.kin.min(axis=1), self.kin.max(axis=1)
        trials = self._with_kin(left, right)
        there = trials > 0
        return ListedTrials(left[there], right[there], trials[there])

    def _with_kin(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
        a, b = self._sides
        both_ways = a[:, left] * b[:, right] + a[:, right] * b[:, left]
        return self._once(both_ways.sum(axis=0))

    def _once(self, counted: NDArray[np.int64]) -> NDArray[np.int64]:
        return counted // 2 if self.same else counted

    @cached_property
    def total(self) -> int:
        """Number of comparisons."""
        return int(self.by_subject.sum()) // 2

    @cached_property
    def by_subject(self) -> NDArray[np.int64]:
        """Number of comparisons of each subject, shape (subjects,)."""
        a, b = self._sides
        others = b.sum(axis=1) @ a + a.sum(axis=1) @ b - 2 * (a * b).sum(axis=0)
        return self._once(others) - self._kin.sum_by_subject(len(others))

    @cached_property
    def squares(self) -> float:
        """Sum over pairs of subjects of the squared number of their comparisons."""
        a, b = (side.astype(np.float64) for side in self._sides)
        own, across = (a * b).sum(axis=0), a @ b.T
        everybody = np.sum((a @ a.T) * (b @ b.T)) + np.sum(across * across.T) - 2 * (own @ own)
        return float(everybody) / (4 if self.same else 1) - self._kin.squares

    @cached_property
    def neighbours(self) -> NDArray[np.int64]:
        """Number of other subjects that each subject is compared with, shape (subjects,).

        Subjects with photos in the same places are compared with the same others.
        """
        there = np.concatenate(self._sides) > 0
        bits = np.arange(len(there))
        kind = (1 << bits) @ there
        people = np.bincount(kind, minlength=1 << len(bits))
        a, b = np.split(np.arange(len(people)) >> bits[:, None] & 1, 2)
        compared = (a.T @ b + b.T @ a > 0).astype(np.int64)
        others: NDArray[np.int64] = (compared @ people - compared.diagonal())[kind]
        return others - self._kin.degrees(len(others))

    def between(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of comparisons of pairs of subjects, shape (pairs,)."""
        trials = self._with_kin(left, right)
        return np.where(self._kin.between(left, right) > 0, 0, trials)

    def drawn(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the comparisons in each draw, shape (draws,). A pair counts w_i w_j times."""
        members = np.flatnonzero(np.sum(self._sides, axis=(0, 1)))
        a, b = (side[:, members].astype(np.float64) for side in self._sides)
        w = weights[members]
        everybody = np.sum((a @ w) * (b @ w), axis=0) - (a * b).sum(axis=0) @ (w * w)
        drawn: NDArray[np.float64] = everybody / (2 if self.same else 1)
        return drawn - self._kin.drawn(weights)


@dataclass(frozen=True, eq=False)
class ListedTrials:
    """Comparisons of a score file, summed by pair of subjects.

    Parameters
    ----------
    left, right
        int64 arrays of shape (pairs,): subject codes, left < right, each pair once.
    trials
        int64 array of shape (pairs,): comparisons of the pair, at least 1.

    Raises
    ------
    ValueError
        If shapes differ, a pair is out of order or occurs twice, or a count is below 1.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    trials: NDArray[np.int64]

    def __post_init__(self) -> None:
        require_pairs(self.left, self.right, self.trials)

    @cached_property
    def total(self) -> int:
        """Number of comparisons."""
        return int(self.trials.sum())

    @cached_property
    def by_subject(self) -> NDArray[np.int64]:
        """Number of comparisons of each subject, shape (highest code + 1,)."""
        return self.sum_by_subject(int(self.right.max(initial=-1)) + 1)

    def sum_by_subject(self, subjects: int) -> NDArray[np.int64]:
        """Return the number of comparisons of each of the subjects, shape (subjects,)."""
        return sum_by_subject(self.left, self.right, self.trials, subjects)

    def degrees(self, subjects: int) -> NDArray[np.int64]:
        """Return how many other subjects each subject is compared with, shape (subjects,)."""
        return sum_by_subject(self.left, self.right, np.ones_like(self.trials), subjects)

    @cached_property
    def squares(self) -> float:
        """Sum over pairs of subjects of the squared number of their comparisons."""
        return float(np.sum(self.trials.astype(np.float64) ** 2))

    @cached_property
    def neighbours(self) -> NDArray[np.int64]:
        """Number of other subjects that each subject is compared with."""
        return self.degrees(len(self.by_subject))

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        keys = _keys(self.left, self.right)
        order = np.argsort(keys)
        return keys[order], self.trials[order]

    def between(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of comparisons of pairs of subjects, shape (pairs,)."""
        keys, trials = self._sorted
        if len(keys) == 0:
            return np.zeros(len(left), np.int64)
        wanted = _keys(left, right)
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[place] == wanted, trials[place], 0)

    def drawn(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the comparisons in each draw, shape (draws,). A pair counts w_i w_j times."""
        return self._weighted.drawn(weights)

    @cached_property
    def _weighted(self) -> PairTable:
        return PairTable.of(self.left, self.right, self.trials)


@dataclass(frozen=True, eq=False)
class PairTable:
    """Counts of pairs of subjects, as a sparse matrix over the subjects that occur."""

    members: NDArray[np.int64]
    counts: csr_array

    @classmethod
    def of(
        cls, left: NDArray[np.int64], right: NDArray[np.int64], counts: NDArray[np.int64]
    ) -> PairTable:
        """Return the table of counts, each of shape (pairs,)."""
        members, codes = np.unique(np.r_[left, right], return_inverse=True)
        rows, columns = codes[: len(left)], codes[len(left) :]
        shape = (len(members), len(members))
        return cls(members, csr_array((counts.astype(np.float64), (rows, columns)), shape=shape))

    def drawn(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of the counts in each draw. A pair counts w_i w_j times."""
        w = weights[self.members]
        total: NDArray[np.float64] = np.einsum("sd,sd->d", w, self.counts @ w)
        return total


def sum_by_subject(
    left: NDArray[np.int64], right: NDArray[np.int64], counts: NDArray[np.int64], subjects: int
) -> NDArray[np.int64]:
    """Sum counts of pairs by subject, shape (subjects,). Each pair counts for both its subjects."""
    both = np.r_[left, right]
    return np.bincount(both, np.tile(counts, 2), minlength=subjects).astype(np.int64)


def _keys(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    return (left << 32) | right


def require_pairs(
    left: NDArray[np.int64], right: NDArray[np.int64], counts: NDArray[np.int64]
) -> None:
    """Raise ValueError unless left < right, each pair occurs once, and counts are at least 1."""
    if left.ndim != 1 or not left.shape == right.shape == counts.shape:
        raise ValueError(f"need arrays of shape (pairs,), got {left.shape, right.shape}")
    if np.any((left < 0) | (left >= right) | (counts < 1)):
        raise ValueError("need 0 <= left < right and counts of at least 1 for every pair")
    keys = _keys(left, right)
    ascending = bool(np.all(keys[1:] > keys[:-1]))  # true of counted pairs, which saves the sort
    if not ascending and len(np.unique(keys)) < len(keys):
        raise ValueError("need each pair of subjects once")
