"""One lead: compare, be told, give an opinion, take it back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from matcher.casework import FEATURES, Briefing, Lead, Opinion
from matcher.errors import MatcherError
from matcher.serve.refusals import Refusal
from matcher.serve.routes.cases import problem_of
from matcher.serve.routes.here import Here, here
from matcher.serve.routes.searches import context_of, in_order
from matcher.serve.routes.table import Table, form
from matcher.serve.security.forms import whole
from matcher.serve.showing import CaseLeads, case_leads, line_of, view_of
from matcher.serve.showing.cases import concluded
from matcher.serve.showing.leads import checklist, field_of
from matcher.serve.views import Facts, LeadCard, LeadView, Side
from matcher.serve.work import KnownSearch, OpenCase
from matcher.words import figure

table = Table()

_TYPED = ("outcome", "reason", "notes")
_MARKS = tuple(map(field_of, FEATURES))
_ERRORS_OF_TYPING = (MatcherError, Refusal)


@table.get("/leads/{lead}")
def lead(request: Request, lead: str, photo: str = "1") -> Response:
    """Show a lead."""
    return _page(here(request), lead, _photo(photo), {})


@table.post("/leads/{lead}/opinion", form(*_TYPED, *_MARKS))
def opinion(request: Request, lead: str) -> Response:
    """Write an opinion on a lead."""
    at = here(request)
    opened, _, lead_id = _parts(at, lead)
    typed = {name: at.fields.text(name) for name in (*_TYPED, *_MARKS)}
    try:
        with case_leads(at.services, opened.served, opened.context(at.account), at.account) as work:
            refused = work.refused(work.casework.lead(lead_id))
            if refused:
                raise Refusal(409, refused)
            work.casework.review(lead_id, _opinion(typed))
    except _ERRORS_OF_TYPING as error:
        status, problem = problem_of(at, error)
        return _page(at, lead, 1, typed, status, (problem,))
    return at.go(f"/leads/{lead}", "Your opinion is written.")


@table.post("/leads/{lead}/withdraw", form("review_id", "reason"))
def withdraw(request: Request, lead: str) -> Response:
    """Take an own opinion back, by a new record."""
    at = here(request)
    opened, _, lead_id = _parts(at, lead)
    try:
        review_id = whole("opinion", at.fields.text("review_id"))
        with case_leads(at.services, opened.served, opened.context(at.account), at.account) as work:
            if review_id not in {one.review_id for one in work.casework.opinions(lead_id)}:
                raise Refusal.missing()
            work.casework.withdraw(review_id, at.fields.text("reason"))
    except _ERRORS_OF_TYPING as error:
        status, problem = problem_of(at, error)
        return _page(at, lead, 1, {}, status, (problem,))
    return at.go(f"/leads/{lead}", "Your opinion is withdrawn.")


@table.get("/reviews")
def reviews(request: Request) -> Response:
    """List the leads that wait for the account's opinion."""
    at = here(request)
    return at.page("reviews.html", leads=_waiting(at, lambda work, one: not work.refused(one)))


@table.get("/escalated")
def escalated(request: Request) -> Response:
    """List the leads on which two opinions differ."""
    at = here(request)
    return at.page("escalated.html", leads=_waiting(at, lambda _, one: one.state == "escalated"))


def _waiting(at: Here, wanted: Any) -> tuple[LeadCard, ...]:
    found: list[LeadCard] = []
    for served in at.services.galleries.of(at.account):
        for known in served.cases.cases():
            opened = at.open_case(served, known.token)
            if opened.case_id is None or not known.searches:
                continue
            context = opened.context(at.account)
            with case_leads(at.services, served, context, at.account) as work:
                leads = work.casework.leads(case=opened.case_id)
                found += [work.card(one) for one in leads if wanted(work, one)]
            if len(found) >= _MOST_WAITING:
                return tuple(found[:_MOST_WAITING])
    return tuple(found)


_MOST_WAITING = 100


def _page(
    at: Here,
    key: str,
    photo: int,
    typed: Mapping[str, str],
    status: int = 200,
    problems: tuple[str, ...] = (),
) -> Response:
    opened, known, lead_id = _parts(at, key)
    with case_leads(at.services, opened.served, context_of(at, opened), at.account) as work:
        view = _view(at, work, opened, known, work.casework.lead(lead_id), typed)
    shown = min(max(photo, 1), max(len(view.candidates), 1))
    return at.page("lead.html", status=status, problems=problems, lead=view, photo=shown)


def _view(
    at: Here,
    work: CaseLeads,
    opened: OpenCase,
    known: KnownSearch,
    lead: Lead,
    typed: Mapping[str, str],
) -> LeadView:
    search = f"{opened.served.key}-{known.number}"
    recorded = work.recorded(known.number)
    if recorded is None:
        raise Refusal.missing()
    others, _ = in_order(at, search, work, work.of_search(known.number))
    keys = [work.key(one) for one in others]
    place = keys.index(work.key(lead))
    briefing = work.casework.briefing(lead.lead_id)
    told = work.shows_score(lead)
    done = concluded(opened.served)
    return LeadView(
        card=work.card(lead),
        search=line_of(opened, known, done),
        case=view_of(opened, done),
        probe=work.sides.probe(recorded),
        candidates=_candidates(work, lead),
        told=briefing.before(),
        figures=_figures(lead, briefing) if told else (),
        relatives=(),  # `told` names them
        checklist=checklist(typed),
        opinions=work.opinions(lead),
        refused=work.refused(lead),
        before=keys[place - 1] if place else "",
        after=keys[place + 1] if place + 1 < len(keys) else "",
        place=place + 1,
        of=len(keys),
        typed_outcome=typed.get("outcome", ""),
        typed_reason=typed.get("reason", ""),
        typed_notes=typed.get("notes", ""),
    )


def _candidates(work: CaseLeads, lead: Lead) -> tuple[Side, ...]:
    """Return the photos of the subject; one without a picture if there are none any more."""
    faces = work.sides.faces_of(lead.subject_id, lead.face_id)
    if not faces:
        missing = "The photos of the subject are not in the gallery any more."
        return (Side(lead.subject_id or "erased", "", "", missing=missing),)
    key = work.key(lead)
    return tuple(work.sides.candidate(key, number, face) for number, face in enumerate(faces))


def _figures(lead: Lead, briefing: Briefing) -> Facts:
    facts = []
    if lead.rank is not None and lead.score is not None:
        facts = [("Rank", str(lead.rank)), ("Score", figure(lead.score, 3))]
    return (*facts, *(("False leads", sentence) for sentence in briefing.after()))


def _opinion(typed: Mapping[str, str]) -> Opinion:
    marks = {key: mark for key in FEATURES if (mark := typed.get(field_of(key), ""))}
    return Opinion(
        outcome=typed["outcome"],  # type: ignore[arg-type]  # the opinion checks it
        reason=typed["reason"],
        checklist=marks,  # type: ignore[arg-type]
        notes=typed["notes"],
    )


def _parts(at: Here, key: str) -> tuple[OpenCase, KnownSearch, str]:
    """Return case and search of a lead, and its identifier in the gallery."""
    search, _, place = key.rpartition("-")
    if not place.isascii() or not place.isdigit() or len(place) > 6:
        raise Refusal.missing()
    opened, known = at.search(search)
    if not 1 <= int(place) <= known.leads:
        raise Refusal.missing()
    return opened, known, f"{known.number}-{int(place)}"


def _photo(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
