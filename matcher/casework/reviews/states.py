"""The state of a lead as a pure function of its reviews, and what each person may see and do.

Two distinct people give independent opinions. Until both are in, neither sees the other's, nor
anything that follows from it. If they agree, that is the outcome. If not, the lead is escalated,
and a third distinct person decides, who sees both. A withdrawal is a new record. Nothing here looks
at a score.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final, Literal

from matcher.casework.reviews.opinions import Outcome, Part, Review

LeadState = Literal[
    "open",
    "reviewed by one",
    "reviewed by another",
    "candidate",
    "no candidate",
    "inconclusive",
    "escalated",
]
"""Where a lead is. `reviewed by another` is a step only: the outcome follows at once."""

STATES: Final[tuple[LeadState, ...]] = (
    "open",
    "reviewed by one",
    "reviewed by another",
    "candidate",
    "no candidate",
    "inconclusive",
    "escalated",
)

Refusal = Literal[
    "own opinion is in", "saw the other opinion", "concluded", "gave an independent opinion"
]
"""Why a person may not give an opinion on a lead now."""


@dataclass(frozen=True)
class Step:
    """A state that a lead came to, and when."""

    state: LeadState
    at: datetime


@dataclass(frozen=True)
class Reviewed:
    """The reviews of one lead, in the order of their numbers.

    Parameters
    ----------
    reviews
        All of them, withdrawn ones and withdrawals too.
    """

    reviews: tuple[Review, ...] = ()

    @cached_property
    def _valid(self) -> tuple[Review, ...]:
        """Opinions that were not withdrawn by their reviewer."""
        gone = {(one.withdraws, one.reviewer) for one in self.reviews}
        return tuple(
            one
            for one in self.reviews
            if one.opinion is not None and (one.review_id, one.reviewer) not in gone
        )

    @cached_property
    def independent(self) -> tuple[Review, ...]:
        """The opinions that count as the two blind ones: none, one or two, by distinct people."""
        by_person: dict[str, Review] = {}
        for one in self._valid:
            if one.part == "independent":
                by_person.setdefault(one.reviewer, one)
        return tuple(by_person.values())[:2]

    @property
    def both_in(self) -> bool:
        """Whether both blind opinions are in, so that everybody may see them."""
        return len(self.independent) == 2

    @property
    def disagree(self) -> bool:
        """Whether the two blind opinions have different outcomes."""
        return self.both_in and len({outcome_of(one) for one in self.independent}) == 2

    @property
    def deciding(self) -> Review | None:
        """The opinion of the third person on the two that disagree now, if it is in."""
        if not self.disagree:
            return None
        latest = max(one.review_id for one in self.independent)
        found = (
            one
            for one in self._valid
            if one.part == "deciding"
            and one.review_id > latest
            and not self._gave_independent(one.reviewer)
        )
        return next(found, None)

    @property
    def state(self) -> LeadState:
        """The state. It says nothing of an opinion until both blind ones are in."""
        if not self.both_in:
            return "reviewed by one" if self.independent else "open"
        if not self.disagree:
            return outcome_of(self.independent[0])
        decided = self.deciding
        return "escalated" if decided is None else outcome_of(decided)

    @property
    def concluded(self) -> bool:
        """Whether the lead has one of the three outcomes."""
        return self.both_in and self.state != "escalated"

    def steps(self) -> tuple[Step, ...]:
        """Return the states that the lead came to, the earliest first, without `open` at first."""
        found: list[Step] = []
        before: LeadState = "open"
        for count in range(1, len(self.reviews) + 1):
            now = Reviewed(self.reviews[:count])
            at = self.reviews[count - 1].at
            if now.both_in and before == "reviewed by one":
                found.append(Step("reviewed by another", at))
            if now.state != before:
                found.append(Step(now.state, at))
            before = now.state
        return tuple(found)

    def steps_shown(self) -> tuple[Step, ...]:
        """Return `steps` when both blind opinions are in. Before, an earlier outcome would tell."""
        return self.steps() if self.both_in else ()

    def was_reopened(self) -> bool:
        """Return whether both blind opinions were in once, and are not any more.

        Then whoever gives the next one may have read the earlier ones.
        """
        return not self.both_in and any(
            step.state == "reviewed by another" for step in self.steps()
        )

    def seen_by(self, person: str) -> tuple[Review, ...]:
        """Return the reviews that a person may read: all when both are in, else the own ones."""
        if self.both_in:
            return self.reviews
        return tuple(one for one in self.reviews if one.reviewer == person)

    def has_written(self, person: str) -> bool:
        """Return whether a person gave an opinion on the lead, withdrawn or not."""
        return any(one.reviewer == person and one.opinion is not None for one in self.reviews)

    def own_valid(self, person: str) -> tuple[Review, ...]:
        """Return the opinions of a person that were not withdrawn."""
        return tuple(one for one in self._valid if one.reviewer == person)

    def part_of_next(self, person: str) -> Part | Refusal:
        """Return which part the next opinion of a person would have, or why there is none."""
        if self.concluded:
            return "concluded"
        if self.state == "escalated":
            gave = self._gave_independent(person)
            return "gave an independent opinion" if gave else "deciding"
        if person in {one.reviewer for one in self.independent}:
            return "own opinion is in"
        return "saw the other opinion" if person in self._informed() else "independent"

    def _gave_independent(self, person: str) -> bool:
        return any(one.reviewer == person and one.part == "independent" for one in self.reviews)

    def _informed(self) -> frozenset[str]:
        """People who took part when both blind opinions were in, so that they are blind no more."""
        return frozenset(
            one.reviewer for count in self._times_both_in() for one in self.reviews[:count]
        )

    def _times_both_in(self) -> Iterator[int]:
        for count in range(1, len(self.reviews) + 1):
            if Reviewed(self.reviews[:count]).both_in:
                yield count


def outcome_of(review: Review) -> Outcome:
    """Return the outcome of a review that is an opinion; ValueError for a withdrawal."""
    if review.opinion is None:
        raise ValueError("a withdrawal has no outcome")
    return review.opinion.outcome


def reviewed(reviews: Sequence[Review]) -> Reviewed:
    """Return the reviews of a lead, sorted by their numbers."""
    return Reviewed(tuple(sorted(reviews, key=lambda one: one.review_id)))
