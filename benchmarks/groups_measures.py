"""How right groups of faces are, from the people and the groups of the faces alone.

Arrays `people` and `groups` are int64 of shape (n,): the person and the group of each face. A face
that is with no other is a group of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]
Numbers = NDArray[np.float64]


def bcubed(people: Codes, groups: Codes) -> tuple[Numbers, Numbers]:
    """Return the BCubed precision and recall of each face, float64 arrays of shape (n,) in (0, 1].

    Precision is the share of the face's group that is of its person; recall the share of its
    person's faces that are in its group. A face counts itself. The measures of a set are the means
    over faces: Amigo et al., "A comparison of extrinsic clustering evaluation metrics based on
    formal constraints", Information Retrieval 12 (2009), 461-486.
    """
    people, groups = _codes(people), _codes(groups)
    both = _codes(people * (groups.max(initial=0) + 1) + groups)
    together = np.bincount(both)[both]
    return together / np.bincount(groups)[groups], together / np.bincount(people)[people]


def pairwise(people: Codes, groups: Codes) -> tuple[float, float]:
    """Return precision and recall over pairs of faces, in [0, 1].

    Precision is the share of the pairs in one group that are of one person; recall the share of the
    pairs of one person that are in one group. Without such pairs the share is 1.
    """
    people, groups = _codes(people), _codes(groups)
    right = _pairs(people * (groups.max(initial=0) + 1) + groups)
    grouped, of_one = _pairs(groups), _pairs(people)
    return right / grouped if grouped else 1.0, right / of_one if of_one else 1.0


def f_measure(precision: float, recall: float) -> float:
    """Return the harmonic mean; 0 if both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@dataclass(frozen=True)
class Errors:
    """Groups and people that are wrong.

    Parameters
    ----------
    merged, groups
        How many groups hold faces of more than one person, of how many with two faces or more.
    split, people
        How many people are in more than one group, of how many with two faces or more.
    """

    merged: int
    groups: int
    split: int
    people: int

    @classmethod
    def of(cls, people: Codes, groups: Codes) -> Errors:
        """Count them."""
        people, groups = _codes(people), _codes(groups)
        held = np.unique(np.stack([people, groups]), axis=1)
        people_of, groups_of = np.bincount(held[1]), np.bincount(held[0])
        large, several = np.bincount(groups) > 1, np.bincount(people) > 1
        return cls(
            int((people_of > 1).sum()),
            int(large.sum()),
            int((groups_of > 1).sum()),
            int(several.sum()),
        )


def _codes(labels: Codes) -> Codes:
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _pairs(labels: Codes) -> int:
    counts = np.unique(labels, return_counts=True)[1]
    return int((counts * (counts - 1) // 2).sum())
