"""The list of one search, in an order that says nothing of the ranks."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from matcher.casework import Lead
from matcher.casework.searches import RecordedSearch
from matcher.governance import CaseContext
from matcher.serve.routes.here import Here, here
from matcher.serve.routes.table import Table
from matcher.serve.showing import CaseLeads, case_leads, line_of, ordered, view_of
from matcher.serve.showing.cases import concluded
from matcher.serve.views import Facts, ListView, Side
from matcher.serve.work import KnownSearch, OpenCase
from matcher.words import figure

table = Table()


@table.get("/searches/{search}")
def leads(request: Request, search: str) -> Response:
    """Show the leads of a search."""
    at = here(request)
    opened, known = at.search(search)
    context = context_of(at, opened)
    done = concluded(opened.served)
    with case_leads(at.services, opened.served, context, at.account) as casework:
        recorded = casework.recorded(known.number)
        found, by_rank = in_order(at, search, casework, casework.of_search(known.number))
        view = ListView(
            search=line_of(opened, known, done),
            probe=_probe(casework, recorded, known),
            facts=_facts(known, recorded),
            cautions=_cautions(known, recorded),
            leads=tuple(map(casework.card, found)),
            by_rank=by_rank,
        )
    return at.page("leads.html", case=view_of(opened, done), found=view)


@table.post("/searches/{search}/shuffle")
def shuffle(request: Request, search: str) -> Response:
    """Show the leads in another order for the rest of the session."""
    at = here(request)
    at.search(search)
    at.services.sessions.shuffle(at.session, search)
    return at.go(f"/searches/{search}")


def context_of(at: Here, opened: OpenCase) -> CaseContext:
    """Return the context in which somebody looks at a case, also at one that was erased."""
    if opened.case_id is None:
        return CaseContext(operator=at.account.name, purpose="audit")
    return opened.context(at.account)


def in_order(
    at: Here, search: str, casework: CaseLeads, leads: list[Lead]
) -> tuple[list[Lead], bool]:
    """Return leads in the order of the session, or of the ranks if the viewer may see them all."""
    if leads and all(casework.shows_score(lead) for lead in leads):
        return sorted(leads, key=lambda lead: lead.rank or 0), True
    seed = at.services.sessions.order(at.session, search) or at.session.key
    return ordered(leads, seed), False


def _probe(casework: CaseLeads, recorded: RecordedSearch | None, known: KnownSearch) -> Side:
    if recorded is not None:
        return casework.sides.probe(recorded)
    missing = "There is no lead to compare it with." if known.probe else "The probe was no photo."
    return Side("Probe", "", "", missing=missing)


def _facts(known: KnownSearch, recorded: RecordedSearch | None) -> Facts:
    lowest = None if recorded is None else recorded.lowest
    return (
        ("Searched", f"{known.subjects} subjects, {known.faces} faces"),
        ("Time", f"{known.at:%Y-%m-%d %H:%M:%S} UTC"),
        ("By", known.operator),
        ("Lowest score shown", "none set" if lowest is None else figure(lowest, 4)),
        ("Model", f"weights {known.model[:12]}"),
        ("Record in the log", str(known.number)),
    )


def _cautions(known: KnownSearch, recorded: RecordedSearch | None) -> tuple[str, ...]:
    said = []
    if known.degraded:
        said.append("The probe is degraded. No calibration has figures for such probes.")
    if recorded is not None and recorded.lowest is None:
        said.append(
            "No lowest score was set: the closest subjects are listed, whoever they are. Of "
            "somebody who is not in the gallery the list is as long."
        )
    return tuple(said)
