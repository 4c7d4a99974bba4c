"""Make pages from their templates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from matcher.search.lead_sheet.environment import page_environment
from matcher.serve.refusals import Refusal
from matcher.serve.security.access import ROUTES
from matcher.serve.security.cookies import FORM_COOKIE, form_token, new_form_cookie, set_cookie
from matcher.serve.state import Session, Sessions
from matcher.serve.views import Place, Shell, Viewer

_MENU: Final = (
    ("Cases", "/cases"),
    ("To review", "/reviews"),
    ("Escalated", "/escalated"),
    ("Watch list", "/arrivals"),
    ("Groups", "/groups"),
    ("Log", "/log"),
    ("Audit report", "/audit-report/"),
)


class Pages:
    """The pages of a server.

    Parameters
    ----------
    sessions
        The sessions, which keep a sentence for the next page.
    tls
        Whether the server speaks TLS.
    left_out
        Paths of the menu that this server has nothing for.
    """

    def __init__(self, sessions: Sessions, *, tls: bool, left_out: Sequence[str] = ()) -> None:
        self._sessions, self._tls, self._left_out = sessions, tls, left_out
        self._templates = page_environment("matcher.serve")

    def page(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        problems: Sequence[str] = (),
        **variables: Any,
    ) -> Response:
        """Return a page. Whoever is signed in is in the state of the request."""
        session: Session | None = request.state.session
        fresh = ""
        if session is None:
            fresh = new_form_cookie()
        shell = self._shell(request, session, fresh, problems)
        text = self._templates.get_template(template).render(shell=shell, **variables)
        response = HTMLResponse(text.encode("utf-8", "backslashreplace"), status)
        if fresh:
            set_cookie(response, FORM_COOKIE, fresh, tls=self._tls)
        return response

    def error(self, request: Request, session: Session | None, refusal: Refusal) -> Response:
        """Return the page of a refusal, or its JSON where the page asked for JSON."""
        if request.url.path.endswith(".json"):
            body = '{"error": ' + str(refusal.status) + "}"
            return Response(body, refusal.status, media_type="application/json")
        request.state.session = session
        return self.page(
            request,
            "error.html",
            status=refusal.status,
            code=refusal.status,
            heading=refusal.heading,
            said=refusal.said,
            next_step=refusal.next_step,
        )

    def _shell(
        self, request: Request, session: Session | None, fresh: str, problems: Sequence[str]
    ) -> Shell:
        if session is None:
            return Shell(None, csrf=form_token(fresh), problems=tuple(problems))
        account = session.account
        path = request.url.path
        menu = tuple(
            Place(name, place, current=path.startswith(place.rstrip("/")))
            for name, place in _MENU
            if account.role in ROUTES["GET", place].roles and place not in self._left_out
        )
        notice = self._sessions.take_notice(session) if request.method == "GET" else ""
        return Shell(
            Viewer(account.name, account.role),
            menu,
            session.csrf,
            (notice,) if notice else (),
            tuple(problems),
        )
