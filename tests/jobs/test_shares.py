"""A job that processes share by files alone: as in one process, and nothing lost or twice."""

# ruff: noqa: F401, F811 - fixtures are imported by name

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shared_jobs
from full_disk import disk, fill
from governed import CONTEXT, UPKEEP, kinds_of
from job_builders import (
    NEW,
    OLD,
    add,
    draw,
    edition_holds,
    faces_in,
    listed,
    made,
)
from shared_jobs import (
    BATCH,
    PLANNED,
    assert_as_in_one_process,
    dealt,
    result_files,
    rows_of,
    work,
)

from matcher.decoding import Decoding
from matcher.embedding import Extractor
from matcher.encryption import KEY_NAME, KEY_VARIABLE, GalleryKey, GalleryKeyError
from matcher.enrolment import enrol
from matcher.errors import (
    GalleryWriteError,
    InputError,
    JobError,
    JobRunningError,
    NotAuthorisedError,
)
from matcher.faces import POLICIES
from matcher.gallery import Gallery
from matcher.gallery.editions import directory_of, shadow_of
from matcher.gallery.shard_folders import AWAY_NAME, away_folder
from matcher.jobs import (
    JobSettings,
    Share,
    discard,
    merge_shares,
    outcomes,
    plan,
    reindex,
    run_share,
    share_out,
    switch,
)
from matcher.jobs.executors.shards import read_shard, write_shard
from matcher.jobs.sharing import dealing, plan_files, working
from matcher.jobs.sharing.plan_files import read_plan, read_tasks
from matcher.testing import FakeDetector, FakeEmbedder


@pytest.fixture(autouse=True)
def decoding_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "Decoders", shared_jobs.Direct)


def note(gallery: Path) -> Path:
    edition = shadow_of(gallery)
    assert edition is not None
    return directory_of(gallery, edition) / AWAY_NAME


def test_shares_give_what_one_process_gives_to_the_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # with decoders that are processes
    gallery = made(tmp_path, 38)
    photos = tmp_path / "photos"
    (photos / "1.png").unlink()
    (photos / "2.png").write_text("not a picture")
    draw(photos / "3.png", 77)
    shutil.copytree(gallery, tmp_path / "quiet")
    out = share_out(gallery, tmp_path / "shares", NEW, of=3, settings=PLANNED)
    assert out.photos == (14, 12, 12)
    assert [work(out.folder, number, 3) for number in (2, 3, 1)] == [12, 12, 14]
    report = merge_shares(gallery)
    assert report.job.counts == {"done": 35, "changed": 1, "failed": 1, "missing": 1}
    assert (report.job.worked, report.refused) == (38, ())
    assert_as_in_one_process(gallery, report)
    assert list(outcomes(gallery)) == list(outcomes(tmp_path / "quiet"))
    assert list(out.folder.iterdir()) == []
    assert not note(gallery).exists()


def test_a_changed_photo_is_taken_if_the_job_takes_it(tmp_path: Path) -> None:
    gallery = made(tmp_path, 8)
    draw(tmp_path / "photos" / "3.png", 77)
    taking = replace(PLANNED, take_changed=True)
    share_out(gallery, tmp_path / "shares", NEW, of=1, settings=taking)
    run_share(tmp_path / "shares", Share(1, 1), NEW, settings=taking)
    assert merge_shares(gallery).job.counts == {"done": 7, "changed": 1}
    assert len(faces_in(gallery, shadow_of(gallery))) == 8


def test_a_share_opens_nothing_of_the_gallery(tmp_path: Path) -> None:
    gallery, folder = dealt(tmp_path, 8, of=2)
    gallery.rename(tmp_path / "elsewhere")
    assert work(folder, 1, 2) == 4
    assert work(folder, 2, 2) == 4
    (tmp_path / "elsewhere").rename(gallery)
    assert_as_in_one_process(gallery, merge_shares(gallery))


