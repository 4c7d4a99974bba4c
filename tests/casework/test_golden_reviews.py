"""Reviews of every format ever written are read, and go on, for ever."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import made_casework
import pytest
from make_golden_reviews import PEOPLE, read_by

from matcher.casework import ActivityLog

FORMATS = sorted((Path(__file__).parents[1] / "golden").glob("reviews-*"))


@pytest.fixture(params=FORMATS, ids=lambda folder: folder.name)
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the files of one format."""
    return Path(shutil.copytree(request.param, tmp_path / "golden"))


def test_each_person_reads_what_could_be_read(golden: Path) -> None:
    wanted = json.loads((golden / "expected.json").read_text())
    assert {person: read_by(golden / "gallery", person) for person in PEOPLE} == wanted


def test_the_reviews_agree_with_the_log_and_go_on(golden: Path) -> None:
    gallery = golden / "gallery"
    states = [lead["state"] for lead in json.loads((golden / "expected.json").read_text())["ana"]]
    assert states == ["inconclusive", "reviewed by one", "reviewed by one", "open"]
    with made_casework.casework_of(gallery, "cy") as casework:
        assert casework.faults() == []
        reopened = casework.leads()[1]
        assert reopened.reopened
        assert len(list((gallery / "casework" / "probes").iterdir())) == 1
    made_casework.say(gallery, "cy", reopened.lead_id, "inconclusive")
    assert made_casework.lead_at(gallery, "bo", reopened.lead_id).state == "inconclusive"
    assert ActivityLog.of(gallery).verify().ok


def test_there_are_reviews_of_every_format() -> None:
    assert [folder.name for folder in FORMATS] == ["reviews-1"]
