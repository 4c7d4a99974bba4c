"""Sessions: who is signed in, until when, with which token for forms.

The browser holds 256 random bits. The file holds their SHA-256, so that who reads the file cannot
use a session.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from matcher.serve.state.accounts import Account, find
from matcher.serve.state.files import StateFolder

_TOUCHED_AFTER: Final = 20.0  # seconds; a session that was seen more lately is not written again


@dataclass(frozen=True)
class Session:
    """A session that has not ended.

    Parameters
    ----------
    key
        SHA-256 of the token that the browser holds.
    account
        Who is signed in.
    csrf
        The token that each form sends back.
    """

    key: str
    account: Account
    csrf: str


class Sessions:
    """The sessions of a server.

    Parameters
    ----------
    folder
        The state of the server.
    idle, longest
        Seconds after which a session ends: without a request, and in any case.
    clock
        Returns the time in seconds since 1970.
    """

    def __init__(
        self,
        folder: StateFolder,
        *,
        idle: float,
        longest: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder, self._idle, self._longest, self._clock = folder, idle, longest, clock

    def begin(self, account: Account) -> str:
        """Begin a session; return the token for the browser: 256 random bits."""
        token, now = secrets.token_urlsafe(32), self._clock()
        row = (_key(token), account.name, account.stamp, secrets.token_urlsafe(32), now, now, "")
        with self._folder.accounts() as file, file.writing():
            file.run(
                "DELETE FROM sessions WHERE seen < ? OR begun < ?",
                (now - self._idle, now - self._longest),
            )
            file.run("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return token

    def of(self, token: str) -> Session | None:
        """Return the session of a token; None if it has ended or never began."""
        key, now = _key(token), self._clock()
        with self._folder.accounts() as file:
            row = file.row(
                "SELECT name, stamp, csrf, begun, seen FROM sessions WHERE token = ?", (key,)
            )
            if row is None:
                return None
            name, stamp, csrf, begun, seen = row
            account = find(file, name)
            late = now - seen > self._idle or now - begun > self._longest
            if late or account is None or account.stamp != stamp:
                file.run("DELETE FROM sessions WHERE token = ?", (key,))
                return None
            if now - seen > _TOUCHED_AFTER:
                file.run("UPDATE sessions SET seen = ? WHERE token = ?", (now, key))
        return Session(key, account, csrf)

    def end(self, session: Session) -> None:
        """End a session."""
        with self._folder.accounts() as file:
            file.run("DELETE FROM sessions WHERE token = ?", (session.key,))

    def note(self, session: Session, notice: str) -> None:
        """Keep a sentence for the next page."""
        with self._folder.accounts() as file:
            file.run("UPDATE sessions SET notice = ? WHERE token = ?", (notice, session.key))

    def take_notice(self, session: Session) -> str:
        """Return the sentence that was kept, and forget it."""
        with self._folder.accounts() as file:
            row = file.row("SELECT notice FROM sessions WHERE token = ?", (session.key,))
            notice = "" if row is None else str(row[0])
            if notice:
                file.run("UPDATE sessions SET notice = '' WHERE token = ?", (session.key,))
        return notice

    def order(self, session: Session, of_list: str) -> str:
        """Return the seed of the order in which the session sees a list; empty at first."""
        with self._folder.accounts() as file:
            sql = "SELECT seed FROM orders WHERE token = ? AND list = ?"
            row = file.row(sql, (session.key, of_list))
        return "" if row is None else str(row[0])

    def shuffle(self, session: Session, of_list: str) -> None:
        """Give a list another order for the rest of the session."""
        with self._folder.accounts() as file:
            row = (session.key, of_list, secrets.token_hex(16))
            file.run("INSERT OR REPLACE INTO orders VALUES (?, ?, ?)", row)


def _key(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