def test_the_folder_may_have_another_path_on_another_machine(tmp_path: Path) -> None:
    gallery, folder = dealt(tmp_path, 8, of=1)
    folder.rename(tmp_path / "mounted")
    work(tmp_path / "mounted", 1, 1)
    (tmp_path / "mounted").rename(folder)
    assert_as_in_one_process(gallery, merge_shares(gallery))


def test_a_share_goes_on_where_it_stopped(tmp_path: Path) -> None:
    gallery, folder = dealt(tmp_path, 24, of=2)

    def stop(step: str, done: int, total: int | None) -> None:
        assert (step, total) == ("re-index", 12)
        if done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_share(folder, Share(1, 2), NEW, settings=PLANNED, on_progress=stop)
    assert work(folder, 1, 2) == 4
    assert work(folder, 1, 2) == 0
    merge_shares(gallery)
    assert work(folder, 1, 2) == 0, "what is stored was done again"
    work(folder, 2, 2)
    assert_as_in_one_process(gallery, merge_shares(gallery))


def test_a_merge_takes_what_is_finished_and_says_what_is_missing(tmp_path: Path) -> None:
    gallery, folder = dealt(tmp_path, 38, of=4)
    empty = merge_shares(gallery)
    assert [(one.share, one.photos, one.left) for one in empty.unfinished] == [
        (1, 12, 12),
        (2, 10, 10),
        (3, 8, 8),
        (4, 8, 8),
    ]
    work(folder, 1, 4)
    work(folder, 2, 4)
    result_files(folder)[-1].unlink()
    report = merge_shares(gallery)
    assert [(one.share, one.left) for one in report.unfinished] == [(2, 2), (3, 8), (4, 8)]
    assert (report.complete, report.job.worked) == (False, 20)
    assert result_files(folder) == [], "vectors lie about that are stored"
    with pytest.raises(JobError, match="must have all its shares merged") as caught:
        switch(gallery, NEW, settings=PLANNED, may_lose=99)
    assert "reindex merge" in caught.value.next_step
    assert shadow_of(gallery) is not None
    for number in (2, 3, 4):
        work(folder, number, 4)
    assert_as_in_one_process(gallery, merge_shares(gallery))
    assert switch(gallery, may_lose=0).model == NEW.model
    with pytest.raises(JobError, match="no shadow"):
        merge_shares(gallery)


def test_more_shares_than_photos(tmp_path: Path) -> None:
    gallery, folder = dealt(tmp_path, 6, of=5)
    assert [work(folder, number, 5) for number in range(1, 6)] == [4, 2, 0, 0, 0]
    assert_as_in_one_process(gallery, merge_shares(gallery))


def test_a_gallery_without_photos(tmp_path: Path) -> None:
    gallery, folder = tmp_path / "gallery", tmp_path / "shares"
    Gallery.create(gallery, model=OLD.model).close()
    share_out(gallery, folder, NEW, of=2, settings=PLANNED)
    assert work(folder, 1, 2) == 0
    assert merge_shares(gallery).complete


def test_with_the_gallerys_own_model_nothing_is_left_to_switch_to(tmp_path: Path) -> None:
    gallery = made(tmp_path, 8)
    out = share_out(gallery, tmp_path / "shares", OLD, of=2, settings=PLANNED)
    assert out.photos == (0, 0)
    assert merge_shares(gallery).job.edition == "first"
    assert shadow_of(gallery) is None


def test_a_second_process_on_a_share_is_refused(tmp_path: Path) -> None:
    _, folder = dealt(tmp_path, 8, of=2)

    def again(step: str, done: int, total: int | None) -> None:
        with pytest.raises(JobRunningError, match="one process at a time"):
            work(folder, 1, 2)
        assert work(folder, 2, 2) == 4

    run_share(folder, Share(1, 2), NEW, settings=PLANNED, on_progress=again)


