"""The benchmark of kills and of readers, in small."""

import importlib
from argparse import Namespace
from pathlib import Path

import pytest

import matcher

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    disturbed = importlib.import_module("reindex_disturbed")
    tables = importlib.import_module("reindex_tables")
    recording = importlib.import_module("recording")


@pytest.fixture(autouse=True)
def same_matcher(monkeypatch):
    """Let the processes import what this one does, wherever that is installed."""
    monkeypatch.setenv("PYTHONPATH", str(Path(matcher.__file__).parents[1]))


def test_a_killed_job_is_compared_with_an_undisturbed_one(tmp_path):
    found = disturbed.storm(disturbed.Job(disturbed.drawn_gallery(tmp_path, 80)), kills=2)
    assert found["kills before the job was done"] == 2
    assert (found["faces"], found["records equal"]) == (80, True)
    assert found["largest difference of a vector"] <= 1e-6
    assert recorded("kills", found)["kills before the job was done"] == [2]


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
    rows = recorded("readers", found)
    assert (rows["readers that failed"], rows["mixtures seen"]) == ([0], [0])
    editions = [rows[f"openings of edition {number}"][0] for number in (1, 2)]
    assert [sum(editions)] == rows["openings in all"]


def recorded(part, found):
    """Return the rows of the last table of a part."""
    record = recording.Record("reindex", Namespace(), "")
    tables.TABLES[part](record, found)
    return {row[0]: row[1:] for row in [*record.tables.values()][-1]["rows"]}


def test_a_job_is_compared_with_the_mean_of_its_stages_before_and_after_it():
    job = {
        "photos_per_second": 9.0,
        "before": {"decoding": 400.0, "network": 8.0},
        "after": {"decoding": 500.0, "network": 12.0},
        "bookkeeping": 0.0021,
        "peak_mib": 1406.2,
        "worker_peak_mib": 52.4,
        "outcomes": {"embedded": 1999, "no face": 1},
    }
    rows = recorded("jobs", {"2,000 photos": job})
    assert rows["share of the mean of the slowest stage alone"] == ["0.90"]
    assert rows["share of the stages one after the other"] == ["0.92"]
    assert rows["bookkeeping, share of the time"] == ["0.2 %"]
    assert rows["outcomes"] == ["1,999 embedded, 1 no face"]


def test_searches_beside_a_job_have_a_row_each():
    one = {"searches": 40, "p50_ms": 12.34, "p99_ms": 20.3}
    found = {"idle": one, "beside a job": one, "job ran throughout": False}
    record = recording.Record("reindex", Namespace(), "")
    tables.searches(record, found)
    rows = record.tables["searches"]["rows"]
    assert rows[1] == ["beside a job", 40, "12.3 ms", "20.3 ms"]
    assert recorded("searches", found)["the job ran throughout the searches"] == ["no"]
