"""Whatever is wrong with the index file, the store has the truth: it is read, and written anew."""

# ruff: noqa: F401, F811 - fixtures are imported by name

from __future__ import annotations

import json
import logging
import os
import sqlite3
import struct
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from gallery_builders import (
    MODEL,
    VECTORS,
    assert_searches_like_a_scan,
    enrolment,
    files_hold,
    filled,
    gallery,
)

from matcher.errors import GalleryDamagedError, GalleryWriteError
from matcher.gallery import Gallery
from matcher.gallery.index import LocalIndex, read_index

KINDS = ("exact", "coded")


@pytest.fixture
def closed(filled: Gallery) -> Path:
    filled.close()
    return filled.path


def test_each_byte_of_the_header_may_be_flipped(closed: Path) -> None:
    file = closed / "index.bin"
    data = file.read_bytes()
    (length,) = struct.unpack("<I", data[8:12])
    for at in range(12 + length):
        for bit in (0, 3, 6):
            flipped = bytearray(data)
            flipped[at] ^= 1 << bit
            file.write_bytes(flipped)
            with Gallery.open(closed) as gallery:
                assert len(gallery.nearest(VECTORS[:1], 3)[1]) == 1
            assert_whole(closed)


def assert_whole(path: Path) -> None:
    index, _ = read_index(path, MODEL)
    assert len(index) == 40


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_at_any_length(tmp_path: Path, kind: str) -> None:
    with Gallery.create(tmp_path / "g", model=MODEL, index=kind) as gallery:
        gallery.add([enrolment(number) for number in range(100)])
    file = tmp_path / "g" / "index.bin"
    data = file.read_bytes()
    for length in (*range(0, 700, 23), *range(700, len(data), 911)):
        file.write_bytes(data[:length])
        with Gallery.open(tmp_path / "g") as gallery:
            assert gallery.nearest(VECTORS[:1], 1)[1][0, 0] == 1