def test_where_there_are_no_locks_a_second_process_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gallery, folder = dealt(tmp_path, 24, of=2)

    class NoLock:
        def __init__(self, *_: object, **__: object) -> None: ...

        def acquire(self) -> None:
            raise OSError(37, "No locks available")

        def release(self) -> None: ...

    monkeypatch.setattr(working.filelock, "FileLock", NoLock)
    merged = []

    def twice(step: str, done: int, total: int | None) -> None:
        if done == 4:
            assert work(folder, 1, 2) == 8
            merged.append(merge_shares_with_locks(monkeypatch, gallery).job.worked)
            monkeypatch.setattr(working.filelock, "FileLock", NoLock)

    run_share(folder, Share(1, 2), NEW, settings=PLANNED, on_progress=twice)
    assert "only double its work" in caplog.text
    assert len(result_files(folder)) == 2, "the files of the first process came after the merge"
    work(folder, 2, 2)
    report = merge_shares_with_locks(monkeypatch, gallery)
    assert (merged, report.job.worked) == ([12], 12)
    assert_as_in_one_process(gallery, report)


def merge_shares_with_locks(monkeypatch: pytest.MonkeyPatch, gallery: Path):
    monkeypatch.setattr(working.filelock, "FileLock", REAL_LOCK)
    return merge_shares(gallery)


REAL_LOCK = working.filelock.FileLock


@pytest.mark.parametrize(
    ("share", "extractor", "settings", "says"),
    [
        (Share(1, 3), NEW, PLANNED, "number of shares"),
        (Share(1, 2), OLD, PLANNED, "the model"),
        (
            Share(1, 2),
            Extractor(FakeDetector(), FakeEmbedder(24, version="3")),
            PLANNED,
            "the model",
        ),
        (Share(1, 2), NEW, replace(PLANNED, batch=8), "setting `batch`"),
        (Share(1, 2), NEW, replace(PLANNED, take_changed=True), "setting `take_changed`"),
        (Share(1, 2), NEW, replace(PLANNED, decoding=Decoding(1, salvage=True)), "`salvage`"),
        (Share(1, 2), NEW, replace(PLANNED, decoding=Decoding(1, 3.0)), "`seconds`"),
        (Share(1, 2), NEW, replace(PLANNED, moved=((Path("/a"), Path("/b")),)), "`moved`"),
    ],
)
def test_a_share_of_another_plan_is_refused(
    tmp_path: Path, share: Share, extractor: Extractor, settings: JobSettings, says: str
) -> None:
    _, folder = dealt(tmp_path, 8, of=2)
    with pytest.raises(JobError, match=says):
        run_share(folder, share, extractor, settings=settings)
    assert result_files(folder) == []
    more_workers = replace(PLANNED, retry=True, decoding=Decoding(workers=3))
    run_share(folder, Share(1, 2), NEW, settings=more_workers)


def test_another_version_or_detector_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, folder = dealt(tmp_path, 8, of=2)
    monkeypatch.setattr(Extractor, "detector", "yunet")
    with pytest.raises(JobError, match="the detector"):
        work(folder, 1, 2)
    monkeypatch.undo()
    monkeypatch.setattr(working, "__version__", "0.0.0")
    with pytest.raises(JobError, match="version of matcher"):
        work(folder, 1, 2)


@pytest.mark.parametrize(
    "text",
    ["", "3", "a/b", "3/0", "0/16", "17/16", "-1/2", "1/2/3", "1.0/2", "\u0661/\u0662", "1/10000"],
)
def test_what_is_no_share(text: str) -> None:
    with pytest.raises(InputError, match="share"):
        Share.of_text(text)


def test_what_is_a_share() -> None:
    assert Share.of_text("3/16") == Share(3, 16)
    assert str(Share.of_text("1/1")) == "1/1"


