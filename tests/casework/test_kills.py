"""Whatever kills a review, and wherever: nothing promised is lost, and nothing is there by half."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import killed_review
import made_casework
import pytest

from matcher.casework import ActivityLog
from matcher.casework.reviews.storage import open_reviews

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the reviews are forked")
@pytest.mark.parametrize(
    ("step", "least"),
    [(41, 10), pytest.param(4, 100, marks=pytest.mark.slow)],
    ids=["some", "a hundred"],
)
def test_a_review_that_is_killed_at_any_line_is_whole_or_was_never_made(
    tmp_path: Path, step: int, least: int
) -> None:
    gallery = made_casework.gallery_at(tmp_path / "cases.gallery")
    for subject in range(12):
        made_casework.search(gallery, subject, top=made_casework.SUBJECTS)
    with made_casework.casework_of(gallery) as casework:
        leads = [lead.lead_id for lead in casework.leads()]
    promised = tmp_path / "promised"
    script = Path(killed_review.__file__)
    environment = {**os.environ, "PYTHONPATH": f"{script.parent}{os.pathsep}{ROOT}"}
    words = [sys.executable, str(script), str(gallery), str(promised), str(step), *leads]
    done = subprocess.run(words, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    kills = int(done.stdout)
    assert kills >= least
    with made_casework.casework_of(gallery):
        pass
    log = ActivityLog.of(gallery)
    verdict = log.verify()
    assert verdict.ok, verdict.faults
    with open_reviews(gallery) as rows:
        there = {row.review.review_id: row for row in rows.all()}
    records = {
        str(record.facts["review"]): record for record in log.records() if record.kind == "review"
    }
    assert {row.token for row in there.values()} == set(records)
    for row in there.values():
        record = records[row.token]
        assert row.review.log_number == record.number
        assert (record.operator, record.facts["lead"]) == (row.review.reviewer, row.review.lead_id)
        assert record.facts["digest"] == row.digest
    told = [line.split() for line in promised.read_text().splitlines()]
    assert len(told) > kills // 3
    for lead_id, review_id in told:
        assert there[int(review_id)].review.lead_id == lead_id


@pytest.mark.parametrize("after_the_record", [False, True])
def test_what_a_dead_process_began_is_completed_by_the_next_person(
    gallery: Path, lead_id: str, monkeypatch: pytest.MonkeyPatch, *, after_the_record: bool
) -> None:
    class Death(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Death

    where = "matcher.casework.reviews.storage.ReviewRows.set_log_number"
    if not after_the_record:
        where = "matcher.governance.log.ActivityLog.append"
    with monkeypatch.context() as patch:
        patch.setattr(where, die)
        with pytest.raises(Death):
            made_casework.say(gallery, "ana", lead_id, "no candidate")
    with made_casework.casework_of(gallery, "ana") as casework:
        (review,) = casework.opinions(lead_id)
        assert review.reason == "because ana saw it"
        assert review.log_number is not None
    records = [one for one in ActivityLog.of(gallery).records() if one.kind == "review"]
    assert len(records) == 1
    assert records[0].operator == "ana"
    assert records[0].facts.get("late", False) is not after_the_record
    assert ActivityLog.of(gallery).verify().ok


def test_an_opinion_that_cannot_be_recorded_is_not_there(
    gallery: Path, lead_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matcher.errors import GalleryWriteError

    def full(*_: object, **__: object) -> None:
        raise GalleryWriteError("log", rule="must be writable", got="a full disk", next_step="Free")

    with monkeypatch.context() as patch:
        patch.setattr("matcher.governance.log.ActivityLog.append", full)
        with pytest.raises(GalleryWriteError):
            made_casework.say(gallery, "ana", lead_id)
    with made_casework.casework_of(gallery, "ana") as casework:
        assert casework.opinions(lead_id) == ()
        assert casework.lead(lead_id).state == "open"
    with open_reviews(gallery) as rows:
        assert rows.all() == []
