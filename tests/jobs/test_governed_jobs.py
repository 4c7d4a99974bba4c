"""Jobs on a governed gallery: each needs a context and is recorded; every edition is governed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from governed import CONTEXT, UPKEEP, kinds_of
from job_builders import NEW, OLD, SETTINGS, listed

from matcher.enrolment import enrol
from matcher.errors import NotAuthorisedError
from matcher.faces import POLICIES
from matcher.gallery import Gallery
from matcher.gallery.editions import names
from matcher.governance import CaseContext
from matcher.jobs import discard, prune, reindex, rollback, switch
from matcher.jobs.drift import compare

Job = Callable[[Path, CaseContext | None], object]

JOBS: dict[str, Job] = {
    "reindex": lambda g, c: reindex(g, NEW, settings=SETTINGS, context=c),
    "compare": lambda g, c: compare(g, context=c),
    "switch": lambda g, c: switch(g, NEW, settings=SETTINGS, context=c),
    "rollback": lambda g, c: rollback(g, settings=SETTINGS, context=c),
    "prune": lambda g, c: prune(g, context=c),
    "discard": lambda g, c: discard(g, context=c),
}


def made(folder: Path) -> Path:
    path = folder / "gallery"
    with Gallery.create(path, model=OLD.model, governed=True, context=CONTEXT) as gallery:
        enrol(gallery, OLD, listed(folder / "photos", range(6)), policy=POLICIES["off"])
    return path


@pytest.mark.parametrize("job", JOBS)
def test_no_job_without_a_context(tmp_path: Path, job: str) -> None:
    path = made(tmp_path)
    if job == "compare":
        reindex(path, NEW, settings=SETTINGS, context=UPKEEP)
    with pytest.raises(NotAuthorisedError):
        JOBS[job](path, None)
    assert kinds_of(path)[-1] == ("denied", "denied: no_context")


def test_each_job_is_recorded_and_each_edition_is_governed(tmp_path: Path) -> None:
    path = made(tmp_path)
    before = len(kinds_of(path))
    for job in ("reindex", "compare", "switch", "rollback", "switch"):
        JOBS[job](path, UPKEEP)
        for edition in names(path):
            with Gallery.open(path, edition=edition) as opened:
                assert opened.governed
    with Gallery.open(path, context=UPKEEP) as opened:
        assert opened.model == NEW.model
        assert opened.verify().faults == ()
        assert opened.verify_log().ok
    records = kinds_of(path)[before:]
    assert records == [("model_switch", "begun"), ("model_switch", "done")] * 5


def test_an_edition_that_is_being_filled_is_governed_with_the_gallery(tmp_path: Path) -> None:
    path = tmp_path / "gallery"
    with Gallery.create(path, model=OLD.model) as gallery:
        enrol(gallery, OLD, listed(tmp_path / "photos", range(4)), policy=POLICIES["off"])
        reindex(path, NEW, settings=SETTINGS)
        gallery.govern(CONTEXT)
    switch(path, NEW, settings=SETTINGS, context=UPKEEP)
    with Gallery.open(path) as opened:
        assert opened.model == NEW.model
        assert opened.governed
        with pytest.raises(NotAuthorisedError):
            opened.hide(["subject-000"], because="no context")
