"""Weights in few bytes: in half precision, or as whole numbers with a scale for each channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import torch
from torch import Tensor

State = dict[str, Tensor]

_SCALE: Final = ".scale"
_LARGEST: Final = 127


def packed(state: Mapping[str, Tensor], coarse: Callable[[str], bool]) -> State:
    """Return weights with half as many bytes as float32, or a quarter.

    Parameters
    ----------
    state
        float32 tensors.
    coarse
        Says of a name whether its tensor may be kept as int8, each output channel with its own
        scale, if it has more than one dimension. The error of a weight is then at most 1/254 of
        the largest in its channel.
    """
    held: State = {}
    for name, weights in state.items():
        if coarse(name) and weights.ndim > 1:
            largest = weights.abs().amax(dim=tuple(range(1, weights.ndim)), keepdim=True)
            scale = (largest / _LARGEST).clamp(min=torch.finfo(torch.float32).tiny)
            held[name] = (weights / scale).round().to(torch.int8).contiguous()
            held[name + _SCALE] = scale.contiguous()
        else:
            held[name] = weights.to(torch.float16).contiguous()
    return held


def unpacked(held: Mapping[str, Tensor]) -> State:
    """Return the float32 weights of what `packed` returned."""
    return {
        name: weights.float() * held[name + _SCALE] if name + _SCALE in held else weights.float()
        for name, weights in held.items()
        if not name.endswith(_SCALE)
    }
