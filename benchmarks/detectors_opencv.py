"""Whether YuNet's outputs are read as OpenCV reads them; part of `benchmarks/detectors.py`.

OpenCV runs the same file in its own way, on the picture in the size that both are given. It rounds
boxes to whole pixels before it compares their overlap, so now and then another of two boxes stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from matcher.embedding import list_detectors
from matcher.embedding.networks.yunet_network import yunet_network
from matcher.embedding.weights import cache_folder, read_weights
from matcher.faces.detection.yunet import LEAST, WORKING_SIDE, candidates_in
from matcher.faces.detection.yunet_outputs import SAME
from matcher.photos import load_photo

CLOSE: Final = 1.0
"""Two faces are the same if no number of box and landmarks differs by more pixels."""


def agreement(paths: Sequence[Path]) -> dict[str, Any]:
    """Return how many faces both find in the same pictures, and how far they are apart at most.

    Only the search of the whole picture is compared; OpenCV has no other.
    """
    cv2: Any = import_module("cv2")
    (record,) = list_detectors()
    file = cache_folder() / record.weights.filename
    theirs = cv2.FaceDetectorYN.create(str(file), "", (320, 320), LEAST, SAME, 5000)
    ours = yunet_network(record, read_weights(record, cache_folder()), "cpu")
    both = only_ours = only_theirs = 0
    apart = [0.0]
    for path in paths:
        image = Image.fromarray(load_photo(path).pixels)
        image.thumbnail((WORKING_SIDE, WORKING_SIDE))
        pixels = np.asarray(image)
        found = candidates_in(pixels, ours)
        mine = np.hstack([found.boxes, found.landmarks.reshape(-1, 10)])
        theirs.setInputSize(image.size)
        rows = theirs.detect(np.ascontiguousarray(pixels[:, :, ::-1]))[1]
        rows = np.zeros((0, 15), np.float32) if rows is None else rows
        other = np.hstack([rows[:, :2], rows[:, :2] + rows[:, 2:4], rows[:, 4:14]])
        distances = np.abs(mine[:, None] - other).max(axis=2, initial=0.0)
        near = distances.min(axis=1) if len(other) else np.full(len(mine), np.inf)
        same = int((near <= CLOSE).sum())
        apart += near[near <= CLOSE].tolist()
        both, only_ours = both + same, only_ours + len(mine) - same
        only_theirs += len(other) - same
    return {
        "pictures": len(paths),
        "faces of both": both,
        "only ours": only_ours,
        "only OpenCV's": only_theirs,
        "most pixels apart": f"{max(apart):.4f}",
    }
