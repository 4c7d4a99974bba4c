"""Make vectors of faces: registry, detectors, networks, templates. Knows nothing of galleries."""

from matcher.embedding.detectors import (
    DETECTORS,
    UNRECORDED,
    differing_detectors,
    load_named_detector,
    usual_detector,
)
from matcher.embedding.embedder import Embedder, FaceVectors, Purpose
from matcher.embedding.extraction import EmbeddedFace, PhotoExtraction
from matcher.embedding.extractor import Extractor
from matcher.embedding.extractor_loading import load_extractor
from matcher.embedding.loading import load_model, precision_for
from matcher.embedding.models import (
    DEFAULT_MODEL,
    FACE,
    LOW_RESOLUTION,
    Adaptation,
    AnyRecord,
    DetectorRecord,
    LowResolutionView,
    ModelIdentity,
    ModelRecord,
    WeightsFile,
    get_any_record,
    get_record,
    list_detectors,
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
    "DETECTORS",
    "FACE",
    "LOW_RESOLUTION",
    "UNRECORDED",
    "Adaptation",
    "AnyRecord",
    "CachedFace",
    "DetectorRecord",
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
    "differing_detectors",
    "embed_cached",
    "extract_through",
    "fetch",
    "fuse",
    "get_any_record",
    "get_record",
    "list_detectors",
    "list_models",
    "load_extractor",
    "load_model",
    "load_named_detector",
    "name_for",
    "partial_whitening",
    "precision_for",
    "typed_name",
    "usual_detector",
    "verify_weights",
    "without_groups",
]
