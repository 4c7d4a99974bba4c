"""Whatever is changed in the rows of reviews, the comparison with the log finds it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from made_casework import casework_of, say

from matcher.casework import Opinion, erase_review_texts


@pytest.fixture
def reviewed(gallery: Path, lead_id: str) -> Path:
    """Two opinions that differ, a withdrawn one, and a withdrawal."""
    with casework_of(gallery, "ana") as casework:
        slip = casework.review(lead_id, Opinion("candidate", "a slip"))
        casework.withdraw(slip.review_id, "wrong lead")
        marks = {"nose/tip": "similar"}
        casework.review(lead_id, Opinion("candidate", "the nose", marks, "see page 2"))  # type: ignore[arg-type]
    say(gallery, "bo", lead_id, "no candidate")
    return gallery


def faults(gallery: Path) -> list[str]:
    with casework_of(gallery) as casework:
        return casework.faults()


def test_untouched_and_erased_reviews_have_no_fault(reviewed: Path, lead_id: str) -> None:
    assert faults(reviewed) == []
    erase_review_texts(reviewed, [lead_id])
    assert faults(reviewed) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE reviews SET outcome = 'no candidate' WHERE review_id = 3",
        "UPDATE reviews SET reason = 'the ears' WHERE review_id = 3",
        "UPDATE reviews SET notes = '' WHERE review_id = 3",
        "UPDATE reviews SET marks = '{}' WHERE review_id = 3",
        "UPDATE reviews SET salt = 'x' WHERE review_id = 3",
        "UPDATE reviews SET salt = '' WHERE review_id = 3",
        "UPDATE reviews SET salt = '', reason = '(erased)' WHERE review_id = 3",
        "UPDATE reviews SET reason = 'no slip' WHERE review_id = 2",
        "UPDATE reviews SET reviewer = 'cy' WHERE review_id = 3",
        "UPDATE reviews SET lead = '4-2' WHERE review_id = 3",
        "UPDATE reviews SET part = 'deciding' WHERE review_id = 3",
        "UPDATE reviews SET withdraws = 3 WHERE review_id = 2",
        "UPDATE reviews SET withdraws = NULL WHERE review_id = 2",
        "UPDATE reviews SET token = 'x' WHERE review_id = 3",
        "UPDATE reviews SET log_number = 1 WHERE review_id = 3",
        "DELETE FROM reviews WHERE review_id = 4",
        "INSERT INTO reviews SELECT 9, 'x', salt, lead, 'cy', at, 'deciding', outcome, reason, "
        "marks, notes, withdraws, context, log_number FROM reviews WHERE review_id = 3",
    ],
)
def test_each_change_of_a_row_is_found(reviewed: Path, lead_id: str, change: str) -> None:
    with closing(sqlite3.connect(reviewed / "casework" / "casework.sqlite")) as file:
        file.execute(change.replace("'4-2'", f"'{lead_id[:-1]}9'"))
        file.commit()
    found = faults(reviewed)
    assert found
    for text in ("nose", "slip", "page 2"):
        assert text not in " ".join(found)


def test_a_changed_outcome_is_found_also_after_texts_were_erased(
    reviewed: Path, lead_id: str
) -> None:
    erase_review_texts(reviewed, [lead_id])
    with closing(sqlite3.connect(reviewed / "casework" / "casework.sqlite")) as file:
        file.execute("UPDATE reviews SET outcome = 'candidate' WHERE review_id = 4")
        file.commit()
    assert any("another outcome" in fault for fault in faults(reviewed))
