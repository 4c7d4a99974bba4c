"""A second model for tests: an ONNX file of random numbers with its record. It knows no faces."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

SIZE, DIMENSION = 32, 48


def write(folder: Path, name: str = "new-model") -> Path:
    """Write the file and its record; return the record."""
    from onnx import TensorProto, helper, numpy_helper

    numbers = np.random.default_rng(1).normal(size=(3 * SIZE * SIZE, DIMENSION))
    matrix = numpy_helper.from_array(numbers.astype(np.float32), "matrix")
    given = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ("n", 3, SIZE, SIZE))
    returned = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ("n", DIMENSION))
    nodes = [
        helper.make_node("Flatten", ["pixels"], ["flat"]),
        helper.make_node("MatMul", ["flat", "matrix"], ["vectors"]),
    ]
    graph = helper.make_graph(nodes, "random", [given], [returned], [matrix])
    opsets = [helper.make_opsetid("", 17)]
    data = helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
    (folder / f"{name}.onnx").write_bytes(data)
    record = folder / f"{name}.toml"
    record.write_text(f"""
name = "{name}"
version = "1"
file = "{name}.onnx"
sha256 = "{hashlib.sha256(data).hexdigest()}"
licence = "CC0-1.0"
training_data = "none: random numbers"
size = {SIZE}
template = [[10, 12], [22, 12], [16, 18], [11, 24], [21, 24]]
colour_order = "RGB"
mean = [127.5, 127.5, 127.5]
scale = 127.5
dimension = {DIMENSION}
mirrored = false
""")
    return record
