"""Face to vector: model registry, backbones, templates. Knows nothing of galleries."""

from matcher.embedding.embedder import Embedder, Looks
from matcher.embedding.extractor import Extracted, Extraction, Extractor, load_extractor
from matcher.embedding.loading import load_model
from matcher.embedding.models import (
    DEFAULT_MODEL,
    FarView,
    ModelIdentity,
    ModelRecord,
    WeightsFile,
    get_record,
    list_models,
)
from matcher.embedding.template import Template, fuse
from matcher.embedding.vector_cache import Measure, Reading, read_faces
from matcher.embedding.weights import WeightsStatus, fetch, verify_weights

__all__ = [
    "DEFAULT_MODEL",
    "Embedder",
    "Extracted",
    "Extraction",
    "Extractor",
    "FarView",
    "Looks",
    "Measure",
    "ModelIdentity",
    "ModelRecord",
    "Reading",
    "Template",
    "WeightsFile",
    "WeightsStatus",
    "fetch",
    "fuse",
    "get_record",
    "list_models",
    "load_extractor",
    "load_model",
    "read_faces",
    "verify_weights",
]
