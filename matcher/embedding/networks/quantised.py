"""Store weights in few bytes: in half precision, or as int8 with a scale for each channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import torch
from torch import Tensor

State = dict[str, Tensor]

_SCALE: Final = ".scale"
_LARGEST: Final = 127


def packed(state: Mapping[str, Tensor], coarse: Callable[[str], bool]) -> State:
    """Return weights in half of the bytes of float32, or in a quarter.

    Parameters
    ----------
    state
        float32 tensors.
    coarse
        Function that says, for a tensor's name, whether the tensor may be kept as int8. A tensor is
        kept so only if it has more than one dimension. Each output channel has its own scale. The
        error of a weight is then at most 1/254 of the largest weight in its channel.
    """
    compact: State = {}
    for name, weights in state.items():
        if coarse(name) and weights.ndim > 1:
            largest = weights.abs().amax(dim=tuple(range(1, weights.ndim)), keepdim=True)
            scale = (largest / _LARGEST).clamp(min=torch.finfo(torch.float32).tiny)
            compact[name] = (weights / scale).round().to(torch.int8).contiguous()
            compact[name + _SCALE] = scale.contiguous()
        else:
            compact[name] = weights.to(torch.float16).contiguous()
    return compact


def unpacked(held: Mapping[str, Tensor]) -> State:
    """Return the float32 weights from what `packed` returned."""
    return {
        name: weights.float() * held[name + _SCALE] if name + _SCALE in held else weights.float()
        for name, weights in held.items()
        if not name.endswith(_SCALE)
    }
