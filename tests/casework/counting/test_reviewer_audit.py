"""Shares of opinions by reviewer and group: counts, intervals, and small groups withheld."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_casework import SUBJECTS, casework_of, name_of, search

from fairness.rates import FEWEST_SUBJECTS, clustered_rate
from matcher.casework import Casework, Opinion
from matcher.casework.counting.reviewer_audit import BlindOpinion, audited
from matcher.errors import InputError


def opinion(reviewer: str, person: int, confirmed: bool, sex: str = "female") -> BlindOpinion:
    return BlindOpinion(reviewer, f"{person:032x}", confirmed, False, {"recorded sex": sex})


def rows_of(opinions: list[BlindOpinion]) -> dict[tuple[str, str, str], dict[str, object]]:
    return {(r["of"], r["factor"], r["group"]): r for r in audited(opinions).rows()}


def test_a_share_is_the_harness_rate_with_its_counts_and_interval() -> None:
    opinions = [
        opinion(name, person, person % 3 == 0) for name in ("ana", "bo") for person in range(60)
    ]
    row = rows_of(opinions)["confirmed", "reviewer", "ana"]
    rate = clustered_rate([int(person % 3 == 0) for person in range(60)], [1] * 60)
    assert (row["confirmed"], row["opinions"], row["people"]) == (20, 60, 60)
    assert (row["low"], row["share"], row["high"]) == (rate.low, rate.estimate, rate.high)
    assert row["status"] == rate.status == "limited"


def test_a_small_group_is_withheld_with_one_that_would_tell_of_it() -> None:
    opinions = [opinion("ana", person, False, "female") for person in range(40)]
    opinions += [opinion("ana", person, True, "male") for person in range(40, 80)]
    opinions += [opinion("ana", person, True, "other") for person in range(80, 83)]
    rows = rows_of(opinions)
    withheld = {
        group
        for (of, factor, group), row in rows.items()
        if (of, factor) == ("confirmed", "recorded sex") and row["status"] == "withheld"
    }
    assert "other" in withheld
    assert len(withheld) == 2
    for row in rows.values():
        if row["status"] == "withheld":
            assert (row["confirmed"], row["opinions"], row["share"]) == (None, None, None)


@given(
    st.lists(
        st.builds(
            opinion,
            st.sampled_from(("ana", "bo", "cy")),
            st.integers(0, 40),
            st.booleans(),
            st.sampled_from(("female", "male", "unknown")),
        ),
        max_size=80,
    )
)
def test_no_shown_number_is_of_few_people(opinions: list[BlindOpinion]) -> None:
    for row in audited(opinions).rows():
        assert row["people"] is None or row["people"] >= FEWEST_SUBJECTS
        if row["share"] is not None:
            assert 0 <= row["low"] <= row["share"] <= row["high"] <= 1


def test_opinions_on_one_person_are_not_independent() -> None:
    one_each = [opinion("ana", person, person % 2 == 0) for person in range(100)]
    several = [opinion("ana", person // 5, (person // 5) % 2 == 0) for person in range(100)]
    wide, narrow = (rows_of(some)["confirmed", "reviewer", "ana"] for some in (several, one_each))
    assert wide["high"] - wide["low"] > 1.5 * (narrow["high"] - narrow["low"])  # type: ignore[operator]


@pytest.fixture
def reviewed(gallery: Path) -> Path:
    """A gallery with opinions of two people on leads of all its subjects."""
    search(gallery, 1, top=SUBJECTS)
    for person in ("ana", "bo"):
        with casework_of(gallery, person) as casework:
            for lead in casework.leads()[:SUBJECTS]:
                number = int(str(lead.subject_id)[-3:])
                sure = number % 2 == 0 or (person == "bo" and number == 1)
                outcome = "candidate" if sure else "no candidate"
                casework.review(lead.lead_id, Opinion(outcome, "as seen"))
    return gallery


def rows_in(casework: Casework, **options: object) -> dict[tuple[str, str], dict[str, object]]:
    rows = casework.audit(**options).rows()  # type: ignore[arg-type]
    return {(r["factor"], r["group"]): r for r in rows if r["of"] == "confirmed"}


def test_the_audit_of_a_gallery_counts_blind_opinions_by_reviewer_age_sex_and_tone(
    reviewed: Path,
) -> None:
    tones = {name_of(number): 2 if number < 15 else 8 for number in range(SUBJECTS)}
    with casework_of(reviewed, "auditor") as casework:
        rows = rows_in(casework, tones=tones)
        plain = rows_in(casework)
        said = str(casework.audit())
    assert (rows["all", "all"]["confirmed"], rows["all", "all"]["opinions"]) == (31, 60)
    assert rows["reviewer", "ana"]["confirmed"] == 15
    assert rows["reviewer", "bo"]["confirmed"] == 16
    assert rows["recorded sex", "female"]["opinions"] == 30
    assert rows["tone", "Monk 1-3 (light)"]["opinions"] == 30
    assert {factor for factor, _ in plain} == {"all", "reviewer", "age", "recorded sex"}
    assert sum(int(str(r["opinions"] or 0)) for (f, _), r in rows.items() if f == "age") in (0, 60)
    assert "no error rates" in said


def test_one_blind_opinion_alone_counts_for_nothing(gallery: Path) -> None:
    search(gallery, 1, top=SUBJECTS)
    with casework_of(gallery, "ana") as casework:
        for lead in casework.leads():
            casework.review(lead.lead_id, Opinion("candidate", "as seen"))
        assert [row["status"] for row in casework.audit().rows()] == ["withheld", "withheld"]


@pytest.mark.parametrize("wrong", [3, {"a": 0}, {"a": True}, {3: 4}, {"a": "4"}])
def test_what_is_no_tone_is_refused(gallery: Path, wrong: object) -> None:
    with casework_of(gallery) as casework, pytest.raises(InputError):
        casework.audit(tones=wrong)  # type: ignore[arg-type]
