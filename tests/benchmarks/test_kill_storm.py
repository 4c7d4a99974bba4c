"""The storm of kills, in small: what was committed stays, and nothing stale is left."""

import importlib
from pathlib import Path

import pytest

import matcher

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    storming = importlib.import_module("kill_storm")


@pytest.fixture(autouse=True)
def same_matcher(monkeypatch):
    """Let the processes import what this one does, wherever that is installed."""
    monkeypatch.setenv("PYTHONPATH", str(Path(matcher.__file__).parents[1]))


def test_a_writer_that_is_killed_loses_nothing_and_leaves_nothing(tmp_path):
    found = storming.storm(tmp_path, kills=1, seed=3)
    assert set(storming.WANTED) <= set(found["died in"])


def test_a_loss_and_a_stale_file_are_seen(tmp_path):
    storming.storm(tmp_path, kills=0, seed=1)
    storming.Journal(tmp_path / "journal").note("added", 7)
    with pytest.raises(storming.ContradictionError, match="committed and lost"):
        storming.check(tmp_path)
    storming.Journal(tmp_path / "journal").note("removed", 7)
    storming.check(tmp_path)
    (tmp_path / "gallery" / "half.tmp").touch()
    with pytest.raises(storming.ContradictionError, match=r"half\.tmp"):
        storming.check(tmp_path)
