"""Cases, searches, uploads and long work, as pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class CaseView:
    """A case, as lists and pages name it.

    Parameters
    ----------
    key
        Its name in addresses: it says nothing of the case.
    case_id, gallery, purpose, legal_basis, authorisation
        The context, the purpose in words, the gallery by its name.
    authorised_until
        The last day of the authorisation.
    expired
        Whether that day has passed.
    searches, open_leads
        Numbers of searches, and of leads without an outcome.
    governed
        Whether the gallery asks for a case and keeps a log.
    """

    key: str
    case_id: str
    gallery: str
    purpose: str
    legal_basis: str
    authorisation: str
    authorised_until: date | None
    expired: bool
    searches: int
    open_leads: int
    governed: bool = True


@dataclass(frozen=True)
class SearchLine:
    """A search in the list of a case.

    Parameters
    ----------
    key
        Its name in addresses.
    number
        Number of its record in the log.
    at, operator, outcome, model
        When, by whom, with what outcome in words, and with which model.
    leads, undecided
        Numbers of leads, and of those without an outcome.
    """

    key: str
    number: int
    at: datetime
    operator: str
    outcome: str
    model: str
    leads: int
    undecided: int


@dataclass(frozen=True)
class JobView:
    """Work that takes long and goes on when the browser is closed.

    Parameters
    ----------
    key, title
        Its name in addresses, and what it does.
    state
        In words: waiting, running, done, failed, stopped.
    done, total
        Finished items of all; total is 0 while nobody knows.
    said
        What happened to single items, in sentences.
    result
        Path of what it made; empty if there is nothing yet.
    """

    key: str
    title: str
    state: str
    done: int
    total: int
    said: tuple[str, ...] = ()
    result: str = ""


@dataclass(frozen=True)
class ProbeFace:
    """A face of an uploaded photo.

    Parameters
    ----------
    number
        1 for the largest.
    box
        left, top, right, bottom in pixels of the shown picture.
    enough
        Whether the quality policy lets it be searched for.
    verdict
        One sentence.
    reasons
        What is poor about it, and what that means, in sentences.
    """

    number: int
    box: tuple[float, float, float, float]
    enough: bool
    verdict: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class UploadView:
    """An uploaded photo before it is searched for.

    Parameters
    ----------
    key
        Its name in addresses.
    picture
        Path of the picture without metadata.
    width, height
        Its size in pixels.
    faces
        The faces, the largest first.
    notes
        What was converted, chosen or lost while it was read.
    """

    key: str
    picture: str
    width: int
    height: int
    faces: tuple[ProbeFace, ...]
    notes: tuple[str, ...] = ()
