"""Enrol photos and manifests into a gallery, with one outcome for each photo."""

from matcher.enrolment.manifest import Manifest, PhotoOfSubject, read_folder, read_manifest
from matcher.enrolment.pipeline import EnrolmentOutcome, enrol

__all__ = [
    "EnrolmentOutcome",
    "Manifest",
    "PhotoOfSubject",
    "enrol",
    "read_folder",
    "read_manifest",
]
