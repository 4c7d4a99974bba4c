"""What the whole suite shares: a small rendered cohort, and one extractor."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

# Several test processes share the cores. PyTorch reads the variable when it loads.
if together := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // together)))

import pytest
import rendered_cohort
from hypothesis import HealthCheck, settings
from rendered_cohort import SUBJECTS, Cohort

from matcher.embedding import Extractor, load_extractor
from matcher.enrolment import enrol, read_manifest
from matcher.gallery import Gallery
from matcher.telemetry import SWITCHES

# Tests load these libraries by themselves too, and no test run sends a report.
os.environ.update({switch.variable: switch.off[0] for switch in SWITCHES.values()})

settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],  # it would tell of the machine's load
)
settings.load_profile("repeatable")


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what it sends away with &
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the weights cache of the machine out of the tests."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MATCHER_CACHE", str(folder))
        patch.delenv("MATCHER_MODEL_MIRROR", raising=False)
        yield folder


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """Six rendered people, each at two ages."""
    return rendered_cohort.write(tmp_path_factory.mktemp("cohort"))


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
