"""What a page says of a refusal or a failure: never a path of this machine, never a trace."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

from starlette.exceptions import HTTPException

from matcher.errors import (
    ActivityLogError,
    CalibrationError,
    FaceError,
    GalleryBusyError,
    GalleryReplacedError,
    GalleryWriteError,
    GroupFileError,
    InputError,
    MatcherError,
    NotAuthorisedError,
    PhotoError,
    PhotoTooLargeError,
    UnknownSubjectError,
    WatchListError,
)
from matcher.paths import shown
from matcher.serve.errors import AccountError
from matcher.words import visible

_HEADINGS: Final = {
    400: "That cannot be done",
    403: "Not allowed",
    404: "Not here",
    405: "That cannot be done",
    408: "Too slow",
    409: "Not now",
    413: "Too large",
    414: "That cannot be done",
    422: "Something is missing",
    429: "Wait a little",
    500: "Something failed",
    503: "Not now",
}

_STATUS: Final[tuple[tuple[type[MatcherError], int], ...]] = (
    (NotAuthorisedError, 403),
    (PhotoTooLargeError, 413),
    (PhotoError, 422),
    (FaceError, 422),
    (AccountError, 422),
    (CalibrationError, 422),
    (InputError, 422),
    (UnknownSubjectError, 404),
    (GalleryBusyError, 503),
    (GalleryReplacedError, 503),
    (GalleryWriteError, 503),
    (WatchListError, 409),
    (GroupFileError, 409),
    (ActivityLogError, 500),
)

_BACK: Final = "Go back, or begin at the first page."


class Refusal(Exception):
    """What a request is answered with in place of a page.

    Parameters
    ----------
    status
        The status of HTTP.
    said, next_step
        What was refused, and what to do, in sentences.
    incident
        The number under which the server's own log has the failure; empty for a refusal.
    """

    def __init__(self, status: int, said: str, next_step: str = _BACK, incident: str = "") -> None:
        super().__init__(status, said)
        self.status, self.said, self.next_step = status, said, next_step
        self.incident = incident

    @property
    def heading(self) -> str:
        """The status in words."""
        return _HEADINGS.get(self.status, "That cannot be done")

    @classmethod
    def plain(cls, status: int, said: str) -> Refusal:
        """Return a refusal with the usual next step."""
        return cls(status, said)

    @classmethod
    def missing(cls) -> Refusal:
        """Return the refusal of what is not there, or not for this account: both read the same."""
        return cls(404, "There is nothing here, or you have no right to it.")

    @classmethod
    def forbidden(cls, role: str) -> Refusal:
        """Return the refusal of a route that the role may not use."""
        step = "Ask a colleague of another role, or whoever keeps the accounts."
        return cls(403, f"The role {role} may not do this.", step)

    @classmethod
    def too_large(cls, most: int) -> Refusal:
        """Return the refusal of a body of more bytes than are allowed."""
        megabytes = f"{most / 1024 / 1024:g} MB"
        return cls(
            413, f"At most {megabytes} can be sent at once.", "Send fewer or smaller photos."
        )


def refusal_of(error: BaseException, hidden: Sequence[str] = ()) -> Refusal:
    """Return what a browser is told of an exception.

    Parameters
    ----------
    error
        What was raised.
    hidden
        Paths of this machine; where one stands in a message, it is left out.
    """
    if isinstance(error, Refusal):
        return error
    if isinstance(error, TimeoutError):
        return Refusal.plain(408, "The form took too long to arrive.")
    if isinstance(error, HTTPException):
        known = error.status_code if error.status_code in _HEADINGS else 400
        return Refusal.missing() if known == 404 else Refusal.plain(known, "Not in this way.")
    if isinstance(error, MatcherError):
        status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
        if status < 500 or status == 503:
            return Refusal(status, *sentences(error, hidden))
    incident = secrets.token_hex(4)
    step = f"Nothing was half done. Tell whoever keeps this server: incident {incident}."
    return Refusal(500, "The server could not do this.", step, incident)


def sentences(error: MatcherError, hidden: Sequence[str] = ()) -> tuple[str, str]:
    """Return what was wrong and what to do, without the path that the error names."""
    said = f"{error.what}: {error.rule}; got {error.got}."
    return _clean(said, hidden), _clean(error.next_step, hidden)


def _clean(text: str, hidden: Sequence[str]) -> str:
    for path in sorted(hidden, key=len, reverse=True):
        text = text.replace(path, "…")
    plain = visible(shown(text))
    return plain[:1].upper() + plain[1:]
