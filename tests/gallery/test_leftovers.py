"""What dead processes left is cleared by the next open; what a living one uses stays."""

# ruff: noqa: F401, F811 - fixtures are imported by name

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import filelock
import pytest
from gallery_builders import MODEL, enrolment, filled, gallery

from matcher.errors import GalleryWriteError
from matcher.gallery import Gallery, creation, leftovers
from matcher.gallery.editions import FIRST, Pointer, write_pointer
from matcher.gallery.store import Store


@pytest.fixture
def closed(filled: Gallery) -> Path:
    filled.close()
    return filled.path


def half_pointer(path: Path) -> Path:
    file = path / "current.json.part"
    file.write_text('{"curr')
    return file


def half_index(path: Path) -> Path:
    file = path / "index.bin.part"
    file.write_bytes(b"MTCHIDX1")
    return file


def draft(path: Path, folder: Path | None = None, name: str | None = None) -> Path:
    name = name or path.name
    made = (folder or path.parent) / f".{name}.a1b2_c3d"
    (made / name).mkdir(parents=True)
    Store.create(made / name, MODEL, "auto")
    (made / creation.LOCK_NAME).touch()
    return made


def draft_of_an_edition(path: Path) -> Path:
    (path / "editions").mkdir()
    return draft(path, path / "editions", "0002-0123abcd")


def dropped_edition(path: Path) -> Path:
    made = path / "editions" / ".dropped-0002-0123abcd"
    made.mkdir(parents=True)
    (made / "store.sqlite3").write_bytes(b"vectors")
    return made


def dropped_shards(path: Path) -> Path:
    made = path / ".dropped-shards-0123456789abcdef"
    made.mkdir()
    (made / "1.shard").write_bytes(b"vectors")
    return made


LEFT: dict[str, Callable[[Path], Path]] = {
    "half a pointer": half_pointer,
    "half an index": half_index,
    "a draft beside it": draft,
    "a draft of an edition": draft_of_an_edition,
    "a dropped edition": dropped_edition,
    "dropped results": dropped_shards,
}


@pytest.mark.parametrize("left", LEFT)
def test_the_next_open_clears_what_a_dead_process_left(closed: Path, left: str) -> None:
    stale = LEFT[left](closed)
    with Gallery.open(closed) as gallery:
        gallery.add([enrolment(50)])
        assert gallery.verify().ok
    assert not stale.exists()


@pytest.mark.parametrize("make", [half_pointer, half_index])
def test_what_a_writer_writes_just_now_stays(closed: Path, make: Callable[[Path], Path]) -> None:
    file = make(closed)
    with closing(Store(closed, 0)) as writer, writer.locked(), Gallery.open(closed) as reader:
        assert len(reader) == 40
        assert file.exists()
    Gallery.open(closed).close()
    assert not file.exists()


def test_a_draft_of_a_living_process_stays(closed: Path) -> None:
    living = draft(closed)
    with filelock.FileLock(living / creation.LOCK_NAME):
        Gallery.open(closed).close()
        assert (living / closed.name / "store.sqlite3").exists()
    Gallery.open(closed).close()
    assert not living.exists()


@pytest.mark.parametrize("name", [".{}.backup_1", ".{}.a1b2_c3d", ".{}.old"])
def test_a_folder_of_somebody_else_stays(closed: Path, name: str) -> None:
    other = closed.parent / name.format(closed.name)
    (other / closed.name).mkdir(parents=True)
    (other / closed.name / "letter.txt").write_text("mine")
    Gallery.open(closed).close()
    assert (other / closed.name / "letter.txt").read_text() == "mine"


def test_making_a_gallery_clears_the_half_of_an_earlier_try(tmp_path: Path) -> None:
    half = draft(tmp_path / "new")
    Gallery.create(tmp_path / "new", model=MODEL).close()
    assert [file.name for file in tmp_path.iterdir()] == ["new"]
    assert not half.exists()


def test_a_pointer_is_written_where_half_of_one_lies(closed: Path) -> None:
    half_pointer(closed)
    write_pointer(closed, Pointer(FIRST))
    assert not (closed / "current.json.part").exists()


def test_what_cannot_be_cleared_keeps_nobody_out(
    closed: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    half_pointer(closed)

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no rights")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        with Gallery.open(closed) as gallery:
            assert len(gallery) == 40
    assert "leftovers not cleared yet" in caplog.text


def test_a_half_pointer_of_a_switch_that_began_just_now_stays(
    closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader saw the half file of one switch; when it holds the lock, the next one writes."""
    part = half_pointer(closed)
    pointers = iter([Pointer(FIRST, ()), Pointer("0002-0123abcd", ())])
    monkeypatch.setattr(leftovers, "read_pointer", lambda _gallery: next(pointers))
    leftovers.clear_leftovers(closed)
    assert part.exists()
    monkeypatch.undo()
    leftovers.clear_leftovers(closed)
    assert not part.exists()
