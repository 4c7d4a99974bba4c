"""Leads, as one person may see them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from matcher.casework import FEATURES, Casework, Lead, Review
from matcher.casework.reviews.states import Reviewed, reviewed
from matcher.casework.reviews.storage import open_reviews
from matcher.casework.searches import RecordedSearch
from matcher.gallery import Gallery
from matcher.governance import CaseContext
from matcher.serve.refusals import Refusal
from matcher.serve.services import Services
from matcher.serve.showing.sides import Sides
from matcher.serve.state import Account
from matcher.serve.views import FeatureView, LeadCard, OpinionView, RegionView
from matcher.serve.work import ServedGallery

_WHY_NOT: Final = {
    "own opinion is in": "Your opinion is in. Somebody else gives the second one.",
    "saw the other opinion": "You know the other opinion. Somebody who does not gives this one.",
    "concluded": "This lead has its outcome. One of its reviewers can withdraw the opinion.",
    "gave an independent opinion": "The two opinions differ. A third person decides.",
}

REVIEWING: Final = frozenset({"reviewer", "supervisor"})


@dataclass(frozen=True, eq=False)
class CaseLeads:
    """The casework of one gallery for one person.

    Parameters
    ----------
    served, gallery, casework
        The gallery, open, and its casework in the context of the person.
    account
        Who looks.
    """

    served: ServedGallery
    gallery: Gallery
    casework: Casework
    account: Account

    @property
    def sides(self) -> Sides:
        """The photos of the gallery."""
        return Sides(self.served, self.gallery)

    def recorded(self, number: int) -> RecordedSearch | None:
        """Return a list as the log has it; None for a search without a lead."""
        return self.served.index.search(number)

    def of_search(self, number: int) -> list[Lead]:
        """Return the leads of one search, in no order of rank."""
        return self.casework.leads_of_search(number)

    def key(self, lead: Lead) -> str:
        """Return the name of a lead in addresses."""
        return f"{self.served.key}-{lead.lead_id}"

    def shows_score(self, lead: Lead) -> bool:
        """Return whether the person may see score and rank.

        Whoever may still review the lead sees them after the own opinion. Others see them when both
        blind opinions are in.
        """
        if lead.score is None:
            return False
        may_review = self.account.role in REVIEWING
        return lead.written or not may_review or lead.state not in ("escalated",)

    def card(self, lead: Lead) -> LeadCard:
        """Return what lists show of a lead."""
        faces = self.sides.faces_of(lead.subject_id, lead.face_id)
        missing = "" if faces else "The photos of the subject are not in the gallery any more."
        missing = missing or self.sides.missing(faces[0])
        told = self.shows_score(lead)
        return LeadCard(
            key=self.key(lead),
            case_id=lead.case_id or "erased",
            subject=lead.subject_id or "erased",
            picture="" if missing else f"/pictures/leads/{self.key(lead)}/0/aligned",
            missing=missing,
            facts=Sides.facts(faces[0]) if faces else (),
            photos=len(faces),
            state=lead.state,
            mine=self.own_outcome(lead),
            score=lead.score if told else None,
            rank=lead.rank if told else None,
        )

    def own_outcome(self, lead: Lead) -> str:
        """Return the outcome of the person's own opinion that stands; empty without one."""
        if not lead.written:
            return ""
        own = self._reviewed(lead).own_valid(self.account.name)
        return own[-1].opinion.outcome if own and own[-1].opinion else ""

    def refused(self, lead: Lead) -> str:
        """Return why the person cannot give an opinion now; empty if they can."""
        if self.account.role not in REVIEWING:
            return f"The role {self.account.role} gives no opinions."
        if lead.subject_id is None:
            return "The subject was erased."
        part = self._reviewed(lead).part_of_next(self.account.name)
        if part == "deciding" and self.account.role != "supervisor":
            return "The two opinions differ. A supervisor decides."
        return "" if part in ("independent", "deciding") else _WHY_NOT[part]

    def opinions(self, lead: Lead) -> tuple[OpinionView, ...]:
        """Return the opinions that the person may see."""
        found = self.casework.opinions(lead.lead_id)
        gone = {one.withdraws: one.reason for one in found if one.withdraws is not None}
        return tuple(
            opinion_view(one, gone.get(one.review_id, ""), self.account.name)
            for one in found
            if one.opinion is not None
        )

    def _reviewed(self, lead: Lead) -> Reviewed:
        with open_reviews(self.served.path) as rows:
            found = [row.review for row in rows.of_lead(lead.lead_id)]
        return reviewed([one for one in found if one.log_number is not None])


@contextmanager
def case_leads(
    services: Services, served: ServedGallery, context: CaseContext, account: Account
) -> Iterator[CaseLeads]:
    """Open the casework of a gallery in a context."""
    with (
        services.galleries.using(served, context) as gallery,
        Casework.open(
            gallery, calibration=services.searching.calibration, index=served.index
        ) as casework,
    ):
        yield CaseLeads(served, gallery, casework, account)


def ordered(leads: Sequence[Lead], seed: str) -> list[Lead]:
    """Return leads in an order that says nothing of their ranks, the same for the same seed."""

    def place(lead: Lead) -> str:
        return hashlib.sha256(f"{seed} {lead.lead_id}".encode()).hexdigest()

    return sorted(leads, key=place)


def opinion_view(review: Review, withdrawn: str, viewer: str) -> OpinionView:
    """Return what pages show of an opinion."""
    opinion = review.opinion
    if opinion is None:
        raise Refusal.missing()
    return OpinionView(
        review_id=review.review_id,
        reviewer=review.reviewer,
        at=review.at,
        outcome=opinion.outcome,
        reason=opinion.reason,
        notes=opinion.notes,
        marks=tuple(
            (f"{FEATURES[key].region}: {FEATURES[key].words}", mark)
            for key, mark in opinion.checklist.items()
        ),
        withdrawn=withdrawn,
        own=review.reviewer == viewer,
    )


def checklist(typed: Mapping[str, str]) -> tuple[RegionView, ...]:
    """Return the checklist with what was typed, by the names of the fields."""
    regions: dict[str, list[FeatureView]] = {}
    titles: dict[str, str] = {}
    for key, feature in FEATURES.items():
        region, _, name = key.partition("/")
        titles[region] = feature.region
        mark = typed.get(field_of(key), "")
        shown = mark if mark in ("similar", "different", "not visible") else ""
        regions.setdefault(region, []).append(
            FeatureView(name, feature.words, feature.changes_with_growth, shown)  # type: ignore[arg-type]
        )
    return tuple(RegionView(key, titles[key], tuple(of_it)) for key, of_it in regions.items())


def field_of(key: str) -> str:
    """Return the name of the field of a feature in the form."""
    return f"mark-{key.replace('/', '-')}"
