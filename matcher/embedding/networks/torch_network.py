"""Run PyTorch modules as networks: device, precision, memory layout, weights."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load
from torch import nn

from matcher.device import chosen_device, claim_torch
from matcher.embedding.models import YOUTH_CORNER
from matcher.embedding.networks.dlib_network import DlibResnet, convert
from matcher.embedding.networks.network import Network, Networks, Precision, Weights
from matcher.embedding.networks.quantised import State, unpacked
from matcher.embedding.networks.youth_network import (
    HALF_WORN,
    BlendedVector,
    GradedProbe,
    YouthDlib,
    YouthResnet,
)
from matcher.errors import WeightsDamagedError

# Errors that PyTorch's restricted unpickler raises on bytes that are not weights.
_UNREADABLE = (RuntimeError, pickle.UnpicklingError, EOFError, LookupError, ValueError)


def as_network(module: nn.Module, device: torch.device, precision: Precision) -> Network:
    """Return `module` as a function of NumPy arrays, in evaluation mode on `device`."""
    module = module.eval().requires_grad_(False)
    module = module.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    reduced = precision == "bfloat16"

    def network(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        claim_torch()
        # (n, rows, columns, 3) seen as (n, 3, rows, columns) already has the channels-last layout.
        crops = torch.from_numpy(pixels).permute(0, 3, 1, 2).to(device)
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=reduced):
            vectors: NDArray[np.float32] = module(crops).float().cpu().numpy()
        return vectors

    return network


def build_dlib_resnet(weights: Weights) -> Networks:
    """Build dlib's network; a `Builder`."""
    device = chosen_device(weights.device)
    module = dlib_resnet(weights.verified.data)
    return Networks(as_network(module, device, weights.precision))


def build_youth_resnet(weights: Weights) -> Networks:
    """Build the project's own network; a `Builder`."""
    device = chosen_device(weights.device)
    youth = youth_resnet(weights.verified.data)
    face, probe, low_resolution = (
        as_network(one, device, weights.precision)
        for one in (BlendedVector(youth), youth, youth.worn)
    )
    return Networks(face, probe, low_resolution)


def build_youth_experts(weights: Weights) -> Networks:
    """Build the network whose galleries keep the vector of one expert; a `Builder`."""
    device = chosen_device(weights.device)  # first: with a tensor a forked process would hang
    experts = youth_resnet(weights.verified.data, YOUTH_CORNER)
    networks = _experts(experts, device, weights.precision)
    if not weights.record.low_resolution_views:
        return networks
    return replace(
        networks,
        low_resolution=as_network(experts.worn, device, weights.precision),
        low_resolution_above=HALF_WORN,
    )


def build_youth_dlib(weights: Weights) -> Networks:
    """Build the same of dlib's network alone; a `Builder`."""
    device = chosen_device(weights.device)
    return _experts(youth_dlib(weights.verified.data), device, weights.precision)


def _experts(
    experts: YouthResnet | YouthDlib, device: torch.device, precision: Precision
) -> Networks:
    face, probe = (
        as_network(one, device, precision) for one in (experts.clear, GradedProbe(experts))
    )
    return Networks(face, probe)


def build_inception_resnet(weights: Weights) -> Networks:
    """Build facenet-pytorch's network; a `Builder`."""
    device = chosen_device(weights.device)
    return Networks(as_network(inception_resnet(weights.verified.data), device, weights.precision))


def dlib_resnet(data: bytes) -> nn.Module:
    """Return dlib's network for the bytes of its weights file.

    Raises
    ------
    WeightsDamagedError
        If the bytes are not such a file.
    """
    with torch.device("meta"):
        module = DlibResnet()
    module.load_state_dict(convert(data), assign=True)
    return module


def youth_resnet(data: bytes, corner: tuple[int, int] = (0, 0)) -> YouthResnet:
    """Return the project's own network for the bytes of its packed weights.

    Parameters
    ----------
    data
        The bytes.
    corner
        See `matcher.embedding.networks.youth_network.Expert`.

    Raises
    ------
    WeightsDamagedError
        If the bytes are not such a file.
    """
    with torch.device("meta"):
        module = YouthResnet(corner)
    _fill(module, data, _with_shared)
    return module


def youth_dlib(data: bytes) -> YouthDlib:
    """Return the project's own network of dlib's alone for the bytes of its packed weights.

    Raises
    ------
    WeightsDamagedError
        If the bytes are not such a file.
    """
    with torch.device("meta"):
        module = YouthDlib()
    _fill(module, data, dict)
    return module


def _fill(module: nn.Module, data: bytes, completed: Callable[[State], State]) -> None:
    """Give a module on no device the weights of a packed file."""
    try:
        module.load_state_dict(completed(unpacked(load(data))), assign=True)
    except (SafetensorError, RuntimeError) as error:
        rule = f"a state dict of {type(module).__name__} in a safetensors file"
        raise _unreadable(rule, error) from error


def _with_shared(state: State) -> State:
    """Return the weights with the shared ones under the names of both experts."""
    shared = {name: value for name, value in state.items() if ".mobile.body.last." in name}
    return state | {name.replace("clear", "worn", 1): value for name, value in shared.items()}


def inception_resnet(data: bytes) -> nn.Module:
    """Return facenet-pytorch's InceptionResnetV1 for the bytes of one of its weights files.

    Raises
    ------
    WeightsDamagedError
        If the bytes are not such a file. Nothing in it is executed.
    """
    from facenet_pytorch import InceptionResnetV1

    try:
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        # The classifier over the people of the training set is of no use for other people.
        for name in ("logits.weight", "logits.bias"):
            state.pop(name, None)
        module: nn.Module = InceptionResnetV1(pretrained=None)
        module.load_state_dict(state, strict=True)
    except (*_UNREADABLE, AttributeError, TypeError) as error:
        raise _unreadable("a state dict of InceptionResnetV1", error) from error
    return module


def _unreadable(rule: str, error: Exception) -> WeightsDamagedError:
    return WeightsDamagedError(
        "The weights cannot be read",
        rule=f"they must be {rule}",
        got=f"{type(error).__name__}: {str(error)[:200]}",
        next_step="Fetch or install them again: matcher models verify.",
    )
