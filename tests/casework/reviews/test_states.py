"""The laws of reviewing: two distinct people, blind to each other, and a third if they disagree.

Hypothesis lets any people do anything, in any order. What is refused is not written.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.casework.reviews.opinions import OUTCOMES, Opinion, Outcome, Review
from matcher.casework.reviews.states import Reviewed, outcome_of, reviewed

PEOPLE = ("ana", "bo", "cy", "di", "eve")
START = datetime(2026, 11, 30, tzinfo=UTC)

actions = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE), st.sampled_from((*OUTCOMES, "withdraw")), st.integers(0, 50)
    ),
    max_size=14,
)
"""Who, what, and for a withdrawal the place among the own opinions."""


def act(history: tuple[Review, ...], who: str, what: str, place: int) -> tuple[Review, ...]:
    """Do what a person wants, if the rules allow it."""
    now = reviewed(history)
    number = len(history) + 1
    at = START + timedelta(minutes=number)
    if what == "withdraw":
        own = now.own_valid(who)
        if not own:
            return history
        gone = own[place % len(own)].review_id
        return (*history, Review(number, "1-1", who, at, None, None, gone, "why"))
    part = now.part_of_next(who)
    if part not in ("independent", "deciding"):
        return history
    opinion = Opinion(what, f"reason of {who}")  # type: ignore[arg-type]
    return (*history, Review(number, "1-1", who, at, part, opinion, None, opinion.reason))  # type: ignore[arg-type]


def histories(done: list[tuple[str, str, int]]) -> list[tuple[Review, ...]]:
    found: list[tuple[Review, ...]] = [()]
    for who, what, place in done:
        found.append(act(found[-1], who, what, place))
    return found


@given(actions)
def test_an_outcome_comes_from_two_who_agree_or_from_a_third(
    done: list[tuple[str, str, int]],
) -> None:
    for history in histories(done):
        now = Reviewed(history)
        one_each = {review.reviewer for review in now.independent}
        assert len(one_each) == len(now.independent) <= 2
        if now.state in OUTCOMES:
            outcomes = [outcome_of(review) for review in now.independent]
            assert len(one_each) == 2
            if outcomes[0] == outcomes[1]:
                assert now.state == outcomes[0]
            else:
                third = now.deciding
                assert third is not None
                assert third.reviewer not in one_each
                assert now.state == outcome_of(third)
        elif now.state == "escalated":
            assert len({outcome_of(review) for review in now.independent}) == 2
        else:
            assert now.state == ("reviewed by one" if one_each else "open")


@given(actions, st.sampled_from(PEOPLE))
def test_until_both_are_in_nobody_sees_what_another_thinks(
    done: list[tuple[str, str, int]], asker: str
) -> None:
    """Whatever the others think, the asker sees the same. So it tells nothing of it."""
    flip: dict[str, Outcome] = {
        "candidate": "no candidate",
        "no candidate": "inconclusive",
        "inconclusive": "candidate",
    }
    other = [(who, what if who == asker else flip.get(what, what), n) for who, what, n in done]
    for one, two in zip(histories(done), histories(other), strict=True):
        first, second = Reviewed(one), Reviewed(two)
        if any(step.both_in for step in map(Reviewed, _prefixes(one))):
            return
        assert first.state == second.state
        assert first.state in ("open", "reviewed by one")
        assert first.seen_by(asker) == second.seen_by(asker)
        assert all(review.reviewer == asker for review in first.seen_by(asker))
        assert first.steps_shown() == ()
        assert first.part_of_next(asker) == second.part_of_next(asker)


def _prefixes(history: tuple[Review, ...]) -> list[tuple[Review, ...]]:
    return [history[:count] for count in range(len(history) + 1)]


@given(actions)
def test_a_reopened_lead_shows_nothing_of_earlier_outcomes(
    done: list[tuple[str, str, int]],
) -> None:
    for history in histories(done):
        now = Reviewed(history)
        if not now.both_in:
            assert now.state in ("open", "reviewed by one")
            assert now.steps_shown() == ()
            for person in PEOPLE:
                assert {review.reviewer for review in now.seen_by(person)} <= {person}


@given(actions)
def test_whoever_saw_the_other_opinion_is_never_one_of_the_blind_again(
    done: list[tuple[str, str, int]],
) -> None:
    informed: set[str] = set()
    for before, after in zip(histories(done), histories(done)[1:], strict=False):
        new = after[len(before) :]
        for review in new:
            assert review.part != "independent" or review.reviewer not in informed
        if Reviewed(after).both_in:
            informed |= {review.reviewer for review in after}


@given(actions)
def test_nothing_written_is_changed_and_a_withdrawal_is_a_record(
    done: list[tuple[str, str, int]],
) -> None:
    for before, after in zip(histories(done), histories(done)[1:], strict=False):
        assert after[: len(before)] == before
    last = Reviewed(histories(done)[-1])
    for review in last.reviews:
        if review.withdraws is not None:
            assert review.withdraws not in {one.review_id for one in last.independent}
            assert last.reviews[review.withdraws - 1].reviewer == review.reviewer


@given(
    st.lists(
        st.builds(
            Review,
            st.integers(1, 8),
            st.just("1-1"),
            st.sampled_from(PEOPLE[:3]),
            st.just(START),
            st.sampled_from(("independent", "deciding", None)),
            st.one_of(st.none(), st.builds(Opinion, st.sampled_from(OUTCOMES), st.just("why"))),
            st.one_of(st.none(), st.integers(1, 8)),
            st.just("why"),
        ),
        max_size=8,
        unique_by=lambda review: review.review_id,
    )
)
def test_also_of_rows_that_the_rules_never_wrote_no_one_person_makes_an_outcome(
    rows: list[Review],
) -> None:
    now = reviewed(rows)
    if now.state in (*OUTCOMES, "escalated"):
        assert len({review.reviewer for review in now.independent}) == 2
    if now.deciding is not None:
        assert now.deciding.reviewer not in {review.reviewer for review in now.independent}


def story(*done: tuple[str, str]) -> Reviewed:
    history: tuple[Review, ...] = ()
    for who, what in done:
        before = history
        history = act(history, who, what, 0)
        assert len(history) == len(before) + 1, f"{who}: {what} was refused"
    return Reviewed(history)


def test_a_lead_passes_through_the_named_states() -> None:
    agreed = story(("ana", "candidate"), ("bo", "candidate"))
    assert [step.state for step in agreed.steps_shown()] == [
        "reviewed by one",
        "reviewed by another",
        "candidate",
    ]
    decided = story(("ana", "candidate"), ("bo", "inconclusive"), ("cy", "no candidate"))
    assert [step.state for step in decided.steps_shown()] == [
        "reviewed by one",
        "reviewed by another",
        "escalated",
        "no candidate",
    ]


@pytest.mark.parametrize(
    ("done", "who", "refusal"),
    [
        ((("ana", "candidate"),), "ana", "own opinion is in"),
        ((("ana", "candidate"), ("bo", "candidate")), "cy", "concluded"),
        ((("ana", "candidate"), ("bo", "inconclusive")), "ana", "gave an independent opinion"),
        (
            (("ana", "candidate"), ("bo", "candidate"), ("ana", "withdraw")),
            "ana",
            "saw the other opinion",
        ),
        (
            (
                ("ana", "candidate"),
                ("bo", "inconclusive"),
                ("ana", "withdraw"),
                ("di", "candidate"),
            ),
            "ana",
            "gave an independent opinion",
        ),
    ],
)
def test_who_may_not_write_is_told_why(
    done: tuple[tuple[str, str], ...], who: str, refusal: str
) -> None:
    assert story(*done).part_of_next(who) == refusal


def test_an_opinion_that_was_withdrawn_in_time_may_be_given_anew() -> None:
    now = story(("ana", "candidate"), ("ana", "withdraw"), ("ana", "inconclusive"))
    assert now.state == "reviewed by one"
    assert not now.was_reopened()


def test_a_decision_falls_with_the_disagreement_it_was_made_on() -> None:
    now = story(
        ("ana", "candidate"),
        ("bo", "no candidate"),
        ("cy", "candidate"),
        ("ana", "withdraw"),
        ("di", "candidate"),
    )
    assert now.state == "escalated"
    assert now.part_of_next("cy") == "deciding"
    assert not now.was_reopened()


def test_nobody_withdraws_the_opinion_of_another() -> None:
    before = story(("ana", "candidate"), ("bo", "candidate"))
    by_another = Review(9, "1-1", "bo", START, None, None, 1, "why")
    assert reviewed([*before.reviews, by_another]).state == "candidate"
    by_ana = Review(9, "1-1", "ana", START, None, None, 1, "why")
    assert reviewed([*before.reviews, by_ana]).state == "reviewed by one"
