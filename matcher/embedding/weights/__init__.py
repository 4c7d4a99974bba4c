"""Get a file of weights onto this machine, and verify that it is the right file."""

from matcher.embedding.weights.cache import (
    VerifiedWeights,
    cache_folder,
    read_weights,
    sha256_of,
    weights_folder,
    weights_path,
)
from matcher.embedding.weights.fetching import fetch
from matcher.embedding.weights.map_file import VerifiedMap, read_map
from matcher.embedding.weights.status import WeightsStatus, verify_weights

__all__ = [
    "VerifiedMap",
    "VerifiedWeights",
    "WeightsStatus",
    "cache_folder",
    "fetch",
    "read_map",
    "read_weights",
    "sha256_of",
    "verify_weights",
    "weights_folder",
    "weights_path",
]
