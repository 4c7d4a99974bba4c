"""Fold near-identical pictures of a face, so that each picture counts once.

The same picture lies in many folders: sent on, made smaller, compressed again. Two faces are folded
if

- their photos look alike: at most `FEW_BITS` of the 64 bits of their perceptual hashes differ;
- they are at the same place of the two photos;
- their vectors are nearly the same.

The picture alone does not tell: registration photos of different people before one wall look alike
too. A face is folded into a face of one other photo, and each face of that photo takes at most one
of the same photo. So two faces of one photo are never folded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matcher.search.lead_sheet.places import Box, overlap

FEW_BITS: Final = 6
"""Bits in which the perceptual hashes of two pictures may differ. 320 photos were saved again, with
JPEG quality 30 and 75, at half the size, 15 % brighter, and in grey: all differed in at most so
many. Of 51,040 pairs of different photos none did."""

SAME_PLACE: Final = 0.5
"""Least intersection over union of two boxes, in parts of the width and height of each photo."""

NEARLY_THE_SAME: Final = 0.8
"""Least cosine of the vectors of two pictures of one face, if the threshold of the groups is not
higher. Of the same pictures 99 % reached 0.84; those in grey 0.78."""

_MOST_TRIED: Final = 16
"""So many photos, those that look most alike, are tried for one that may be folded."""


@dataclass(frozen=True, eq=False)
class Pictured:
    """One photo with those faces that are to be grouped.

    Parameters
    ----------
    looks
        Perceptual hash of 64 bits.
    rows
        Shape (n,): the rows of its faces in the arrays of the caller.
    boxes
        left, top, right, bottom of each, as shares of width and height.
    """

    looks: int
    rows: tuple[int, ...]
    boxes: tuple[Box, ...]


def fold(
    pictures: Sequence[Pictured],
    vectors: NDArray[np.float32],
    kept_in: NDArray[np.int64],
    least: float = NEARLY_THE_SAME,
) -> dict[int, int]:
    """Return for each face that is a near-identical picture the one that stands for it.

    Parameters
    ----------
    pictures
        The photos; the first of several that look alike stands for the others.
    vectors
        float32 of shape (m, d), unit length: the vectors of all faces.
    kept_in
        int64 of shape (m,): the group in which a correction keeps the face, 0 if none does. Faces
        of two groups are never folded.
    least
        Least cosine of the vectors of two faces that are folded.

    Returns
    -------
    dict
        Row of the face by row of the copy. No face that stands for others is a copy.
    """
    copies: dict[int, int] = {}
    group_of = kept_in.copy()
    hashes = np.zeros(len(pictures), dtype=np.uint64)
    keepers: list[Pictured] = []
    for picture in pictures:
        left = set(picture.rows)
        differing = np.bitwise_count(hashes[: len(keepers)] ^ np.uint64(picture.looks))
        near = np.flatnonzero(differing <= FEW_BITS)
        for place in near[np.argsort(differing[near], kind="stable")][:_MOST_TRIED]:
            for copy, kept in _same(
                picture, keepers[place], vectors, left, copies, group_of, least
            ):
                copies[copy] = kept
                left.discard(copy)
                group_of[kept] = group_of[kept] or group_of[copy]
            if not left:
                break
        if left:
            hashes[len(keepers)] = picture.looks
            keepers.append(picture)
    return copies


def _same(
    picture: Pictured,
    keeper: Pictured,
    vectors: NDArray[np.float32],
    left: set[int],
    copies: dict[int, int],
    group_of: NDArray[np.int64],
    least: float,
) -> list[tuple[int, int]]:
    """Return the pairs of a face of each photo that are one picture, each face in one at most."""
    pairs = sorted(
        (
            (float(vectors[one] @ vectors[other]), -one, -other)
            for number, one in enumerate(picture.rows)
            for place, other in enumerate(keeper.rows)
            if one in left
            and other not in copies
            and overlap(picture.boxes[number], keeper.boxes[place]) >= SAME_PLACE
            and (not group_of[one] or not group_of[other] or group_of[one] == group_of[other])
        ),
        reverse=True,
    )
    found: dict[int, int] = {}
    for score, one, other in pairs:
        if score < least:
            break
        if -one not in found and -other not in found.values():
            found[-one] = -other
    return list(found.items())
