"""A network laid out as SFace is published, with weights that mean nothing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

CHANNELS = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
HALVING = (2, 4, 6, 12)
"""Blocks, from 1, that halve the side."""


class _Graph:
    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []
        self.last = "data"

    def held(self, name: str, numbers: NDArray[np.floating]) -> str:
        self.tensors.append(numpy_helper.from_array(numbers.astype(np.float32), name))
        return name

    def then(self, kind: str, name: str, *held: str, **facts: object) -> None:
        self.nodes.append(helper.make_node(kind, [self.last, *held], [name], name, **facts))
        self.last = name

    def norm(self, name: str, width: int, epsilon: float) -> None:
        drawn = [
            self.held(f"{name}_gamma", 1 + 0.1 * self.rng.normal(size=width)),
            self.held(f"{name}_beta", 0.1 * self.rng.normal(size=width)),
            self.held(f"{name}_moving_mean", 0.1 * self.rng.normal(size=width)),
            self.held(f"{name}_moving_var", self.rng.uniform(0.5, 1.5, width)),
        ]
        self.then("BatchNormalization", name, *drawn, epsilon=epsilon)

    def convolution(self, name: str, before: int, after: int, side: int, **facts: object) -> None:
        inputs = before * side**2
        kernel = self.rng.normal(0, (2 / inputs) ** 0.5, (after, before, side, side))
        pads = [side // 2] * 4
        held = self.held(f"{name}_conv2d_weight", kernel)
        self.then("Conv", f"{name}_conv2d", held, kernel_shape=[side] * 2, pads=pads, **facts)
        self.norm(f"{name}_batchnorm", after, 1e-3)
        slopes = self.rng.uniform(0.1, 0.4, (after, 1, 1))
        self.then("PRelu", f"{name}_relu", self.held(f"{name}_relu_gamma", slopes))


def drawn(seed: int = 0) -> bytes:
    """Return an ONNX file with weights that neither die out nor run over."""
    graph = _Graph(seed)
    graph.then("Sub", "less", graph.held("scalar_op1", np.array([127.5])))
    graph.then("Mul", "scaled", graph.held("scalar_op2", np.array([1 / 128])))
    graph.convolution("conv_1", 3, 32, 3, strides=[1, 1])
    for number, (before, after) in enumerate(pairwise(CHANNELS), start=1):
        strides = [2, 2] if number in HALVING else [1, 1]
        name = f"conv_{number + 1}"
        graph.convolution(f"{name}_dw", 1, before, 3, strides=strides, group=before)
        graph.convolution(name, before, after, 1, strides=[1, 1])
    graph.norm("bn1", 1024, 2e-5)
    graph.then("Flatten", "flat")
    weights = graph.rng.normal(0, (1 / 50176) ** 0.5, (128, 50176))
    held = graph.held("pre_fc1_weight", weights), graph.held("pre_fc1_bias", np.full(128, 0.1))
    graph.then("Gemm", "pre_fc1", *held, transB=1)
    graph.norm("fc1", 128, 2e-5)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "sface",
            [helper.make_tensor_value_info("data", TensorProto.FLOAT, [None, 3, 112, 112])],
            [helper.make_tensor_value_info(graph.last, TensorProto.FLOAT, [None, 128])],
            graph.tensors,
        ),
        opset_imports=[helper.make_opsetid("", 11)],
        ir_version=6,
    )
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data
