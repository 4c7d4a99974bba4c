"""A gallery where nothing can be written: it is read and not touched; writing is refused.

A process without rights reads it: root may write into every directory, so where the tests run as
root, the process becomes `nobody` first.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from gallery_builders import MODEL, VECTORS, enrolment

from matcher.gallery import Gallery

pytestmark = pytest.mark.skipif(os.name == "nt", reason="rights are kept otherwise there")

DO = """
import json, os, sys
import numpy as np
import matcher.jobs, matcher.search
from matcher.errors import MatcherError
from matcher.gallery import Filters, Gallery, Subject
from matcher.jobs import compare, discard

if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
path, vectors = sys.argv[1], np.load(sys.argv[2])
said = {}
def attempt(name, work):
    try:
        said[name] = work()
    except MatcherError as error:
        said[name] = [error.code, str(error)]
def reading():
    with Gallery.open(path) as gallery:
        return {
            "found": gallery.nearest(vectors[:5], 1)[1].ravel().tolist(),
            "subjects": len(list(gallery.subjects())),
            "faults": list(gallery.verify().faults),
            "faces": gallery.info().faces,
            "selected": gallery.select(Filters(subject_ids=("subject-0001",))).faces,
        }
def writing(change):
    def work():
        with Gallery.open(path) as gallery:
            change(gallery)
        return "written"
    return work
attempt("read", reading)
attempt("remove", writing(lambda gallery: gallery.remove_subject("subject-0001")))
attempt("update", writing(lambda gallery: gallery.update_subject(Subject("subject-0001"))))
attempt("rebuild", writing(lambda gallery: gallery.rebuild()))
attempt("retype", writing(lambda gallery: gallery.rebuild("coded")))
attempt("job", lambda: discard(path))
print(json.dumps(said))
"""


@pytest.fixture
def medium(tmp_path: Path) -> Iterator[Path]:
    """A place that anybody can reach; at the end its rights are given back."""
    folder = Path("/tmp") / f"medium-{os.getpid()}-{tmp_path.name}"  # noqa: S108 - others enter it
    folder.mkdir()
    folder.chmod(0o755)
    yield folder
    for place in (folder, *folder.rglob("*")):
        place.chmod(0o700)
    shutil.rmtree(folder)


def made(folder: Path) -> Path:
    with Gallery.create(folder / "g", model=MODEL) as gallery:
        gallery.add([enrolment(number) for number in range(40)])
    return folder / "g"


def sealed(gallery: Path) -> Path:
    """Take the rights to write from everybody, and give everybody those to read."""
    for place in (gallery, *gallery.rglob("*")):
        place.chmod(0o555 if place.is_dir() else 0o444)
    return gallery


def used(gallery: Path) -> dict[str, object]:
    vectors = gallery.parent / "vectors.npy"
    np.save(vectors, VECTORS[:10])
    vectors.chmod(0o444)
    done = subprocess.run(
        [sys.executable, "-c", DO, str(gallery), str(vectors)],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


READ = {
    "found": [1, 2, 3, 4, 5],
    "subjects": 10,
    "faults": [],
    "faces": 40,
    "selected": 4,
}


@pytest.mark.parametrize("with_index", [True, False], ids=["index file", "no index file"])
def test_a_closed_gallery_is_read_and_not_touched(medium: Path, with_index: bool) -> None:
    gallery = made(medium)
    if not with_index:
        (gallery / "index.bin").unlink()
    before = {file.name: file.read_bytes() for file in gallery.iterdir()}
    said = used(sealed(gallery))
    assert said.pop("read") == READ
    for name, (code, message) in said.items():  # type: ignore[misc]
        assert code == "gallery_write", (name, message)
        assert "undone" not in message
    assert {file.name: file.read_bytes() for file in gallery.iterdir()} == before


def test_changes_that_wait_beside_the_store_are_named(medium: Path) -> None:
    gallery = made(medium)
    with Gallery.open(gallery) as opened:
        opened.add([enrolment(41)])
        shutil.copytree(gallery, medium / "copy", ignore=shutil.ignore_patterns("*-shm"))
    assert (medium / "copy" / "store.sqlite3-wal").stat().st_size > 0
    said = used(sealed(medium / "copy"))
    code, message = said["read"]  # type: ignore[misc]
    assert code == "gallery_write"
    assert "store.sqlite3-wal" in message
    assert "Copy the whole folder" in message
    for place in (medium / "copy", *(medium / "copy").iterdir()):
        place.chmod(stat.S_IRWXU)
    with Gallery.open(medium / "copy") as opened:
        assert len(opened) == 41, "what the message advises brings everything back"


def test_it_can_be_written_again_where_it_can_be_written(medium: Path) -> None:
    gallery = made(medium)
    used(sealed(gallery))
    copy = medium / "copy"
    shutil.copytree(gallery, copy)
    for place in (copy, *copy.iterdir()):
        place.chmod(stat.S_IRWXU)
    with Gallery.open(copy) as opened:
        assert opened.remove_subject("subject-0001") == 4
        assert opened.verify().ok
