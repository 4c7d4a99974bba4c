"""Find similar photos of missing children and give a person ranked leads. It never decides.

    extractor = matcher.load_extractor()
    gallery = matcher.Gallery.create("cases.gallery", model=extractor.model)
    matcher.enrol(gallery, extractor, matcher.read_folder(Path("photos")).photos)
    print(matcher.Searcher(gallery, extractor).search("probe.jpg"))

Names are loaded when first used, so that importing the package does no work.
"""

from typing import TYPE_CHECKING

from matcher._lazy import lazy_names
from matcher._version import __version__ as __version__

if TYPE_CHECKING:
    from matcher.casework import Casework
    from matcher.crossing import CrossList, cross_match
    from matcher.embedding import (
        Extractor,
        ModelRecord,
        Template,
        fuse,
        list_models,
        load_extractor,
        load_model,
    )
    from matcher.enrolment import PhotoOfSubject, enrol, read_folder, read_manifest
    from matcher.errors import MatcherError
    from matcher.evaluation import AdaptedModel, adapt
    from matcher.faces import Face, FaceQuality
    from matcher.gallery import Filters, Gallery, Subject
    from matcher.governance import CaseContext
    from matcher.grouping import Grouping, group
    from matcher.hashes import HashList
    from matcher.photos import CaptureDate, Photo, capture_date, load_photo
    from matcher.search import Calibration, Candidate, CandidateList, Probe, Searcher
    from matcher.video import Track, read_tracks
    from matcher.watching import open_watch_list, run_watch_list, set_watch_list

__all__ = [
    "AdaptedModel",
    "Calibration",
    "Candidate",
    "CandidateList",
    "CaptureDate",
    "CaseContext",
    "Casework",
    "CrossList",
    "Extractor",
    "Face",
    "FaceQuality",
    "Filters",
    "Gallery",
    "Grouping",
    "HashList",
    "MatcherError",
    "ModelRecord",
    "Photo",
    "PhotoOfSubject",
    "Probe",
    "Searcher",
    "Subject",
    "Template",
    "Track",
    "adapt",
    "capture_date",
    "cross_match",
    "enrol",
    "fuse",
    "group",
    "list_models",
    "load_extractor",
    "load_model",
    "load_photo",
    "open_watch_list",
    "read_folder",
    "read_manifest",
    "read_tracks",
    "run_watch_list",
    "set_watch_list",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "matcher.casework": ["Casework"],
        "matcher.crossing": ["CrossList", "cross_match"],
        "matcher.embedding": [
            "Extractor",
            "ModelRecord",
            "Template",
            "fuse",
            "list_models",
            "load_extractor",
            "load_model",
        ],
        "matcher.enrolment": ["PhotoOfSubject", "enrol", "read_folder", "read_manifest"],
        "matcher.errors": ["MatcherError"],
        "matcher.evaluation": ["AdaptedModel", "adapt"],
        "matcher.faces": ["Face", "FaceQuality"],
        "matcher.gallery": ["Filters", "Gallery", "Subject"],
        "matcher.governance": ["CaseContext"],
        "matcher.grouping": ["Grouping", "group"],
        "matcher.hashes": ["HashList"],
        "matcher.photos": ["CaptureDate", "Photo", "capture_date", "load_photo"],
        "matcher.search": ["Calibration", "Candidate", "CandidateList", "Probe", "Searcher"],
        "matcher.video": ["Track", "read_tracks"],
        "matcher.watching": ["open_watch_list", "run_watch_list", "set_watch_list"],
    },
)
