"""What a reviewer says of a lead, and how it is kept: opinions, withdrawals, and who made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from matcher.arguments import described, expect, expect_one_of
from matcher.casework.reviews.checklist import FEATURES, MARKS, FeatureMark
from matcher.errors import InputError

Outcome = Literal["candidate", "no candidate", "inconclusive"]
"""What a reviewer concludes: the three outcomes that INTERPOL reports of a face comparison."""

OUTCOMES: Final[tuple[Outcome, ...]] = ("candidate", "no candidate", "inconclusive")

Part = Literal["independent", "deciding"]
"""One of the two blind opinions, or that of a third person after these two disagreed."""

MOST_REASON: Final = 4000
"""Characters that a reason may have."""

MOST_NOTES: Final = 20_000
"""Characters that notes may have."""


@dataclass(frozen=True)
class Opinion:
    """The opinion of one reviewer on one lead. It is no decision on a child.

    Parameters
    ----------
    outcome
        One of `OUTCOMES`.
    reason
        Why, in the reviewer's words; never empty.
    checklist
        Marks by key of a feature, see `FEATURES`. Features may be left out.
    notes
        Free text. Neither it nor the reason goes into the log.

    Raises
    ------
    InputError
        Another outcome, an empty or a far too long text, an unknown feature or mark.
    """

    outcome: Outcome
    reason: str
    checklist: Mapping[str, FeatureMark] = field(default_factory=dict)
    notes: str = ""

    def __post_init__(self) -> None:
        step = "Say inconclusive where the photos do not carry more."
        expect_one_of("outcome", self.outcome, OUTCOMES, next_step=step)
        check_reason(self.reason)
        _check_text("notes", self.notes, MOST_NOTES)
        step = "Give marks by feature, as {'nose/tip': 'similar'}."
        expect("checklist", self.checklist, Mapping, rule="must be a mapping", next_step=step)
        for key, mark in self.checklist.items():
            if key not in FEATURES or mark not in MARKS:
                raise InputError(
                    "checklist",
                    rule=f"has features of the list, each {', '.join(MARKS)}",
                    got=f"{described(key)}: {described(mark)}",
                    next_step="`matcher.casework.FEATURES` has the keys.",
                )

    def __hash__(self) -> int:
        return hash((self.outcome, self.reason, self.notes, *sorted(self.checklist.items())))


@dataclass(frozen=True)
class Review:
    """One record of a review: an opinion, or the withdrawal of one. None is changed or deleted.

    Parameters
    ----------
    review_id
        Its number in the gallery, ascending in time.
    lead_id, reviewer, at
        The lead, who wrote it, and when, in UTC.
    part
        Which part the opinion has; None for a withdrawal.
    opinion
        The opinion; None for a withdrawal.
    withdraws
        Number of the review that a withdrawal takes back; None for an opinion.
    reason
        The reason of the opinion or of the withdrawal.
    log_number
        Number of its record in the log; None until it is written.
    """

    review_id: int
    lead_id: str
    reviewer: str
    at: datetime
    part: Part | None
    opinion: Opinion | None
    withdraws: int | None
    reason: str
    log_number: int | None = None


def check_reason(reason: object) -> None:
    """Raise InputError unless a reason is a text that says something."""
    if isinstance(reason, str) and not reason.strip():
        raise InputError(
            "reason",
            rule="must say why, in words",
            got="nothing",
            next_step="Name what was seen, such as the features that differ.",
        )
    _check_text("reason", reason, MOST_REASON)


def _check_text(what: str, given: object, most: int) -> None:
    expect(what, given, str, rule="must be a text", next_step="Write it as a text.")
    text = str(given)
    if len(text) > most or "\0" in text or not _is_encodable(text):
        raise InputError(
            what,
            rule=f"has at most {most} characters, and none that is no character",
            got=f"{len(text)} characters",
            next_step="Shorten it, and leave out what cannot be written.",
        )


def _is_encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
