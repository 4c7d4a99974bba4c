"""Read dlib's 29-layer face network file, and convert it to plain tensors.

The file is dlib's own serialisation of the whole network type. This module reads only the tensors
in it. A tensor follows the tag of its layer. It consists of a version (2), four extents (samples,
channels, rows, columns) and little-endian float32 values. An integer is one control byte (low four
bits: number of bytes; high bit: sign) and that number of little-endian bytes. The last layer
repeats its two extents between tag and tensor. The layers come in order from input to output. The
layout was established by reading the file. The tests compare with dlib's runtime.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matcher.errors import WeightsDamagedError

Tensor = NDArray[np.float32]

_CONVOLUTION = b"con_4"
_AFFINE = b"affine_"
_LINEAR = b"fc_2"
_TENSOR_VERSION = 2


class Convolution(NamedTuple):
    """Extents of one convolution: output and input channels, and side of the square filter."""

    out: int
    into: int
    side: int


def read_network(
    data: bytes, plan: tuple[Convolution, ...], linear: tuple[int, int]
) -> list[Tensor]:
    """Return the tensors of a dlib file, each convolution merged with the affine layer after it.

    In dlib's inference network, a per-channel `gamma * x + beta` (a batch normalisation frozen
    after training) follows each convolution. This is the same as scaling the filters.

    Parameters
    ----------
    data
        The whole file.
    plan
        The convolutions from input to output.
    linear
        (input, output) extents of the last layer, which has no bias.

    Returns
    -------
    list of float32 arrays
        Filters (out, in, side, side) and bias (out,) of each convolution in turn, then the matrix
        (output, input) of the last layer.

    Raises
    ------
    WeightsDamagedError
        If the file ends too early, or its tensors have other extents.
    """
    tensors: list[Tensor] = []
    position = 0
    for layer in plan:
        values, position = _read_after(data, _CONVOLUTION, position)
        scale_shift, position = _read_after(data, _AFFINE, position)
        tensors += _merge(layer, values, scale_shift)
    matrix, _ = _read_after(data, _LINEAR, position, skipped=2)
    tensors.append(_reshaped(matrix, linear).T.copy())
    return tensors


def _merge(layer: Convolution, values: Tensor, scale_shift: Tensor) -> tuple[Tensor, Tensor]:
    filters = _reshaped(values[: -layer.out], (layer.out, layer.into, layer.side, layer.side))
    bias = values[-layer.out :]
    gamma, beta = _reshaped(scale_shift, (2, layer.out))
    return filters * gamma[:, None, None, None], bias * gamma + beta


def _reshaped(values: Tensor, shape: tuple[int, ...]) -> Tensor:
    if values.size != int(np.prod(shape)):
        raise _damaged(f"a layer must hold {int(np.prod(shape))} numbers", values.size)
    return values.reshape(shape)


def _read_after(data: bytes, tag: bytes, start: int, skipped: int = 0) -> tuple[Tensor, int]:
    found = data.find(tag, start)
    if found < 0:
        raise _damaged(f"layer {tag.decode()!r} must follow byte {start}", "the end of the file")
    position = found + len(tag)
    for _ in range(skipped):
        _, position = _read_integer(data, position)
    return _read_tensor(data, position)


def _read_tensor(data: bytes, position: int) -> tuple[Tensor, int]:
    version, position = _read_integer(data, position)
    if version != _TENSOR_VERSION:
        raise _damaged(f"a tensor must be of version {_TENSOR_VERSION}", version)
    count = 1
    for _ in range(4):
        extent, position = _read_integer(data, position)
        count *= extent
    end = position + 4 * count
    if count < 0 or end > len(data):
        raise _damaged(f"a tensor must hold {count} numbers", f"a file of {len(data)} bytes")
    return np.frombuffer(data, "<f4", count, position).astype(np.float32), end


def _read_integer(data: bytes, position: int) -> tuple[int, int]:
    if position >= len(data):
        raise _damaged("an integer must follow", "the end of the file")
    control = data[position]
    end = position + 1 + (control & 0x0F)
    magnitude = int.from_bytes(data[position + 1 : end], "little")
    return (-magnitude if control & 0x80 else magnitude), end


def _damaged(rule: str, got: object) -> WeightsDamagedError:
    return WeightsDamagedError(
        "The dlib weights cannot be read",
        rule=rule,
        got=got,
        next_step="Install the package that carries them again.",
    )
