"""Find out, before an ONNX file is run, which other files it keeps its weights in; free its shapes.

An ONNX file is a message of Protocol Buffers. A tensor in it may lie in another file, its "external
data". This module reads just enough of the message to find every such tensor, and to leave out the
shapes that a file states although its network takes others. It reads as protobuf itself does:
unknown fields are skipped, a field that may occur once but occurs twice is merged. The layout is
that of onnx.proto; the tests compare `PARTS` with the package `onnx`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

Bytes = bytes | memoryview


class Part(NamedTuple):
    """A field of a message that holds another message."""

    kind: str
    many: bool


PARTS: Final[Mapping[str, Mapping[int, Part]]] = MappingProxyType(
    {
        "ModelProto": {
            7: Part("GraphProto", many=False),
            20: Part("TrainingInfoProto", many=True),
            25: Part("FunctionProto", many=True),
        },
        "TrainingInfoProto": {
            1: Part("GraphProto", many=False),
            2: Part("GraphProto", many=False),
        },
        "FunctionProto": {
            7: Part("NodeProto", many=True),
            11: Part("AttributeProto", many=True),
        },
        "GraphProto": {
            1: Part("NodeProto", many=True),
            5: Part("TensorProto", many=True),
            15: Part("SparseTensorProto", many=True),
        },
        "NodeProto": {5: Part("AttributeProto", many=True)},
        "AttributeProto": {
            5: Part("TensorProto", many=False),
            6: Part("GraphProto", many=False),
            10: Part("TensorProto", many=True),
            11: Part("GraphProto", many=True),
            22: Part("SparseTensorProto", many=False),
            23: Part("SparseTensorProto", many=True),
        },
        "SparseTensorProto": {
            1: Part("TensorProto", many=False),
            2: Part("TensorProto", many=False),
        },
    }
)
"""The messages that hold tensors, and by which field each holds the next one."""

WEIGHTS: Final = (7, 5)
"""The fields that lead to a weight of the main graph: `graph`, then `initializer`."""

SHAPES: Final = frozenset({(7, 11, 2, 1, 2), (7, 12, 2, 1, 2), (7, 13)})
"""The fields that lead to shapes: of the graph's inputs (`input`, `type`, `tensor_type`, `shape`),
of its outputs, and all that is said of values between them (`value_info`)."""

_EXTERNAL_DATA, _DATA_LOCATION, _EXTERNAL = 13, 14, 1
_KEY, _VALUE = 1, 2
_DEEPEST: Final = 100
"""Messages within messages; protobuf itself reads no more."""


class ExternalTensor(NamedTuple):
    """A tensor that lies in another file.

    Parameters
    ----------
    place
        The fields that lead to it, from the model on.
    files
        The files that it names. A sound file names one for each tensor.
    """

    place: tuple[int, ...]
    files: tuple[str, ...]


def external_tensors(data: bytes) -> list[ExternalTensor]:
    """Return all tensors of an ONNX file that lie in other files.

    Parameters
    ----------
    data
        The whole file.

    Raises
    ------
    ValueError
        If the bytes are no message of Protocol Buffers.
    """
    return list(_found("ModelProto", memoryview(data), ()))


def _found(kind: str, message: Bytes, place: tuple[int, ...]) -> Iterator[ExternalTensor]:
    if len(place) > _DEEPEST:
        raise ValueError(f"messages lie more than {_DEEPEST} deep in each other")
    numbers, messages = _fields(message)
    if kind == "TensorProto":
        if _EXTERNAL in (value & 0xFFFFFFFF for value in numbers.get(_DATA_LOCATION, ())):
            yield ExternalTensor(place, _files(messages.get(_EXTERNAL_DATA, [])))
        return
    for number, part in PARTS[kind].items():
        held = messages.get(number, [])
        # Protobuf merges the occurrences of a single field; their bytes joined mean the same.
        for one in held if part.many or len(held) < 2 else [b"".join(held)]:
            yield from _found(part.kind, one, (*place, number))


def _files(entries: list[Bytes]) -> tuple[str, ...]:
    pairs = [_fields(entry)[1] for entry in entries]
    return tuple(
        bytes(pair.get(_VALUE, [b""])[-1]).decode("utf-8", "backslashreplace")
        for pair in pairs
        if bytes(pair.get(_KEY, [b""])[-1]) == b"location"
    )


def without_shapes(data: bytes) -> bytes:
    """Return an ONNX file that states no shapes: its inputs and outputs may have any.

    Parameters
    ----------
    data
        The whole file.

    Raises
    ------
    ValueError
        If the bytes are no message of Protocol Buffers.
    """
    return b"".join(_kept(memoryview(data), ()))


def _kept(message: Bytes, place: tuple[int, ...]) -> Iterator[Bytes]:
    for field in _each_field(message):
        here = (*place, field.number)
        if here in SHAPES:
            continue
        leads_there = any(shape[: len(here)] == here for shape in SHAPES)
        if leads_there and isinstance(field.value, bytes | memoryview):
            inner = b"".join(_kept(field.value, here))
            yield _as_varint(field.number << 3 | 2) + _as_varint(len(inner)) + inner
        else:
            yield field.whole


def _fields(message: Bytes) -> tuple[dict[int, list[int]], dict[int, list[Bytes]]]:
    """Return the whole numbers and the byte strings of a message, by number of the field."""
    numbers: dict[int, list[int]] = {}
    strings: dict[int, list[Bytes]] = {}
    for field in _each_field(message):
        if isinstance(field.value, int):
            numbers.setdefault(field.number, []).append(field.value)
        elif field.value is not None:
            strings.setdefault(field.number, []).append(field.value)
    return numbers, strings


class _Field(NamedTuple):
    """One field of a message: its number, all its bytes, and what it holds.

    The value of a fixed-width number, which is never needed, is None.
    """

    number: int
    whole: Bytes
    value: int | Bytes | None


def _each_field(message: Bytes) -> Iterator[_Field]:
    position = 0
    while position < len(message):
        start = position
        tag, position = _varint(message, position)
        number, wire_type = tag >> 3, tag & 7
        value: int | Bytes | None = None
        if wire_type == 0:
            value, position = _varint(message, position)
        elif wire_type == 2:
            length, position = _varint(message, position)
            value = message[position : position + length]
            position += length
        elif wire_type in (1, 5):
            position += 8 if wire_type == 1 else 4
        else:
            raise ValueError(f"field {number} is of the wire type {wire_type}")
        if position > len(message):
            raise ValueError("a field is longer than its message")
        yield _Field(number, message[start:position], value)


def _varint(message: Bytes, position: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(message[position : position + 10]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, position + place + 1
    raise ValueError("a whole number does not end")


def _as_varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low]) if not rest else bytes([low | 0x80]) + _as_varint(rest)
