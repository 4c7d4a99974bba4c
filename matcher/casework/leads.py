"""A lead: one candidate of one recorded search, and how far its review is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from matcher.arguments import described
from matcher.casework.reviews.states import LeadState, Reviewed, Step
from matcher.casework.searches import ListedCandidate, RecordedSearch
from matcher.errors import InputError

_LEAD_ID: Final = re.compile(r"([1-9][0-9]{0,11})-([1-9][0-9]{0,5})")


@dataclass(frozen=True)
class Lead:
    """A candidate to be reviewed by people. It is no finding.

    Parameters
    ----------
    lead_id
        Number of the search in the log, a hyphen, and a number that says nothing of the rank.
    case_id, subject_id
        The case and the subject of the gallery; None if what the log calls them was erased.
    state
        Where the review is. Before both blind opinions are in, it says only how many there are.
    steps
        How it came there; empty before both are in.
    reopened
        Whether both opinions were in once, and one was withdrawn. The next reviewer may have read
        them.
    written
        Whether the asker gave an opinion on it that was not withdrawn.
    searched_at, searched_by, purpose
        When, by whom and what for the search was made.
    probe_sha256
        Hash of the probe; None for a vector.
    face_id
        The closest face of the subject.
    rank, score
        Of the list. None until the asker gave an opinion, or both blind ones are in.
    """

    lead_id: str
    case_id: str | None
    subject_id: str | None
    state: LeadState
    steps: tuple[Step, ...]
    reopened: bool
    written: bool
    searched_at: datetime
    searched_by: str
    purpose: str
    probe_sha256: str | None
    face_id: int
    rank: int | None = None
    score: float | None = None

    def row(self) -> dict[str, Any]:
        """Return the lead as one flat row for a table; its keys are `COLUMNS`."""
        values = (
            self.lead_id,
            self.state,
            _or_erased(self.case_id),
            _or_erased(self.subject_id),
            self.searched_at.isoformat(timespec="seconds"),
            self.searched_by,
            self.purpose,
            self.probe_sha256,
            self.rank,
            self.score,
            "yes" if self.written else "no",
            "yes" if self.reopened else "",
        )
        return dict(zip(COLUMNS, values, strict=True))


COLUMNS: Final = (
    "lead",
    "state",
    "case",
    "subject",
    "searched_at",
    "searched_by",
    "purpose",
    "probe_sha256",
    "rank",
    "score",
    "own_opinion",
    "reopened",
)
"""Keys of the row of a lead, in their order."""


def _or_erased(name: str | None) -> str:
    return "(erased)" if name is None else name


def lead_of(
    search: RecordedSearch,
    candidate: ListedCandidate,
    reviews: Reviewed,
    names: Mapping[str, str],
    asker: str,
) -> Lead:
    """Return a lead as one person may see it.

    Parameters
    ----------
    search, candidate, reviews
        The recorded search, one of its candidates, and the reviews of this lead.
    names
        What the tokens of the case and of the subject stand for; erased ones are missing.
    asker
        Who asks.
    """
    told = reviews.both_in or reviews.has_written(asker)
    return Lead(
        lead_id=id_of(search, candidate),
        case_id=names.get(search.case),
        subject_id=names.get(candidate.token),
        state=reviews.state,
        steps=reviews.steps_shown(),
        reopened=reviews.was_reopened(),
        written=bool(reviews.own_valid(asker)),
        searched_at=search.at,
        searched_by=search.operator,
        purpose=search.purpose,
        probe_sha256=search.probe_sha256,
        face_id=candidate.face_id,
        rank=candidate.rank if told else None,
        score=candidate.score if told else None,
    )


def id_of(search: RecordedSearch, candidate: ListedCandidate) -> str:
    """Return the identifier of a lead."""
    return f"{search.number}-{candidate.place}"


def parts_of(lead_id: object) -> tuple[int, int]:
    """Return the number of the search and the place of the candidate.

    Raises
    ------
    InputError
        If it is no identifier of a lead.
    """
    found = _LEAD_ID.fullmatch(lead_id) if isinstance(lead_id, str) else None
    if found is None:
        raise InputError(
            "lead",
            rule="must be two numbers with a hyphen, as in 17-3",
            got=described(lead_id),
            next_step="List the leads: matcher leads list.",
        )
    return int(found[1]), int(found[2])