def test_numbers_and_places_that_make_no_sense(tmp_path: Path) -> None:
    gallery = made(tmp_path, 4)
    for wrong in (0, -1, 10_000, "2", True):
        with pytest.raises(InputError, match="of a share"):
            share_out(gallery, tmp_path / "shares", NEW, of=wrong)
    for inside in (gallery, gallery / "editions" / "x"):
        with pytest.raises(InputError, match="outside of the gallery"):
            share_out(gallery, inside, NEW, of=2)
    with pytest.raises(InputError, match="must be a Share"):
        run_share(tmp_path, "1/2", NEW)
    with pytest.raises(JobError, match="dealt for one job"):
        run_share(tmp_path / "nowhere", Share(1, 2), NEW)
    assert shadow_of(gallery) is None


def test_a_folder_of_another_job_is_refused_and_an_empty_one_taken(tmp_path: Path) -> None:
    _, folder = dealt(tmp_path / "one", 4, of=2)
    other = made(tmp_path / "other", 4)
    with pytest.raises(JobError, match="one job only"):
        share_out(other, folder, NEW, of=2, settings=PLANNED)
    (tmp_path / "fresh" / "shards-0123").mkdir(parents=True)
    share_out(other, tmp_path / "fresh", NEW, of=1, settings=PLANNED)
    assert work(tmp_path / "fresh", 1, 1) == 4


def damaged(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-3])


def flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-20] ^= 4
    file.write_bytes(content)


def of_other_photos(file: Path) -> None:
    shutil.copy(sorted(file.parent.glob("*.shard"))[0], file)


def of_another_model(file: Path) -> None:
    results = read_shard(file)
    assert results is not None
    longer = np.ones(25, np.float32) / 5
    changed = [replace(one, vectors=dict.fromkeys(one.vectors, longer)) for one in results]
    write_shard(file, changed)


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (damaged, "damaged"),
        (flipped, "damaged"),
        (of_other_photos, "other photos"),
        (of_another_model, "not of the job's model"),
    ],
)
def test_a_file_that_is_not_sound_is_refused_and_named_and_done_again(
    tmp_path: Path, harm, says: str
) -> None:
    gallery, folder = dealt(tmp_path, 24, of=2)
    work(folder, 1, 2)
    work(folder, 2, 2)
    file = result_files(folder)[4]
    harm(file)
    report = merge_shares(gallery)
    ((name, share, reason),) = [(one.name, one.share, one.reason) for one in report.refused]
    assert (name, share) == (file.name, 2)
    assert says in reason
    assert [(one.share, one.left) for one in report.unfinished] == [(2, 4)]
    assert work(folder, 2, 2) == 4
    assert_as_in_one_process(gallery, merge_shares(gallery))


def test_a_share_that_goes_on_does_damaged_files_again(tmp_path: Path) -> None:
    gallery, folder = dealt(tmp_path, 8, of=1)
    work(folder, 1, 1)
    damaged(result_files(folder)[0])
    assert work(folder, 1, 1) == 4
    assert_as_in_one_process(gallery, merge_shares(gallery))


def test_files_that_nobody_dealt_are_not_stored(tmp_path: Path) -> None:
    gallery, folder = dealt(tmp_path, 8, of=1)
    work(folder, 1, 1)
    for name in ("0007-00000000.shard", "0000-00000000.shard", "0001-00000009.shard"):
        shutil.copy(result_files(folder)[-1], result_files(folder)[-1].with_name(name))
    report = merge_shares(gallery)
    assert {one.name[:4] for one in report.refused} == {"0000", "0001", "0007"}
    assert_as_in_one_process(gallery, report)


@pytest.mark.parametrize("name", ["plan.tasks", "0001.tasks"])
def test_damaged_tasks_are_said_and_dealt_again(tmp_path: Path, name: str) -> None:
    gallery, folder = dealt(tmp_path, 8, of=1)
    (file,) = folder.glob(f"shards-*/tasks/{name}")
    flipped(file)
    with pytest.raises(JobError, match="must be there and whole"):
        work(folder, 1, 1)
    file.unlink()
    with pytest.raises(JobError, match="not written yet"):
        work(folder, 1, 1)
    share_out(gallery, folder, NEW, of=1, settings=PLANNED)
    work(folder, 1, 1)
    assert_as_in_one_process(gallery, merge_shares(gallery))


