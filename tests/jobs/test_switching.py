"""A gallery is of the old edition or of the new one, for every reader and writer, at any moment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from job_builders import (
    NEW,
    OLD,
    SETTINGS,
    TAKING,
    add,
    assert_made_by,
    assert_same_faces,
    draw,
    faces_in,
    listed,
    made,
)
from waiting import PATIENCE

from matcher.errors import (
    GalleryBusyError,
    GalleryDamagedError,
    GalleryModelError,
    GalleryReplacedError,
    GalleryWriteError,
    InputError,
    JobError,
)
from matcher.faces import POLICIES
from matcher.gallery import Gallery, Subject
from matcher.gallery import editions as room
from matcher.gallery.editions import FIRST, POINTER_NAME, names, read_pointer, shadow_of
from matcher.jobs.reindexing import reindex
from matcher.jobs.switching import discard, prune, rollback, switch
from matcher.search import Searcher

READER = Path(__file__).parents[1] / "helpers" / "reading_process.py"


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """A gallery of twelve photos whose shadow is complete."""
    gallery = made(tmp_path, 12)
    assert reindex(gallery, NEW, settings=SETTINGS).counts == {"done": 12}
    return gallery


def test_after_the_switch_the_new_model_searches_and_enrols_and_the_old_is_refused(
    ready: Path, tmp_path: Path
) -> None:
    done = switch(ready)
    assert (done.model, done.lost, done.kept) == (NEW.model, 0, (FIRST,))
    assert shadow_of(ready) is None
    with Gallery.open(ready, model=NEW.model) as opened:
        assert opened.edition == done.edition
        assert opened.info().index_rows == 12, "the index was built before"
        assert opened.verify().faults == ()
        leads = Searcher(opened, NEW, policy=POLICIES["off"]).search(
            tmp_path / "photos" / "7.png", top=1
        )
        assert leads.candidates[0].subject.subject_id == "subject-001"
    with pytest.raises(GalleryModelError, match="was made by fake 2"):
        Gallery.open(ready, model=OLD.model)
    add(ready, listed(tmp_path / "photos", [12]), NEW)
    assert max(faces_in(ready)) == 13


def test_who_has_the_gallery_open_goes_on_reading_and_writes_nowhere(ready: Path) -> None:
    with Gallery.open(ready, model=OLD.model) as opened:
        vector = opened.faces([1])[1].vector
        switch(ready, keep=0)
        assert names(ready) == [read_pointer(ready).current]
        assert opened.nearest(vector[None], 1)[1][0, 0] == 1
        assert opened.subject("subject-000").region == "north"
        for write in (
            lambda: opened.update_subject(Subject("subject-000")),
            lambda: opened.remove_subject("subject-000"),
            lambda: opened.remove_photo("0" * 64),
        ):
            with pytest.raises((GalleryReplacedError, GalleryWriteError)):
                write()
    assert len(faces_in(ready)) == 12


def test_a_write_to_the_kept_edition_is_refused_with_what_to_do(ready: Path) -> None:
    with Gallery.open(ready) as opened:
        switch(ready)
        with pytest.raises(GalleryReplacedError, match="Open the gallery again"):
            opened.update_subject(Subject("subject-000"))


def test_rolling_back_brings_the_old_edition_and_what_was_enrolled_since(
    ready: Path, tmp_path: Path
) -> None:
    before = faces_in(ready)
    switch(ready)
    add(ready, listed(tmp_path / "photos", [12, 13]), NEW)
    with Gallery.open(ready) as opened:
        opened.update_subject(Subject("subject-001", region="south"))
    with pytest.raises(JobError, match="2 faces"):
        rollback(ready)
    assert faces_in(ready)[14].vector.shape == (24,)
    done = rollback(ready, OLD, settings=SETTINGS)
    assert (done.edition, done.lost) == (FIRST, 0)
    after = faces_in(ready)
    assert list(after) == list(range(1, 15))
    assert_made_by(OLD, after)
    assert after[5].subject.region == "south"
    assert_same_faces({1: before[1], 12: before[12]}, {1: after[1], 12: after[12]})
    with pytest.raises(JobError, match="nothing earlier"):
        rollback(ready)
    assert read_pointer(ready).current == FIRST
    again = switch(ready)
    assert again.model == NEW.model
    assert len(faces_in(ready)) == 14


def test_numbers_of_faces_are_never_used_twice_across_editions(ready: Path, tmp_path: Path) -> None:
    with Gallery.open(ready) as opened:
        opened.remove_subject("subject-002")
    switch(ready)
    add(ready, listed(tmp_path / "photos", [20]), NEW)
    assert list(faces_in(ready)) == [*range(1, 9), 13]
    with Gallery.open(ready) as opened:
        opened.remove_subject("subject-005")
    rollback(ready)
    add(ready, listed(tmp_path / "photos", [24]))
    assert list(faces_in(ready)) == [*range(1, 9), 14]


def test_faces_without_a_new_vector_stop_the_switch_unless_they_are_accepted(
    ready: Path, tmp_path: Path
) -> None:
    late = listed(tmp_path / "photos", [12])
    add(ready, late)
    late[0].path.unlink()
    with pytest.raises(JobError, match="1 face that it has not"):
        switch(ready)
    with pytest.raises(JobError, match="at most 0 faces; got 1 face without"):
        switch(ready, NEW, settings=SETTINGS)
    assert read_pointer(ready).current == FIRST
    assert switch(ready, NEW, settings=SETTINGS, may_lose=1).lost == 1
    with Gallery.open(ready) as opened:
        assert opened.photos("subject-003") == []
    assert len(faces_in(ready, FIRST)) == 13


def test_what_is_enrolled_during_the_switch_is_in_the_new_edition(
    ready: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matcher.jobs import switching

    late = listed(tmp_path / "photos", [12])
    moved = switching._moved

    def enrolled_just_before(*given):
        if late:
            add(ready, [late.pop()])
        return moved(*given)

    monkeypatch.setattr(switching, "_moved", enrolled_just_before)
    assert switch(ready, NEW, settings=SETTINGS).lost == 0
    assert_made_by(NEW, faces_in(ready))
    assert 13 in faces_in(ready)


def test_nobody_can_write_between_the_last_look_and_the_switch(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matcher.jobs import switching

    tried: list[str] = []

    def write_meanwhile(*given):
        with (
            Gallery.open(ready, busy_timeout=0.1) as opened,
            pytest.raises(GalleryBusyError),
        ):
            opened.update_subject(Subject("subject-000"))
        tried.append("refused")
        room.write_pointer(*given)

    monkeypatch.setattr(switching, "write_pointer", write_meanwhile)
    switch(ready)
    assert tried == ["refused"]


def test_a_reader_overtaken_by_switch_and_deletion_opens_what_is_current(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Gallery._opened.__func__
    asked: list[str] = []

    def overtaken(cls, path, edition, *rest):
        if not asked:
            asked.append(edition)
            switch(ready, keep=0)
        asked.append(edition)
        return opened(cls, path, edition, *rest)

    monkeypatch.setattr(Gallery, "_opened", classmethod(overtaken))
    with Gallery.open(ready) as gallery:
        assert gallery.model == NEW.model
    assert asked[0] == FIRST


def test_old_editions_are_kept_as_long_as_asked(ready: Path) -> None:
    switch(ready, keep=2)
    reindex(ready, OLD, settings=SETTINGS)
    second = read_pointer(ready).current
    assert switch(ready, keep=2).kept == (second, FIRST)
    assert prune(ready, keep=1) == 1
    assert read_pointer(ready).kept == (second,)
    assert not (ready / "store.sqlite3").exists()
    assert rollback(ready).edition == second
    assert prune(ready, keep=0) == 1
    assert names(ready) == [second]
    with pytest.raises(JobError, match="switched"):
        rollback(ready)
    assert len(faces_in(ready)) == 12


def test_rolling_back_goes_step_by_step_to_the_first_edition_and_never_forward(ready: Path) -> None:
    second = switch(ready, keep=2).edition
    reindex(ready, OLD, settings=SETTINGS)
    third = switch(ready, keep=2).edition
    back = rollback(ready)
    assert (back.edition, back.kept, back.later) == (second, (FIRST,), (third,))
    back = rollback(ready)
    assert (back.edition, back.kept, back.later) == (FIRST, (), (second, third))
    for _ in range(2):
        with pytest.raises(JobError, match="nothing earlier"):
            rollback(ready)
        assert read_pointer(ready).current == FIRST
    assert [switch(ready).edition, rollback(ready).edition] == [second, FIRST]


def test_an_edition_that_was_left_is_not_what_came_before_a_newer_one(ready: Path) -> None:
    switch(ready, keep=2)
    rollback(ready)
    reindex(ready, NEW, settings=SETTINGS)
    assert switch(ready, keep=2).kept[0] == FIRST
    assert rollback(ready).edition == FIRST


def test_a_shadow_can_be_discarded_and_begun_anew(ready: Path) -> None:
    begun = shadow_of(ready)
    assert discard(ready)
    assert not discard(ready)
    assert (names(ready), list((ready / "editions").iterdir())) == ([FIRST], [])
    with pytest.raises(JobError, match="no shadow"):
        switch(ready)
    assert reindex(ready, NEW, settings=SETTINGS).edition != begun


def test_a_drop_cut_short_is_finished_by_the_next_open(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(room, "sweep", lambda _: None)
        discard(ready)
    assert shadow_of(ready) is None
    assert any((ready / "editions").iterdir())
    Gallery.open(ready).close()
    assert not any((ready / "editions").iterdir())


def place_of(descriptor: int) -> str:
    """Return the path of an open file."""
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())


def test_a_switch_that_cannot_write_the_pointer_changes_nothing(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = os.fsync

    def full(descriptor: int) -> None:
        if POINTER_NAME in place_of(descriptor):
            raise OSError(28, "No space left on device")
        synced(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(GalleryWriteError, match="No space left"):
            switch(ready)
    assert read_pointer(ready).current == FIRST
    assert len(faces_in(ready)) == 12
    assert switch(ready).lost == 0


def test_a_removal_overtaken_by_the_deletion_of_an_edition_is_carried_out(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matcher.gallery import removal

    def overtaken(gallery):
        found = names(gallery)
        shadow = shadow_of(gallery)
        if shadow is not None:
            room.drop(gallery, shadow)
        return found

    with Gallery.open(ready) as opened, monkeypatch.context() as patch:
        patch.setattr(removal, "names", overtaken)
        assert opened.remove_subject("subject-000") == 4
    assert names(ready) == [FIRST]
    assert len(faces_in(ready)) == 8


class Killed(BaseException):
    """Stands for the end of the process."""


def killed(*_: object) -> None:
    raise Killed


@pytest.mark.parametrize("step", ["write_pointer", "_prune", "drop"])
def test_a_switch_that_is_killed_is_completed_by_the_same_command(
    ready: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Killed before the pointer is replaced, after it, and while old editions are deleted."""
    from matcher.jobs import switching

    switch(ready)
    draw(tmp_path / "photos" / "3.png", 1003)
    assert reindex(ready, NEW, settings=TAKING).counts["changed"] == 1
    with monkeypatch.context() as patch:
        patch.setattr(switching, step, killed)
        with pytest.raises(Killed):
            switch(ready, keep=0)
    again = reindex(ready, NEW, settings=SETTINGS)
    if shadow_of(ready) is not None:
        assert switch(ready, keep=0).edition == again.edition
    prune(ready, keep=0)
    assert names(ready) == [read_pointer(ready).current]
    faces = faces_in(ready)
    assert list(faces) == list(range(1, 13))
    assert_made_by(NEW, faces)


