"""Whatever ends a run, and wherever: no lead is lost, and a file has each lead once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import killed_watch
import pytest
from made_watch import (
    ON_BOTH,
    gallery_with_list,
    lines_of,
    pairs_in,
    run_that_notes_nothing,
)

from matcher import run_watch_list
from matcher.gallery import Gallery
from matcher.watching import ToFile, read_watch_list

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the runs are forked")
def test_a_run_that_is_killed_at_any_line_loses_no_lead_and_repeats_none(tmp_path: Path) -> None:
    file = tmp_path / "leads.jsonl"
    gallery = gallery_with_list(tmp_path, receiver=ToFile(file))
    script = Path(killed_watch.__file__)
    environment = {**os.environ, "PYTHONPATH": f"{script.parent}{os.pathsep}{ROOT}"}
    words = [sys.executable, str(script), str(gallery), "5"]
    done = subprocess.run(words, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    laps = int(done.stdout)
    assert laps > 30
    with Gallery.open(gallery) as opened:
        last = run_watch_list(opened)
        assert (last.new, last.received, last.waiting) == (0, (), ())
        assert sum(one.waiting for one in read_watch_list(opened).subjects) == 0
    pairs = pairs_in(file)
    late = {(f"m{number % 30:03d}", f"late{number:03d}") for number in range(laps)}
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == ON_BOTH | late
    assert len({one["lead"] for one in lines_of(file)}) == len(pairs)


def _interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # interrupted before its close
def test_a_run_that_is_interrupted_at_any_line_loses_no_lead_and_repeats_none(
    tmp_path: Path,
) -> None:
    file = tmp_path / "leads.jsonl"
    gallery = gallery_with_list(tmp_path, receiver=ToFile(file))
    number, line = 0, 1
    while True:
        try:
            killed_watch.lap(gallery, number, line, _interrupt)
            break
        except KeyboardInterrupt:
            number, line = number + 1, line + 11
    assert number > 20
    pairs = pairs_in(file)
    late = {(f"m{lap % 30:03d}", f"late{lap:03d}") for lap in range(number + 1)}
    assert sorted(pairs) == sorted(ON_BOTH | late)


def test_a_delivery_that_was_not_noted_is_not_repeated_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "leads.jsonl"
    path = gallery_with_list(tmp_path, receiver=ToFile(file))
    with Gallery.open(path) as gallery:
        run_that_notes_nothing(gallery)
        assert len(lines_of(file)) == 10
        before = file.read_bytes()
        file.write_bytes(before[:-40])  # as a power cut may leave it
        again = run_watch_list(gallery)
        assert (again.new, len(again.received)) == (0, 10)
        assert file.read_bytes() == before