@pytest.fixture
def altered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gallery with codes in whose index file one bit of one vector was changed."""
    monkeypatch.setattr("matcher.gallery.index.mapped.rows.FIRST_PASS", 100)
    with Gallery.create(tmp_path / "g", model=MODEL, index="coded") as gallery:
        gallery.add([enrolment(number) for number in range(1200)])
    file = tmp_path / "g" / "index.bin"
    data = bytearray(file.read_bytes())
    data[data.index(VECTORS[7].tobytes()) + 2] ^= 64
    file.write_bytes(data)
    return tmp_path / "g"


@pytest.mark.parametrize("allowed", [None, [8, 9], range(1, 900)], ids=["all", "few", "many"])
def test_a_changed_vector_gives_no_score(
    altered: Path, allowed: Sequence[int] | None, caplog: pytest.LogCaptureFixture
) -> None:
    among = None if allowed is None else np.array(allowed)
    with Gallery.open(altered) as gallery:
        scores, ids = gallery.nearest(VECTORS[7:8], 1, among)
        assert (ids[0, 0], scores[0, 0]) == (8, pytest.approx(1, abs=1e-6))
        assert gallery.verify().ok
    assert "rebuilding" in caplog.text


def test_a_changed_vector_is_not_copied_into_a_new_file(altered: Path) -> None:
    with Gallery.open(altered) as gallery:
        gallery.add([enrolment(number) for number in range(1200, 1300)])
    with Gallery.open(altered) as gallery:
        assert gallery.verify().ok
        assert gallery.nearest(VECTORS[7:8], 1)[1][0, 0] == 8


def header_with(**facts: object) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        data = file.read_bytes()
        (length,) = struct.unpack("<I", data[8:12])
        header = json.loads(data[12 : 12 + length]) | facts
        text = json.dumps(header).encode()
        file.write_bytes(data[:8] + struct.pack("<I", len(text)) + text + data[12 + length :])

    return change


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()
    (file / "something").write_text("else")


def a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def a_link_to_nothing(file: Path) -> None:
    file.unlink()
    file.symlink_to("nothing")


def half_files(file: Path) -> None:
    file.with_name("index.bin.part").mkdir()
    file.write_bytes(b"MTCHIDX1")


WRONG: dict[str, Callable[[Path], object]] = {
    "kind": header_with(kind="exbct"),
    "another kind": header_with(kind="coded", rows=39),
    "rows": header_with(rows=41),
    "many rows": header_with(rows=2**62),
    "rows that are none": header_with(rows=True),
    "fewer rows": header_with(rows=39),
    "codes": header_with(codes=True),
    "codes as a number": header_with(codes=1),
    "another name": header_with(name="other"),
    "generation": header_with(generation=2**62),
    "huge generation": header_with(generation=2**70),
    "generation as text": header_with(generation="1"),
    "format": header_with(format_version=3),
    "format as text": header_with(format_version=[]),
    "stamp": header_with(stamp=None),
    "model": header_with(model=[]),
    "empty": lambda file: file.write_bytes(b""),
    "nested": lambda file: file.write_bytes(
        b"MTCHIDX1" + struct.pack("<I", 60_000) + b"[" * 60_000
    ),
    "a picture": lambda file: file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000)),
    "a folder": a_folder,
    "a pipe": a_pipe,
    "a link to nothing": a_link_to_nothing,
    "half files": half_files,
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_reader_does_without_it_and_a_writer_replaces_it(closed: Path, wrong: str) -> None:
    WRONG[wrong](closed / "index.bin")
    with Gallery.open(closed) as gallery:
        gallery.verify()
        gallery.info()
        assert_searches_like_a_scan(gallery)
        gallery.add([enrolment(number) for number in range(40, 44)])
    index, _ = read_index(closed, MODEL)
    assert len(index) == 44
    with Gallery.open(closed) as gallery:
        assert_searches_like_a_scan(gallery)
        assert gallery.verify().ok


@pytest.mark.parametrize("wrong", WRONG)
def test_a_removal_is_done_whatever_the_index_file_is(closed: Path, wrong: str) -> None:
    WRONG[wrong](closed / "index.bin")
    with Gallery.open(closed) as gallery:
        assert gallery.remove_subject("subject-0001") == 4
        assert len(gallery) == 36
    assert not files_hold(closed, VECTORS[4].tobytes())


def test_a_committed_removal_is_reported_although_the_index_cannot_be_updated(
    closed: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def damaged(self: LocalIndex, name: str) -> None:
        raise GalleryDamagedError("index", rule="r", got="g", next_step="n")

    with Gallery.open(closed) as gallery, monkeypatch.context() as patch:
        patch.setattr(LocalIndex, "current", damaged)
        with caplog.at_level(logging.WARNING):
            assert gallery.remove_subject("subject-0001") == 4
            gallery.close()
    assert "index file not saved" in caplog.text
    with Gallery.open(closed) as gallery:
        assert len(gallery) == 36
        assert gallery.verify().ok
    assert not files_hold(closed, VECTORS[4].tobytes())


def test_a_committed_removal_is_reported_although_its_bytes_cannot_be_cleared_yet(
    closed: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(self: LocalIndex) -> None:
        raise GalleryWriteError("index", rule="r", got="g", next_step="n")

    with Gallery.open(closed) as gallery, monkeypatch.context() as patch:
        patch.setattr(LocalIndex, "scrub", fail)
        with caplog.at_level(logging.WARNING):
            assert gallery.remove_subject("subject-0001") == 4
            gallery.close()
    assert "the removal is done" in caplog.text
    Gallery.open(closed).close()
    assert not files_hold(closed, VECTORS[4].tobytes())


def test_what_was_removed_leaves_a_store_whose_other_vectors_are_damaged(closed: Path) -> None:
    with closing(sqlite3.connect(closed / "store.sqlite3")) as store, store:
        store.execute("UPDATE vectors SET crc32 = crc32 + 1 WHERE face_id = 40")
    (closed / "index.bin").unlink()
    with Gallery.open(closed) as gallery:
        assert gallery.remove_subject("subject-0001") == 4
    assert not files_hold(closed, VECTORS[4].tobytes())
