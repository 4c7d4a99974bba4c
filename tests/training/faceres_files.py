"""A network laid out as FaceRes is published, and what its graph says of a picture."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from training.faceres import GRAPH, WEIGHTS

Tensors = dict[str, NDArray[np.float32]]

CHANNELS = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
HALVING = (2, 4, 6, 12)


def drawn(seed: int = 0) -> Tensors:
    """Draw weights that neither die out nor run over."""
    rng = np.random.default_rng(seed)

    def of(*shape: int, inputs: int) -> NDArray[np.float32]:
        numbers = rng.normal(0.0, (2.0 / inputs) ** 0.5, shape)
        return numbers.astype(np.float16).astype(np.float32)

    held = {
        "conv1/convolution/merged_input": of(3, 3, 3, 32, inputs=27 * 60**2),
        "conv1_bn/batchnorm_1/sub": of(1, 1, 1, 32, inputs=8),
    }
    for number, (before, after) in enumerate(pairwise(CHANNELS), start=1):
        held[f"conv_dw_{number}/depthwise_kernel"] = of(3, 3, before, 1, inputs=9)
        held[f"conv_dw_{number}_bn/batchnorm_1/mul"] = 1.0 + of(before, inputs=64)
        held[f"conv_dw_{number}_bn/batchnorm_1/sub"] = of(before, inputs=64)
        held[f"conv_pw_{number}/convolution/merged_input"] = of(1, 1, before, after, inputs=before)
        held[f"conv_pw_{number}_bn/batchnorm_1/sub"] = of(1, 1, 1, after, inputs=64)
    return {name: one.astype(np.float16).astype(np.float32) for name, one in held.items()}


def write(held: Tensors, folder: Path) -> bytes:
    """Write the two files, and return what is in the larger."""
    folder.mkdir(exist_ok=True)
    entries = [
        {"name": name, "shape": list(one.shape), "dtype": "float32"}
        | {"quantization": {"dtype": "float16", "original_dtype": "float32"}}
        for name, one in held.items()
    ]
    entries.append({"name": "axes", "shape": [2], "dtype": "int32"})
    data = b"".join(one.astype(np.float16).tobytes() for one in held.values())
    data += np.int32([1, 2]).tobytes()
    (folder / GRAPH).write_text(json.dumps({"weightsManifest": [{"weights": entries}]}))
    (folder / WEIGHTS).write_bytes(data)
    return data


def said_by_graph(held: Tensors, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the features of BGR pixels less the mean, (n, rows, columns, 3), step by step."""
    tensors = {name: torch.from_numpy(one) for name, one in held.items()}
    maps = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    kernel = tensors["conv1/convolution/merged_input"].permute(3, 2, 0, 1)
    maps = functional.conv2d(functional.pad(maps, (0, 1, 0, 1)), kernel, stride=2)
    maps = _cut(maps + tensors["conv1_bn/batchnorm_1/sub"].reshape(1, -1, 1, 1))
    for number in range(1, len(CHANNELS)):
        norm = f"conv_dw_{number}_bn/batchnorm_1"
        kernel = tensors[f"conv_dw_{number}/depthwise_kernel"].permute(2, 3, 0, 1)
        stride = 2 if number in HALVING else 1
        edges = (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1)
        maps = functional.conv2d(
            functional.pad(maps, edges), kernel, stride=stride, groups=len(kernel)
        )
        maps = maps * tensors[f"{norm}/mul"].reshape(1, -1, 1, 1)
        maps = _cut(maps + tensors[f"{norm}/sub"].reshape(1, -1, 1, 1))
        kernel = tensors[f"conv_pw_{number}/convolution/merged_input"].permute(3, 2, 0, 1)
        shift = tensors[f"conv_pw_{number}_bn/batchnorm_1/sub"].reshape(1, -1, 1, 1)
        maps = _cut(functional.conv2d(maps, kernel) + shift)
    return maps.mean(dim=(2, 3)).numpy()


def _cut(maps: torch.Tensor) -> torch.Tensor:
    return maps.clamp(0.0, 6.0)
