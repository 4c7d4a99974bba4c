"""Arrange the three networks of the cascade so that a processor computes them quickly.

The outputs stay the same. Only what is never needed is left out, and what is read together lies
together.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

LANES = 16
"""Number of float32 values that a processor handles at a time, at most. A layer with ten channels
takes longer than one with sixteen."""


def quick(network: nn.Module) -> nn.Module:
    """Return the network without its softmax, and with its weights in channels-last order.

    Channels-last order suits processors. The softmax is removed because float32 cannot tell
    probabilities near 1 apart. It can tell the logarithms of the odds apart.
    """
    for name in [name for name, _ in network.named_children() if name.startswith("softmax")]:
        setattr(network, name, nn.Identity())
    return network.to(memory_format=torch.channels_last)


class FirstNetwork(nn.Module):
    """PNet of facenet-pytorch without its softmax, with one convolution for both outputs.

    Parameters
    ----------
    network
        PNet. Its layers are taken over and changed.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        layers = dict(network.named_children())
        _fill_up(layers["conv1"], layers["prelu1"], layers["conv2"])
        names = ("conv1", "prelu1", "pool1", "conv2", "prelu2", "conv3", "prelu3")
        self.body = nn.Sequential(*[layers[name] for name in names])
        outputs = (layers["conv4_2"], layers["conv4_1"])
        self.weight = torch.cat([layer.get_parameter("weight").detach() for layer in outputs])
        self.bias = torch.cat([layer.get_parameter("bias").detach() for layer in outputs])
        self.to(memory_format=torch.channels_last)

    def forward(self, sheet: Tensor) -> tuple[Tensor, Tensor]:
        """Return what PNet returns: offsets (1, 4, ...) and evidence (1, 2, ...) per window."""
        outputs = nn.functional.conv2d(self.body(sheet), self.weight, self.bias)
        return outputs[:, :4], outputs[:, 4:]


def _fill_up(before: nn.Module, bend: nn.Module, after: nn.Module) -> None:
    """Give the maps between two convolutions channels of zeros, up to a multiple of `LANES`."""
    more = -len(before.get_parameter("bias")) % LANES
    for layer, name, places in (
        (before, "weight", (0, 0) * 3 + (0, more)),
        (before, "bias", (0, more)),
        (bend, "weight", (0, more)),
        (after, "weight", (0, 0) * 2 + (0, more)),
    ):
        filled = pad(layer.get_parameter(name).detach(), places)
        setattr(layer, name, nn.Parameter(filled, requires_grad=False))
