"""Two people review a lead, blind to each other; what they write stands in the log and the rows."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from made_casework import (
    AUDITOR,
    SEARCHING,
    by,
    casework_of,
    lead_at,
    name_of,
    say,
    search,
)

from matcher.casework import (
    ActivityLog,
    Casework,
    Opinion,
    ReviewError,
    SearchIndex,
    UnknownLeadError,
    erase_review_texts,
)
from matcher.casework.reviews.storage import open_reviews
from matcher.embedding import ModelIdentity
from matcher.errors import InputError, NotAuthorisedError
from matcher.gallery import Gallery
from matcher.governance import Entry, LogRecord


def reviews_in(log: Path) -> list[dict[str, object]]:
    lines = (log / "casework" / "log.jsonl").read_text().splitlines()
    return [one for one in map(json.loads, lines) if one["kind"] == "review"]


def test_leads_follow_from_the_log_and_their_names_tell_no_rank(gallery: Path) -> None:
    found = search(gallery, top=20)
    with casework_of(gallery) as casework:
        leads = casework.leads()
    last = [lead for lead in leads if lead.lead_id.split("-")[0] != leads[-1].lead_id.split("-")[0]]
    assert {lead.subject_id for lead in last} == {one.subject.subject_id for one in found}
    assert [lead.lead_id.split("-")[1] for lead in last] == [str(n) for n in range(1, 21)]
    assert all((lead.rank, lead.score) == (None, None) for lead in leads)
    ranks = {one.subject.subject_id: one.rank for one in found}
    assert [ranks[str(lead.subject_id)] for lead in last] != sorted(ranks.values())


def test_two_who_agree_conclude_a_lead_and_the_log_has_it(gallery: Path, lead_id: str) -> None:
    say(gallery, "ana", lead_id)
    assert lead_at(gallery, "bo", lead_id).state == "reviewed by one"
    assert lead_at(gallery, "ana", lead_id).state == "reviewed by one"
    say(gallery, "bo", lead_id)
    assert lead_at(gallery, "cy", lead_id).state == "candidate"
    first, second = reviews_in(gallery)
    assert (first["operator"], second["operator"]) == ("ana", "bo")
    assert first["facts"]["state"] == "reviewed_by_one"  # type: ignore[index]
    assert second["facts"]["state"] == "candidate"  # type: ignore[index]
    assert ActivityLog.of(gallery).verify().ok


def test_the_log_tells_no_outcome_before_both_are_in_and_never_a_reason(
    gallery: Path, lead_id: str
) -> None:
    with casework_of(gallery, "ana") as casework:
        casework.review(
            lead_id,
            Opinion("no candidate", "SECRETREASON", {"nose/tip": "different"}, "SECRETNOTES"),
        )
    log = (gallery / "casework" / "log.jsonl").read_text()
    assert "no_candidate" not in log
    say(gallery, "bo", lead_id)
    log = (gallery / "casework" / "log.jsonl").read_text()
    assert "no_candidate" in log
    assert "SECRET" not in log
    assert "nose" not in log


def test_score_and_rank_are_shown_after_the_own_opinion(gallery: Path, lead_id: str) -> None:
    assert lead_at(gallery, "ana", lead_id).score is None
    with casework_of(gallery, "ana") as casework:
        assert casework.briefing(lead_id).after() == ()
    say(gallery, "ana", lead_id)
    told = lead_at(gallery, "ana", lead_id)
    assert told.rank is not None
    assert told.score is not None
    assert lead_at(gallery, "bo", lead_id).score is None
    with casework_of(gallery, "ana") as casework:
        assert casework.briefing(lead_id).after() != ()


def test_a_person_reads_only_the_own_opinion_until_both_are_in(gallery: Path, lead_id: str) -> None:
    say(gallery, "ana", lead_id)
    with casework_of(gallery, "bo") as casework:
        assert casework.opinions(lead_id) == ()
    say(gallery, "bo", lead_id, "inconclusive")
    with casework_of(gallery, "cy") as casework:
        assert [one.reviewer for one in casework.opinions(lead_id)] == ["ana", "bo"]
        assert casework.lead(lead_id).state == "escalated"
    for person in ("ana", "bo"):
        with pytest.raises(ReviewError, match="third person"):
            say(gallery, person, lead_id)
    say(gallery, "cy", lead_id, "no candidate")
    assert lead_at(gallery, "ana", lead_id).state == "no candidate"


def test_one_person_never_counts_twice(gallery: Path, lead_id: str) -> None:
    say(gallery, "ana", lead_id)
    with pytest.raises(ReviewError, match="one opinion of each person"):
        say(gallery, "ana", lead_id)
    assert lead_at(gallery, "ana", lead_id).state == "reviewed by one"


def test_a_withdrawal_is_a_new_record_and_reopens_the_lead(gallery: Path, lead_id: str) -> None:
    with casework_of(gallery, "ana") as casework:
        first = casework.review(lead_id, Opinion("candidate", "eyes"))
    say(gallery, "bo", lead_id)
    with (
        casework_of(gallery, "bo") as casework,
        pytest.raises(ReviewError, match="opinion of the operator"),
    ):
        casework.withdraw(first.review_id, "not mine")
    with casework_of(gallery, "ana") as casework:
        casework.withdraw(first.review_id, "a slip")
        with pytest.raises(ReviewError, match="opinion of the operator that stands"):
            casework.withdraw(first.review_id, "again")
        with pytest.raises(ReviewError, match="two people who do not know"):
            casework.review(lead_id, Opinion("candidate", "eyes"))
    lead = lead_at(gallery, "cy", lead_id)
    assert (lead.state, lead.reopened, lead.steps) == ("reviewed by one", True, ())
    assert [one["facts"]["act"] for one in reviews_in(gallery)] == [  # type: ignore[index]
        "independent",
        "independent",
        "withdrawal",
    ]


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"case_id": "case-8"}, "other_case"),
        ({"case_id": ""}, "other_case"),
        ({"purpose": "audit"}, "purpose"),
        ({"purpose": "maintenance"}, "purpose"),
    ],
)
def test_a_review_outside_the_case_is_refused_and_the_log_has_the_refusal(
    gallery: Path, lead_id: str, other: dict[str, object], code: str
) -> None:
    with (
        Gallery.open(gallery, context=by("ana", **other)) as opened,
        Casework.open(opened) as casework,
        pytest.raises(NotAuthorisedError, match="needs the case of the lead"),
    ):
        casework.review(lead_id, Opinion("candidate", "eyes"))
    last = list(ActivityLog.of(gallery).records())[-1]
    assert (last.kind, last.outcome, last.operator) == ("denied", f"denied: {code}", "ana")
    assert lead_at(gallery, "bo", lead_id).state == "open"


def test_a_gallery_without_a_log_or_without_a_person_has_no_casework(
    gallery: Path, tmp_path: Path
) -> None:
    with Gallery.open(gallery) as opened, pytest.raises(NotAuthorisedError):
        Casework.open(opened)
    model = ModelIdentity("other", "1", "f" * 64, "f" * 64, 16)
    with (
        Gallery.create(tmp_path / "plain", model=model) as plain,
        pytest.raises(NotAuthorisedError, match="govern"),
    ):
        Casework.open(plain)


def test_leads_are_found_by_case_and_state(gallery: Path, lead_id: str) -> None:
    search(gallery, 7, context=by("officer-2", case_id="case-9"))
    say(gallery, "ana", lead_id)
    with casework_of(gallery) as casework:
        assert len(casework.leads()) == 10
        assert {lead.case_id for lead in casework.leads(case="case-9")} == {"case-9"}
        assert casework.leads(case="never") == []
        assert [one.lead_id for one in casework.leads(state="reviewed by one")] == [lead_id]
        with pytest.raises(InputError):
            casework.leads(state="match")  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", ["", "3", "0-1", "1-0", "4-1\n", "x-y", None, 4.1])
def test_what_is_no_lead_is_refused(gallery: Path, wrong: object) -> None:
    with casework_of(gallery) as casework:
        with pytest.raises(InputError):
            casework.lead(wrong)  # type: ignore[arg-type]
        for unknown in ("1-1", "4-6", "999-1"):
            with pytest.raises(UnknownLeadError):
                casework.lead(unknown)


def test_an_erased_child_leaves_a_lead_without_a_name(gallery: Path, lead_id: str) -> None:
    say(gallery, "ana", lead_id)
    name = lead_at(gallery, "ana", lead_id).subject_id
    assert name is not None
    ActivityLog.of(gallery).pseudonyms.forget("subject", [name])
    lead = lead_at(gallery, "bo", lead_id)
    assert (lead.subject_id, lead.state) == (None, "reviewed by one")
    with casework_of(gallery, "bo") as casework:
        assert any("erased" in line for line in casework.briefing(lead_id).before())


def test_erased_texts_are_gone_and_the_outcome_stays(gallery: Path, lead_id: str) -> None:
    with casework_of(gallery, "ana") as casework:
        casework.review(lead_id, Opinion("candidate", "SCARONCHIN", {"scars/each": "similar"}))
    assert erase_review_texts(gallery, [lead_id]) == 1
    assert b"SCARONCHIN" not in b"".join(
        file.read_bytes() for file in gallery.rglob("*") if file.is_file()
    )
    with casework_of(gallery, "ana") as casework:
        (review,) = casework.opinions(lead_id)
        assert review.opinion == Opinion("candidate", "(erased)")
    with pytest.raises(InputError):
        erase_review_texts(gallery, ["no lead"])


def test_kept_probes_come_back_and_a_changed_one_is_refused(gallery: Path) -> None:
    with casework_of(gallery) as casework:
        sha256 = casework.keep_probe(b"a photo")
        assert casework.keep_probe(b"a photo") == sha256
        assert casework.probe(sha256) == b"a photo"
        assert casework.probe("0" * 64) is None
        file = gallery / "casework" / "probes" / sha256
        assert file.stat().st_mode & 0o777 == 0o600
        file.write_bytes(b"another")
        with pytest.raises(Exception, match="kept probe"):
            casework.probe(sha256)
        for wrong in ("../log.jsonl", "", None, "A" * 64):
            with pytest.raises(InputError):
                casework.probe(wrong)  # type: ignore[arg-type]
        for nothing in (b"", "text", None):
            with pytest.raises(InputError):
                casework.keep_probe(nothing)  # type: ignore[arg-type]


def test_one_index_serves_many_and_reads_what_comes_later(gallery: Path) -> None:
    index = SearchIndex(ActivityLog.of(gallery))
    for count in (1, 2, 3):
        assert len(list(index.searches())) == count
        search(gallery, count)
    with (
        Gallery.open(gallery, context=AUDITOR) as opened,
        Casework.open(opened, index=index) as casework,
    ):
        assert len(casework.leads()) == 20


def test_a_search_by_vectors_alone_makes_no_lead(gallery: Path) -> None:
    with Gallery.open(gallery, context=SEARCHING) as opened:
        face = opened.faces_of([name_of(1)])[name_of(1)][0]
        opened.nearest(face.vector[None, :], 3)
    with casework_of(gallery) as casework:
        assert len(casework.leads()) == 5


def test_a_context_that_ended_may_still_review(gallery: Path, lead_id: str) -> None:
    ended = by("ana", authorised_until=date(2020, 1, 1))
    with Gallery.open(gallery, context=ended) as opened, Casework.open(opened) as casework:
        casework.review(lead_id, Opinion("candidate", "eyes"))
    assert reviews_in(gallery)[0]["authorised_until"] == "2020-01-01"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Opinion("match", "why"),  # type: ignore[arg-type]
        lambda: Opinion("candidate", " \n"),
        lambda: Opinion("candidate", 3),  # type: ignore[arg-type]
        lambda: Opinion("candidate", "x" * 4001),
        lambda: Opinion("candidate", "\ud800"),
        lambda: Opinion("candidate", "why", {"nose": "similar"}),
        lambda: Opinion("candidate", "why", {"nose/tip": "same"}),  # type: ignore[dict-item]
        lambda: Opinion("candidate", "why", [("nose/tip", "similar")]),  # type: ignore[arg-type]
        lambda: Opinion("candidate", "why", {}, None),  # type: ignore[arg-type]
    ],
)
def test_an_opinion_without_sense_is_refused(wrong: object) -> None:
    with pytest.raises(InputError):
        wrong()  # type: ignore[operator]


def test_the_leads_of_one_search_are_those_of_the_list(gallery: Path, lead_id: str) -> None:
    search(gallery, 7)
    say(gallery, "ana", lead_id)
    with casework_of(gallery) as casework:
        number = int(lead_id.split("-")[0])
        found = casework.leads_of_search(number)
        assert found == [one for one in casework.leads() if one.lead_id.startswith(f"{number}-")]
        assert [one.state for one in found].count("reviewed by one") == 1
        assert casework.leads_of_search(1) == casework.leads_of_search(999) == []


def test_many_who_write_at_once_make_two_blind_opinions_and_no_more(
    gallery: Path, lead_id: str
) -> None:
    people = [f"person-{number}" for number in range(8)]

    def write(person: str) -> bool:
        try:
            say(gallery, person, lead_id, "candidate")
        except ReviewError:
            return False
        return True

    with ThreadPoolExecutor(len(people)) as pool:
        written = list(pool.map(write, people))
    assert sum(written) == 2
    assert lead_at(gallery, "other", lead_id).state == "candidate"
    with casework_of(gallery) as casework:
        assert len(casework.opinions(lead_id)) == 2
        assert casework.faults() == []
    assert ActivityLog.of(gallery).verify().ok


def test_another_process_sees_a_review_only_when_the_log_has_it(
    gallery: Path, lead_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    append = ActivityLog.append

    with casework_of(gallery, "ana") as other:

        def look(log: ActivityLog, entry: Entry) -> LogRecord:
            with open_reviews(gallery) as rows:
                assert len(rows.of_lead(lead_id)) == 1
            listed = next(one for one in other.leads() if one.lead_id == lead_id)
            seen.append((other.lead(lead_id).state, listed.state, other.opinions(lead_id)))
            return append(log, entry)

        monkeypatch.setattr(ActivityLog, "append", look)
        say(gallery, "ana", lead_id)
        assert seen == [("open", "open", ())]
        assert other.lead(lead_id).state == "reviewed by one"
