"""Long work: how far it is."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from matcher.serve.refusals import Refusal
from matcher.serve.routes.here import Here, here
from matcher.serve.routes.table import Table
from matcher.serve.state import Job
from matcher.serve.views import JobView

table = Table()


@table.get("/jobs/{job}.json", "application/json")
def progress(request: Request, job: str) -> Response:
    """Say how far a job is."""
    found = _own(here(request), job)
    view = view_of_job(found)
    return JSONResponse(
        {"state": view.state, "done": view.done, "total": view.total, "result": view.result}
    )


@table.get("/jobs/{job}")
def job(request: Request, job: str) -> Response:
    """Show how far a job is, and what became of each photo."""
    at = here(request)
    found = _own(at, job)
    at.case(found.case)
    return at.page("job.html", job=view_of_job(found))


def view_of_job(job: Job) -> JobView:
    """Return what pages show of a job."""
    total = len(job.items)
    return JobView(
        key=job.key,
        title=f"Search for {total} photos",
        state=job.state,
        done=total - len(job.left),
        total=total,
        said=tuple(f"Photo {one.number}: {one.said}" for one in job.items if one.said),
        result=f"/cases/{job.case}" if not job.left else "",
    )


def _own(at: Here, key: str) -> Job:
    found = at.services.jobs.get(key)
    if found is None or found.name != at.account.name:
        raise Refusal.missing()
    served = at.services.galleries.by_id(found.gallery)
    if served is None or served.gallery_id not in at.account.galleries:
        raise Refusal.missing()
    return found
