"""The door of the package, the cost of opening it, and the direction of imports."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import matcher

HEAVY = (
    "torch",
    "torchvision",
    "facenet_pytorch",
    "faiss",
    "onnxruntime",
    "pandas",
    "PIL",
    "psycopg",
    "pymilvus",
)


def test_every_advertised_name_exists_and_the_list_is_sorted() -> None:
    assert matcher.__all__ == sorted(matcher.__all__)
    for name in matcher.__all__:
        assert getattr(matcher, name) is not None
    assert set(matcher.__all__) <= set(dir(matcher))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="is_same_person"):
        _ = matcher.is_same_person


def test_importing_loads_none_of_the_heavy_packages() -> None:
    script = f"import sys, matcher; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_importing_loads_nothing_of_others_and_little_of_its_own() -> None:
    """So that it takes a few hundredths of a second, on whatever machine."""
    script = (
        "import sys; before = set(sys.modules); import matcher; "
        "print(*(name for name in set(sys.modules) - before if 'site-packages' in "
        "(getattr(sys.modules[name], '__file__', None) or '') or name.startswith('matcher.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) <= {"matcher._lazy", "matcher._version"}


def test_listing_models_does_not_load_torch() -> None:
    script = "import sys, matcher; matcher.list_models(); print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_the_jobs_advertise_what_they_have_and_load_it_when_it_is_used() -> None:
    import matcher.jobs

    assert matcher.jobs.__all__ == sorted(matcher.jobs.__all__)
    for name in matcher.jobs.__all__:
        assert getattr(matcher.jobs, name) is not None
    with pytest.raises(AttributeError, match="no_such_job"):
        _ = matcher.jobs.no_such_job
    script = "import sys, matcher.decoding.worker; print('matcher.gallery' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


FIRST_NAMES = {
    "matcher": (
        "Calibration Candidate CandidateList Extractor Face FaceQuality Filters Gallery "
        "MatcherError ModelRecord Photo PhotoOfSubject Searcher Subject Template enrol fuse "
        "list_models load_extractor load_model load_photo read_folder read_manifest"
    ),
    "fairness": (
        "UNKNOWN AuditError AuditReport AuditSettings Bound BoundsError CalibrationError Cohort "
        "CohortError EmbeddingScores GroupGap GroupRates ProbeResult Rate Sample Scores "
        "ScoresError Status audit benjamini_hochberg calibrate clopper_pearson clustered_rate "
        "group_gaps holm rates_by_group read_bounds read_cohort read_scores wilson"
    ),
}
"""What the two doors handed on before their modules moved into rooms."""


@pytest.mark.parametrize("package", FIRST_NAMES)
def test_no_name_of_the_first_version_is_gone(package: str) -> None:
    door = import_module(package)
    assert set(FIRST_NAMES[package].split()) <= set(door.__all__)
