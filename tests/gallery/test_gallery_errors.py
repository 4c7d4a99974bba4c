"""Each thing that can go wrong with the files has its own error, and the data is as before."""

# ruff: noqa: F401, F811 - fixtures are imported by name

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import gallery_builders
import pytest
from gallery_builders import MODEL, VECTORS, assert_searches_like_a_scan, enrolment, filled, gallery
from waiting import PATIENCE

from matcher.errors import (
    GalleryBusyError,
    GalleryDamagedError,
    GalleryError,
    GalleryExistsError,
    GalleryFormatError,
    GalleryModelError,
    GalleryNotFoundError,
    GalleryWriteError,
)
from matcher.gallery import Gallery
from matcher.gallery.store import FORMAT_VERSION
from matcher.testing import FakeEmbedder

OTHER_MODEL = FakeEmbedder(32).identity


@pytest.fixture
def closed(filled):
    filled.close()
    return filled.path


def test_another_model_is_refused_with_both_names(closed):
    with pytest.raises(GalleryModelError) as caught:
        Gallery.open(closed, model=OTHER_MODEL)
    assert str(MODEL) in str(caught.value)
    assert str(OTHER_MODEL) in str(caught.value)
    with Gallery.open(closed) as gallery, pytest.raises(GalleryModelError):
        gallery.require_model(OTHER_MODEL)


