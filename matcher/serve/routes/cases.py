"""Cases: list them, open one, see what was done in it."""

from __future__ import annotations

from datetime import date
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from matcher.errors import InputError, MatcherError
from matcher.governance import SEARCH_PURPOSES, CaseContext
from matcher.serve.refusals import Refusal, refusal_of, sentences
from matcher.serve.routes.here import Here, here
from matcher.serve.routes.table import Table, form
from matcher.serve.showing import PURPOSES, line_of, view_of
from matcher.serve.showing.cases import concluded
from matcher.serve.views import JobView, UploadView
from matcher.serve.work import OpenCase

table = Table()

_FIELDS: Final = (
    "gallery",
    "case_id",
    "purpose",
    "legal_basis",
    "authorisation",
    "authorised_until",
)


@table.get("/cases")
def cases(request: Request) -> Response:
    """List the cases of all galleries that the account has a right to."""
    return _cases_page(here(request), dict.fromkeys(_FIELDS, ""))


@table.post("/cases", form(*_FIELDS))
def open_case(request: Request) -> Response:
    """Open a case, or give a case that is open a new authorisation."""
    at = here(request)
    typed = {name: at.fields.text(name) for name in _FIELDS}
    try:
        served = at.services.galleries.named(typed["gallery"], at.account)
        context = _context(at, typed)
        known = served.cases.open(context)
    except (MatcherError, Refusal) as error:
        status, problem = problem_of(at, error)
        return _cases_page(at, typed, status=status, problems=(problem,))
    return at.go(f"/cases/{known.token}", "The case is open.")


@table.get("/cases/{case}")
def case(request: Request, case: str) -> Response:
    """Show a case: its context, its searches, what waits."""
    at = here(request)
    return case_page(at, at.case(case))


def case_page(
    at: Here, opened: OpenCase, *, status: int = 200, problems: tuple[str, ...] = ()
) -> Response:
    """Return the page of a case."""
    services = at.services
    served, token = opened.served, opened.known.token
    uploads = services.uploads.waiting(served.gallery_id, token, at.account.name)
    jobs = services.jobs.of_case(served.gallery_id, token)
    done = concluded(served)
    return at.page(
        "case.html",
        status=status,
        problems=problems,
        case=view_of(opened, done),
        searches=tuple(line_of(opened, search, done) for search in reversed(opened.known.searches)),
        uploads=tuple(
            UploadView(one.key, f"/pictures/uploads/{one.key}", 0, 0, ()) for one in uploads
        ),
        jobs=tuple(
            JobView(
                job.key,
                f"Search for {len(job.items)} photos",
                job.state,
                len(job.items) - len(job.left),
                len(job.items),
            )
            for job in jobs
            if job.name == at.account.name
        ),
        may_search=_may_search(at, opened),
        most_megabytes=services.settings.upload_megabytes,
        most_photos=services.settings.most_photos,
    )


def problem_of(at: Here, error: MatcherError | Refusal) -> tuple[int, str]:
    """Return the status of a page that shows a fault, and the sentence for it.

    Raises
    ------
    MatcherError
        It is no fault of what was typed.
    """
    if isinstance(error, Refusal):
        return error.status, f"{error.said} {error.next_step}"
    refusal = refusal_of(error, at.services.hidden_paths)
    if refusal.status >= 500:
        raise error
    return refusal.status, " ".join(sentences(error, at.services.hidden_paths))


def _cases_page(
    at: Here, typed: dict[str, str], *, status: int = 200, problems: tuple[str, ...] = ()
) -> Response:
    galleries = at.services.galleries.of(at.account)
    found = [at.open_case(one, known.token) for one in galleries for known in one.cases.cases()]
    found.sort(key=lambda one: one.known.opened_at, reverse=True)
    done = {one.key: concluded(one) for one in galleries}
    return at.page(
        "cases.html",
        status=status,
        problems=problems,
        cases=tuple(view_of(one, done[one.served.key]) for one in found),
        may_open=at.account.role in ("operator", "supervisor"),
        galleries=tuple((one.key, one.name) for one in galleries),
        purposes=tuple((name, PURPOSES[name]) for name in SEARCH_PURPOSES),
        typed=typed,
    )


def _context(at: Here, typed: dict[str, str]) -> CaseContext:
    context = CaseContext(
        operator=at.account.name,
        purpose=typed["purpose"],  # type: ignore[arg-type]  # the context checks it
        case_id=typed["case_id"],
        legal_basis=typed["legal_basis"],
        authorisation=typed["authorisation"],
        authorised_until=day_of("authorised until", typed["authorised_until"]),
    )
    lacking = context.lacking_for_search()
    if lacking:
        name = lacking.replace("_", " ")
        rule = "must be given, so that the log can say by which right was searched"
        if lacking == "expired":
            name, rule = "authorisation", "must hold today"
        raise InputError(name, rule=rule, got="another value", next_step="Fill it in.")
    return context


def day_of(what: str, text: str) -> date | None:
    """Return a day that was typed; None for an empty field.

    Raises
    ------
    InputError
        It is no day.
    """
    if not text:
        return None
    try:
        return date.fromisoformat(text) if len(text) == 10 else _no_day(what)
    except ValueError:
        return _no_day(what)


def _no_day(what: str) -> date:
    step = "Type it as in 2026-11-30."
    raise InputError(what, rule="must be a day", got="another text", next_step=step)


def _may_search(at: Here, opened: OpenCase) -> bool:
    may = at.account.role in ("operator", "supervisor")
    return may and opened.case_id is not None and not opened.known.expired
