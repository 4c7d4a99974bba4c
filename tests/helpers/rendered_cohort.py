"""A small rendered cohort that the whole suite shares."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from matcher.enrolment import read_manifest
from matcher.synthetic import CohortSpec, write_cohort

SUBJECTS = 6


@dataclass(frozen=True)
class Cohort:
    """Rendered people at 9 (to enrol) and at 12 (to search with)."""

    folder: Path
    manifest: Path
    probes: tuple[Path, ...]
    subjects: tuple[str, ...]


def write(folder: Path) -> Cohort:
    """Render six people, each at two ages."""
    early = write_cohort(CohortSpec(SUBJECTS, ages=(9,), seed=11), folder / "early")
    late = write_cohort(CohortSpec(SUBJECTS, ages=(12,), seed=11), folder / "late")
    probes = read_manifest(late).photos
    return Cohort(
        folder=folder,
        manifest=early,
        probes=tuple(photo.path for photo in probes),
        subjects=tuple(photo.subject.subject_id for photo in probes),
    )
