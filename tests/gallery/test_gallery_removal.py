"""What is removed is gone: from the rows, from the index, from the bytes of every file."""

# ruff: noqa: F401, F811 - fixtures are imported by name

import random
import shutil

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
    photo_hash,
)

from matcher.errors import GalleryWriteError, UnknownSubjectError
from matcher.gallery import Gallery, Subject
from matcher.gallery.store import unused_bytes

KINDS = ["exact", "coded"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_file_holds_a_byte_of_a_removed_subject(tmp_path, kind):
    who = Subject("a-name-to-find", region="a-region-to-find", tags=("a-tag-to-find",))
    with Gallery.create(tmp_path / "g", model=MODEL, index=kind) as gallery:
        gallery.add([enrolment(number) for number in range(400)])
        gallery.add([enrolment(number, who) for number in range(400, 405)])
        gallery.rebuild()
        traces = [VECTORS[number].tobytes() for number in range(400, 405)]
        traces += [photo_hash(number).encode() for number in range(400, 405)]
        traces += [f"photos/{number}.jpg".encode() for number in range(400, 405)]
        traces += [b"a-name-to-find", b"a-region-to-find", b"a-tag-to-find"]
        assert all(files_hold(gallery.path, trace) for trace in traces)
        assert gallery.remove_subject("a-name-to-find") == 5
        assert not any(files_hold(gallery.path, trace) for trace in traces)
        assert files_hold(gallery.path, VECTORS[0].tobytes())
        assert gallery.verify().faults == ()
        assert gallery.info().index_rows >= 400
        assert 401 not in gallery.nearest(VECTORS[400:401], 50)[1]


def test_many_small_writes_and_removals_leave_nothing(tmp_path):
    """Splitting and joining pages, SQLite copies rows; no copy may outlive its row."""
    chance = random.Random(5)
    there, gone = [], []
    with Gallery.create(tmp_path / "g", model=MODEL) as gallery:
        for start in range(0, 1500, 100):
            batch = list(range(start, start + 100))
            gallery.add([enrolment(n, f"{n * 7919 % 1000:03d}-{n}") for n in batch])
            there += batch
            leaving = chance.sample(there, 70)
            there = [number for number in there if number not in leaving]
            gone += leaving
            gallery.remove_subjects([f"{n * 7919 % 1000:03d}-{n}" for n in leaving])
        data = b"".join(file.read_bytes() for file in gallery.path.iterdir())
        for number in gone:
            assert photo_hash(number).encode() not in data
            assert VECTORS[number].tobytes() not in data
        assert_searches_like_a_scan(gallery)


def test_a_photo_is_removed_from_one_subject_or_from_all(filled):
    filled.add([enrolment(3, "other"), enrolment(3, "third")])
    assert filled.remove_photo(photo_hash(3), "other") == 1
    assert filled.has_photo(photo_hash(3), "third")
    assert filled.remove_photo(photo_hash(3)) == 2
    assert filled.remove_photo(photo_hash(3)) == 0
    assert len(filled) == 39
    assert filled.subject("third") == Subject("third")
    assert_searches_like_a_scan(filled)


def test_if_one_of_several_subjects_is_not_there_none_is_removed(filled):
    with pytest.raises(UnknownSubjectError, match="nobody"):
        filled.remove_subjects(["subject-0001", "nobody"])
    assert len(filled) == 40


def test_face_ids_are_never_used_again(filled):
    filled.remove_subject("subject-0009")
    (outcome,) = filled.add([enrolment(500)])
    assert outcome.face_id == 41


def test_a_search_in_the_same_object_forgets_at_once(filled):
    assert filled.nearest(VECTORS[:1], 1)[1][0, 0] == 1
    filled.remove_photo(photo_hash(0))
    assert 1 not in filled.nearest(VECTORS[:1], 40)[1]
    assert len(filled.faces([1])) == 0


def test_an_open_reader_forgets_at_its_next_search(filled):
    with Gallery.open(filled.path) as reader:
        assert reader.nearest(VECTORS[:1], 1)[1][0, 0] == 1
        filled.remove_photo(photo_hash(0))
        filled.add([enrolment(600)])
        scores, ids = reader.nearest(VECTORS[[0, 600]], 40)
        assert 1 not in ids
        assert ids[1, 0] == 41
        np.testing.assert_allclose(scores[1, 0], 1, atol=1e-6)


def test_a_removal_cut_short_is_finished_at_the_next_open(filled, monkeypatch):
    filled.nearest(VECTORS[:1], 1)
    with monkeypatch.context() as patch:
        patch.setattr(Gallery, "_finish_removals", lambda _: None)
        filled.remove_photo(photo_hash(0))
    assert files_hold(filled.path, VECTORS[0].tobytes())
    with Gallery.open(filled.path) as other:
        assert not files_hold(filled.path, VECTORS[0].tobytes())
        assert other.verify().faults == ()


def test_a_reader_in_the_middle_of_reading_delays_the_erasure_not_the_removal(filled, caplog):
    with Gallery.open(filled.path, busy_timeout=0.1) as reader, reader._store.reading():
        assert len(reader) == 40
        with Gallery.open(filled.path, busy_timeout=0.1) as writer:
            writer.remove_photo(photo_hash(0))
            assert len(writer) == 39
        assert len(reader) == 40
        assert "a reader keeps removed data" in caplog.text
    with Gallery.open(filled.path):
        assert not files_hold(filled.path, VECTORS[0].tobytes())


def test_compacting_frees_what_it_said_and_loses_nothing(gallery):
    gallery.add([enrolment(number) for number in range(1000)])
    gallery.rebuild()
    assert gallery.compaction().bytes == 0
    assert gallery.compact().bytes == 0
    gallery.remove_subjects([f"subject-{number:04d}" for number in range(5, 250)])
    before, gain = gallery.info(), gallery.compaction()
    assert gain.store_bytes > before.store_bytes / 2
    assert gallery.compaction() == gain
    gallery.compact()
    after = gallery.info()
    assert after.faces == 20
    assert before.store_bytes - after.store_bytes >= gain.store_bytes
    assert after.store_bytes < before.store_bytes / 4
    assert gallery.compaction().bytes == 0
    assert gallery.verify().ok
    assert_searches_like_a_scan(gallery)


def test_compacting_without_room_is_refused_before_anything_is_written(gallery, monkeypatch):
    gallery.add([enrolment(number) for number in range(1000)])
    gallery.remove_subjects([f"subject-{number:04d}" for number in range(5, 250)])
    before = files_of(gallery)
    nothing = shutil.disk_usage(gallery.path)._replace(free=1_000)
    monkeypatch.setattr("matcher.gallery.upkeep.shutil.disk_usage", lambda _: nothing)
    with pytest.raises(GalleryWriteError, match="MB of free room"):
        gallery.compact()
    assert files_of(gallery) == before


def files_of(gallery):
    return {file.name: file.read_bytes() for file in gallery.path.iterdir() if file.is_file()}


def test_a_removal_changes_little_of_the_files(gallery):
    gallery.add([enrolment(number) for number in range(1000)])
    gallery.close()
    with Gallery.open(gallery.path) as again:
        again.remove_subject("subject-0100")  # clears what the enrolment left
        before = files_of(again)
        assert again.remove_subject("subject-0007")
        after = files_of(again)
    for name in ("store.sqlite3", "index.bin"):
        assert len(before[name]) == len(after[name])
        one, other = (np.frombuffer(files[name], np.uint8) for files in (before, after))
        assert np.count_nonzero(one != other) < 20_000


def test_a_store_with_unused_bytes_from_an_earlier_version_is_cleared_by_the_next_removal(
    gallery, monkeypatch
):
    """Earlier versions left them until the store was written anew."""
    trace = photo_hash(5).encode()
    gallery.add([enrolment(number, f"{number * 7919 % 1000:03d}") for number in range(900)])
    store = gallery.path / "store.sqlite3"
    gallery._store.query("PRAGMA wal_checkpoint(TRUNCATE)")
    assert unused(store)
    assert store.read_bytes().count(trace) > 1
    gallery.remove_photo(photo_hash(5))
    assert not unused(store)
    assert not files_hold(gallery.path, trace)
    assert gallery.verify().ok


def unused(store):
    """Return the unused bytes of a store that are not zero."""
    data = store.read_bytes()
    table = np.frombuffer(data, dtype=np.uint8).reshape(-1, 4096)
    parts = [data[start:end] for start, end in unused_bytes._unused(table, data, True)]
    return b"".join(parts).strip(b"\0")


def test_a_row_is_emptied_although_no_index_can_be_written(filled, monkeypatch):
    filled.rebuild()

    def full(*_, **__):
        raise GalleryWriteError("index file", rule="", got="no room", next_step="")

    with monkeypatch.context() as patch:
        patch.setattr("matcher.gallery.index.local_index.write_index", full)
        filled.remove_photo(photo_hash(0))
    assert not files_hold(filled.path, VECTORS[0].tobytes())
    assert_searches_like_a_scan(filled)


def test_who_held_old_pages_in_memory_does_not_write_them_back(tmp_path):
    """An open object has pages in its cache that another one has cleared since."""
    names = [f"{n * 7919 % 1000:03d}-somebody" for n in range(300)]
    with Gallery.create(tmp_path / "g", model=MODEL) as gallery:
        gallery.add([enrolment(n, names[n]) for n in range(300)])
        with Gallery.open(gallery.path) as other:
            for n in range(0, 60, 3):
                other.faces_of([one.subject_id for one in other.subjects()])  # fills its cache
                gallery.remove_subject(names[n])
                other.add([enrolment(1000 + n, f"{n:03d}-new")])
                other._store.query("PRAGMA wal_checkpoint(TRUNCATE)")
                data = b"".join(file.read_bytes() for file in gallery.path.iterdir())
                assert names[n].encode() not in data
                assert photo_hash(n).encode() not in data
                assert VECTORS[n].tobytes() not in data
            assert other.verify().ok
