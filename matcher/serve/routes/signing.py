"""Sign in, sign out, change the password."""

from __future__ import annotations

import math

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from matcher.errors import InputError
from matcher.serve.refusals import Refusal, sentences
from matcher.serve.routes.here import Here, here
from matcher.serve.routes.table import Table, form
from matcher.serve.security.cookies import (
    FORM_COOKIE,
    SESSION_COOKIE,
    delete_cookie,
    set_cookie,
)
from matcher.serve.state.passwords import LEAST

table = Table()
_WRONG = "This name and this password do not belong together."


@table.get("/")
def first_page(request: Request) -> Response:
    """Go to the first page of the role."""
    auditor = here(request).account.role == "auditor"
    return RedirectResponse("/log" if auditor else "/cases", 303)


@table.get("/sign-in")
def sign_in_page(request: Request) -> Response:
    """Show the form for signing in."""
    at = Here(request, request.app.state.services)
    if request.state.session is not None:
        return RedirectResponse("/", 303)
    return at.page("sign_in.html", typed_name="")


@table.post("/sign-in", form("name", "password"))
def sign_in(request: Request) -> Response:
    """Begin a session, if name and password belong together."""
    at = Here(request, request.app.state.services)
    name, password = at.fields.text("name"), _password(at, "password")
    request.state.session = None
    services = at.services
    address = request.client.host if request.client else ""
    wait = services.attempts.wait(name, address)
    if wait > 0:
        minutes = max(1, math.ceil(wait / 60))
        plural = "" if minutes == 1 else "s"
        said = f"Too many attempts. Wait {minutes} minute{plural}, then try again."
        return at.page("sign_in.html", status=429, problems=[said], typed_name=name)
    account = services.accounts.signed_in(name, password)
    if account is None:
        services.attempts.failed(name, address)
        return at.page("sign_in.html", status=401, problems=[_WRONG], typed_name=name)
    services.attempts.succeeded(name)
    response = RedirectResponse("/", 303)
    tls = services.settings.tls
    set_cookie(response, SESSION_COOKIE, services.sessions.begin(account), tls=tls)
    delete_cookie(response, FORM_COOKIE, tls=tls)
    return response


@table.post("/sign-out")
def sign_out(request: Request) -> Response:
    """End the session."""
    at = here(request)
    at.services.sessions.end(at.session)
    response = RedirectResponse("/sign-in", 303)
    delete_cookie(response, SESSION_COOKIE, tls=at.services.settings.tls)
    return response


@table.get("/password")
def password_page(request: Request) -> Response:
    """Show the form for another password."""
    return here(request).page("password.html", least=LEAST)


@table.post("/password", form("old", "new", "again"))
def change_password(request: Request) -> Response:
    """Change the password; all sessions of the account end, and a new one begins."""
    at = here(request)
    services, name = at.services, at.account.name
    new = _password(at, "new")
    if services.attempts.wait(name, "") > 0:
        raise Refusal.plain(429, "Too many attempts. Wait some minutes.")
    if new != _password(at, "again"):
        problem = "The new password was typed in two different ways."
        return at.page("password.html", status=422, problems=[problem], least=LEAST)
    if services.accounts.signed_in(name, _password(at, "old")) is None:
        services.attempts.failed(name, "")
        problem = "The old password is another one."
        return at.page("password.html", status=422, problems=[problem], least=LEAST)
    try:
        services.accounts.set_password(name, new)
    except InputError as error:
        said = " ".join(sentences(error))
        return at.page("password.html", status=422, problems=[said], least=LEAST)
    response = RedirectResponse("/", 303)
    account = services.accounts.get(name)
    if account is not None:
        token = services.sessions.begin(account)
        set_cookie(response, SESSION_COOKIE, token, tls=services.settings.tls)
    return response


def _password(at: Here, name: str) -> str:
    """Return a field as it was typed, with its blanks."""
    return next(iter(at.fields.texts.get(name, ())), "")
