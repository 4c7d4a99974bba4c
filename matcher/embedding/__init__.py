"""Make vectors of faces: model registry, networks, templates. Knows nothing of galleries."""

from matcher.embedding.embedder import Embedder, FaceVectors, Purpose
from matcher.embedding.extraction import EmbeddedFace, PhotoExtraction
from matcher.embedding.extractor import Extractor, load_extractor
from matcher.embedding.loading import load_model, precision_for
from matcher.embedding.models import (
    DEFAULT_MODEL,
    FACE,
    LOW_RESOLUTION,
    Adaptation,
    LowResolutionView,
    ModelIdentity,
    ModelRecord,
    WeightsFile,
    get_record,
    list_models,
    name_for,
    typed_name,
)
from matcher.embedding.template import Template, fuse
from matcher.embedding.through_camera import extract_through
from matcher.embedding.vector_cache import CachedFace, Measure, embed_cached
from matcher.embedding.vector_map import (
    ADULT_WEIGHT,
    VectorMap,
    band_weights,
    partial_whitening,
    without_groups,
)
from matcher.embedding.weights import WeightsStatus, fetch, verify_weights

__all__ = [
    "ADULT_WEIGHT",
    "DEFAULT_MODEL",
    "FACE",
    "LOW_RESOLUTION",
    "Adaptation",
    "CachedFace",
    "EmbeddedFace",
    "Embedder",
    "Extractor",
    "FaceVectors",
    "LowResolutionView",
    "Measure",
    "ModelIdentity",
    "ModelRecord",
    "PhotoExtraction",
    "Purpose",
    "Template",
    "VectorMap",
    "WeightsFile",
    "WeightsStatus",
    "band_weights",
    "embed_cached",
    "extract_through",
    "fetch",
    "fuse",
    "get_record",
    "list_models",
    "load_extractor",
    "load_model",
    "name_for",
    "partial_whitening",
    "precision_for",
    "typed_name",
    "verify_weights",
    "without_groups",
]
