"""The page of one lead: opinions, checklist, and what the reviewer is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from matcher.serve.views.casework import CaseView, SearchLine
from matcher.serve.views.facts import Facts
from matcher.serve.views.leads import LeadCard, Side

Mark = Literal["", "similar", "different", "not visible"]
"""What a reviewer says of a feature; empty where it was not compared."""


@dataclass(frozen=True)
class OpinionView:
    """An opinion that the viewer may see.

    Parameters
    ----------
    review_id, reviewer, at
        Its number, who wrote it, and when.
    outcome, reason, notes
        What it says.
    marks
        The features that were compared, and the mark of each.
    withdrawn
        Why it was withdrawn; empty if it stands.
    own
        Whether the viewer wrote it.
    """

    review_id: int
    reviewer: str
    at: datetime
    outcome: str
    reason: str
    notes: str = ""
    marks: Facts = ()
    withdrawn: str = ""
    own: bool = False


@dataclass(frozen=True)
class FeatureView:
    """A feature of the checklist.

    Parameters
    ----------
    key, name
        Its name in forms, and in words.
    changes_with_growth
        Whether it changes while a child grows.
    mark
        What the viewer said of it.
    said
        What to look at, in one sentence.
    """

    key: str
    name: str
    changes_with_growth: bool
    mark: Mark = ""
    said: str = ""


@dataclass(frozen=True)
class RegionView:
    """A region of the face, with its features."""

    key: str
    name: str
    features: tuple[FeatureView, ...]


@dataclass(frozen=True)
class LeadView:
    """The page of one lead.

    Parameters
    ----------
    card
        What lists say of it.
    probe
        The probe.
    candidates
        The photos of the subject, the closest first.
    told
        What the reviewer is told before the first opinion: ages, quality, growth, relatives.
    figures
        Score, rank, expected false leads and rates: shown after the viewer's opinion; empty before.
    relatives
        Other subjects within reach of the lead.
    checklist
        The regions of the face.
    opinions
        The opinions that the viewer may see.
    refused
        Why the viewer cannot write an opinion now; empty if they can.
    outcomes
        The outcomes to choose from.
    before, after
        Keys of the neighbours in the list; empty at its ends.
    place, of
        Which lead of how many it is, in the viewer's order.
    typed_outcome, typed_reason, typed_notes
        What the viewer typed in a form that was refused.
    """

    card: LeadCard
    search: SearchLine
    case: CaseView
    probe: Side
    candidates: tuple[Side, ...]
    told: tuple[str, ...]
    figures: Facts
    relatives: tuple[str, ...]
    checklist: tuple[RegionView, ...]
    opinions: tuple[OpinionView, ...]
    refused: str
    outcomes: tuple[str, ...] = ("candidate", "no candidate", "inconclusive")
    before: str = ""
    after: str = ""
    place: int = 1
    of: int = 1
    typed_outcome: str = ""
    typed_reason: str = ""
    typed_notes: str = ""
