"""Face to vector: model registry, backbones, templates. Knows nothing of galleries."""

from matcher.embedding.record import Embedder, ModelIdentity, ModelRecord, WeightsFile

__all__ = ["Embedder", "ModelIdentity", "ModelRecord", "WeightsFile"]
