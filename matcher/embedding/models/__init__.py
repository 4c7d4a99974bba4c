"""Facts of models: a frozen record for each, the registry, and records in TOML files."""

from matcher.embedding.models.record import (
    FACE,
    LOW_RESOLUTION,
    OWN_PACKAGE,
    STORED_NAMES,
    Adaptation,
    LowResolutionView,
    ModelIdentity,
    ModelRecord,
    WeightsFile,
)
from matcher.embedding.models.registry import (
    DEFAULT_MODEL,
    DLIB_150,
    YOUTH_186,
    YOUTH_CORNER,
    get_record,
    list_models,
    name_for,
    typed_name,
)

__all__ = [
    "DEFAULT_MODEL",
    "DLIB_150",
    "FACE",
    "LOW_RESOLUTION",
    "OWN_PACKAGE",
    "STORED_NAMES",
    "YOUTH_186",
    "YOUTH_CORNER",
    "Adaptation",
    "LowResolutionView",
    "ModelIdentity",
    "ModelRecord",
    "WeightsFile",
    "get_record",
    "list_models",
    "name_for",
    "typed_name",
]
