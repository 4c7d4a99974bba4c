"""Vectors and records on disk: the store is the truth, the FAISS index is derived."""

from matcher.gallery.enrolment import EnrolmentOutcome, enrol
from matcher.gallery.filters import Exclusion, Filters, Selection
from matcher.gallery.gallery import Gallery
from matcher.gallery.index import FaceIndex, IndexKind
from matcher.gallery.manifest import Manifest, PhotoOfSubject, read_folder, read_manifest
from matcher.gallery.records import (
    AddOutcome,
    Enrolment,
    GalleryInfo,
    PhotoRecord,
    Sex,
    StoredFace,
    Subject,
)
from matcher.gallery.verify import VerifyReport

__all__ = [
    "AddOutcome",
    "Enrolment",
    "EnrolmentOutcome",
    "Exclusion",
    "FaceIndex",
    "Filters",
    "Gallery",
    "GalleryInfo",
    "IndexKind",
    "Manifest",
    "PhotoOfSubject",
    "PhotoRecord",
    "Selection",
    "Sex",
    "StoredFace",
    "Subject",
    "VerifyReport",
    "enrol",
    "read_folder",
    "read_manifest",
]
