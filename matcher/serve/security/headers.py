"""The headers of every answer."""

from __future__ import annotations

from typing import Final

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Of every page: nothing from elsewhere, and no script or style within a page."""

AUDIT_POLICY: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline' 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Of the report of an audit, which has its styles within the page: no script runs in it, and it
reaches nothing of the server's pages."""

_SECURE: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
}
_STORED: Final = "private, max-age=3600"
_NEVER_STORED: Final = "no-store"
_TLS: Final = "max-age=31536000"


def with_headers(
    given: list[tuple[bytes, bytes]], *, static: bool, tls: bool
) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer with those that every answer has.

    A policy that the answer has already stays. Nothing but the style and the scripts of the page
    itself is kept by a browser.
    """
    names = {name.lower() for name, _ in given}
    added = dict(_SECURE)
    added["cache-control"] = _STORED if static else _NEVER_STORED
    if b"content-security-policy" not in names:
        added["content-security-policy"] = PAGE_POLICY
    if tls:
        added["strict-transport-security"] = _TLS
    dropped = {b"cache-control", b"server"}
    kept = [(name, value) for name, value in given if name.lower() not in dropped]
    return kept + [(name.encode(), value.encode()) for name, value in added.items()]
