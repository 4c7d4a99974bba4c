"""What a lead report holds: plain facts and finished pictures, in no language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from types import NoneType
from typing import Any, Literal

from matcher.arguments import expect, listed
from matcher.casework.exports.photos import ReportPhoto
from matcher.embedding import ModelIdentity
from matcher.gallery import Exclusion, Gallery, Subject
from matcher.governance import CaseContext
from matcher.search import CalibrationUse, ExpectedFalseLeads

Conclusion = Literal["candidate", "no candidate", "inconclusive"]
"""What reviewers can conclude of a lead."""

_STEP = "Make it as the documentation of LeadReport says."


@dataclass(frozen=True)
class ReportReview:
    """One reviewer's opinion on a lead.

    Parameters
    ----------
    reviewer
        Who gave it.
    conclusion
        What the reviewer concluded.
    reason
        Why, in the reviewer's words.
    given_at
        When it was given, in UTC.
    """

    reviewer: str
    conclusion: Conclusion
    reason: str
    given_at: datetime


@dataclass(frozen=True, eq=False)
class ReportLead:
    """One lead: a candidate and the photo of it that was closest to the probe.

    Parameters
    ----------
    name
        How the lead is called, such as "17-3"; its rank if it has no other name.
    subject
        The record of the candidate; None if it was erased.
    photo
        The closest photo, with its pictures.
    rank
        Place in the list, from 1; None while the reader has to give an opinion without it.
    score, template_score
        Cosine similarities in [-1, 1]; see `Candidate`. None as for `rank`, or if one is not known
        any more.
    photos
        Number of photos of the candidate that could be on the list; None if it is not known.
    age_gap
        Years from the photo to the probe; None if they are not known.
    expected_false_leads
        As in `Candidate`.
    reviews
        Opinions of reviewers. Give them only once the review is concluded: a reviewer must not
        read another's opinion before giving one.
    conclusion
        What the reviewers concluded; None if the review is not concluded.
    remarks
        What else a reader has to know, in the words of those who wrote it.
    """

    name: str
    subject: Subject | None
    photo: ReportPhoto
    photos: int | None = None
    rank: int | None = None
    score: float | None = None
    template_score: float | None = None
    age_gap: float | None = None
    expected_false_leads: ExpectedFalseLeads | None = None
    reviews: tuple[ReportReview, ...] = ()
    conclusion: Conclusion | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class GalleryState:
    """The state of the gallery that was searched.

    Parameters
    ----------
    name
        Name of its directory.
    generation
        Number of its last write.
    edition
        Name of its edition; empty for the first one.
    at_search
        Whether this is the state at the time of the search; otherwise, when the report was made.
    governed
        Whether searches need a case and are logged.
    """

    name: str
    generation: int
    edition: str = ""
    at_search: bool = False
    governed: bool = False

    @classmethod
    def of(cls, gallery: Gallery) -> GalleryState:
        """Return the state of an open gallery now."""
        name = gallery.path.name
        return cls(name, gallery.generation, gallery.edition, governed=gallery.governed)


@dataclass(frozen=True)
class LogPlace:
    """Where a search stands in the log of a governed gallery.

    Parameters
    ----------
    number
        Number of its record.
    sha256
        Hash of the record, as the log states it.
    """

    number: int
    sha256: str


@dataclass(frozen=True, eq=False)
class ReportSearch:
    """One search: its probe, its terms, and those of its leads that are reported.

    Parameters
    ----------
    probe
        The probe, with its pictures.
    leads
        Leads of the search, in the order of the list.
    model
        The model that made all vectors.
    searched_subjects, searched_faces
        Numbers of subjects and faces that could be on the list.
    found
        Number of candidates on the list.
    searched_at
        Time of the search, in UTC.
    threshold
        Lowest score that could be on the list; None if every score could.
    calibration
        What expected false leads and the threshold hold for; None without a calibration.
    exclusions
        What each filter left out, where that is known.
    filters
        Names of the filters, where only they are known.
    hidden
        Number of hidden subjects that were left out of the list.
    degraded
        Whether the model took the probe for a degraded face.
    fused
        Number of photos of the probe's person, if several were fused into one probe. The report
        shows the first of them.
    reasons
        Why the probe was refused, in English; empty if it was not.
    gallery
        State of the gallery; None if it is not known.
    log
        Where the search stands in the log; None if the gallery has no log.
    """

    probe: ReportPhoto
    leads: tuple[ReportLead, ...]
    model: ModelIdentity
    searched_subjects: int
    searched_faces: int
    found: int
    searched_at: datetime | None = None
    threshold: float | None = None
    calibration: CalibrationUse | None = None
    exclusions: tuple[Exclusion, ...] = ()
    filters: tuple[str, ...] = ()
    hidden: int = 0
    degraded: bool = False
    fused: int = 0
    reasons: tuple[str, ...] = ()
    gallery: GalleryState | None = None
    log: LogPlace | None = None


@dataclass(frozen=True, eq=False)
class LeadReport:
    """Leads for a case file. `lead_report_of` makes one from lists of candidates.

    Parameters
    ----------
    searches
        The searches, each with its leads.
    context
        Who made the report, for which case, and by which right; None if nobody said.
    made_at
        When it was made, in UTC; now if it is not given.

    Raises
    ------
    InputError
        If `searches` holds anything else, or nothing.
    """

    searches: tuple[ReportSearch, ...]
    context: CaseContext | None = None
    made_at: datetime | None = None

    def __post_init__(self) -> None:
        rule = "must be searches of a report"
        searches: list[Any] = listed(
            "searches", self.searches, ReportSearch, rule=rule, next_step=_STEP
        )
        expect(
            "searches", searches[0] if searches else None, ReportSearch, rule=rule, next_step=_STEP
        )
        kind = (CaseContext, NoneType)
        expect("context", self.context, kind, rule="must be a CaseContext", next_step=_STEP)
        object.__setattr__(self, "searches", tuple(searches))
        object.__setattr__(self, "made_at", self.made_at or datetime.now(UTC))
