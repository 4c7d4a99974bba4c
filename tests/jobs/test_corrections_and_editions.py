"""A correction reaches every edition: the one that is filled, the new one, and the kept one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from job_builders import NEW, OLD, SETTINGS, assert_made_by, faces_in, made

from matcher.errors import CorrectionError
from matcher.gallery import Filters, Gallery
from matcher.jobs.reindexing import reindex
from matcher.jobs.switching import rollback, switch


def correct(gallery: Path) -> None:
    """Rename one subject, merge two, correct a photo, take one out, and hide a subject."""
    with Gallery.open(gallery) as opened:
        opened.rename_subject("subject-000", "Anna")
        opened.merge_subjects("subject-001", into="subject-002")
        photo = opened.photos("Anna")[0]
        opened.update_photo("Anna", replace(photo, taken_on=date(2020, 5, 1)))
        opened.take_out_photo(opened.photos("Anna")[1].sha256)
        opened.hide("Anna", because="a relative")


def assert_corrected(gallery: Path) -> None:
    with Gallery.open(gallery) as opened:
        assert [subject.subject_id for subject in opened.subjects()] == ["Anna", "subject-002"]
        assert len(opened.photos("Anna")) == 3
        assert len(opened.photos("subject-002")) == 8
        assert opened.photos("Anna")[0].taken_on == date(2020, 5, 1)
        hidden = [(one.subject_id, one.hidden_because) for one in opened.hidden()]
        assert hidden == [("Anna", "a relative")]
        assert opened.select(Filters()).subjects == 1
        assert len(opened.changes()) == 5
        assert opened.verify().ok


def test_what_is_corrected_during_the_job_reaches_the_new_edition(tmp_path: Path) -> None:
    gallery = made(tmp_path, 12)
    steps: list[str] = []

    def hook(step: str, done: int, total: int | None) -> None:
        if not steps:
            correct(gallery)
        steps.append(step)

    reindex(gallery, NEW, settings=SETTINGS, on_progress=hook)
    switch(gallery, NEW)
    assert_corrected(gallery)
    assert_made_by(NEW, faces_in(gallery))


def test_what_is_corrected_after_the_switch_reaches_the_edition_that_is_kept(
    tmp_path: Path,
) -> None:
    gallery = made(tmp_path, 12)
    reindex(gallery, NEW, settings=SETTINGS)
    switch(gallery)
    correct(gallery)
    rollback(gallery)
    assert_corrected(gallery)
    assert_made_by(OLD, faces_in(gallery))


def test_a_photo_taken_out_under_another_model_must_be_enrolled_again(tmp_path: Path) -> None:
    gallery = made(tmp_path, 12)
    correct(gallery)
    reindex(gallery, NEW, settings=SETTINGS)
    switch(gallery)
    with Gallery.open(gallery) as opened:
        opened.undo()
        assert opened.hidden() == []
        with pytest.raises(CorrectionError, match=r"re-indexed.*Enrol the photo again"):
            opened.undo()
        assert len(opened.photos("Anna")) == 3
        opened.undo(2)
        assert len(opened.photos("subject-001")) == len(opened.photos("subject-002")) == 4
