"""The networks behind the models, each in PyTorch or ONNX Runtime, and their weights in 8 bits."""

from matcher.embedding.networks.builders import NETWORKS, NetworkKind, build, network_kind
from matcher.embedding.networks.network import Builder, Network, Networks, Precision, Weights

__all__ = [
    "NETWORKS",
    "Builder",
    "Network",
    "NetworkKind",
    "Networks",
    "Precision",
    "Weights",
    "build",
    "network_kind",
]
