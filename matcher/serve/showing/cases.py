"""Cases and searches, as pages show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from matcher.casework.leads import parts_of
from matcher.casework.reviews.states import reviewed
from matcher.casework.reviews.storage import open_reviews
from matcher.serve.views import CaseView, SearchLine
from matcher.serve.work import KnownSearch, OpenCase, ServedGallery

ERASED: Final = "erased"
"""What stands for the name of a case or of a subject that was erased."""

PURPOSES: Final = {
    "missing_child": "To find a missing child",
    "unidentified_child": "To find out who a child is",
    "unidentified_remains": "To find out who a dead person was",
    "family_reunification": "To bring a family together",
    "training_of_staff": "To train staff",
    "audit": "To audit",
    "maintenance": "To maintain the gallery",
}
"""The purposes in words."""


def concluded(served: ServedGallery) -> Counter[int]:
    """Return the number of leads with an outcome, by the number of their search."""
    by_lead: dict[str, list] = {}  # type: ignore[type-arg]
    with open_reviews(served.path) as rows:
        for row in rows.all():
            if row.review.log_number is not None:
                by_lead.setdefault(row.review.lead_id, []).append(row.review)
    return Counter(
        parts_of(lead_id)[0] for lead_id, found in by_lead.items() if reviewed(found).concluded
    )


def view_of(opened: OpenCase, done: Mapping[int, int]) -> CaseView:
    """Return what pages show of a case.

    Parameters
    ----------
    opened
        The case.
    done
        Number of leads with an outcome, by search, see `concluded`.
    """
    known = opened.known
    return CaseView(
        key=known.token,
        case_id=opened.case_id or ERASED,
        gallery=opened.served.name,
        purpose=PURPOSES.get(known.facts.purpose, known.facts.purpose),
        legal_basis=known.facts.legal_basis,
        authorisation=known.facts.authorisation,
        authorised_until=known.authorised_until,
        expired=known.expired,
        searches=len(known.searches),
        open_leads=sum(one.leads - done.get(one.number, 0) for one in known.searches),
    )


def line_of(opened: OpenCase, search: KnownSearch, done: Mapping[int, int]) -> SearchLine:
    """Return what pages show of a search in a list."""
    return SearchLine(
        key=f"{opened.served.key}-{search.number}",
        number=search.number,
        at=search.at,
        operator=search.operator,
        outcome=_outcome(search),
        model=search.model[:12],
        leads=search.leads,
        undecided=search.leads - done.get(search.number, 0),
    )


def _outcome(search: KnownSearch) -> str:
    if search.refused and not search.leads:
        return "probe not good enough"
    if not search.subjects:
        return "nobody to search"
    return "leads to review" if search.leads else "none above the threshold"
