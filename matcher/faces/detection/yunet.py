"""The optional detector YuNet: pictures made ready, two sizes searched, photos searched again.

The network is given from outside, as a function: this room reads no weights. What its outputs mean
is in `yunet_outputs`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matcher.faces.detection.found_faces import RetryingDetector
from matcher.faces.detection.retries import Detection, Finding, attempts_from, find
from matcher.faces.detection.yunet_outputs import STRIDES, Candidates, decoded, joined
from matcher.faces.face import YUNET

YunetNetwork = Callable[[NDArray[np.float32]], Mapping[str, NDArray[np.float32]]]
"""From a picture, float32 (1, 3, height, width), BGR in [0, 255], sides that are multiples of 32,
to the arrays of `matcher.faces.detection.yunet_outputs.OUTPUTS`."""

WORKING_SIDE: Final = 640
"""Longest side in pixels at which a photo is first searched. A larger photo is reduced."""

LARGEST: Final = 256
"""Longer side in pixels of the largest box that is believed. The network was trained on faces of
about 10 to 300 pixels (OpenCV Zoo). In 301 photos of FairFace's training part, enlarged so that a
face is about 390 pixels wide, it scored 20 % of the faces below 0.86; at 260 pixels 2 %."""

COARSE: Final = 96
"""Longer side of the smallest box that is believed in the picture of half the size. It is less than
half of `LARGEST`, so that no face is too large for one picture and too small for the other."""

SCALE: Final = ((0.0, 0.7, 0.86, 0.9, 0.92, 1.0), (0.0, 0.8, 0.9, 0.98, 0.995, 1.0))
"""Scores of the network, and the probabilities of MTCNN that stand for them, linear between. MTCNN
finds a face below 0.9, 0.98 and 0.995 in about the same share of photos as YuNet scores one below
0.86, 0.9 and 0.92 (2,703 photos of FairFace's training part; 1.6, 5.5 and 14 %). So the limits of a
quality policy refuse about as many faces of either detector. 0.7 is judgement."""

LEAST: Final = 0.7
"""Smallest score of the network. Faces with a smaller one are not returned."""

SURE: Final = 0.995
"""From this probability on, the upright photo need not be compared with the turned photo."""

REPLACES: Final = 0.98
"""From this probability on, a more probable face in the turned photo replaces an upright one. Of
1,002 photos of FG-NET and 1,101 of LFW, none had a higher score turned than upright."""


class YunetDetector(RetryingDetector):
    """Finds faces with five landmarks; implements `Detector`.

    Parameters
    ----------
    network
        The YuNet network.
    retries
        Whether a photo without a sure face is searched again: turned, enlarged, padded.
    """

    name: Final = YUNET

    def __init__(self, network: YunetNetwork, *, retries: bool = True) -> None:
        self._network = network
        super().__init__(attempts_from(WORKING_SIDE), retries=retries)

    def _findings(self, pictures: Sequence[NDArray[np.uint8]]) -> list[Finding]:
        return find(pictures, self._seen, sure=SURE, replaces=REPLACES, attempts=self._attempts)

    def _seen(self, pictures: Sequence[NDArray[np.uint8]]) -> list[list[Detection]]:
        return [_detections(self._in_two_sizes(pixels)) for pixels in pictures]

    def _in_two_sizes(self, pixels: NDArray[np.uint8]) -> Candidates:
        """Return the faces of a picture: small ones as it is, large ones in half its size."""
        whole = candidates_in(pixels, self._network)
        found = [whole[whole.sides <= LARGEST]]
        if max(pixels.shape[:2]) > LARGEST:
            half = candidates_in(_halved(pixels), self._network)
            found.append(half[half.sides > COARSE].doubled())
        return joined(found).best()


def candidates_in(pixels: NDArray[np.uint8], network: YunetNetwork) -> Candidates:
    """Return what the network finds in a picture of this size alone, best first.

    Parameters
    ----------
    pixels
        RGB, uint8 of shape (height, width, 3).
    network
        The YuNet network.
    """
    picture = _prepared(pixels)
    return decoded(network(picture), picture.shape[3], LEAST).best()


def _halved(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(pixels).reduce(2))


def _prepared(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return a picture as the network sees it, black beyond its right and its lower edge."""
    height, width = pixels.shape[:2]
    rows, columns = (-(-side // STRIDES[-1]) * STRIDES[-1] for side in (height, width))
    picture = np.zeros((1, 3, rows, columns), np.float32)
    picture[0, :, :height, :width] = pixels[:, :, ::-1].transpose(2, 0, 1)
    return picture


def _detections(found: Candidates) -> list[Detection]:
    return [
        Detection(box, landmarks, float(np.interp(score, *SCALE)))
        for box, landmarks, score in zip(found.boxes, found.landmarks, found.scores, strict=True)
    ]
