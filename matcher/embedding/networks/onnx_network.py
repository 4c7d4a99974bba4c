"""Run ONNX files as networks with onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.device import claim_torch
from matcher.embedding.models import ModelRecord
from matcher.embedding.networks.network import Network, Networks, Weights
from matcher.embedding.networks.onnx_session import onnx_session
from matcher.embedding.weights import VerifiedWeights
from matcher.errors import ModelError


def build_onnx(weights: Weights) -> Networks:
    """Build the network of an ONNX file; a `Builder`."""
    return Networks(onnx_network(weights.record, weights.verified, weights.device))


def onnx_network(record: ModelRecord, weights: VerifiedWeights, device: str) -> Network:
    """Return an ONNX file as a function of NumPy arrays.

    The file must have one input, float32 (n, 3, size, size), and one output, float32
    (n, dimension). If the file fixes n at 1, the crops pass one by one. The network is built from
    the verified bytes alone; onnxruntime opens no file.

    Raises
    ------
    MissingExtraError
        If onnxruntime is not installed.
    WeightsDamagedError
        If the bytes are not an ONNX file, or it keeps other things than weights of its graph in
        other files.
    ModelError
        If input, output or external data contradict the record, or the machine has no such device.
    InputError
        If `device` is neither "cpu" nor "cuda".
    """
    session = onnx_session(record, weights, device)
    given = _only(record, "input", session.get_inputs())
    returned = _only(record, "output", session.get_outputs())
    size = record.crop.size
    _check_shape(record, "input", given, (3, size, size))
    _check_shape(record, "output", returned, (record.dimension,))
    one_by_one = given.shape[0] == 1

    def run(crops: NDArray[np.float32]) -> NDArray[np.float32]:
        claim_torch()
        vectors: NDArray[np.float32] = session.run([returned.name], {given.name: crops})[0]
        return vectors

    def network(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        crops = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
        if not one_by_one:
            return run(crops)
        return np.concatenate([run(crops[i : i + 1]) for i in range(len(crops))])

    return network


def _only(record: ModelRecord, side: str, nodes: list[Any]) -> Any:
    if len(nodes) != 1:
        raise _contradiction(record, f"it must have one {side}", [node.name for node in nodes])
    if nodes[0].type != "tensor(float)":
        raise _contradiction(record, f"its {side} must be float32", nodes[0].type)
    return nodes[0]


def _check_shape(record: ModelRecord, side: str, node: Any, wanted: tuple[int, ...]) -> None:
    # A dimension that the file leaves open is a name or None. It fits any number.
    given = tuple(node.shape)
    fits = len(given) == len(wanted) + 1 and all(
        not isinstance(extent, int) or extent == number
        for extent, number in zip(given[1:], wanted, strict=True)
    )
    if not fits or (isinstance(given[0], int) and given[0] != 1):
        rule = f"its {side} must be of shape (n or 1, {', '.join(map(str, wanted))})"
        raise _contradiction(record, rule, given)


def _contradiction(record: ModelRecord, rule: str, got: object) -> ModelError:
    return ModelError(
        f"The ONNX file contradicts the record of {record.name!r}",
        rule=rule,
        got=got,
        next_step="Correct the record, or take the file that belongs to it.",
    )
