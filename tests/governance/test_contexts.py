"""A context says who, what for and by which right; what it lacks for a search has a name."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, datetime, timedelta

import pytest
from governed import CONTEXT, EXPIRED, UPKEEP
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import InputError
from matcher.governance import PURPOSES, SEARCH_PURPOSES, CaseContext


def test_a_full_context_lacks_nothing() -> None:
    assert CONTEXT.lacking_for_search() == ""
    assert CONTEXT.lacking_for_search(date(2099, 12, 31)) == ""


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("case_id", "case"),
        ("legal_basis", "legal_basis"),
        ("authorisation", "authorisation"),
        ("authorised_until", "authorised_until"),
    ],
)
def test_each_part_is_needed_for_a_search(field: str, code: str) -> None:
    empty = None if field == "authorised_until" else ""
    assert replace(CONTEXT, **{field: empty}).lacking_for_search() == code


def test_an_authorisation_holds_to_the_end_of_its_last_day_by_the_local_clock() -> None:
    today = datetime.now().astimezone().date()
    assert replace(CONTEXT, authorised_until=today).lacking_for_search() == ""
    yesterday = today - timedelta(days=1)
    assert replace(CONTEXT, authorised_until=yesterday).lacking_for_search() == "expired"
    assert EXPIRED.lacking_for_search() == "expired"


@pytest.mark.parametrize("purpose", PURPOSES)
def test_nothing_is_searched_for_an_audit_or_maintenance(purpose: str) -> None:
    lacking = replace(CONTEXT, purpose=purpose).lacking_for_search()
    assert lacking == ("" if purpose in SEARCH_PURPOSES else "purpose")
    assert set(PURPOSES) - set(SEARCH_PURPOSES) == {"audit", "maintenance"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"operator": ""},
        {"operator": "  "},
        {"operator": None},
        {"operator": "two\nlines"},
        {"operator": "x" * 201},
        {"purpose": "curiosity"},
        {"purpose": None},
        {"case_id": 7},
        {"legal_basis": "\u202etxt"},
        {"authorisation": "a\0b"},
        {"authorised_until": "2030-01-01"},
        {"authorised_until": datetime(2030, 1, 1)},
    ],
)
def test_what_no_context_can_hold_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        replace(UPKEEP, **wrong)


@given(st.text(max_size=250), st.sampled_from(PURPOSES))
def test_any_text_is_kept_in_one_visible_line_or_refused(text: str, purpose: str) -> None:
    try:
        made = CaseContext("somebody", purpose, text, text, text)
    except InputError:
        return
    for one in fields(made):
        value = getattr(made, one.name)
        if isinstance(value, str):
            assert len(value) <= 200
            assert value == value.strip()
            assert value.isprintable() or any(sign.isspace() for sign in value)
            assert "\n" not in value
