"""Failed sign-ins: after a few, an account or an address waits, each time twice as long."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Final

from matcher.serve.state.files import StateFolder

_WINDOW: Final = 3600.0  # seconds for which a failure counts
_LONGEST: Final = 900.0  # seconds that anybody waits
_FIRST: Final = 15.0
_FREE: Final = {"account": 5, "address": 20}
"""Failures that cost nothing: people mistype, and several people may share an address."""


class Attempts:
    """The failed sign-ins of the last hour.

    Parameters
    ----------
    folder
        The state of the server. Names and addresses are kept as hashes.
    clock
        Returns the time in seconds since 1970.
    """

    def __init__(self, folder: StateFolder, *, clock: Callable[[], float] = time.time) -> None:
        self._folder, self._clock = folder, clock

    def wait(self, account: str, address: str) -> float:
        """Return for how many seconds neither is let in; 0 if they may try."""
        now, longest = self._clock(), 0.0
        with self._folder.accounts() as file:
            for kind, source in _sources(account, address).items():
                sql = "SELECT count(*), max(at) FROM attempts WHERE source = ? AND at > ?"
                failures, last = file.row(sql, (source, now - _WINDOW))
                over = failures - _FREE[kind]
                if over >= 0:
                    delay = min(_LONGEST, _FIRST * 2.0 ** min(over, 10))
                    longest = max(longest, last + delay - now)
        return longest

    def failed(self, account: str, address: str) -> None:
        """Note a failure."""
        now = self._clock()
        with self._folder.accounts() as file, file.writing():
            file.run("DELETE FROM attempts WHERE at < ?", (now - _WINDOW,))
            rows = ((source, now) for source in _sources(account, address).values())
            file.run_each("INSERT INTO attempts VALUES (?, ?)", rows)

    def succeeded(self, account: str) -> None:
        """Forget the failures of an account. Those of an address stay."""
        with self._folder.accounts() as file:
            source = _sources(account, "")["account"]
            file.run("DELETE FROM attempts WHERE source = ?", (source,))


def _sources(account: str, address: str) -> dict[str, str]:
    texts = {"account": account, "address": address}
    return {
        kind: hashlib.sha256(f"{kind} {text}".encode("utf-8", "replace")).hexdigest()
        for kind, text in texts.items()
    }
