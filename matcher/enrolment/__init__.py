"""Enrol photos and manifests into a gallery, with one outcome for each photo."""

from matcher.enrolment.folder import read_folder
from matcher.enrolment.manifest import Manifest, PhotoOfSubject, RefusedRow, read_manifest
from matcher.enrolment.pipeline import EnrolmentOutcome, enrol, without_a_face

__all__ = [
    "EnrolmentOutcome",
    "Manifest",
    "PhotoOfSubject",
    "RefusedRow",
    "enrol",
    "read_folder",
    "read_manifest",
    "without_a_face",
]