def test_damaged_tasks_of_one_share_do_not_keep_others_from_the_store(tmp_path: Path) -> None:
    gallery, folder = dealt(tmp_path, 16, of=2)
    work(folder, 1, 2)
    work(folder, 2, 2)
    flipped(next(folder.glob("shards-*/tasks/0001.tasks")))
    with pytest.raises(JobError, match="tasks of share 1"):
        merge_shares(gallery)
    assert len(faces_in(gallery, shadow_of(gallery))) == 8
    assert share_out(gallery, folder, NEW, of=1, settings=PLANNED).photos == (8,)
    work(folder, 1, 1)
    assert_as_in_one_process(gallery, merge_shares(gallery))


def test_a_machine_that_does_not_see_the_photos_makes_none_missing(tmp_path: Path) -> None:
    gallery, folder = dealt(tmp_path, 8, of=1)
    (tmp_path / "photos").rename(tmp_path / "unmounted")
    work(folder, 1, 1)
    (tmp_path / "unmounted").rename(tmp_path / "photos")
    report = merge_shares(gallery)
    assert [one.share for one in report.refused] == [1, 1]
    assert "mount its disk" in report.refused[0].reason
    work(folder, 1, 1)
    assert_as_in_one_process(gallery, merge_shares(gallery))


def remove(gallery: Path, number: int) -> bytes:
    """Remove the subject of a photo; return a vector of it by the new model."""
    gone = faces_in(gallery)[number]
    vector = NEW.extract(gone.photo.reference)[0].vector.tobytes()
    with Gallery.open(gallery) as opened:
        opened.remove_subject(gone.subject.subject_id)
    return vector


