"""Run ONNX files as networks with onnxruntime."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from matcher.device import claim_torch
from matcher.embedding.models import ModelRecord
from matcher.embedding.networks.network import Network, Networks, Weights
from matcher.errors import InputError, MissingExtraError, ModelError, WeightsDamagedError

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


def build_onnx(weights: Weights) -> Networks:
    """Build the network of an ONNX file; a `Builder`."""
    return Networks(onnx_network(weights.record, weights.data, weights.device))


def onnx_network(record: ModelRecord, data: bytes, device: str) -> Network:
    """Return an ONNX file as a function of NumPy arrays.

    The package onnxruntime sends telemetry to its maker unless it is told not to. It is told so.

    The file must have one input, float32 (n, 3, size, size), and one output, float32
    (n, dimension). If the file fixes n at 1, the crops pass one by one.

    Raises
    ------
    MissingExtraError
        If onnxruntime is not installed.
    WeightsDamagedError
        If the bytes are not an ONNX file.
    ModelError
        If input or output contradict the record, or the machine has no such device.
    InputError
        If `device` is neither "cpu" nor "cuda".
    """
    session = _session(record, data, device)
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


def _session(record: ModelRecord, data: bytes, device: str) -> Any:
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read once, when the package is loaded
    try:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as states
    except ImportError as error:
        raise MissingExtraError(
            f"The model {record.name!r} needs onnxruntime",
            rule="an ONNX model is run by it",
            got="no such package",
            next_step='Install it: pip install "onnxruntime>=1.18"',
        ) from error
    onnxruntime.disable_telemetry_events()  # on Windows, and if somebody else loaded it
    claim_torch()
    provider = _provider(device, onnxruntime.get_available_providers())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()  # as many as PyTorch networks use
    try:
        return onnxruntime.InferenceSession(data, options, providers=[provider])
    except (
        states.InvalidProtobuf,
        states.InvalidGraph,
        states.InvalidArgument,
        states.Fail,
        states.NotImplemented,
    ) as error:
        raise WeightsDamagedError(
            f"The weights of {record.name!r} cannot be read",
            rule="they must be an ONNX file that onnxruntime can run",
            got=str(error).splitlines()[0],
            next_step=f"Fetch them again: matcher models fetch {record.name}",
        ) from error


def _provider(device: str, available: list[str]) -> str:
    if device not in _PROVIDERS:
        raise InputError(
            "The device is unknown",
            rule="for an ONNX model it must be 'cpu' or 'cuda'",
            got=repr(device),
            next_step="Choose one of these.",
        )
    if _PROVIDERS[device] not in available:
        raise ModelError(
            f"The device {device!r} is not available",
            rule="the device that was asked for must be there; no other is taken instead",
            got=f"an onnxruntime with {', '.join(available)}",
            next_step="Choose device='cpu', or install onnxruntime-gpu and its driver.",
        )
    return _PROVIDERS[device]


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
