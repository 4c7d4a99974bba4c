"""Groups of the faces of a folder: look, merge, split, move, take out, undo."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from matcher.errors import GroupFileError, MatcherError
from matcher.grouping import GroupFile
from matcher.serve.refusals import Refusal
from matcher.serve.routes.cases import problem_of
from matcher.serve.routes.here import Here, here
from matcher.serve.routes.table import Table, form
from matcher.serve.showing.groups import grouping_view

table = Table()


@table.get("/groups")
def groupings(request: Request) -> Response:
    """List the files of groups."""
    at = here(request)
    found = []
    for served in at.services.groupings:
        try:
            headline = f"{served.read()[0].headline()}."
        except GroupFileError as error:
            headline = f"It cannot be read now: {error.rule}."
        found.append((served.key, served.name, headline))
    return at.page("groupings.html", groupings=tuple(found))


@table.get("/groups/{grouping}")
def groups(request: Request, grouping: str) -> Response:
    """Show the groups of one file."""
    return _page(here(request), grouping)


@table.post("/groups/{grouping}/merge", form(several=("group",)))
def merge(request: Request, grouping: str) -> Response:
    """Make one group of several."""
    at = here(request)
    return _corrected(at, grouping, lambda file: file.merge(at.fields.numbers("group")))


@table.post("/groups/{grouping}/split", form(several=("face",)))
def split(request: Request, grouping: str) -> Response:
    """Make a new group of some faces of one group."""
    at = here(request)
    return _corrected(at, grouping, lambda file: file.split(at.fields.numbers("face")))


@table.post("/groups/{grouping}/move", form(several=("face", "group")))
def move(request: Request, grouping: str) -> Response:
    """Put faces into another group."""
    at = here(request)

    def correction(file: GroupFile) -> None:
        groups = at.fields.numbers("group")
        file.move(at.fields.numbers("face"), groups[0] if groups else 0)

    return _corrected(at, grouping, correction)


@table.post("/groups/{grouping}/take-out", form(several=("face",)))
def take_out(request: Request, grouping: str) -> Response:
    """Take faces out of their groups."""
    at = here(request)
    return _corrected(at, grouping, lambda file: file.take_out(at.fields.numbers("face")))


@table.post("/groups/{grouping}/undo")
def undo(request: Request, grouping: str) -> Response:
    """Take the latest correction back."""
    return _corrected(here(request), grouping, lambda file: file.undo())


def _corrected(at: Here, key: str, correction: Callable[[GroupFile], object]) -> Response:
    served = at.services.groupings.named(key)
    try:
        served.correct(correction)
    except (MatcherError, Refusal) as error:
        status, problem = problem_of(at, error)
        return _page(at, key, status, (problem,))
    return at.go(f"/groups/{key}", "The groups are corrected.")


def _page(at: Here, key: str, status: int = 200, problems: tuple[str, ...] = ()) -> Response:
    served = at.services.groupings.named(key)
    _, changes = served.read()
    return at.page(
        "groups.html",
        status=status,
        problems=problems,
        grouping=grouping_view(served),
        may_correct=at.account.role in ("operator", "supervisor"),
        changes=tuple(
            (f"{one.at:%Y-%m-%d %H:%M:%S} UTC", one.words, one.undone) for one in reversed(changes)
        ),
    )
