"""Results that wait in files: whole or not there, committed once, and never of a removed face."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from job_builders import (
    NEW,
    SETTINGS,
    TAKING,
    assert_same_faces,
    draw,
    edition_holds,
    faces_in,
    made,
)
from safetensors.numpy import save

from matcher.decoding import Decoders
from matcher.embedding import FACE, LOW_RESOLUTION
from matcher.errors import GalleryWriteError, MissingExtraError
from matcher.gallery import Gallery
from matcher.gallery.editions import directory_of, shadow_of
from matcher.gallery.shard_folders import make_shard_folder, shard_folders
from matcher.jobs import RayExecutor
from matcher.jobs.batches import embed_batch
from matcher.jobs.executors.shards import read_shard, write_shard
from matcher.jobs.photo_reads import batches
from matcher.jobs.reindexing import reindex
from matcher.jobs.shadow import Shadow, make_shadow
from matcher.jobs.switching import switch
from matcher.jobs.tasks import ReindexResult

NUMBERS = st.floats(width=64, allow_nan=False)
VECTORS = st.dictionaries(
    st.sampled_from([FACE, LOW_RESOLUTION, "profile"]),
    st.lists(st.floats(-1, 1, width=32), min_size=3, max_size=3).map(
        lambda numbers: np.array(numbers, np.float32)
    ),
)


@st.composite
def results(draw_from: st.DrawFn) -> ReindexResult:
    return ReindexResult(
        face_id=draw_from(st.integers(1, 2**62)),
        status=draw_from(st.sampled_from(["done", "changed", "missing", "failed"])),
        code=draw_from(st.text(max_size=5)),
        reason=draw_from(st.text(max_size=20)),
        reference=draw_from(st.sampled_from(["a/b.jpg", "grün", "broken \udcff name", ""])),
        sha256="ab" * 32,
        bytes=draw_from(st.none() | st.integers(0, 2**40)),
        mtime_ns=draw_from(st.none() | st.integers(0, 2**62)),
        vectors=draw_from(VECTORS),
        box=draw_from(st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS)),
        probability=draw_from(NUMBERS),
        quality=draw_from(st.dictionaries(st.text(max_size=5), NUMBERS, max_size=3)),
        weight=draw_from(NUMBERS),
    )


def plain(result: ReindexResult) -> dict[str, object]:
    return vars(result) | {"vectors": {n: one.tobytes() for n, one in result.vectors.items()}}


@given(written=st.lists(results(), max_size=4))
def test_what_is_read_is_what_was_written_to_the_bit(
    tmp_path_factory: pytest.TempPathFactory, written: list[ReindexResult]
) -> None:
    file = tmp_path_factory.mktemp("shard") / "1.shard"
    write_shard(file, written)
    assert [plain(result) for result in read_shard(file)] == [plain(one) for one in written]
    assert list(file.parent.iterdir()) == [file]


def test_any_flipped_bit_and_any_cut_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "1.shard"
    vector = np.array([0.6, 0.8], np.float32)
    write_shard(
        file,
        [
            ReindexResult(7, "done", reference="a.jpg", vectors={FACE: vector}),
            ReindexResult(8, "failed"),
        ],
    )
    data = file.read_bytes()
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 1 << place % 8
        file.write_bytes(damaged)
        assert read_shard(file) is None, place
        file.write_bytes(data[:place])
        assert read_shard(file) is None, place
    file.unlink()
    assert read_shard(file) is None


SOUND = {"looks": ["vector"], "face_id": 7, "status": "done", "code": "", "reason": ""} | {
    "reference": "a.jpg",
    "sha256": "ab" * 32,
    "bytes": 1,
    "mtime_ns": 1,
    "box": [1.0, 2.0, 3.0, 4.0],
    "probability": 0.9,
    "quality": {"sharpness": 0.5},
    "weight": 1.0,
}


@pytest.mark.parametrize(
    "records",
    [
        "[" * 50_000,
        "{}",
        "[[]]",
        json.dumps([{**SOUND, "looks": ["vector", "distant"]}]),
        json.dumps([{**SOUND, "looks": "vector"}]),
        json.dumps([{**SOUND, "status": "perhaps"}]),
        json.dumps([{**SOUND, "face_id": "7"}]),
        json.dumps([{**SOUND, "box": [1, 2, 3]}]),
        json.dumps([{**SOUND, "quality": [1]}]),
        json.dumps([{**SOUND, "weight": True}]),
        json.dumps([{**SOUND, "code": None}]),
        json.dumps([{name: value for name, value in SOUND.items() if name != "sha256"}]),
        json.dumps([{**SOUND, "more": 1}]),
    ],
    ids=lambda records: records[-40:],
)
def test_results_that_no_job_made_are_done_again(tmp_path: Path, records: str) -> None:
    file = tmp_path / "1.shard"
    vectors = np.array([[0.6, 0.8]], np.float32)
    for text, read in ((json.dumps([SOUND]), True), (records, False)):
        held = np.frombuffer(text.encode(), np.uint8)
        crc32 = np.array([zlib.crc32(vectors.tobytes(), zlib.crc32(held.tobytes()))], np.uint32)
        file.write_bytes(save({"records": held, "vectors": vectors, "crc32": crc32}))
        assert (read_shard(file) is not None) == read


def test_a_full_disk_is_said_and_a_folder_that_is_gone_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_shard(tmp_path / "gone" / "1.shard", [])
    (tmp_path / "1.shard").mkdir()
    with pytest.raises(GalleryWriteError, match="room on the disk"):
        write_shard(tmp_path / "1.shard", [])


def left_behind(gallery: Path, *, committed: int, upto: int) -> Path:
    """Do as a job on a cluster does that dies: two files, of which one may be committed."""
    with Gallery.open(gallery) as source:
        edition = make_shadow(source, NEW.model)
        shadow = Shadow(source, directory_of(gallery, edition))
        folder = make_shard_folder(shadow.directory)
        with Decoders(SETTINGS.decoding) as decoders:
            found = [
                embed_batch(NEW, batch) for batch in batches(shadow.tasks(), decoders, SETTINGS)
            ]
        for number, some in enumerate(found[:upto]):
            write_shard(folder / f"{number}.shard", some)
            if number < committed:
                shadow.commit(some)
        shadow.close()
    return folder


def test_files_of_a_job_that_died_are_committed_once_and_deleted(tmp_path: Path) -> None:
    gallery, quiet = made(tmp_path / "a", 32), made(tmp_path / "b", 32)
    folder = left_behind(gallery, committed=1, upto=3)
    report = reindex(gallery, NEW, settings=SETTINGS)
    assert (report.worked, report.counts) == (8, {"done": 32})
    assert not folder.exists()
    assert shard_folders(folder.parent) == []
    undisturbed = reindex(quiet, NEW, settings=SETTINGS)
    one, other = faces_in(gallery, report.edition), faces_in(quiet, undisturbed.edition)
    assert_same_faces(one, other, same_place=False)


def test_a_damaged_file_costs_its_photos_another_try_and_nothing_else(tmp_path: Path) -> None:
    gallery = made(tmp_path, 32)
    folder = left_behind(gallery, committed=0, upto=4)
    (folder / "2.shard").write_bytes(b"not a shard")
    report = reindex(gallery, NEW, settings=SETTINGS)
    assert (report.worked, report.counts) == (8, {"done": 32})


def test_a_photo_that_changed_after_its_file_was_written_is_done_again(tmp_path: Path) -> None:
    gallery = made(tmp_path, 16)
    left_behind(gallery, committed=1, upto=2)
    for number in (0, 8):  # of the file that is committed, and of the one that waits
        draw(tmp_path / "photos" / f"{number}.png", 900 + number)
    report = reindex(gallery, NEW, settings=TAKING)
    assert report.counts == {"done": 14, "changed": 2}
    for face in faces_in(gallery, report.edition).values():
        (alone,) = NEW.extract(face.photo.reference)
        np.testing.assert_allclose(face.vector, alone.vector, atol=1e-6)


def test_a_removal_deletes_what_waits_and_what_is_still_being_written(tmp_path: Path) -> None:
    gallery = made(tmp_path, 16)
    folder = left_behind(gallery, committed=0, upto=2)
    gone = faces_in(gallery)[1]
    vector = NEW.extract(gone.photo.reference)[0].vector.tobytes()
    assert edition_holds(gallery, vector)
    with Gallery.open(gallery) as opened:
        opened.remove_subject(gone.subject.subject_id)
    assert not edition_holds(gallery, vector)
    with pytest.raises(FileNotFoundError):
        write_shard(folder / "2.shard", [])
    report = reindex(gallery, NEW, settings=SETTINGS)
    assert (report.worked, report.counts) == (12, {"done": 12})


def test_a_switch_leaves_no_file_of_results(tmp_path: Path) -> None:
    gallery = made(tmp_path, 16)
    folder = left_behind(gallery, committed=2, upto=2)
    assert len(list(folder.iterdir())) == 2
    switch(gallery)
    assert not folder.exists()
    assert shadow_of(gallery) is None


def test_without_ray_the_executor_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r'pip install "ray>=2\.60,<3"'):
        RayExecutor("127.0.0.2:6399", load=lambda: NEW)


def test_jobs_load_no_ray() -> None:
    script = (
        "import sys, matcher.jobs; matcher.jobs.RayExecutor; matcher.jobs.reindex; "
        "print('ray' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
