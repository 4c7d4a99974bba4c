"""The proof of an erasure looks at all vectors of a face, in every file and every row."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from gallery_builders import VECTORS, enrolment

from matcher.casework.retention.vectors import vectors_left
from matcher.embedding import LowResolutionView
from matcher.gallery import Gallery
from matcher.testing import FakeEmbedder

MODEL = FakeEmbedder(16, low_resolution_views=(LowResolutionView(16),)).identity


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A gallery in which each face has two vectors, closed."""
    with Gallery.create(tmp_path / "g", model=MODEL) as gallery:
        gallery.add([enrolment(n, low_resolution=VECTORS[500 + n]) for n in range(40)])
    return tmp_path / "g"


@pytest.mark.parametrize(("file", "number"), [("index.bin", 4), ("index.2.bin", 504)])
def test_a_vector_that_is_left_in_any_index_file_is_found(
    path: Path, file: str, number: int, tmp_path: Path
) -> None:
    shutil.copy(path / file, tmp_path / "before")
    with Gallery.open(path) as gallery:
        gallery.remove_subject("subject-0001")
    erased = [VECTORS[number : number + 1]]
    assert vectors_left(path, erased, faces={5}, subjects=(), photos=()).same == 0
    shutil.copy(tmp_path / "before", path / file)
    left = vectors_left(path, erased, faces={5}, subjects=(), photos=())
    assert (left.same, left.rows) == (1, 1)


@pytest.mark.parametrize(("file", "number"), [("index.bin", 4), ("index.2.bin", 504)])
def test_a_vector_in_a_row_without_a_face_is_found(path: Path, file: str, number: int) -> None:
    """As if the sum of a row had been cleared, and its vector had not."""
    before = (path / file).read_bytes()
    place = before.index(VECTORS[number].tobytes())
    with Gallery.open(path) as gallery:
        gallery.remove_photo(enrolment(4).photo.sha256)
    emptied = bytearray((path / file).read_bytes())
    assert len(emptied) == len(before)
    emptied[place : place + 64] = VECTORS[number].tobytes()
    (path / file).write_bytes(emptied)
    left = vectors_left(path, [VECTORS[number : number + 1]], faces={5}, subjects=(), photos=())
    assert (left.same, left.rows) == (1, 0)
