"""The benchmark of kills and of readers, in small."""

import importlib
from pathlib import Path

import pytest

import matcher

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    disturbed = importlib.import_module("reindex_disturbed")


@pytest.fixture(autouse=True)
def same_matcher(monkeypatch):
    """Let the processes import what this one does, wherever that is installed."""
    monkeypatch.setenv("PYTHONPATH", str(Path(matcher.__file__).parents[1]))


def test_a_killed_job_is_compared_with_an_undisturbed_one(tmp_path):
    found = disturbed.storm(disturbed.Job(disturbed.drawn_gallery(tmp_path, 80)), kills=2)
    assert found["kills before the job was done"] == 2
    assert (found["faces"], found["records equal"]) == (80, True)
    assert found["largest difference of a vector"] <= 1e-6


def test_a_record_that_differs_is_seen(tmp_path):
    gallery = disturbed.drawn_gallery(tmp_path, 8)
    one, other = disturbed.finished(gallery), disturbed.finished(gallery)
    assert disturbed.record(one[1]) == disturbed.record(other[1])
    assert disturbed.record(one[1]) != disturbed.record(other[2])


def test_readers_say_which_editions_they_saw(tmp_path):
    found = disturbed.readers(tmp_path / "readers", seconds=1.0, count=2)
    assert (found["readers that failed"], found["mixtures"]) == ([], 0)
    assert sum(found["openings"].values()) >= 2
    assert found["switches"] >= 2
