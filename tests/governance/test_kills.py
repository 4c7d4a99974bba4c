"""Users of a governed gallery are killed anywhere: nothing is lost, no record is half there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import killed_use
import pytest
from governed import CONTEXT

from matcher.gallery import Gallery
from matcher.governance import ActivityLog

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the users are forked")


def killed(folder: Path, kills: int) -> dict[str, int]:
    script = Path(killed_use.__file__)
    paths = f"{script.parent}{os.pathsep}{ROOT}"
    # Laps are forked: FAISS cannot be used in them after it had threads in the process before.
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    words = [sys.executable, str(script), str(folder), str(kills)]
    done = subprocess.run(words, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, int] = json.loads(done.stdout)
    return found


def journal(folder: Path) -> dict[str, list[Any]]:
    words = defaultdict(list)
    for line in (folder / "journal").read_text("ascii").splitlines():
        word, _, what = line.partition(" ")
        words[word].append(json.loads(what))
    return words


@pytest.mark.parametrize("kills", [18, pytest.param(100, marks=pytest.mark.slow)])
def test_whoever_is_killed_leaves_a_whole_log_and_a_whole_gallery(
    tmp_path: Path, kills: int
) -> None:
    by_use = killed(tmp_path, kills)
    assert sum(by_use.values()) == kills
    assert all(count > kills // 5 for count in by_use.values())
    said = journal(tmp_path)
    log = ActivityLog.of(tmp_path / "gallery")
    records = list(log.records())
    searched = [
        [row["score"] for row in one.facts["candidates"]] for one in records if one.kind == "search"
    ]
    for scores in said["found"]:
        assert scores in searched  # no list without a record
        searched.remove(scores)
    with Gallery.open(tmp_path / "gallery", context=CONTEXT) as gallery:
        there = {one.subject_id for one in gallery.subjects()}
        assert gallery.verify_log().ok
    assert {f"new-{number}" for number in said["enrolled"]} <= there
    assert {f"new-{number}" for number in said["wanted"]} >= {n for n in there if "new" in n}
    assert not {f"first-{number}" for number in said["removed"]} & there
    changed = [one for one in records if one.kind in ("enrolment", "removal")]
    begun = {one.number for one in changed if one.outcome == "begun"}
    ended = {one.facts["ends"] for one in changed if one.outcome == "done"}
    assert ended <= begun
    assert set(log.verify().not_ended) == begun - ended
    wholly = len(said["enrolled"]) + len(said["removed"])
    assert wholly < len(ended) + 1 <= len(begun)
    assert any(one.facts.get("recovered_bytes") for one in records)
