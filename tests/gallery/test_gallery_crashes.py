"""Killed at any moment, a writer loses nothing that it committed and leaves nothing by halves."""

# ruff: noqa: F401, F811 - fixtures are imported by name

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from gallery_builders import (
    MODEL,
    VECTORS,
    assert_searches_like_a_scan,
    files_hold,
    filled,
    gallery,
    photo_hash,
)
from waiting import wait_until

from matcher.gallery import Gallery

WRITER = Path(__file__).parents[1] / "helpers" / "killed_writer.py"


def write_until_killed(gallery, journal, seed, seconds):
    """Start a writer, kill it `seconds` after its first line in the journal."""
    before = journal.stat().st_size
    environment = os.environ | {
        "PYTHONPATH": f"{WRITER.parent}:{Path.cwd()}",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, str(WRITER), str(gallery), str(journal), str(seed)]
    writer = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    wait_until(lambda: journal.stat().st_size != before or writer.poll() is not None)
    time.sleep(seconds)
    assert writer.poll() is None, writer.stderr.read().decode()
    writer.send_signal(signal.SIGKILL)
    writer.communicate()


def journalled(journal):
    """Return what is certainly there, and what certainly is not; the rest was under way."""
    last = {}
    for line in journal.read_text("ascii").splitlines():
        word, number = line.split()
        last[int(number)] = word
    there = {number for number, word in last.items() if word == "added"}
    gone = {number for number, word in last.items() if word == "removed"}
    return there, gone, set(last)


def check(path, journal):
    there, gone, mentioned = journalled(journal)
    with Gallery.open(path, model=MODEL) as gallery:
        held = {
            int(photo.reference[7:-4])
            for one in gallery.subjects()
            for photo in gallery.photos(one.subject_id)
        }
        assert there <= held, "a committed face is lost"
        assert not gone & held, "a removed face is back"
        assert held <= mentioned
        report = gallery.verify()
        assert report.faults == ()
        assert report.faces == len(held)
        for number in gone:
            assert not files_hold(path, VECTORS[number].tobytes())
            assert not files_hold(path, photo_hash(number).encode())
        assert_searches_like_a_scan(gallery)
        assert gallery.verify().faults == ()


def kill_often(tmp_path, times, seed):
    path, journal = tmp_path / "g", tmp_path / "journal"
    Gallery.create(path, model=MODEL).close()
    journal.touch()
    chance = random.Random(seed)
    for turn in range(times):
        write_until_killed(path, journal, 100 * seed + turn, chance.uniform(0, 0.25))
        check(path, journal)
    assert len(journalled(journal)[0]) > times


def test_a_writer_killed_a_few_times(tmp_path):
    kill_often(tmp_path, 5, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_a_writer_killed_many_times(tmp_path, seed):
    kill_often(tmp_path, 40, seed)


def test_ctrl_c_in_the_middle_of_enrolling_undoes_it(filled, monkeypatch):
    from matcher.gallery.store import rows

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rows, "_insert_vectors", interrupt)
        from gallery_builders import enrolment

        with pytest.raises(KeyboardInterrupt):
            filled.add([enrolment(number) for number in range(40, 50)])
    assert len(filled) == 40
    assert filled.generation == 1
    assert filled.verify().ok
