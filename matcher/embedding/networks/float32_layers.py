"""Layers that compute in float32 inside a network that computes in bfloat16.

These are the first convolution of a network and the linear maps behind its last one. They take
little time. The first sees the pixels, which bfloat16 would round before anything is known of them.
The others subtract what all faces share, and an error is large beside what is left.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def in_float32(layer: nn.Module, inputs: Tensor) -> Tensor:
    """Return the outputs of a layer that computes in float32, whatever the layers before it do."""
    with torch.autocast(inputs.device.type, enabled=False):
        outputs: Tensor = layer(inputs.float())
    return outputs
