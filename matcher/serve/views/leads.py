"""Leads in lists, and the watch list's, as pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from matcher.serve.views.casework import SearchLine
from matcher.serve.views.facts import Facts


@dataclass(frozen=True)
class Side:
    """One of the two photos that are compared.

    Parameters
    ----------
    title
        "Probe", or the subject's id.
    aligned, whole
        Paths of the picture turned and scaled so that the eyes lie at the same places, and of the
        whole photo; empty if there is none.
    missing
        Why there is no picture; empty if there is one.
    size
        How many pixels the face has, and how much the picture enlarges it, in a sentence.
    facts
        Dates, ages, source.
    quality
        What is poor about the photo, in sentences.
    """

    title: str
    aligned: str
    whole: str
    missing: str = ""
    size: str = ""
    facts: Facts = ()
    quality: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeadCard:
    """A lead in a list.

    Parameters
    ----------
    key
        Its name in addresses. It must not tell the rank.
    case_id, subject
        Whose search it is, and the subject of the gallery.
    picture, missing
        Path of the candidate's aligned face, or why there is none.
    facts
        Of the closest photo: age, date, source.
    photos
        Number of the subject's photos.
    state
        Its state in words, as the viewer may know it.
    mine
        Outcome of the viewer's own opinion; empty without one.
    score, rank
        None until the viewer has written an opinion.
    """

    key: str
    case_id: str
    subject: str
    picture: str
    missing: str
    facts: Facts
    photos: int
    state: str
    mine: str = ""
    score: float | None = None
    rank: int | None = None


@dataclass(frozen=True)
class ListView:
    """The list of one search.

    Parameters
    ----------
    search
        The search.
    probe
        The probe.
    facts
        What was searched, how, when and with which model.
    cautions
        What the list holds for.
    leads
        The leads. Their order tells no rank until the viewer wrote an opinion on each.
    by_rank
        Whether they stand in the order of their ranks.
    """

    search: SearchLine
    probe: Side
    facts: Facts
    cautions: tuple[str, ...]
    leads: tuple[LeadCard, ...]
    by_rank: bool = False


@dataclass(frozen=True)
class ArrivalView:
    """A lead of the watch list.

    Parameters
    ----------
    key
        Its name in addresses.
    at
        When it was found.
    probe, candidate
        The standing probe, and the subject of the gallery.
    notes
        What the records say of the two.
    received
        Whether somebody took it.
    """

    key: str
    at: datetime
    probe: Side
    candidate: Side
    notes: tuple[str, ...] = ()
    received: bool = False
