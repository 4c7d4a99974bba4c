"""What only looks at a re-indexing job needs no free byte."""

# ruff: noqa: F401, F811 - fixtures are imported by name

from __future__ import annotations

from pathlib import Path

import pytest
from full_disk import disk, fill
from job_builders import NEW, SETTINGS, made

from matcher.errors import GalleryWriteError
from matcher.jobs import compare, plan
from matcher.jobs.reindexing import outcomes, reindex


@pytest.mark.parametrize("begun", [False, True], ids=["not begun", "done"])
def test_plan_and_compare_read_a_full_disk(disk: Path, begun: bool) -> None:
    gallery = made(disk, 8)
    if begun:
        reindex(gallery, NEW, settings=SETTINGS)
    before = plan(gallery, NEW, settings=SETTINGS, sample=2)
    taken = fill(disk)
    found = plan(gallery, NEW, settings=SETTINGS, sample=2)
    assert (found.to_do, found.done, found.missing) == (before.to_do, before.done, before.missing)
    assert found.to_do == (0 if begun else 8)
    if begun:
        assert compare(gallery).faces_both == 8
        assert len(list(outcomes(gallery))) == 8
    taken.unlink()
    reindex(gallery, NEW, settings=SETTINGS)
    assert compare(gallery).faces_both == 8


def test_a_job_on_a_full_disk_says_so(disk: Path) -> None:
    gallery = made(disk, 8)
    fill(disk)
    with pytest.raises(GalleryWriteError, match="room on the disk"):
        reindex(gallery, NEW, settings=SETTINGS)
