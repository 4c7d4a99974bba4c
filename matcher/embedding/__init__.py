"""Face to vector: model registry, backbones, templates. Knows nothing of galleries."""

from matcher.embedding.extractor import Extracted, Extraction, Extractor, load_extractor
from matcher.embedding.fetching import fetch
from matcher.embedding.loading import load_model
from matcher.embedding.looks import Looks
from matcher.embedding.record import Embedder, FarView, ModelIdentity, ModelRecord, WeightsFile
from matcher.embedding.registry import DEFAULT_MODEL, get_record, list_models
from matcher.embedding.remembered import Measure, Reading, read_faces
from matcher.embedding.status import WeightsStatus, verify_weights
from matcher.embedding.template import Template, fuse

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
