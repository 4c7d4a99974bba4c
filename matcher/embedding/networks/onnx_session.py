"""Make a session of onnxruntime from the verified bytes of an ONNX file, and from nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import torch

from matcher.device import claim_torch
from matcher.embedding.models import AnyRecord, typed_name
from matcher.embedding.networks.onnx_file import WEIGHTS, external_tensors
from matcher.embedding.weights import VerifiedWeights
from matcher.errors import InputError, MissingExtraError, ModelError, WeightsDamagedError
from matcher.telemetry import import_silent

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_REFUSALS: Final = (
    "EPFail",
    "Fail",
    "InvalidArgument",
    "InvalidGraph",
    "InvalidProtobuf",
    "NoSuchFile",
    "NotImplemented",
    "RuntimeException",
)
_AS_ONE_FILE: Final = "Or save it as one file: onnx.save(onnx.load('OLD.onnx'), 'NEW.onnx')."


def onnx_session(record: AnyRecord, weights: VerifiedWeights, device: str) -> Any:
    """Return an `InferenceSession`, which opens no file.

    Parameters
    ----------
    record
        The model or the detector, for messages.
    weights
        The bytes of the file, and of the files in which it keeps weights.
    device
        "cpu" or "cuda". No other device is used instead.

    Raises
    ------
    MissingExtraError
        If onnxruntime is not installed, or is too old for external data.
    WeightsDamagedError
        If the bytes are not an ONNX file, or it keeps other things than weights of its graph in
        other files.
    ModelError
        If external data contradict the record, or the machine has no such device.
    InputError
        If `device` is neither "cpu" nor "cuda".
    """
    try:
        onnxruntime = import_silent("onnxruntime")
    except ImportError as error:
        raise MissingExtraError(
            f"The {record.kind} {record.name!r} needs onnxruntime",
            rule=f"an ONNX {record.kind} is run by it",
            got="no such package",
            next_step='Install it: pip install "onnxruntime>=1.18"',
        ) from error
    claim_torch()
    provider = _provider(device, onnxruntime.get_available_providers())
    _check_external_data(record, weights)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()  # as many as PyTorch networks use
    options.add_session_config_entry("session.load_model_format", "ONNX")  # what was checked
    _give_external_data(record, options, weights.external_data)
    states = onnxruntime.capi.onnxruntime_pybind11_state
    try:
        return onnxruntime.InferenceSession(weights.data, options, providers=[provider])
    except tuple(getattr(states, name) for name in _REFUSALS) as error:
        raise _unreadable(record, str(error).splitlines()[0]) from error


def _check_external_data(record: AnyRecord, weights: VerifiedWeights) -> None:
    """Refuse a file that keeps anything in a file that was not verified."""
    try:
        tensors = external_tensors(weights.data)
    except ValueError as error:
        raise _unreadable(record, error) from error
    if any(tensor.place != WEIGHTS or len(tensor.files) != 1 for tensor in tensors):
        raise WeightsDamagedError(
            f"The weights of {record.name!r} cannot be read",
            rule="only weights of the graph may lie in another file, each in one",
            got="a tensor of another kind, or one without the name of its file",
            next_step=_AS_ONE_FILE,
        )
    named = {tensor.files[0] for tensor in tensors}
    if named != set(weights.external_data):
        raise ModelError(
            f"The ONNX file contradicts the record of {record.name!r}",
            rule="external_data must name the files in which it keeps weights, no more and no "
            "fewer; they lie in the folder of the record",
            got=f"{_listed(weights.external_data)} in the record, {_listed(named)} in the file",
            next_step=f"Correct the record. {_AS_ONE_FILE}",
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, sorted(names))) or "none"


def _give_external_data(record: AnyRecord, options: Any, files: Mapping[str, bytes]) -> None:
    """Have onnxruntime take external data from memory, where it would open files."""
    if not files:
        return
    give = getattr(options, "add_external_initializers_from_files_in_memory", None)
    if give is None:
        raise MissingExtraError(
            f"The {record.kind} {record.name!r} needs a newer onnxruntime",
            rule="it must take external data from memory, so that verified bytes are used",
            got="a version that opens the files itself",
            next_step=f"Install the latest one. {_AS_ONE_FILE}",
        )
    give(list(files), list(files.values()), [len(data) for data in files.values()])


def _unreadable(record: AnyRecord, got: object) -> WeightsDamagedError:
    return WeightsDamagedError(
        f"The weights of {record.name!r} cannot be read",
        rule="they must be an ONNX file that onnxruntime can run",
        got=got,
        next_step=f"Fetch them again: matcher models fetch {typed_name(record)}",
    )


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
