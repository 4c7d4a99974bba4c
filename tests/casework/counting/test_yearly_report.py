"""The numbers of a year: counted from the log alone, small groups of people withheld."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_casework import AUDITOR, SUBJECTS, by, casework_of, name_of, say, search

from matcher.casework import ActivityLog, Casework, Opinion, YearReport
from matcher.errors import InputError, MatcherError
from matcher.gallery import Gallery

YEAR = 2026


def report_of(gallery: Path, year: int | None = None) -> YearReport:
    with (
        Gallery.open(gallery, context=AUDITOR) as opened,
        Casework.open(opened) as casework,
    ):
        first = next(iter(ActivityLog.of(gallery).records()))
        return casework.report(int(first.ended[:4]) if year is None else year)


def test_searches_leads_and_states_are_counted_by_purpose(gallery: Path, lead_id: str) -> None:
    search(gallery, 2, top=7, context=by("o", purpose="unidentified_child", case_id="c"))
    say(gallery, "ana", lead_id)
    say(gallery, "bo", lead_id)
    found = report_of(gallery)
    assert found.searches == {"missing_child": 1, "unidentified_child": 1}
    assert found.leads == {"missing_child": 5, "unidentified_child": 7}
    assert found.states == {"candidate": 1, "open": 11}
    assert found.uses["review"] == 2
    assert found.incidents == {}
    assert report_of(gallery, 2001).searches == {}


def test_refusals_and_withdrawn_conclusions_are_counted(gallery: Path, lead_id: str) -> None:
    with pytest.raises(MatcherError):
        search(gallery, context=by("ana", authorisation=""))
    with casework_of(gallery, "ana") as casework:
        first = casework.review(lead_id, Opinion("candidate", "eyes"))
    say(gallery, "bo", lead_id)
    with casework_of(gallery, "ana") as casework:
        casework.withdraw(first.review_id, "a slip")
    found = report_of(gallery)
    assert found.refused == {"authorisation": 1}
    assert found.incidents == {"conclusions that were withdrawn": 1}
    assert found.states == {"open": 4, "reviewed by one": 1}


def test_few_people_are_withheld_and_many_are_counted(gallery: Path) -> None:
    assert all(one.listed is None for one in report_of(gallery).groups)
    search(gallery, 2, top=SUBJECTS)
    many = report_of(gallery)
    by_sex = {one.group: one for one in many.groups if one.factor == "recorded sex"}
    assert (by_sex["female"].listed, by_sex["male"].listed) == (15, 15)
    assert by_sex["female"].confirmed is None
    rows = many.rows()
    confirmed = next(
        row for row in rows if (row["counts"], row["group"]) == ("confirmed", "recorded sex: male")
    )
    assert confirmed["number"] == "withheld"
    assert json.loads(many.to_json())["groups"][0]["factor"] == "age"


def test_an_erased_child_still_counts_and_is_of_no_group(gallery: Path) -> None:
    search(gallery, 2, top=SUBJECTS)
    for number in range(SUBJECTS):
        ActivityLog.of(gallery).pseudonyms.forget("subject", [name_of(number)])
    found = report_of(gallery)
    assert found.leads == {"missing_child": 35}
    assert found.groups == ()


@pytest.mark.parametrize("wrong", [True, "2026", 1999, 10_000, 2026.0])
def test_what_is_no_year_is_refused(gallery: Path, wrong: object) -> None:
    with casework_of(gallery) as casework, pytest.raises(InputError):
        casework.report(wrong)  # type: ignore[arg-type]
