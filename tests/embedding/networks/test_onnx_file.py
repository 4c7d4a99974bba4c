"""Every tensor of an ONNX file that lies in another file is found, wherever it is."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.embedding.networks.onnx_file import PARTS, WEIGHTS, external_tensors

onnx = pytest.importorskip("onnx")


def outside(file: str = "far.bin"):
    """Return a tensor whose data lie in another file."""
    tensor = onnx.TensorProto(name="w", dims=[2], data_type=1, data_location=1)
    tensor.external_data.add(key="location", value=file)
    tensor.external_data.add(key="offset", value="0")
    return tensor


def found(model) -> list[tuple[str, ...]]:
    data = model if isinstance(model, bytes) else model.SerializeToString()
    return [tensor.files for tensor in external_tensors(data)]


def test_the_known_parts_are_all_by_which_onnx_reaches_a_tensor() -> None:
    """Follow the description of the format that comes with the package."""
    reached: set[str] = {"TensorProto"}
    kinds = list(onnx.ModelProto.DESCRIPTOR.file.message_types_by_name.values())
    fields = {
        (kind.name, field.number, field.message_type.name, field.is_repeated)
        for kind in kinds
        for field in kind.fields
        if field.message_type
    }
    while more := {kind for kind, _, held, _ in fields if held in reached} - reached:
        reached |= more
    expected = {field for field in fields if field[2] in reached and field[0] != "TensorProto"}
    known = {
        (kind, number, part.kind, part.many)
        for kind, parts in PARTS.items()
        for number, part in parts.items()
    }
    assert known == expected


def _in_attribute(attribute) -> bytes:
    model = onnx.ModelProto()
    model.graph.node.add(op_type="Constant").attribute.append(attribute)
    return model.SerializeToString()


def test_external_tensors_are_found_in_every_place() -> None:
    weights = onnx.ModelProto()
    weights.graph.initializer.append(outside())
    sparse = onnx.ModelProto()
    sparse.graph.sparse_initializer.add().values.CopyFrom(outside())
    trained = onnx.ModelProto()
    trained.training_info.add().algorithm.initializer.append(outside())
    function = onnx.ModelProto()
    function.functions.add().attribute_proto.add(name="a", type=4).t.CopyFrom(outside())
    inner = onnx.GraphProto(initializer=[outside()])
    places = [weights.SerializeToString(), sparse.SerializeToString()]
    places += [trained.SerializeToString(), function.SerializeToString()]
    places += [
        _in_attribute(onnx.AttributeProto(name="a", t=outside())),
        _in_attribute(onnx.AttributeProto(name="a", tensors=[outside()])),
        _in_attribute(onnx.AttributeProto(name="a", g=inner)),
        _in_attribute(onnx.AttributeProto(name="a", graphs=[inner])),
        _in_attribute(
            onnx.AttributeProto(name="a", sparse_tensor=onnx.SparseTensorProto(indices=outside()))
        ),
    ]
    for data in places:
        assert found(data) == [("far.bin",)]
    assert [external_tensors(data)[0].place == WEIGHTS for data in places] == [True] + [False] * 8


def test_a_tensor_whose_parts_are_merged_is_found() -> None:
    """Protobuf merges two occurrences of `t`: one names the file, the other says it counts."""
    named, said = outside(), onnx.TensorProto(data_location=1)
    named.ClearField("data_location")
    first = onnx.AttributeProto(name="a", t=named).SerializeToString()
    second = onnx.AttributeProto(t=said).SerializeToString()
    merged = onnx.AttributeProto.FromString(first + second)
    assert merged.t.data_location == 1
    assert merged.t.external_data[0].value == "far.bin"
    node = onnx.NodeProto(op_type="Constant").SerializeToString()
    node += _field(5, first + second)
    assert found(_field(7, _field(1, node))) == [("far.bin",)]


def test_a_number_in_more_bytes_than_it_needs_is_the_same_number() -> None:
    tensor = outside()
    tensor.ClearField("data_location")
    data = tensor.SerializeToString() + b"\x70\x81\x80\x00"
    assert onnx.TensorProto.FromString(data).data_location == 1
    assert found(_field(7, _field(5, data))) == [("far.bin",)]


def test_what_lies_in_the_file_itself_is_left_alone() -> None:
    """Names that a tensor still carries from earlier do not count."""
    tensor = outside()
    tensor.data_location = 0
    model = onnx.ModelProto()
    model.graph.initializer.append(tensor)
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.ones(3, np.float32), "b"))
    assert found(model) == []


@pytest.mark.parametrize(
    "data",
    [b"\xff", b"\x3a\xff", b"\x3a\x05ab", b"\x3b", b"\xff" * 11, b"\x3d\x00"],
    ids=["open number", "open length", "short", "group", "long number", "short float"],
)
def test_bytes_that_are_no_message_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"field|number"):
        external_tensors(data)


def test_messages_within_messages_without_end_are_refused() -> None:
    graph = b""
    for _ in range(500):
        graph = _field(1, _field(5, _field(6, graph)))
    with pytest.raises(ValueError, match="deep"):
        external_tensors(_field(7, graph))


def _field(number: int, content: bytes) -> bytes:
    """Return a field that holds bytes, as protobuf writes it."""
    length, rest = b"", len(content)
    while rest >= 0x80:
        length, rest = length + bytes([rest & 0x7F | 0x80]), rest >> 7
    return bytes([number << 3 | 2]) + length + bytes([rest]) + content
