"""Face to vector: model registry, backbones, templates. Knows nothing of galleries."""

from matcher.embedding.loading import load_model
from matcher.embedding.record import Embedder, ModelIdentity, ModelRecord, WeightsFile
from matcher.embedding.registry import DEFAULT_MODEL, get_record, list_models

__all__ = [
    "DEFAULT_MODEL",
    "Embedder",
    "ModelIdentity",
    "ModelRecord",
    "WeightsFile",
    "get_record",
    "list_models",
    "load_model",
]
