"""The MTCNN cascade for photos of any sizes: propose, refine, and place the landmarks.

Zhang et al., "Joint face detection and alignment using multitask cascaded convolutional networks",
IEEE Signal Processing Letters 23 (10), 2016. The three networks see squares of 12, 24 and 48
pixels. Pixels outside a photo are grey, so that a face cut by the edge is not distorted.

Boxes are float64 rows (left, top, right, bottom), measured from the outer corner of the photo: the
first pixel reaches from 0 to 1. In a `Detection`, the centre of the first pixel is at 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import pad
from torchvision.ops import batched_nms, nms

from matcher.faces.detection.image_pyramid import ImagePyramid
from matcher.faces.detection.mosaic import BORDER, STRIDE, WINDOW, Sheet, laid_out
from matcher.faces.detection.networks import FirstNetwork, quick
from matcher.faces.detection.retries import Detection

REFINED, FINAL = 24, 48
"""Side in pixels of the square that the second and the third network sees."""

PYRAMID_STEP = 0.5**0.5
"""Each picture of the first network's pyramid has half the pixels of the previous picture."""

SAME_IN_LEVEL, SAME, INSIDE = 0.5, 0.7, 0.7
"""Overlaps above which two boxes count as the same face. The first holds within a level of the
pyramid, the second within a photo; both are shares of the boxes' union. The third holds at the end
and is a share of the smaller box."""

CROPS_TOGETHER = 64
"""Largest number of crops for one call of a network. More do not fit the processor's caches."""

CROPS_STEP = 8
"""The numbers of crops for a network are multiples of this number, for the same reason as the sides
of the first network's sheets (`matcher.faces.detection.mosaic.SIDES_STEP`)."""


@dataclass(frozen=True, eq=False)
class Boxes:
    """Candidate boxes of several photos.

    Parameters
    ----------
    corners
        float64 tensor of shape (n, 4).
    scores
        float32 tensor of shape (n,): logarithm of the odds that the box shows a face.
    photo
        int64 tensor of shape (n,): index of the photo that the box lies in.
    """

    corners: Tensor
    scores: Tensor
    photo: Tensor

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, chosen: Tensor) -> Boxes:
        return Boxes(self.corners[chosen], self.scores[chosen], self.photo[chosen])

    def scored(self, evidence: Tensor) -> Boxes:
        """Return the boxes with scores from a network's two outputs, (n, 2): no face, face."""
        return Boxes(self.corners, evidence[:, 1] - evidence[:, 0], self.photo)

    def moved(self, offsets: Tensor) -> Boxes:
        """Return the boxes with each side moved by a share of the box's width or height."""
        sizes = (self.corners[:, 2:] - self.corners[:, :2]).repeat(1, 2)
        return Boxes(self.corners + offsets.double() * sizes, self.scores, self.photo)

    def squared(self) -> Boxes:
        """Return squares around the same centres, as large as the longer side."""
        low, high = self.corners[:, :2], self.corners[:, 2:]
        centre, reach = (low + high) / 2, (high - low).amax(dim=1, keepdim=True) / 2
        return Boxes(torch.cat([centre - reach, centre + reach], 1), self.scores, self.photo)

    def kept(self) -> Tensor:
        """Return the indices of boxes that no better box of the same photo overlaps, best first."""
        kept: Tensor = batched_nms(self.corners, self.scores.double(), self.photo, SAME)
        return kept


