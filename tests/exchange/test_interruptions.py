"""An interruption, a second writer and a full disk: what was done stays, and no file is half."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from job_builders import made

from matcher.errors import GalleryBusyError
from matcher.exchange import export_hashes, export_vics, fill_hashes, hash_filling, import_vics
from matcher.gallery import Gallery


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A gallery of six photos that lack MD5 and SHA-1."""
    place = made(tmp_path, 6)
    with sqlite3.connect(place / "store.sqlite3") as store:
        store.execute("UPDATE faces SET md5 = NULL, sha1 = NULL")
    store.close()
    return place


def filled(place: Path) -> int:
    with Gallery.open(place) as gallery:
        return sum(photo.md5 is not None for _, photo in gallery.photo_records())


def test_an_interrupted_filling_keeps_its_batches_and_goes_on(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hash_filling, "_BATCH", 2)

    def interrupt(step: str, done: int, total: int | None) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Gallery.open(place) as gallery:
        fill_hashes(gallery, on_progress=interrupt)
    assert filled(place) == 4
    with Gallery.open(place) as gallery:
        assert fill_hashes(gallery).filled == 2
        assert gallery.verify().faults == ()


def test_a_second_writer_is_told_that_the_gallery_is_busy(place: Path) -> None:
    with Gallery.open(place) as gallery, Gallery.open(place, busy_timeout=0.1) as other:
        with gallery._writing("correction"), pytest.raises(GalleryBusyError):
            fill_hashes(other)
        assert fill_hashes(other).filled == 6
        assert fill_hashes(gallery).filled == 0


def _export(gallery: Gallery, out: Path) -> object:
    return export_hashes(gallery, out)


def _plain(gallery: Gallery, out: Path) -> object:
    return export_hashes(gallery, out, columns=["sha256"], plain=True)


def _vics(gallery: Gallery, out: Path) -> object:
    return export_vics(gallery, out)


def _manifest(gallery: Gallery, out: Path) -> object:
    case = out.parent / "case.json"
    case.write_text('{"value": []}')
    return import_vics(case, out.parent / "photos", out)


@pytest.mark.parametrize("write", [_export, _plain, _vics, _manifest])
def test_a_file_that_cannot_be_written_leaves_the_former_one_whole(
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[Gallery, Path], object],
) -> None:
    out = tmp_path / "out"
    out.write_text("the former file")

    def full(descriptor: int) -> Any:
        raise OSError(28, "No space left on device")

    with Gallery.open(place) as gallery:
        before = set(tmp_path.iterdir()) | {tmp_path / "case.json"}
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="No space left"):
                write(gallery, out)
        assert out.read_text() == "the former file"
        assert set(tmp_path.iterdir()) <= before
        write(gallery, out)
        assert out.read_text() != "the former file"
