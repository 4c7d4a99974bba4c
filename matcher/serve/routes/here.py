"""What a route works with: the request, who asks, and the parts of the server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from matcher.serve.refusals import Refusal
from matcher.serve.security import Fields
from matcher.serve.services import Services
from matcher.serve.state import Account, Session
from matcher.serve.work import KnownSearch, OpenCase, ServedGallery


@dataclass(frozen=True, eq=False)
class Here:
    """One request, after everything was checked.

    Parameters
    ----------
    request
        The request.
    services
        The parts of the server.
    """

    request: Request
    services: Services

    @property
    def session(self) -> Session:
        """The session of who asks."""
        found: Session = self.request.state.session
        return found

    @property
    def account(self) -> Account:
        """Who asks."""
        return self.session.account

    @property
    def fields(self) -> Fields:
        """What was typed and sent."""
        found: Fields = self.request.state.fields
        return found

    def page(
        self, template: str, *, status: int = 200, problems: Sequence[str] = (), **variables: Any
    ) -> Response:
        """Return a page."""
        pages = self.services.pages
        return pages.page(self.request, template, status=status, problems=problems, **variables)

    def go(self, path: str, notice: str = "") -> Response:
        """Send the browser to a page, which says a sentence."""
        if notice:
            self.services.sessions.note(self.session, notice)
        return RedirectResponse(path, 303)

    def case(self, token: str) -> OpenCase:
        """Return a case by its token.

        Raises
        ------
        Refusal
            There is none, or the account has no right to its gallery.
        """
        served = self.services.galleries.with_case(token, self.account)
        return self.open_case(served, token)

    def open_case(self, served: ServedGallery, token: str) -> OpenCase:
        """Return a case of a gallery."""
        known = served.cases.case(token)
        if known is None:
            raise Refusal.missing()
        return OpenCase(served, known, served.cases.case_id(token))

    def search(self, key: str) -> tuple[OpenCase, KnownSearch]:
        """Return a search by its key, with its case.

        Raises
        ------
        Refusal
            There is none, or the account has no right to its gallery.
        """
        gallery, _, number = key.partition("-")
        if not number.isascii() or not number.isdigit() or len(number) > 12:
            raise Refusal.missing()
        served = self.services.galleries.named(gallery, self.account)
        found = served.cases.search(int(number))
        if found is None:
            raise Refusal.missing()
        return self.open_case(served, found.case), found


def here(request: Request) -> Here:
    """Return what a route works with."""
    return Here(request, request.app.state.services)
