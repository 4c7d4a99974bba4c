"""What every request passes before a page sees it.

In this order: the name of the host, the origin of a form, the table of routes, the session, the
role, the size of the body, the token of the form. What a page gets was checked; a page cannot
forget a check.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matcher.errors import MatcherError
from matcher.serve.refusals import Refusal, refusal_of
from matcher.serve.security.access import ROUTES, SMALL, Access
from matcher.serve.security.cookies import FORM_COOKIE, SESSION_COOKIE, form_token
from matcher.serve.security.forms import fields_of, has_token
from matcher.serve.security.headers import with_headers
from matcher.serve.services import Services
from matcher.serve.state import Session

log = logging.getLogger(__name__)

_BODY_SECONDS: Final = 120.0
_MOST_URL: Final = 2048
_UPLOADS_AT_ONCE: Final = 4


class Guard:
    """The outermost layer of the server.

    Parameters
    ----------
    app
        The application with its routes.
    routes
        The routes of the application.
    services
        What the server has.
    """

    def __init__(self, app: ASGIApp, routes: list[Route], services: Services) -> None:
        self._app, self._routes, self._services = app, routes, services
        self._uploading = asyncio.Semaphore(_UPLOADS_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        scope["state"] = dict(scope.get("state", {}))
        guarded = _Answer(send, static=_is_static(scope), tls=self._services.settings.tls)
        try:
            await self._answer(scope, receive, guarded)
        except Exception as error:  # noqa: BLE001 - nothing of a fault may reach the browser
            refusal = refusal_of(error, self._services.hidden_paths)
            if not guarded.begun:
                report(error, refusal)
                await self._refuse(scope, receive, guarded, refusal)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self._check_host(request)
        if _is_static(scope):
            await self._app(scope, receive, send)
            return
        access = self._access(scope)
        session = await self._session(request)
        scope["state"]["session"] = session
        if access is None or access.roles:
            if session is None:
                await _sign_in_first(scope)(scope, receive, send)
                return
            if access is None:
                raise Refusal.missing()
            if session.account.role not in access.roles:
                raise Refusal.forbidden(session.account.role)
        if scope["method"] == "POST":
            await self._take_form(request, access, session)
            receive = _emptied
        await self._app(scope, receive, send)

    def _check_host(self, request: Request) -> None:
        host = request.headers.get("host", "").lower()
        name = host.rpartition(":")[0] if _has_port(host) else host
        if name not in self._services.settings.hosts:
            raise Refusal.plain(400, "This name is not one of the server's.")
        if len(str(request.url)) > _MOST_URL:
            raise Refusal.plain(414, "The address is too long.")
        if request.method != "POST":
            return
        origin = request.headers.get("origin")
        site = request.headers.get("sec-fetch-site", "same-origin")
        if site not in ("same-origin", "none") or (
            origin is not None and urlsplit(origin).netloc.lower() != host
        ):
            raise Refusal.plain(403, "The form was sent by another page.")

    def _access(self, scope: Scope) -> Access | None:
        """Return who may use the route that the request means; None if there is no such route."""
        for route in self._routes:
            if route.matches(scope)[0] is Match.FULL:
                return ROUTES[scope["method"], route.path]
        return None

    async def _session(self, request: Request) -> Session | None:
        token = cookie(request, SESSION_COOKIE)
        if not token or len(token) > 128:
            return None
        return await run_in_threadpool(self._services.sessions.of, token)

    async def _take_form(
        self, request: Request, access: Access | None, session: Session | None
    ) -> None:
        uploads = access is not None and access.uploads
        settings = self._services.settings
        most = settings.upload_megabytes * 1024 * 1024 if uploads else SMALL
        limited = Request(request.scope, _limited(request, most))
        async with asyncio.timeout(_BODY_SECONDS):
            if uploads:
                async with self._uploading:
                    fields = await fields_of(limited, settings.most_photos)
            else:
                fields = await fields_of(limited, 0)
        token = session.csrf if session is not None and access and access.roles else ""
        if access is not None and not access.roles:
            token = form_token(cookie(request, FORM_COOKIE))
        if not has_token(request, fields, token):
            raise Refusal.plain(403, "The form is out of date. Load the page again.")
        request.scope["state"]["fields"] = fields

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
        request = Request(scope, receive)
        session = scope["state"].get("session")
        page = await run_in_threadpool(self._services.pages.error, request, session, refusal)
        await page(scope, receive, send)


class _Answer:
    """Sends an answer with the headers that every answer has."""

    def __init__(self, send: Send, *, static: bool, tls: bool) -> None:
        self._send, self._static, self._tls = send, static, tls
        self.begun = False

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            static = self._static and message["status"] == 200
            headers = with_headers(list(message["headers"]), static=static, tls=self._tls)
            message = {**message, "headers": headers}
        await self._send(message)


def cookie(request: Request, name: str) -> str:
    """Return the value of a cookie; empty if there is none, or more than one of that name."""
    given = request.headers.getlist("cookie")
    found = []
    for text in given:
        try:
            parsed: SimpleCookie = SimpleCookie(text)
        except CookieError:
            return ""
        found += [parsed[name].value] if name in parsed else []
    return found[0] if len(found) == 1 else ""


def _limited(request: Request, most: int) -> Receive:
    """Return a `receive` that refuses a body as soon as it is too long."""
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated[:18]) > most:
        raise Refusal.too_large(most)
    total = 0

    async def receive() -> Message:
        nonlocal total
        message = await request.receive()
        total += len(message.get("body", b""))
        if total > most:
            raise Refusal.too_large(most)
        return message

    return receive


async def _emptied() -> Message:
    """Give an empty body: the form was read."""
    return {"type": "http.request", "body": b"", "more_body": False}


def _sign_in_first(scope: Scope) -> Response:
    wants_json = scope["path"].endswith(".json")
    if wants_json:
        return Response('{"error": "sign in first"}', 401, media_type="application/json")
    return RedirectResponse("/sign-in", 303)


def _is_static(scope: Scope) -> bool:
    return str(scope["path"]).startswith("/static/") and scope["method"] == "GET"


def _has_port(host: str) -> bool:
    tail = host.rpartition("]")[2] if host.startswith("[") else host
    return ":" in tail


def report(error: BaseException, refusal: Refusal) -> None:
    """Log a failure: the kind of error and the place in the code, and no text of it."""
    if not refusal.incident:
        return
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "" if place is None else f"{place.tb_frame.f_code.co_name}:{place.tb_lineno}"
    code = error.code if isinstance(error, MatcherError) else type(error).__name__
    log.error("request failed (%s at %s), incident %s", code, where, refusal.incident)