def test_a_removal_deletes_what_waits_wherever_it_is(tmp_path: Path) -> None:
    gallery, folder = dealt(tmp_path, 16, of=2)
    work(folder, 1, 2)
    merge_shares(gallery)
    work(folder, 2, 2)
    (waiting, *_) = result_files(folder)
    results = read_shard(waiting)
    assert results is not None
    remove(tmp_path / "quiet", results[0].face_id)
    vector = remove(gallery, results[0].face_id)
    assert not edition_holds(gallery, vector)
    assert not edition_holds(folder, vector)
    assert list(folder.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        write_shard(waiting, results)
    with pytest.raises(JobError, match=r"none that are out; 4 photos left"):
        merge_shares(gallery)
    with pytest.raises(JobError, match="4 faces that it has not"):
        switch(gallery)
    out = share_out(gallery, folder, NEW, of=2, settings=PLANNED)
    assert out.photos == (4, 0)
    work(folder, 1, 2)
    assert_as_in_one_process(gallery, merge_shares(gallery))
    assert not edition_holds(gallery, vector)


def test_a_removal_ends_shares_that_run(tmp_path: Path) -> None:
    gallery, folder = dealt(tmp_path, 16, of=2)
    vectors: list[bytes] = []

    def removing(step: str, done: int, total: int | None) -> None:
        if not vectors:
            vectors.append(remove(gallery, 1))

    with pytest.raises(JobError, match="a face was removed"):
        run_share(folder, Share(1, 2), NEW, settings=PLANNED, on_progress=removing)
    assert not edition_holds(tmp_path / "shares", vectors[0])
    assert list(folder.iterdir()) == []


def test_a_removal_while_photos_are_dealt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery, folder, vectors = made(tmp_path, 16), tmp_path / "shares", []

    def removing(own: Path, number: int, batches: list[str]) -> None:
        if number == 2:
            vectors.append(remove(gallery, 1))
        plan_files.write_tasks(own, number, batches)

    with monkeypatch.context() as patch:
        patch.setattr(dealing, "write_tasks", removing)
        with pytest.raises(JobError, match="a face was removed"):
            share_out(gallery, folder, NEW, of=2, settings=PLANNED)
    assert list(folder.iterdir()) == []
    assert share_out(gallery, folder, NEW, of=2, settings=PLANNED).photos == (8, 4)
    (tasks, *_) = read_tasks(next(folder.iterdir()), 1, read_plan(next(folder.iterdir())))
    assert [task.face_id for task in tasks] == [5, 6, 7, 8]


def test_a_disk_without_room_for_results(disk: Path, tmp_path: Path) -> None:
    gallery = made(tmp_path, 8)
    shutil.copytree(gallery, tmp_path / "quiet")
    share_out(gallery, disk / "shares", NEW, of=1, settings=PLANNED)
    taken = fill(disk)
    with pytest.raises(GalleryWriteError, match="room on the disk"):
        work(disk / "shares", 1, 1)
    assert merge_shares(gallery).job.worked == 0
    with Gallery.open(gallery) as opened:
        opened.remove_subject("subject-000")
    with Gallery.open(tmp_path / "quiet") as opened:
        opened.remove_subject("subject-000")
    taken = fill(disk)
    with pytest.raises(GalleryWriteError, match="room on the disk"):
        share_out(gallery, disk / "shares", NEW, of=1, settings=PLANNED)
    taken.unlink()
    share_out(gallery, disk / "shares", NEW, of=1, settings=PLANNED)
    assert work(disk / "shares", 1, 1) == 4
    assert_as_in_one_process(gallery, merge_shares(gallery))


@pytest.mark.parametrize("moment", ["read_shard", "commit_waiting"])
def test_a_removal_in_the_middle_of_a_merge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    from matcher.jobs.sharing import finished

    gallery, folder = dealt(tmp_path, 16, of=2)
    work(folder, 1, 2)
    work(folder, 2, 2)
    remove(tmp_path / "quiet", 1)
    real, vectors = getattr(finished, moment), []

    def removing(*given):
        if not vectors:
            vectors.append(b"")
            vectors[0] = remove(gallery, 1)
        return real(*given)

    monkeypatch.setattr(finished, moment, removing)
    with pytest.raises(JobError, match="a face was removed"):
        merge_shares(gallery)
    assert not edition_holds(gallery, vectors[0])
    share_out(gallery, folder, NEW, of=1, settings=PLANNED)
    work(folder, 1, 1)
    report = merge_shares(gallery)
    found, one = rows_of(gallery), reindex(tmp_path / "quiet", NEW, settings=PLANNED)
    wanted = rows_of(tmp_path / "quiet")
    assert report.job.counts == one.counts
    for table in ("subjects", "outcomes"):
        assert found[table] == wanted[table]
    assert not edition_holds(gallery, vectors[0])


def test_a_removal_that_cannot_reach_the_folder_is_refused(tmp_path: Path) -> None:
    gallery, folder = dealt(tmp_path, 8, of=1)
    work(folder, 1, 1)
    folder.rename(tmp_path / "unplugged")
    with Gallery.open(gallery) as opened:
        with pytest.raises(GalleryWriteError, match="because it holds vectors") as caught:
            opened.remove_subject("subject-000")
        assert "Bring its disk back" in caught.value.next_step
        assert len(list(opened.subjects())) == 2
    (tmp_path / "unplugged").rename(folder)
    remove(gallery, 1)
    assert list(folder.iterdir()) == []


def test_a_folder_that_was_deleted_for_good_can_be_given_up(tmp_path: Path) -> None:
    gallery, folder = dealt(tmp_path, 8, of=1)
    (own,) = folder.iterdir()
    shutil.rmtree(folder)
    for use in (lambda: discard(gallery), lambda: reindex(gallery, NEW, settings=PLANNED)):
        with pytest.raises(GalleryWriteError, match="because it holds vectors"):
            use()
    own.mkdir(parents=True)
    reindex(gallery, NEW, settings=PLANNED)
    assert switch(gallery).lost == 0


def test_a_removal_cut_short_at_each_step_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matcher.gallery import shard_folders

    class Killed(BaseException): ...

    def end(*_: object, **__: object) -> None:
        raise Killed

    for number, (where, what) in enumerate(
        ((shutil, "rmtree"), (Path, "unlink"), (Path, "rename"))
    ):
        gallery, folder = dealt(tmp_path / str(number), 8, of=1)
        work(folder, 1, 1)
        edition = note(gallery).parent
        with pytest.MonkeyPatch.context() as patch:
            if what == "rename":
                names = iter(range(9))
                real = Path.rename

                def second(self, to, names=names, real=real):
                    if next(names) == 1:
                        raise Killed
                    return real(self, to)

                patch.setattr(Path, "rename", second)
            else:
                patch.setattr(where, what, end)
            with pytest.raises(Killed):
                shard_folders.drop_shard_folders(edition)
        if what != "rename":
            folder.rename(tmp_path / "unplugged")
            folder.mkdir()
            shard_folders.sweep_shard_folders(edition)  # as each open does
            with pytest.raises(GalleryWriteError, match="because it holds vectors"):
                shard_folders.drop_shard_folders(edition)
            folder.rmdir()
            (tmp_path / "unplugged").rename(folder)
        shard_folders.drop_shard_folders(edition)
        assert list(folder.iterdir()) == []
        assert away_folder(edition) is None
        assert [one for one in edition.iterdir() if "shared" in one.name] == []


def test_a_full_disk_is_said_and_the_share_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery, folder = dealt(tmp_path, 8, of=1)
    before, sync = set(folder.rglob("*")), os.fsync

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(GalleryWriteError, match="room on the disk"):
        work(folder, 1, 1)
    monkeypatch.setattr(os, "fsync", sync)
    assert {path.suffix for path in set(folder.rglob("*")) - before} <= {".lock"}
    assert work(folder, 1, 1) == 8
    assert_as_in_one_process(gallery, merge_shares(gallery))


def test_a_run_in_one_process_takes_the_shares_back(tmp_path: Path) -> None:
    gallery, folder = dealt(tmp_path, 16, of=2)
    work(folder, 1, 2)
    report = reindex(gallery, NEW, settings=PLANNED)
    assert (report.worked, report.counts) == (8, {"done": 16})
    assert list(folder.iterdir()) == []
    with pytest.raises(JobError, match="dealt for one job"):
        work(folder, 2, 2)
    reindex(tmp_path / "quiet", NEW, settings=PLANNED)
    assert rows_of(gallery) == rows_of(tmp_path / "quiet")


def test_dealing_again_stores_what_is_finished_and_ends_the_earlier_deal(tmp_path: Path) -> None:
    gallery, folder = dealt(tmp_path, 16, of=2)
    work(folder, 1, 2)
    out = share_out(gallery, tmp_path / "other", NEW, of=3, settings=PLANNED)
    assert out.photos == (4, 4, 0)
    assert list(folder.iterdir()) == []
    for number in (1, 2):
        work(out.folder, number, 3)
    assert_as_in_one_process(gallery, merge_shares(gallery))


def test_a_discarded_job_leaves_no_file(tmp_path: Path) -> None:
    gallery, folder = dealt(tmp_path, 8, of=1)
    work(folder, 1, 1)
    assert plan(gallery, NEW, settings=PLANNED, sample=1).to_do == 8
    assert discard(gallery)
    assert list(folder.iterdir()) == []
    with pytest.raises(JobError, match="no shadow"):
        merge_shares(gallery)


def test_photos_enrolled_meanwhile_are_done_by_the_switch(tmp_path: Path) -> None:
    gallery, folder = dealt(tmp_path, 8, of=1)
    add(gallery, listed(tmp_path / "photos", [8, 9]))
    work(folder, 1, 1)
    report = merge_shares(gallery)
    assert (report.complete, report.job.lost) == (True, 2)
    with pytest.raises(JobError, match="2 faces that it has not"):
        switch(gallery)
    assert switch(gallery, NEW, settings=PLANNED).lost == 0
    assert len(faces_in(gallery)) == 10


def test_all_files_are_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        _, folder = dealt(tmp_path, 8, of=2)
        work(folder, 1, 2)
        merge_shares(tmp_path / "gallery")
        work(folder, 2, 2)
    finally:
        os.umask(before)
    for path in (folder, *folder.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


def test_an_encrypted_gallery_leaves_nothing_in_clear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = GalleryKey.of_text("0f" * 32)
    monkeypatch.setattr("matcher.encryption.envelope._GIVEN", [])
    monkeypatch.setenv(KEY_VARIABLE, key.secret.hex())
    gallery = tmp_path / "gallery"
    Gallery.create(gallery, model=OLD.model, key=key).close()
    add(gallery, listed(tmp_path / "photos", range(8)))
    out = share_out(gallery, tmp_path / "shares", NEW, of=2, settings=PLANNED)
    work(out.folder, 1, 2)
    vector = NEW.extract(tmp_path / "photos" / "0.png")[0].vector.tobytes()
    held = b"".join(file.read_bytes() for file in out.folder.rglob("*") if file.is_file())
    assert len(list(out.folder.rglob(KEY_NAME))) == 1
    for secret in (vector, b"photos", b"face_id", b"fake", b"sha256"):
        assert secret not in held
    with monkeypatch.context() as without:
        without.delenv(KEY_VARIABLE)
        without.setattr("matcher.encryption.envelope._GIVEN", [])
        with pytest.raises(GalleryKeyError):
            work(out.folder, 2, 2)
    (envelope,) = out.folder.rglob(KEY_NAME)
    envelope.rename(tmp_path / "taken")
    with pytest.raises(JobError, match="there and whole"):
        work(out.folder, 2, 2)
    (tmp_path / "taken").rename(envelope)
    work(out.folder, 2, 2)
    assert merge_shares(gallery).job.counts == {"done": 8}
    assert len(faces_in(gallery, shadow_of(gallery))) == 8
    assert list(out.folder.iterdir()) == []


def test_a_governed_gallery_records_deal_and_merge(tmp_path: Path) -> None:
    path = tmp_path / "gallery"
    with Gallery.create(path, model=OLD.model, governed=True, context=CONTEXT) as gallery:
        enrol(gallery, OLD, listed(tmp_path / "photos", range(6)), policy=POLICIES["off"])
    folder = tmp_path / "shares"
    with pytest.raises(NotAuthorisedError):
        share_out(path, folder, NEW, of=2, settings=PLANNED)
    assert not folder.exists()
    before = len(kinds_of(path))
    share_out(path, folder, NEW, of=2, settings=PLANNED, context=UPKEEP)
    work(folder, 1, 2)
    work(folder, 2, 2)
    with pytest.raises(NotAuthorisedError):
        merge_shares(path)
    assert merge_shares(path, context=UPKEEP).complete
    records = [kind for kind in kinds_of(path)[before:] if kind[0] != "denied"]
    assert records == [("model_switch", "begun"), ("model_switch", "done")] * 2


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    gallery, folder = dealt(tmp_path, 6, of=2)
    (own,) = folder.iterdir()
    read = read_plan(own)
    assert read == plan_files.plan_for(NEW, PLANNED, (4, 2))
    assert (read.batches(1), read.batches(2)) == (1, 1)
    tasks = read_tasks(own, 1, read)
    assert [[task.face_id for task in batch] for batch in tasks] == [[1, 2, 3, 4]]
    face = faces_in(gallery)[1]
    assert (tasks[0][0].sha256, tasks[0][0].reference) == (face.photo.sha256, face.photo.reference)
    assert tasks[0][0].box == tuple(map(float, face.box))
    assert read.batch == BATCH
