"""The kinds of networks, by the name that a model's record states.

A new network is a file with a `Builder`, an entry in `NETWORKS`, and a record in the registry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, cast

from matcher._lazy import load
from matcher.embedding.models import ModelRecord
from matcher.embedding.networks.network import Builder, Networks, Precision, Weights
from matcher.errors import InputError, UnknownModelError


@dataclass(frozen=True)
class NetworkKind:
    """One kind of network.

    Parameters
    ----------
    built_by
        Address of its `Builder`, as `module:name`. The builder is loaded, with PyTorch or ONNX
        Runtime, when it is used.
    precisions
        Precisions that the network supports.
    of_probes
        Whether a probe is embedded by a network of its own, see `Networks.probe`.
    """

    built_by: str
    precisions: tuple[Precision, ...] = ("float32", "bfloat16")
    of_probes: bool = False


_TORCH: Final = "matcher.embedding.networks.torch_network"

NETWORKS: Final[Mapping[str, NetworkKind]] = MappingProxyType(
    {
        "dlib-resnet": NetworkKind(f"{_TORCH}:build_dlib_resnet"),
        "youth-dlib": NetworkKind(f"{_TORCH}:build_youth_dlib", of_probes=True),
        "youth-experts": NetworkKind(f"{_TORCH}:build_youth_experts", of_probes=True),
        "youth-resnet": NetworkKind(f"{_TORCH}:build_youth_resnet", of_probes=True),
        "inception-resnet-v1": NetworkKind(f"{_TORCH}:build_inception_resnet"),
        "onnx": NetworkKind("matcher.embedding.networks.onnx_network:build_onnx", ("float32",)),
    }
)
"""The kinds of networks, by the name in `ModelRecord.network`."""


def network_kind(record: ModelRecord, precision: str) -> NetworkKind:
    """Return the kind of a model's network, after a check that it supports a precision or "auto".

    Raises
    ------
    UnknownModelError
        If there is no such network.
    InputError
        If it does not support the precision.
    """
    if record.network not in NETWORKS:
        raise UnknownModelError(
            f"The network of {record.name!r} is unknown",
            rule=f"it must be one of {', '.join(NETWORKS)}",
            got=repr(record.network),
            next_step="Correct the record, or use the version of matcher that it was made for.",
        )
    kind = NETWORKS[record.network]
    allowed = ("auto", *kind.precisions)
    if precision not in allowed:
        raise InputError(
            f"The precision does not suit {record.name!r}",
            rule=f"it must be one of {', '.join(allowed)}",
            got=repr(precision),
            next_step="Leave `precision` out, or choose one of these.",
        )
    return kind


def build(kind: NetworkKind, weights: Weights) -> Networks:
    """Return the networks of a model. The errors are the same as for a `Builder`."""
    return cast(Builder, load(kind.built_by))(weights)
