"""The log of a gallery, for auditors and supervisors."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from matcher.serve.refusals import Refusal
from matcher.serve.routes.here import Here, here
from matcher.serve.routes.table import Table, form
from matcher.serve.showing import log_line, verdict_of
from matcher.serve.views import VerdictView
from matcher.serve.work import ServedGallery

table = Table()

_PAGE = 50


@table.get("/log")
def log(request: Request, gallery: str = "", before: str = "") -> Response:
    """Show the records of a gallery, the latest first."""
    return _page(here(request), gallery, _number(before), None)


@table.post("/log/verify", form("gallery"))
def verify(request: Request) -> Response:
    """Check the chain of the log."""
    at = here(request)
    key = at.fields.text("gallery")
    served = at.services.galleries.named(key, at.account)
    return _page(at, key, None, verdict_of(served.log.verify()))


def _page(at: Here, key: str, before: int | None, verdict: VerdictView | None) -> Response:
    galleries = at.services.galleries.of(at.account)
    served = _chosen(at, galleries, key)
    records = [] if served is None else served.cases.records(before, _PAGE)
    tokens = {one.case for one in records if one.case}
    names = {} if served is None else served.log.pseudonyms.meanings(tokens)
    plain = {token: meaning.value for token, meaning in names.items()}
    oldest = records[-1].number if records else 1
    return at.page(
        "log.html",
        galleries=tuple((one.key, one.name) for one in galleries),
        gallery="" if served is None else served.key,
        lines=tuple(log_line(one, plain) for one in records),
        older=oldest if oldest > 1 else 0,
        verdict=verdict,
    )


def _chosen(at: Here, galleries: tuple[ServedGallery, ...], key: str) -> ServedGallery | None:
    if key:
        return at.services.galleries.named(key, at.account)
    return galleries[0] if galleries else None


def _number(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise Refusal.missing()
    return int(text)
