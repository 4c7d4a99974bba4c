"""Nothing that only reads needs to write: tried on a file system without a free byte."""

# ruff: noqa: F401, F811 - fixtures are imported by name

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from damaged_files import answers, made_gallery
from full_disk import disk, fill
from gallery_builders import enrolment

from matcher.errors import GalleryBusyError, GalleryWriteError
from matcher.gallery import Gallery

HELPERS = Path(__file__).parents[1] / "helpers"


@pytest.mark.parametrize("indexed", [True, False], ids=["index file", "no index file"])
def test_a_full_disk_is_read(disk: Path, indexed: bool) -> None:
    path = made_gallery(disk / "g")
    truth = answers(path)
    if not indexed:
        (path / "index.bin").unlink()
    taken = fill(disk)
    before = {file.name for file in path.iterdir()}
    assert answers(path) == truth
    with Gallery.open(path) as one, Gallery.open(path) as other:
        assert one.verify().ok
        assert len(one.changes()) == len(other.changes()) > 0
    new = {file.name for file in path.iterdir()} - before
    assert new <= {"store.sqlite3-shm", "store.sqlite3-wal"}, "SQLite's own, without content"
    taken.unlink()
    Gallery.open(path).close()
    assert not {file.name for file in path.iterdir()} - before


def test_a_write_fails_as_long_as_the_disk_is_full(disk: Path) -> None:
    path = made_gallery(disk / "g")
    taken = fill(disk)
    with Gallery.open(path) as gallery:
        with pytest.raises(GalleryWriteError, match="room on the disk"):
            gallery.add([enrolment(100)])
        assert len(gallery) == 35
        taken.unlink()
        gallery.add([enrolment(100)])
        assert len(gallery) == 36
    with Gallery.open(path) as gallery:
        assert gallery.verify().ok


def test_a_reader_of_a_full_disk_sees_what_others_write_later(disk: Path) -> None:
    path = made_gallery(disk / "g")
    taken = fill(disk)
    with Gallery.open(path) as reader:
        assert len(reader) == 35
        taken.unlink()
        with Gallery.open(path) as writer:
            writer.add([enrolment(100)])
        assert len(reader) == 36


def test_what_changes_during_a_reading_is_not_handed_on(disk: Path) -> None:
    path = made_gallery(disk / "g")
    taken = fill(disk)
    with Gallery.open(path) as reader:
        with reader._store.reading():
            assert len(reader) == 35
            taken.unlink()
            with Gallery.open(path) as writer:
                writer.add([enrolment(100)])
            with pytest.raises(GalleryBusyError, match="change by somebody"):
                len(reader)
        assert len(reader) == 36


READ = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
from damaged_files import answers
print(len(answers(sys.argv[1])["vectors"]))
"""


def test_a_process_that_may_write_no_byte_reads(tmp_path: Path) -> None:
    path = made_gallery(tmp_path / "g")
    environment = os.environ | {"PYTHONPATH": f"{HELPERS}:{Path.cwd()}"}
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)],
        env=environment,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.stdout.strip() == "35", done.stderr
