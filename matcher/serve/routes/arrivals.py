"""What the watch lists found."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from matcher.serve.routes.here import here
from matcher.serve.routes.table import Table
from matcher.serve.showing.arrivals import arrival_view, arrivals_in

table = Table()


@table.get("/arrivals")
def arrivals(request: Request) -> Response:
    """Show the leads of the watch lists, the latest first."""
    at = here(request)
    found, lists = [], []
    for served in at.services.galleries.of(at.account):
        with at.services.galleries.using(served) as gallery:
            headline, there = arrivals_in(gallery)
            found += [arrival_view(served, gallery, one) for one in there]
        lists.append((served.name, headline))
    found.sort(key=lambda one: one.at, reverse=True)
    return at.page("arrivals.html", arrivals=tuple(found), lists=tuple(lists))