def test_a_pointer_that_names_a_dropped_edition_leaves_a_gallery_that_is_used(ready: Path) -> None:
    switch(ready)
    prune(ready)
    assert "first" in (ready / "current.json").read_text(), "it is written by a switch only"
    assert read_pointer(ready).kept == ()
    assert len(faces_in(ready)) == 12
    assert shadow_of(ready) is None
    with pytest.raises(JobError, match="nothing earlier"):
        rollback(ready)


def test_directories_are_on_the_disk_before_the_pointer_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory entry that was never synced can be gone after a power cut."""
    gallery = made(tmp_path, 4)
    synced: list[str] = []
    sync = os.fsync

    def noting(descriptor: int) -> None:
        synced.append(place_of(descriptor))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    reindex(gallery, NEW, settings=SETTINGS)
    switch(gallery)
    pointer = synced.index(str(gallery / f"{POINTER_NAME}.part"))
    assert str(gallery / "editions") in synced[:pointer]
    assert str(gallery) in synced[pointer:]


@pytest.mark.parametrize("said", ["{", '{"current": "../elsewhere", "kept": []}', "[]"])
def test_a_pointer_that_cannot_be_read_is_an_error_not_the_first_edition(
    ready: Path, said: str
) -> None:
    (ready / POINTER_NAME).write_text(said)
    with pytest.raises(GalleryDamagedError, match="pointer"):
        Gallery.open(ready)


def test_a_damaged_old_edition_keeps_nobody_from_searching(
    ready: Path, caplog: pytest.LogCaptureFixture
) -> None:
    switch(ready)
    (ready / "store.sqlite3").write_bytes(b"no store")
    assert len(faces_in(ready)) == 12
    assert "other editions not cleared" in caplog.text
    with Gallery.open(ready) as opened, pytest.raises(GalleryDamagedError):
        opened.remove_subject("subject-000")
    assert prune(ready) == 1
    with Gallery.open(ready) as opened:
        assert opened.remove_subject("subject-000") == 4


def test_a_negative_number_of_editions_to_keep_is_refused(ready: Path) -> None:
    with pytest.raises(InputError, match="at least 0"):
        switch(ready, keep=-1)


def test_no_reader_fails_or_sees_a_mixture_while_editions_change(
    ready: Path, tmp_path: Path
) -> None:
    stop = tmp_path / "stop"
    photo, subject = tmp_path / "photos" / "5.png", "subject-001"
    command = [sys.executable, str(READER), str(ready), str(photo), subject, str(stop)]
    environment = os.environ | {
        "PYTHONPATH": f"{READER.parent}:{Path.cwd()}",
        "OMP_NUM_THREADS": "1",
    }
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    readers = [subprocess.Popen(command, env=environment, **pipes) for _ in range(2)]
    try:
        wait_for_current(ready, readers)
        change_editions(ready, readers)
    finally:
        stop.touch()
        ended = [reader.communicate(timeout=PATIENCE) for reader in readers]
    for reader, (_, faults) in zip(readers, ended, strict=True):
        assert reader.returncode == 0, faults.decode()


def change_editions(ready: Path, readers: list[Any]) -> None:
    switch(ready)
    for change in (rollback, switch) * 3:
        wait_for_current(ready, readers)
        change(ready)
    reindex(ready, OLD if read_pointer(ready).current != FIRST else NEW, settings=SETTINGS)
    switch(ready, keep=0)
    wait_for_current(ready, readers)


def wait_for_current(ready: Path, readers: list[Any]) -> None:
    """Wait until each reader has opened the edition that searches use."""
    current = read_pointer(ready).current.encode()
    for reader in readers:
        while (said := reader.stdout.readline()).strip() != current:
            assert said, "a reader has ended"


@pytest.mark.parametrize("what", ["subject", "photo"])
def test_a_removal_that_died_before_it_was_done_can_be_asked_for_after_a_rollback(
    ready: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """It had reached the other editions only. The face is there, and can be removed."""
    from matcher.gallery import writer as module
    from matcher.gallery.store import rows

    def dies(*given: Any, **named: Any) -> None:
        forget_elsewhere(*given, **named)
        raise Killed

    def remove(opened: Gallery) -> int:
        if what == "subject":
            return opened.remove_subject("subject-000")
        return opened.remove_photo(opened.photos("subject-000")[0].sha256)

    switch(ready)
    forget_elsewhere = module.forget_elsewhere
    with Gallery.open(ready) as opened, monkeypatch.context() as patch:
        patch.setattr(module, "forget_elsewhere", dies)
        with pytest.raises(Killed):
            remove(opened)
    rollback(ready, OLD, settings=SETTINGS)
    with Gallery.open(ready) as opened:
        assert len(opened) == 12
        assert opened.verify().ok
        assert len(rows.removed_since(opened._store, 0)) > 0
        assert len(rows.gone_since(opened._store, 0)) == 0  # an index on a server keeps it
        gone = remove(opened)
        assert opened.verify().ok
        assert len(opened) == 12 - gone
