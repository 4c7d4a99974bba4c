"""The audit report of the model, read-only, in a sandbox of the browser."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from matcher.serve.errors import ServeError
from matcher.serve.refusals import Refusal
from matcher.serve.routes.here import Here, here
from matcher.serve.routes.table import Table
from matcher.serve.security import AUDIT_POLICY

table = Table()

REPORT: Final = "report.html"
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


@table.get("/audit-report/")
def report(request: Request) -> Response:
    """Show the report."""
    return _file(here(request), REPORT)


@table.get("/audit-report/{name:path}")
def part(request: Request, name: str) -> Response:
    """Give a table or a plot of the report."""
    return _file(here(request), name)


def files_of(folder: Path | None) -> Mapping[str, Path]:
    """Return the files of a report that are served, by name: pages, tables and plots.

    Raises
    ------
    ServeError
        There is no report in the folder.
    """
    if folder is None:
        return MappingProxyType({})
    found = {
        path.relative_to(folder).as_posix(): path
        for pattern in (REPORT, "tables/*", "plots/*")
        for path in sorted(folder.glob(pattern))
        if path.is_file() and not path.is_symlink() and path.suffix in _TYPES
    }
    if REPORT not in found:
        raise ServeError(
            "audit report",
            rule=f"must be a folder with {REPORT}",
            got="none",
            next_step="Give the folder that `matcher audit --out` wrote.",
            path=folder,
        )
    return MappingProxyType(found)


def _file(at: Here, name: str) -> Response:
    path = at.services.report.get(name)
    if path is None:
        said = "There is no such part of an audit report."
        if not at.services.report:
            said = "This server was given no audit report."
        raise Refusal(404, said)
    try:
        content = path.read_bytes()
    except OSError:
        raise Refusal.missing() from None
    headers = {"content-security-policy": AUDIT_POLICY}
    if path.suffix == ".csv":
        headers["content-disposition"] = f'attachment; filename="{path.name}"'
    return Response(content, headers=headers, media_type=_TYPES[path.suffix])
