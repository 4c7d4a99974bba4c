"""The networks behind the models, each in PyTorch or ONNX Runtime, and their weights in 8 bits."""

from matcher.embedding.networks.builders import NETWORKS, NetworkKind, build, network_kind
from matcher.embedding.networks.network import Builder, Network, Networks, Precision, Weights
from matcher.embedding.networks.precision import (
    PrecisionChoice,
    faster_precision,
    processor_flags,
)

__all__ = [
    "NETWORKS",
    "Builder",
    "Network",
    "NetworkKind",
    "Networks",
    "Precision",
    "PrecisionChoice",
    "Weights",
    "build",
    "faster_precision",
    "network_kind",
    "processor_flags",
]
