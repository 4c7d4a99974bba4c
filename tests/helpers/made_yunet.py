"""A YuNet for tests: an ONNX file of the real one's shape that reads its faces off the picture.

A place of a grid is a face if the pixel at it is bright in red and in blue: `cls` is the share of
blue, `obj` the square of the share of red. The green of the pixel is the width of the face. So a
test draws the faces that the network finds.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from matcher.embedding.models import WeightsFile, registry
from matcher.faces.detection.yunet_outputs import OUTPUTS, STRIDES

OFFSET = (0.25, -0.5)
"""Where the centre of a box is, seen from its place, in strides."""

TALLER = 1.25
"""Height of a box as a share of its width."""

POINTS = ((-1.0, -1.0), (1.0, -1.0), (0.0, 0.0), (-0.75, 1.0), (0.75, 1.5))
"""Where the landmarks are, seen from the place, in strides."""

SIDE = 640
"""The side of pictures that the file states, as the published one does. The network takes any."""


def onnx_bytes() -> bytes:
    """Return the file."""
    from onnx import TensorProto, helper

    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, (1, 3, SIDE, SIDE))
    numbers = {"axes": [2, 3], "whole": [1, 3, -1], "far": [sys.maxsize, sys.maxsize]}
    numbers |= {"first": [0, 0]}
    weights = [
        helper.make_tensor(name, TensorProto.INT64, [len(values)], values)
        for name, values in numbers.items()
    ]
    reals = {"full": [255.0], "zero": [0.0], "taller": [TALLER]}
    reals |= {"offset": list(OFFSET), "points": list(np.ravel(POINTS))}
    weights += [
        helper.make_tensor(name, TensorProto.FLOAT, [len(values)], values)
        for name, values in reals.items()
    ]
    nodes, returned, between = [], {}, []
    for stride in STRIDES:
        places = (SIDE // stride) ** 2
        weights.append(helper.make_tensor(f"step{stride}", TensorProto.INT64, [2], [stride] * 2))
        weights.append(helper.make_tensor(f"px{stride}", TensorProto.FLOAT, [1], [float(stride)]))
        nodes += [helper.make_node(*node[:3], **node[3]) for node in _of_stride(stride)]
        for kind, numbers_each in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            name = f"{kind}_{stride}"
            shape = (1, places, numbers_each)
            returned[name] = helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        between.append(
            helper.make_tensor_value_info(f"rows{stride}", TensorProto.FLOAT, (1, places, 3))
        )
    graph = helper.make_graph(
        nodes, "made", [given], [returned[name] for name in OUTPUTS], weights, value_info=between
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(made.SerializeToString())


def _of_stride(s: int) -> list[tuple[str, list[str], list[str], dict[str, object]]]:
    """Return the nodes of one stride: kind, inputs, outputs, attributes."""
    return [
        ("Slice", ["input", "first", "far", "axes", f"step{s}"], [f"grid{s}"], {}),
        ("Reshape", [f"grid{s}", "whole"], [f"flat{s}"], {}),
        ("Transpose", [f"flat{s}"], [f"rows{s}"], {"perm": [0, 2, 1]}),
        ("Split", [f"rows{s}"], [f"blue{s}", f"green{s}", f"red{s}"], {"axis": 2}),
        ("Div", [f"blue{s}", "full"], [f"cls_{s}"], {}),
        ("Div", [f"red{s}", "full"], [f"share{s}"], {}),
        ("Mul", [f"share{s}", f"share{s}"], [f"obj_{s}"], {}),
        ("Div", [f"green{s}", f"px{s}"], [f"width{s}"], {}),
        ("Mul", [f"width{s}", "taller"], [f"height{s}"], {}),
        ("Log", [f"width{s}"], [f"logw{s}"], {}),
        ("Log", [f"height{s}"], [f"logh{s}"], {}),
        ("Mul", [f"blue{s}", "zero"], [f"nought{s}"], {}),
        ("Add", [f"nought{s}", "offset"], [f"offsets{s}"], {}),
        ("Concat", [f"offsets{s}", f"logw{s}", f"logh{s}"], [f"bbox_{s}"], {"axis": 2}),
        ("Add", [f"nought{s}", "points"], [f"kps_{s}"], {}),
    ]


def put_in_place(monkeypatch: pytest.MonkeyPatch, cache: Path, *, url: str | None = None) -> bytes:
    """Let the registry name the made file in place of the published one; return its bytes.

    The file is not written. `cache` becomes the folder of caches.
    """
    data = onnx_bytes()
    weights = WeightsFile("made_yunet.onnx", hashlib.sha256(data).hexdigest(), url)
    monkeypatch.setattr(registry, "_YUNET", replace(registry._YUNET, weights=weights))
    monkeypatch.setenv("MATCHER_CACHE", str(cache))
    return data


def drawn(height: int, width: int, *faces: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Return a black picture with faces, each given as (x, y, width) of a place."""
    pixels = np.zeros((height, width, 3), np.uint8)
    for x, y, size in faces:
        pixels[y, x] = (255, size, 255)
    return pixels
