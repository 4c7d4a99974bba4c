"""Run the YuNet network with onnxruntime, on pictures of any size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from matcher.embedding.models import DetectorRecord
from matcher.embedding.networks.onnx_file import without_shapes
from matcher.embedding.networks.onnx_session import onnx_session
from matcher.embedding.weights import VerifiedWeights
from matcher.errors import ModelError
from matcher.faces.detection.yunet import YunetNetwork
from matcher.faces.detection.yunet_outputs import OUTPUTS


def yunet_network(record: DetectorRecord, weights: VerifiedWeights, device: str) -> YunetNetwork:
    """Return the ONNX file as a function of a picture.

    The published file states pictures of 640 x 640 pixels, although its network takes any size.
    What is run are the verified bytes without the shapes that they state.

    Raises
    ------
    MissingExtraError
        If onnxruntime is not installed.
    WeightsDamagedError
        If the bytes are not an ONNX file.
    ModelError
        If it lacks outputs of YuNet, or the machine has no such device.
    InputError
        If `device` is neither "cpu" nor "cuda".
    """
    session = onnx_session(record, _of_any_size(weights), device)
    given = session.get_inputs()[0].name
    absent = set(OUTPUTS) - {output.name for output in session.get_outputs()}
    if absent:
        raise ModelError(
            f"The ONNX file contradicts the record of {record.name!r}",
            rule=f"it must have the outputs {', '.join(OUTPUTS)}",
            got=f"a file without {', '.join(sorted(absent))}",
            next_step="Take the file that belongs to the record.",
        )

    def network(picture: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        return dict(zip(OUTPUTS, session.run(OUTPUTS, {given: picture}), strict=True))

    return network


def _of_any_size(weights: VerifiedWeights) -> VerifiedWeights:
    try:
        return replace(weights, data=without_shapes(weights.data))
    except ValueError:
        return weights  # the session says what is wrong with them