def test_what_is_not_there_is_not_made(tmp_path):
    with pytest.raises(GalleryNotFoundError):
        Gallery.open(tmp_path / "nothing")
    with pytest.raises(GalleryNotFoundError):
        Gallery.open(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_overwritten(closed):
    with pytest.raises(GalleryExistsError):
        Gallery.create(closed, model=MODEL)
    with pytest.raises(GalleryExistsError):
        Gallery.create(closed / "store.sqlite3", model=MODEL)
    with Gallery.open(closed) as gallery:
        assert len(gallery) == 40


def test_an_empty_directory_becomes_a_gallery_that_only_its_owner_reads(tmp_path):
    (tmp_path / "g").mkdir(mode=0o755)
    Gallery.create(tmp_path / "g", model=MODEL).close()
    assert (tmp_path / "g").stat().st_mode & 0o077 == 0
    assert [file.name for file in tmp_path.iterdir()] == ["g"]


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(GalleryWriteError):
        Gallery.create(tmp_path / "file" / "g", model=MODEL)
    with pytest.raises(GalleryNotFoundError):
        Gallery.open(tmp_path / "file" / "g")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_without_rights(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(GalleryWriteError):
        Gallery.create(tmp_path / "g", model=MODEL)


def test_a_newer_format_is_refused_with_both_numbers(closed):
    with closing(sqlite3.connect(closed / "store.sqlite3")) as store:
        store.execute(f"PRAGMA user_version = {FORMAT_VERSION + 1}")
    both = f"reads the formats 1 to {FORMAT_VERSION}; got format {FORMAT_VERSION + 1}"
    with pytest.raises(GalleryFormatError, match=both):
        Gallery.open(closed)


def test_another_program_s_database_is_no_gallery(tmp_path):
    with closing(sqlite3.connect(tmp_path / "store.sqlite3")) as store:
        store.execute("CREATE TABLE t (x)")
    with pytest.raises(GalleryFormatError, match="application id"):
        Gallery.open(tmp_path)


def test_a_store_that_is_no_database(closed):
    (closed / "store.sqlite3").write_bytes(b"not a database at all" * 500)
    with pytest.raises(GalleryDamagedError):
        Gallery.open(closed)


def test_a_store_with_a_page_overwritten_is_found(closed):
    path = closed / "store.sqlite3"
    data = bytearray(path.read_bytes())
    place = data.find(VECTORS[20].tobytes())
    data[place] ^= 1
    path.write_bytes(data)
    with Gallery.open(closed) as gallery:
        faults = gallery.verify().faults
    assert "1 vector does not have the stored checksum." in faults
    assert any("index" in fault for fault in faults)


def test_a_truncated_store_is_damaged(closed):
    path = closed / "store.sqlite3"
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(GalleryDamagedError):
        _read_everything(closed)


def _read_everything(path):
    with Gallery.open(path) as gallery:
        assert gallery.verify().faults
        gallery.faces(range(41))


def test_closing_twice_does_no_harm_and_a_closed_gallery_says_so(closed):
    gallery = Gallery.open(closed)
    gallery.close()
    gallery.close()
    with pytest.raises(GalleryError, match="closed"):
        len(gallery)


def test_a_second_writer_waits_and_then_says_who_is_in_the_way(filled):
    with (
        Gallery.open(filled.path, busy_timeout=0.1) as other,
        filled._store.locked(),
        pytest.raises(GalleryBusyError),
    ):
        other.add([enrolment(50)])
    assert len(filled) == 40


def test_a_second_writer_goes_on_when_the_first_is_done(filled):
    started, outcomes = threading.Event(), []

    def write():
        with Gallery.open(filled.path, busy_timeout=PATIENCE) as other:
            started.set()
            outcomes.extend(other.add([enrolment(50)]))

    thread = threading.Thread(target=write)
    with filled._store.writing():
        thread.start()
        assert started.wait(PATIENCE)
    thread.join(PATIENCE)
    assert [outcome.status for outcome in outcomes] == ["enrolled"]
    assert len(filled) == 41
    assert_searches_like_a_scan(filled)


def test_readers_are_not_blocked_by_a_writer(filled):
    with filled._store.writing() as generation:
        filled._store.change("INSERT INTO removed VALUES (1, ?)", (generation,))
        with Gallery.open(filled.path, busy_timeout=0) as reader:
            assert len(reader) == 40
            assert_searches_like_a_scan(reader)
        filled._store.change("DELETE FROM removed")


def test_a_full_store_undoes_the_write(filled):
    pages = filled._store.value("PRAGMA page_count")
    filled._store.query(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(GalleryWriteError, match="full"):
        filled.add([enrolment(number) for number in range(40, 1000)])
    filled._store.query("PRAGMA max_page_count = 1000000")
    assert (len(filled), filled.generation) == (40, 1)
    assert filled.verify().ok
    filled.add([enrolment(40)])


FULL_DISK = """
import resource, sys
from gallery_builders import MODEL, VECTORS, enrolment
from matcher.errors import GalleryWriteError
from matcher.gallery import Gallery

gallery = Gallery.open(sys.argv[1])
gallery.nearest(VECTORS[:1], 1)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    gallery.add([enrolment(number) for number in range(40, 2000)])
    gallery.rebuild()
except GalleryWriteError as error:
    print(error.code, error.what)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert gallery.verify().ok, gallery.verify()
assert len(gallery.nearest(VECTORS[:3], 5)[0]) == 3
gallery.close()
"""


@pytest.mark.parametrize(
    ("limit", "what", "faces"),
    [(150_000, "gallery store", 40), (100, "gallery store", 40)],
    ids=["while writing", "at once"],
)
def test_a_full_disk_leaves_the_gallery_as_it_was(closed, limit, what, faces):
    run = in_subprocess(FULL_DISK, str(closed), str(limit))
    assert run.stdout.strip() == f"gallery_write {what}"
    with Gallery.open(closed) as gallery:
        assert len(gallery) == faces
        assert gallery.verify().faults == ()
        assert_searches_like_a_scan(gallery)


FULL_FOR_THE_INDEX = """
import resource, sys
from gallery_builders import VECTORS
from matcher.errors import GalleryWriteError
from matcher.gallery import Gallery

gallery = Gallery.open(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
try:
    gallery.rebuild()
except GalleryWriteError as error:
    print(error.code, error.what)
"""


def test_a_disk_too_full_for_the_index_leaves_the_old_one(closed):
    with Gallery.open(closed) as gallery:
        gallery.rebuild()
    before = (closed / "index.bin").read_bytes()
    run = in_subprocess(FULL_FOR_THE_INDEX, str(closed))
    assert run.stdout.strip() == "gallery_write index file"
    assert (closed / "index.bin").read_bytes() == before
    assert sorted(file.name for file in closed.iterdir()) == ["index.bin", "store.sqlite3"]


def in_subprocess(code, *arguments):
    helpers = Path(gallery_builders.__file__).parent
    environment = os.environ | {"PYTHONPATH": f"{helpers}:{Path.cwd()}"}
    command = [sys.executable, "-c", code, *arguments]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run
