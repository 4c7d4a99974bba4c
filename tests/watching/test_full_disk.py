"""A disk that is full keeps leads back; none is lost, and none comes twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from full_disk import disk, fill
from made_watch import ON_BOTH, gallery_with_list, pairs_in

from matcher import run_watch_list, set_watch_list
from matcher.errors import CrossFileError, GalleryError
from matcher.gallery import Gallery
from matcher.watching import ToFile

__all__ = ["disk"]


def test_a_list_on_a_full_disk_runs_once_there_is_room(disk: Path, tmp_path: Path) -> None:
    file = tmp_path / "leads.jsonl"
    gallery = gallery_with_list(disk, receiver=ToFile(file))
    taken = fill(disk)
    with Gallery.open(gallery) as opened:
        with pytest.raises((CrossFileError, GalleryError)):
            run_watch_list(opened)
        with pytest.raises(GalleryError):
            set_watch_list(opened, threshold=0.2)
        assert pairs_in(file) == []
        taken.unlink()
        assert len(run_watch_list(opened).received) == 10
    assert set(pairs_in(file)) == ON_BOTH


def test_a_file_on_a_full_disk_gets_its_leads_once_there_is_room(
    disk: Path, tmp_path: Path
) -> None:
    file = disk / "leads.jsonl"
    gallery = gallery_with_list(tmp_path, receiver=ToFile(file))
    file.touch()
    taken = fill(disk)
    with Gallery.open(gallery) as opened:
        run = run_watch_list(opened)
        assert len(run.waiting) == 10
        assert "No space left" in run.failures[0]
        assert pairs_in(file) == []
        taken.unlink()
        assert len(run_watch_list(opened).received) == 10
    assert set(pairs_in(file)) == ON_BOTH
