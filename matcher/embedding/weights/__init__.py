"""Get a file of weights onto this machine, and verify that it is the right file."""

from matcher.embedding.weights.cache import (
    cache_folder,
    read_weights,
    record_sha256,
    recorded_sha256,
    sha256_of,
    weights_folder,
    weights_path,
    written_whole,
)
from matcher.embedding.weights.fetching import fetch
from matcher.embedding.weights.status import WeightsStatus, verify_weights

__all__ = [
    "WeightsStatus",
    "cache_folder",
    "fetch",
    "read_weights",
    "record_sha256",
    "recorded_sha256",
    "sha256_of",
    "verify_weights",
    "weights_folder",
    "weights_path",
    "written_whole",
]