class Cascade:
    """Finds faces in pictures; implements `matcher.faces.detection.retries.Detect`.

    Parameters
    ----------
    networks
        PNet, RNet and ONet of facenet-pytorch, on the device.
    thresholds
        Smallest probability at which each network lets a face pass.
    smallest_face
        Side in pixels of the smallest face to find, 12 or more.
    device
        Device of the networks.
    """

    def __init__(
        self,
        networks: Sequence[nn.Module],
        thresholds: tuple[float, float, float],
        smallest_face: int,
        device: torch.device,
    ) -> None:
        propose, refine, finish = networks
        self._propose = FirstNetwork(propose)
        self._refine, self._finish = quick(refine), quick(finish)
        self._thresholds = torch.tensor(thresholds).logit().tolist()
        self._smallest_face = smallest_face
        self._device = device

    @torch.inference_mode()
    def __call__(self, pictures: Sequence[NDArray[np.uint8]]) -> list[list[Detection]]:
        """Return the faces of each picture: RGB, uint8 (height, width, 3), of any sizes."""
        photos = [ImagePyramid(pixels, self._device) for pixels in pictures]
        boxes = self._proposals(photos)
        if len(boxes):
            boxes = self._refined(photos, boxes)
        if not len(boxes):
            return [[] for _ in photos]
        boxes, landmarks = self._finished(photos, boxes)
        return [_detections(boxes, landmarks, i) for i in range(len(photos))]

    def _proposals(self, photos: Sequence[ImagePyramid]) -> Boxes:
        levels = [
            (i, size)
            for i, photo in enumerate(photos)
            for size in _pyramid(photo, self._smallest_face)
        ]
        pictures = [photos[i].level(*size) for i, size in levels]
        scales = [(photos[i].width / size[0], photos[i].height / size[1]) for i, size in levels]
        none = torch.empty(0, device=self._device)
        found = [Boxes(none.reshape(0, 4).double(), none, none.long())]
        for sheet in laid_out([size for _, size in levels]):
            on_sheet = [tile.picture for tile in sheet.tiles]
            found.append(
                self._proposals_on(
                    sheet,
                    sheet.drawn(pictures),
                    self._tensor([scales[i] for i in on_sheet]).float(),
                    self._tensor([levels[i][0] for i in on_sheet]).long(),
                )
            )
        boxes = _joined(found)
        return boxes[boxes.kept()]

    def _proposals_on(
        self, sheet: Sheet, pixels: NDArray[np.float32], scales: Tensor, photos: Tensor
    ) -> Boxes:
        """Return the proposals on a sheet whose tiles show these photos at these scales."""
        seen = torch.from_numpy(pixels).to(self._device).permute(2, 0, 1)[None]
        offsets, evidence = self._propose(seen)
        score = evidence[0, 1] - evidence[0, 0]
        tiles = torch.from_numpy(sheet.tile_of_windows()).to(self._device)
        row, column = ((score >= self._thresholds[0]) & (tiles >= 0)).nonzero(as_tuple=True)
        tile, scores = tiles[row, column], score[row, column]
        corner = self._tensor([(tile.left + BORDER, tile.top + BORDER) for tile in sheet.tiles])
        start = torch.stack([column, row], dim=1).double() * STRIDE - corner[tile]
        corners = torch.cat([start, start + WINDOW], dim=1) * scales[tile].repeat(1, 2)
        boxes = Boxes(corners, scores, photos[tile])
        picked = _kept_in_each(tile, corners, scores.double())
        return boxes[picked].moved(offsets[0, :, row, column].T[picked])

    def _tensor(self, numbers: Sequence[Any]) -> Tensor:
        return torch.tensor(numbers, dtype=torch.float64, device=self._device)

    def _refined(self, photos: Sequence[ImagePyramid], boxes: Boxes) -> Boxes:
        boxes = boxes.squared()
        offsets, evidence = _through(self._refine, _crops(photos, boxes, REFINED))
        boxes = boxes.scored(evidence)
        passed = (boxes.scores > self._thresholds[1]).nonzero()[:, 0]
        picked = passed[boxes[passed].kept()]
        return boxes[picked].moved(offsets[picked]).squared()

    def _finished(self, photos: Sequence[ImagePyramid], boxes: Boxes) -> tuple[Boxes, Tensor]:
        offsets, shares, evidence = _through(self._finish, _crops(photos, boxes, FINAL))
        boxes = boxes.scored(evidence)
        low, size = boxes.corners[:, :2], boxes.corners[:, 2:] - boxes.corners[:, :2]
        landmarks = low[:, None] + shares.double().reshape(-1, 2, 5).mT * size[:, None]
        passed = boxes.scores > self._thresholds[2]
        return boxes.moved(offsets)[passed], landmarks[passed]


def _pyramid(photo: ImagePyramid, smallest_face: int) -> Iterator[tuple[int, int]]:
    """Yield the (width, height) of each level, until a face would reach over both edges."""
    scale = min(1.0, WINDOW / smallest_face)
    while min(photo.width, photo.height) * scale + BORDER >= WINDOW:
        yield round(photo.width * scale), round(photo.height * scale)
        scale *= PYRAMID_STEP


def _kept_in_each(group: Tensor, corners: Tensor, scores: Tensor) -> Tensor:
    """Return the indices of boxes that no better box of the same group overlaps.

    Neighbouring windows overlap by exactly `SAME_IN_LEVEL`, up to rounding. So the coordinates are
    not shifted to tell the groups apart, as `batched_nms` does: that would round anew.
    """
    parts = torch.split(group.argsort(stable=True), group.bincount().tolist())
    kept = [part[nms(corners[part], scores[part], SAME_IN_LEVEL)] for part in parts]
    return torch.cat([group[:0], *kept])


def _joined(parts: Sequence[Boxes]) -> Boxes:
    return Boxes(
        torch.cat([part.corners for part in parts]),
        torch.cat([part.scores for part in parts]),
        torch.cat([part.photo for part in parts]),
    )


def _crops(photos: Sequence[ImagePyramid], boxes: Boxes, side: int) -> Tensor:
    crops = torch.empty(len(boxes), 3, side, side, device=boxes.scores.device)
    crops = crops.contiguous(memory_format=torch.channels_last)
    corners, of_photo = boxes.corners.cpu().numpy(), boxes.photo.cpu().numpy()
    for i in np.unique(of_photo).tolist():
        here = np.flatnonzero(of_photo == i)
        crops[torch.from_numpy(here).to(crops.device)] = photos[i].crops(corners[here], side)
    return crops


def _through(network: Callable[[Tensor], tuple[Tensor, ...]], crops: Tensor) -> list[Tensor]:
    padded = pad(crops, (0, 0) * 3 + (0, -len(crops) % CROPS_STEP))
    starts = range(0, len(padded), CROPS_TOGETHER)
    parts = [network(padded[start : start + CROPS_TOGETHER]) for start in starts]
    return [torch.cat(outputs)[: len(crops)] for outputs in zip(*parts, strict=True)]


def _detections(boxes: Boxes, landmarks: Tensor, photo: int) -> list[Detection]:
    """Return the faces of one photo without duplicates, the most probable first."""
    here = (boxes.photo == photo).nonzero()[:, 0]
    order = here[boxes.scores[here].argsort(descending=True, stable=True)].tolist()
    corners = boxes.corners.cpu().numpy()
    points = landmarks.cpu().numpy() - 0.5
    kept: list[int] = []
    for i in order:
        if all(_share_inside(corners[i], corners[better]) <= INSIDE for better in kept):
            kept.append(i)
    return [
        Detection(
            (corners[i] - 0.5).astype(np.float32),
            points[i].astype(np.float32),
            float(boxes.scores[i].sigmoid()),
        )
        for i in kept
    ]


def _share_inside(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the overlap of two boxes as a share of the smaller one."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    areas = np.prod(one[2:] - one[:2]), np.prod(other[2:] - other[:2])
    return float(np.prod(np.maximum(high - low, 0)) / min(areas))
