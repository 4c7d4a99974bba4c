"""Vectors and records on disk. The store is the truth; the FAISS index is derived from it."""

from matcher.gallery.copies import encrypt_copy
from matcher.gallery.filters import Exclusion, Filters, Selection
from matcher.gallery.gallery import Gallery
from matcher.gallery.index import FaceIndex, IndexKind
from matcher.gallery.records import (
    AddOutcome,
    Compaction,
    Enrolment,
    FaceFacts,
    GalleryInfo,
    Moment,
    PhotoRecord,
    Sex,
    StoredFace,
    Subject,
)
from matcher.gallery.verify import VerifyReport

__all__ = [
    "AddOutcome",
    "Compaction",
    "Enrolment",
    "Exclusion",
    "FaceFacts",
    "FaceIndex",
    "Filters",
    "Gallery",
    "GalleryInfo",
    "IndexKind",
    "Moment",
    "PhotoRecord",
    "Selection",
    "Sex",
    "StoredFace",
    "Subject",
    "VerifyReport",
    "encrypt_copy",
]
