"""What a reviewer is told: figures or "not enough data", quality, growth, and who else is close."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import made_calibration
import numpy as np
import pytest
from gallery_builders import photo_hash
from made_casework import (
    EXTRACTOR,
    QUALITY,
    SUBJECTS,
    VECTORS,
    by,
    casework_of,
    name_of,
    say,
    search,
    unit,
)

from matcher.casework import Briefing, CaseContext
from matcher.embedding import FACE
from matcher.gallery import Enrolment, Gallery, PhotoRecord, Subject
from matcher.search import Calibration


@pytest.fixture
def calibration(tmp_path: Path) -> Calibration:
    """The meaning of scores for people of 6 and of 10."""
    return Calibration.load(made_calibration.write(tmp_path / "record.json", EXTRACTOR.model))


def briefing_of(
    gallery: Path, subject: str, calibration: Calibration | None = None, who: str = "ana"
) -> Briefing:
    """Return the briefing of the latest lead on a subject."""
    with casework_of(gallery, who, calibration) as casework:
        lead = next(lead for lead in casework.leads() if lead.subject_id == subject)
        return casework.briefing(lead.lead_id)


def test_figures_come_with_intervals_for_the_age_and_the_gap(
    gallery: Path, calibration: Calibration
) -> None:
    found = search(gallery, calibration=calibration, top=5)
    subject = found.candidates[0].subject.subject_id
    told = briefing_of(gallery, subject, calibration)
    lowest = found.candidates[-1].score
    assert told.in_list.expected == calibration.false_leads(lowest, faces=60, age=10.0)
    assert told.in_list.rate == calibration.false_leads(lowest, faces=1, age=10.0)
    assert told.at_score is None
    words = " ".join(told.before())
    assert "made people" in words
    assert "comparisons" in words
    gap = told.age_gap
    assert gap is not None
    across = calibration.false_leads_across(lowest, faces=60, age=10.0, gap=gap)
    assert told.in_list.across_gap == across


def test_before_the_opinion_no_sentence_depends_on_rank_or_score(
    gallery: Path, calibration: Calibration
) -> None:
    search(gallery, calibration=calibration, top=SUBJECTS)
    with casework_of(gallery, "ana", calibration) as casework:
        leads = [lead for lead in casework.leads() if lead.lead_id.startswith("5-")]
        told = [casework.briefing(lead.lead_id) for lead in leads]
    assert len({str(one.in_list) for one in told}) <= 2  # one for each age gap
    assert {one.after() for one in told} == {()}
    say(gallery, "ana", leads[0].lead_id)
    after = briefing_of(gallery, str(leads[0].subject_id), calibration)
    assert after.at_score is not None
    assert "At the score of this lead" in after.after()[0]


@pytest.mark.parametrize(
    ("age", "with_calibration", "why"),
    [
        (10.0, False, "no calibration was given"),
        (70.0, True, "has none for the age of 70"),
    ],
)
def test_without_figures_it_says_not_enough_data_and_why(
    gallery: Path, calibration: Calibration, age: float, with_calibration: bool, why: str
) -> None:
    found = search(gallery, age=age)
    given = calibration if with_calibration else None
    told = briefing_of(gallery, found.candidates[0].subject.subject_id, given)
    assert told.in_list.expected is None
    assert str(told.in_list).startswith("not enough data")
    assert why in str(told.in_list)


def test_an_unknown_age_takes_the_worst_and_says_so(
    gallery: Path, calibration: Calibration
) -> None:
    found = search(gallery, age=None)
    told = briefing_of(gallery, found.candidates[0].subject.subject_id, calibration)
    assert "age not known: the worst of all ages" in str(told.in_list)
    assert "for this age gap: not enough data" in str(told.in_list)


def test_quality_reasons_and_growth_follow_from_the_records(gallery: Path) -> None:
    with casework_of(gallery) as casework:
        leads = casework.leads()
        told = [casework.briefing(lead.lead_id) for lead in leads]
    for one in told:
        assert one.candidate.known
        assert "eyes 15 px apart" in one.candidate.reasons[0]
        assert not one.probe.known  # it was a vector
        assert one.age_gap is not None
        assert bool(one.features.unstable) is (one.age_gap > 1)
    grown = next(one for one in told if one.age_gap is not None and one.age_gap > 1)
    assert "the face grew in between" in " ".join(grown.before())
    assert {one.key for one in grown.features.stable} >= {"ears/lobe", "eyes/iris"}
    assert {one.key for one in grown.features.unstable} >= {"nose/bridge", "chin/jaw"}


def test_others_within_reach_are_named_and_hidden_ones_only_counted(gallery: Path) -> None:
    twin = unit(VECTORS[0] + np.float32(0.01) * VECTORS[40])
    context = CaseContext("admin-1", "maintenance")
    with Gallery.open(gallery, context=context) as opened:
        for number, name in enumerate(("twin", "double")):
            opened.add(
                [
                    Enrolment(
                        Subject(name, date_of_birth=date(2016, 1, 1)),
                        PhotoRecord(photo_hash(900 + number), f"{name}.jpg"),
                        {FACE: twin.astype(np.float32)},
                        (0.0, 0.0, 9.0, 9.0),
                        0.9,
                        QUALITY,
                    )
                ]
            )
        opened.hide("double", because="a model")
    search(gallery, probe=unit(VECTORS[0] + np.float32(0.3) * VECTORS[41]), top=1)
    with casework_of(gallery) as casework:
        lead = casework.leads()[0]
        reach = casework.briefing(lead.lead_id).in_reach
    assert reach is not None
    others = {"twin", name_of(0)} - {str(lead.subject_id)}
    assert others <= set(reach.subjects)
    assert lead.subject_id not in reach.subjects
    assert "double" not in str(reach)
    assert reach.hidden == 1


def test_a_briefing_leaves_no_search_in_the_log_and_needs_no_permission(gallery: Path) -> None:
    before = (gallery / "casework" / "log.jsonl").read_bytes()
    with casework_of(gallery) as casework:
        lead = casework.leads()[0]
        casework.briefing(lead.lead_id)
    from matcher.casework import Casework

    auditor = CaseContext("auditor-1", "audit")
    with Gallery.open(gallery, context=auditor) as opened, Casework.open(opened) as casework:
        assert casework.briefing(lead.lead_id).in_reach is not None
    assert (gallery / "casework" / "log.jsonl").read_bytes() == before


def test_a_removed_photo_or_child_is_said(gallery: Path) -> None:
    with casework_of(gallery) as casework:
        lead, other = casework.leads()[:2]
    with Gallery.open(gallery, context=by("admin-1")) as opened:
        opened.remove_subject(str(lead.subject_id))
        sha256 = opened.faces([other.face_id])[other.face_id].photo.sha256
        opened.remove_photo(sha256, str(other.subject_id))
    with casework_of(gallery) as casework:
        gone = casework.briefing(lead.lead_id)
        without = casework.briefing(other.lead_id)
    assert gone.in_reach is None
    assert "The subject was erased" in " ".join(gone.before())
    assert "is not in the gallery any more" in " ".join(without.before())
    assert without.age_gap is None
    assert "not known" in without.features.sentence


def test_all_within_reach_are_found_however_few_are_fetched_at_first(
    gallery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search(gallery, 3, top=SUBJECTS)
    with casework_of(gallery) as casework:
        leads = casework.leads()[:SUBJECTS]
        at_once = [casework.briefing(lead.lead_id).in_reach for lead in leads]
        monkeypatch.setattr("matcher.casework.telling.reach._FIRST", 1)
        in_steps = [casework.briefing(lead.lead_id).in_reach for lead in leads]
    assert at_once == in_steps
    assert max(len(one.subjects) for one in at_once if one is not None) > 5


def test_another_calibration_than_that_of_the_search_is_said(
    gallery: Path, calibration: Calibration, tmp_path: Path
) -> None:
    made_calibration.record(EXTRACTOR.model, seed=2).write(tmp_path / "other.json")
    found = search(gallery, calibration=calibration, top=1)
    subject = found.candidates[0].subject.subject_id
    other = Calibration.load(tmp_path / "other.json")
    assert not any(
        "another calibration" in one for one in briefing_of(gallery, subject, calibration).before()
    )
    assert any(
        "another calibration" in one for one in briefing_of(gallery, subject, other).before()
    )
