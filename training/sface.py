"""Read SFace, a MobileNet that tells people apart, from the file in which it is published.

OpenCV Zoo publishes the network of Y. Zhong, W. Deng, J. Hu, D. Zhao, X. Li and D. Wen, "SFace:
Sigmoid-constrained hypersphere loss for robust face recognition" (arXiv 2205.12010), as an ONNX
graph. `matcher models fetch sface` gets it and verifies it.
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from matcher.embedding.networks.quantised import State
from matcher.embedding.networks.sface_network import MobileNet

# Added to variances, as the graph states: in the blocks and at the end.
_EPSILON, _LAST_EPSILON = 1e-3, 2e-5


def read_sface(data: bytes) -> MobileNet:
    """Return the network of the ONNX file, with its batch norms folded into the convolutions.

    Parameters
    ----------
    data
        The verified file.
    """
    tensors = {
        tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()).double()
        for tensor in onnx.load_from_string(data).graph.initializer
    }
    network = MobileNet()
    state = _convolution(tensors, "conv_1", "first")
    for number in range(len(network.blocks)):
        name = f"conv_{number + 2}"
        state |= _convolution(tensors, f"{name}_dw", f"blocks.{number}.depthwise")
        state |= _convolution(tensors, name, f"blocks.{number}.pointwise")
    state |= _last(tensors, network.last.weight.shape)
    network.load_state_dict({name: weights.float() for name, weights in state.items()})
    return network


def _convolution(held: Mapping[str, Tensor], name: str, ours: str) -> State:
    factor, shift = _norm(held, f"{name}_batchnorm", _EPSILON)
    return {
        f"{ours}.across.weight": held[f"{name}_conv2d_weight"] * factor.reshape(-1, 1, 1, 1),
        f"{ours}.across.bias": shift,
        f"{ours}.bend.weight": held[f"{name}_relu_gamma"].flatten(),
    }


def _last(held: Mapping[str, Tensor], shape: torch.Size) -> State:
    """Return the last layer, with the norm before it and the norm after it folded in."""
    before, before_shift = _norm(held, "bn1", _LAST_EPSILON)
    after, after_shift = _norm(held, "fc1", _LAST_EPSILON)
    weights = held["pre_fc1_weight"].reshape(shape)
    bias = held["pre_fc1_bias"] + weights.sum(dim=(2, 3)) @ before_shift
    return {
        "last.weight": weights * before.reshape(1, -1, 1, 1) * after.reshape(-1, 1, 1, 1),
        "last.bias": bias * after + after_shift,
    }


def _norm(held: Mapping[str, Tensor], name: str, epsilon: float) -> tuple[Tensor, Tensor]:
    """Return factor and shift of a batch norm whose parameters are fixed."""
    factor = held[f"{name}_gamma"] / (held[f"{name}_moving_var"] + epsilon).sqrt()
    return factor, held[f"{name}_beta"] - held[f"{name}_moving_mean"] * factor
