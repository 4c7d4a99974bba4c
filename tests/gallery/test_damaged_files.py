"""One flipped bit, or a file cut short: the same answer, a typed error, or a fault with a name."""

from __future__ import annotations

import random
import shutil
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from damaged_files import answers, damaged_copy, made_gallery
from gallery_builders import MODEL, VECTORS

from matcher.errors import GalleryDamagedError, GalleryError, MatcherError
from matcher.gallery import Gallery

FREE = {"subjects", "records", "photos", "changes", "chosen", "info"}
"""Parts of an answer that come from texts and numbers without a checksum."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = made_gallery(tmp_path_factory.mktemp("whole") / "g")
    return made


def faults_of(path: Path) -> tuple[str, ...]:
    """Return the faults that verify lists; an error of opening is one."""
    try:
        with Gallery.open(path) as gallery:
            return gallery.verify().faults
    except MatcherError as error:
        return (str(error),)


def changed_answers(path: Path, truth: dict[str, object]) -> set[str]:
    """Return the parts of the answer that differ; none after a typed error."""
    try:
        return {name for name, found in answers(path).items() if found != truth[name]}
    except MatcherError:
        return set()


@pytest.mark.parametrize("seed", range(20))
def test_damage_is_noticed_or_does_no_harm(whole: Path, tmp_path: Path, seed: int) -> None:
    truth, chance = answers(whole), random.Random(seed)
    for _ in range(5):
        done = damaged_copy(whole, tmp_path / "g", chance)
        faults = faults_of(tmp_path / "g")
        shutil.copytree(tmp_path / "g", tmp_path / "again")
        changed = changed_answers(tmp_path / "again", truth)
        shutil.rmtree(tmp_path / "again")
        assert faults or changed <= FREE, done


def test_every_bit_of_a_vector_is_noticed(whole: Path, tmp_path: Path) -> None:
    store = whole / "store.sqlite3"
    data = store.read_bytes()
    for number in (0, 17, 39):
        at = data.index(VECTORS[number].astype("<f4").tobytes()) + 5
        shutil.copytree(whole, tmp_path / f"{number}")
        flipped = bytearray(data)
        flipped[at] ^= 1
        (tmp_path / f"{number}" / "store.sqlite3").write_bytes(flipped)
        (tmp_path / f"{number}" / "index.bin").unlink()
        with Gallery.open(tmp_path / f"{number}") as gallery:
            if number == 17:  # the photo that was taken out, or one that is there
                assert gallery.verify().faults
                continue
            with pytest.raises(GalleryDamagedError, match="vectors that were written"):
                gallery.nearest(VECTORS[:1], 5)
            with pytest.raises(GalleryDamagedError, match=r"store\.sqlite3"):
                gallery.faces(range(1, 41))
            assert any("checksum" in fault for fault in gallery.verify().faults)


def sql(statement: str) -> Callable[[sqlite3.Connection], object]:
    return lambda store: store.execute(statement)


def set_vector(data: bytes) -> Callable[[sqlite3.Connection], object]:
    return lambda store: store.execute(
        "UPDATE vectors SET vector = ?, crc32 = ? WHERE face_id = 3", (data, zlib.crc32(data))
    )


NAN = np.full(MODEL.dimension, np.nan, "<f4").tobytes()
DAMAGE = {
    "a date that is none": sql("UPDATE subjects SET date_of_birth = '2010-02-31'"),
    "a sex that is none": sql("UPDATE subjects SET recorded_sex = 'femile'"),
    "quality that is no JSON": sql("UPDATE faces SET quality = '{\"sharpness\": 0.5'"),
    "quality that is a list": sql("UPDATE faces SET quality = '[1]'"),
    "quality that is nested": sql(
        "UPDATE faces SET quality = replace(hex(zeroblob(5000)), '0', '[')"
    ),
    "quality that is NaN": sql("UPDATE faces SET quality = '{\"sharpness\": NaN}'"),
    "quality that is true": sql("UPDATE faces SET quality = '{\"sharpness\": true}'"),
    "a name twice": sql('UPDATE faces SET quality = \'{"a": 1, "a": 2}\''),
    "a day that is none": sql("UPDATE faces SET taken_on = 'yesterday'"),
    "an age beyond all": sql("UPDATE faces SET age_at_capture = 1e300"),
    "a moment that is none": sql("UPDATE faces SET enrolled_at = 'then'"),
    "a moment without its zone": sql("UPDATE faces SET enrolled_at = '2020-01-01T00:00:00'"),
    "a box that is infinite": sql("UPDATE faces SET box_left = 9e999"),
    "a text that is not UTF-8": sql("UPDATE subjects SET source = CAST(x'ff41' AS TEXT)"),
    "a vector of NaN": set_vector(NAN),
    "a vector that is short": set_vector(NAN[:8]),
    "a vector that is empty": set_vector(b""),
    "no vector": sql("DELETE FROM vectors WHERE face_id = 3"),
    "a face of nobody": sql("UPDATE faces SET subject_id = 'nobody' WHERE face_id = 3"),
    "a time that is none": sql("UPDATE meta SET value = 'once' WHERE key = 'created'"),
    "a model that is none": sql("UPDATE meta SET value = '[]' WHERE key = 'model'"),
    "a model of no dimension": sql(
        "UPDATE meta SET value = replace(value, '16', '-1') WHERE key = 'model'"
    ),
    "a model of another dimension": sql(
        "UPDATE meta SET value = replace(value, '16', '17') WHERE key = 'model'"
    ),
    "a kind of index that is none": sql("UPDATE meta SET value = 'auuo' WHERE key = 'index'"),
    "no kind of index": sql("DELETE FROM meta WHERE key = 'index'"),
    "no commits": sql("DELETE FROM commits"),
    "a change of no kind": sql("UPDATE changes SET kind = 'subject editet'"),
    "a change that is no JSON": sql("UPDATE changes SET before = 'x'"),
    "a change that is nested": sql(
        "UPDATE changes SET before = replace(hex(zeroblob(5000)), '0', '[')"
    ),
    "a change at no time": sql("UPDATE changes SET at = ''"),
    "a face set aside that is none": sql("UPDATE set_aside SET face = '{}'"),
    "a vector set aside that is none": sql("UPDATE set_aside SET vector = zeroblob(64)"),
    "no table of tags": sql("DROP TABLE subject_tags"),
    "another view of ages": sql("DROP VIEW births"),
}


def read_all(path: Path) -> None:
    """Read what the gallery answers, and what only `undo` reads."""
    answers(path)
    with Gallery.open(path) as gallery:
        gallery.faces(range(1, 41))
        gallery.undo()  # the merge
        gallery.undo()  # the photo that was taken out


@pytest.mark.parametrize("name", DAMAGE)
def test_what_a_reader_cannot_use_has_an_error_and_a_fault(
    whole: Path, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "g"
    shutil.copytree(whole, path)
    with closing(sqlite3.connect(path / "store.sqlite3", isolation_level=None)) as store:
        store.execute("PRAGMA ignore_check_constraints = ON")
        store.execute("PRAGMA foreign_keys = OFF")
        DAMAGE[name](store)
    faults = faults_of(path)
    assert faults
    assert all(isinstance(fault, str) for fault in faults)
    with pytest.raises(GalleryError):
        read_all(path)


def test_verify_names_each_fault(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "g"
    shutil.copytree(whole, path)
    with closing(sqlite3.connect(path / "store.sqlite3", isolation_level=None)) as store:
        store.execute("PRAGMA ignore_check_constraints = ON")
        store.execute("UPDATE faces SET quality = 'x' WHERE face_id IN (2, 3)")
        store.execute("UPDATE subjects SET date_of_birth = 'x' WHERE subject_id = 'subject-0008'")
    found = "\n".join(faults_of(path))
    assert "The face 2 cannot be read" in found
    assert "The face 3 cannot be read" in found
    assert "The subject 'subject-0008' cannot be read" in found


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"\xff",
        b'{"current": "first"}',
        b'{"current": 1, "kept": []}',
        b'{"current": "first", "kept": "first"}',
        b'{"current": "../x", "kept": []}',
    ],
    ids=lambda content: repr(content[:20]),
)
def test_a_pointer_that_cannot_be_read(whole: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "g"
    shutil.copytree(whole, path)
    (path / "current.json").write_bytes(content)
    with pytest.raises(GalleryDamagedError, match="pointer"):
        Gallery.open(path)


def test_a_damaged_edition_that_is_not_searched_is_a_note(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "g"
    shutil.copytree(whole, path)
    other = path / "editions" / "0002-0123abcd"
    other.mkdir(parents=True)
    shutil.copy(whole / "store.sqlite3", other)
    with closing(sqlite3.connect(other / "store.sqlite3", isolation_level=None)) as store:
        DAMAGE["quality that is a list"](store)
    with Gallery.open(path) as gallery:
        report = gallery.verify()
    assert report.ok
    assert any(note.startswith("Edition 0002-0123abcd: The face") for note in report.notes)
    (other / "store.sqlite3").write_bytes(b"no store")
    with Gallery.open(path) as gallery:
        assert any("0002-0123abcd" in note for note in gallery.verify().notes)
