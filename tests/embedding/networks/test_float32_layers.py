"""Under bfloat16 the layers that see the pixels, and those that subtract, compute in float32."""

from __future__ import annotations

from typing import Any

import torch

from matcher.embedding.networks.youth_network import YouthResnet


def test_the_first_convolution_and_the_last_maps_compute_in_float32() -> None:
    network = YouthResnet().eval()
    expert = network.clear
    layers: dict[str, torch.nn.Module] = {
        "first": expert.mobile.body.first,
        "spread": expert.mobile.spread,
        "spread of resnet": expert.resnet.spread,
        "head": expert.resnet.body.head,
        "joint": expert.joint,
        "wear": network.wear,
        "inside": expert.mobile.body.blocks[0],
    }
    seen: dict[str, Any] = {}
    for name, layer in layers.items():
        layer.register_forward_hook(lambda _m, _i, out, name=name: seen.update({name: out.dtype}))
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        network(torch.rand(1, 3, 150, 150))
    assert seen.pop("inside") == torch.bfloat16
    assert seen == dict.fromkeys(seen, torch.float32)
    assert len(seen) == len(layers) - 1
