"""The two cookies: of the session, and of the form for signing in."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from starlette.responses import Response

SESSION_COOKIE: Final = "matcher_session"
FORM_COOKIE: Final = "matcher_form"
"""Random; the form for signing in has its hash, so that only a page of this server can send it."""


def set_cookie(response: Response, name: str, value: str, *, tls: bool) -> None:
    """Set a cookie that no script reads and no other site sends; it ends with the browser."""
    response.set_cookie(name, value, path="/", httponly=True, samesite="strict", secure=tls)


def delete_cookie(response: Response, name: str, *, tls: bool) -> None:
    """Delete a cookie."""
    response.delete_cookie(name, path="/", httponly=True, samesite="strict", secure=tls)


def new_form_cookie() -> str:
    """Return a value for `FORM_COOKIE`."""
    return secrets.token_urlsafe(32)


def form_token(value: str) -> str:
    """Return the token that the form must send with this value of the cookie; empty for none."""
    return hashlib.sha256(f"form {value}".encode()).hexdigest() if value else ""
