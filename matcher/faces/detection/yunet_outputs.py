"""What the outputs of the YuNet network mean: from twelve arrays to boxes, landmarks and scores.

YuNet has no anchor boxes. The network looks at a grid of places in each of three strides. For each
place it gives the probability of a face (`cls`), the expected overlap of its box with the face
(`obj`), the box (`bbox`), and the five landmarks (`kps`). Wu, Peng and Yu, "YuNet: A Tiny
Millisecond-level Face Detector", Machine Intelligence Research 20, 2023, describes the network;
OpenCV's class FaceDetectorYN (Apache-2.0) shows how the published file is read. This is an
implementation of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.ops import nms

STRIDES: Final = (8, 16, 32)
"""Distances in pixels between neighbouring places of the three grids."""

VALUES: Final = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
"""The kinds of outputs, and how many numbers each has for a place."""

OUTPUTS: Final = tuple(f"{kind}_{stride}" for kind in VALUES for stride in STRIDES)
"""Names of the outputs in the published file."""

SAME: Final = 0.3
"""Overlap above which two boxes count as the same face, as a share of their union."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """Boxes that may show a face.

    Parameters
    ----------
    boxes
        float32 array of shape (n, 4): left, top, right, bottom in pixels.
    landmarks
        float32 array of shape (n, 5, 2): (x, y) in the order of `matcher.faces.LANDMARKS`.
    scores
        float32 array of shape (n,), in [0, 1].
    """

    boxes: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    scores: NDArray[np.float32]

    def __getitem__(self, chosen: NDArray[np.integer] | NDArray[np.bool_]) -> Candidates:
        return Candidates(self.boxes[chosen], self.landmarks[chosen], self.scores[chosen])

    @property
    def sides(self) -> NDArray[np.float32]:
        """Longer side of each box, float32 array of shape (n,)."""
        sizes: NDArray[np.float32] = self.boxes[:, 2:] - self.boxes[:, :2]
        return np.asarray(sizes.max(axis=1, initial=0.0))

    def doubled(self) -> Candidates:
        """Return the candidates in the picture of which theirs has half the size.

        The centre of the first pixel is at 0 in both.
        """
        return Candidates(2 * self.boxes + 0.5, 2 * self.landmarks + 0.5, self.scores)

    def best(self) -> Candidates:
        """Return those that no better one overlaps by more than `SAME`, best first."""
        kept = nms(torch.from_numpy(self.boxes), torch.from_numpy(self.scores), SAME)
        return self[kept.numpy()]


def joined(parts: list[Candidates]) -> Candidates:
    """Return the candidates of several parts as one."""
    return Candidates(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.landmarks for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )


def decoded(outputs: Mapping[str, NDArray[np.float32]], width: int, least: float) -> Candidates:
    """Return the candidates in the outputs of the network that have a score of `least` or more.

    A score is the geometric mean of `cls` and `obj`. A box is given by its centre, as an offset
    from the place in units of the stride, and by the logarithm of its size in strides. A landmark
    is an offset from the place in units of the stride.

    Parameters
    ----------
    outputs
        The arrays of `OUTPUTS`, each of shape (1, places, `VALUES`). Places go along the rows of
        the picture.
    width
        Width in pixels of the picture that the network saw, a multiple of the largest stride.
    least
        In (0, 1].
    """
    return joined([_of_stride(outputs, stride, width // stride, least) for stride in STRIDES])


def _of_stride(
    outputs: Mapping[str, NDArray[np.float32]], stride: int, columns: int, least: float
) -> Candidates:
    cls, obj, bbox, kps = (outputs[f"{kind}_{stride}"][0] for kind in VALUES)
    scores = np.sqrt(np.clip(cls[:, 0], 0, 1) * np.clip(obj[:, 0], 0, 1))
    passed = np.flatnonzero(scores >= least)
    places = np.column_stack([passed % columns, passed // columns]).astype(np.float32)
    centres = (places + bbox[passed, :2]) * stride
    halves = np.exp(bbox[passed, 2:]) * (stride / 2)
    return Candidates(
        np.concatenate([centres - halves, centres + halves], axis=1),
        (kps[passed].reshape(-1, 5, 2) + places[:, None]) * stride,
        scores[passed],
    )
