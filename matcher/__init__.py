"""Find near photos of missing children and hand ranked leads to a person. It never decides.

    extractor = matcher.load_extractor()
    gallery = matcher.Gallery.create("cases.gallery", model=extractor.model)
    matcher.enrol(gallery, extractor, matcher.read_folder(Path("photos")).photos)
    print(matcher.Searcher(gallery, extractor).search("probe.jpg"))

Names are loaded when first used, so that importing the package does no work.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matcher.embedding import (
        Extractor,
        ModelRecord,
        Template,
        fuse,
        list_models,
        load_extractor,
        load_model,
    )
    from matcher.errors import MatcherError
    from matcher.faces import Face, FaceQuality
    from matcher.gallery import (
        Filters,
        Gallery,
        PhotoOfSubject,
        Subject,
        enrol,
        read_folder,
        read_manifest,
    )
    from matcher.photos import Photo, load_photo
    from matcher.search import Calibration, Candidate, CandidateList, Searcher

__version__ = "0.1.0"

__all__ = [
    "Calibration",
    "Candidate",
    "CandidateList",
    "Extractor",
    "Face",
    "FaceQuality",
    "Filters",
    "Gallery",
    "MatcherError",
    "ModelRecord",
    "Photo",
    "PhotoOfSubject",
    "Searcher",
    "Subject",
    "Template",
    "enrol",
    "fuse",
    "list_models",
    "load_extractor",
    "load_model",
    "load_photo",
    "read_folder",
    "read_manifest",
]

_ROOMS = {
    "embedding": (
        "Extractor",
        "ModelRecord",
        "Template",
        "fuse",
        "list_models",
        "load_extractor",
        "load_model",
    ),
    "errors": ("MatcherError",),
    "faces": ("Face", "FaceQuality"),
    "gallery": (
        "Filters",
        "Gallery",
        "PhotoOfSubject",
        "Subject",
        "enrol",
        "read_folder",
        "read_manifest",
    ),
    "photos": ("Photo", "load_photo"),
    "search": ("Calibration", "Candidate", "CandidateList", "Searcher"),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'matcher' has no attribute {name!r}")
    value = getattr(import_module(f"matcher.{_ROOM_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
