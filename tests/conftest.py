"""What the whole suite shares: a small rendered cohort, and one extractor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from matcher.embedding import Extractor, load_extractor
from matcher.gallery import Gallery, enrol, read_manifest
from matcher.testing.synthetic import CohortSpec, write_cohort

SUBJECTS = 6

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")


@dataclass(frozen=True)
class Cohort:
    """Rendered people at 9 (to enrol) and at 12 (to search with)."""

    folder: Path
    manifest: Path
    probes: tuple[Path, ...]
    subjects: tuple[str, ...]


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the weights cache of the machine out of the tests."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MATCHER_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """Six rendered people, each at two ages."""
    folder = tmp_path_factory.mktemp("cohort")
    early = write_cohort(CohortSpec(SUBJECTS, ages=(9,), seed=11), folder / "early")
    late = write_cohort(CohortSpec(SUBJECTS, ages=(12,), seed=11), folder / "late")
    probes = read_manifest(late).photos
    return Cohort(
        folder=folder,
        manifest=early,
        probes=tuple(photo.path for photo in probes),
        subjects=tuple(photo.subject.subject_id for photo in probes),
    )


@pytest.fixture(scope="session")
def extractor() -> Extractor:
    """The default detector and model."""
    return load_extractor()


@pytest.fixture
def gallery(tmp_path: Path, cohort: Cohort, extractor: Extractor) -> Iterator[Gallery]:
    """A gallery with the early photos of the cohort."""
    with Gallery.create(tmp_path / "cases.gallery", model=extractor.model) as opened:
        outcomes = enrol(opened, extractor, read_manifest(cohort.manifest).photos)
        assert [outcome.status for outcome in outcomes] == ["enrolled"] * SUBJECTS
        yield opened
