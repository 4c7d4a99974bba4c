"""A connection to a PostgreSQL server that is made when it is needed, and never waits for ever."""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any, Final
from urllib.parse import urlsplit

from matcher.errors import InputError, MissingExtraError

_CONNECTED_WITHIN: Final = 10
"""Seconds for making a connection, and for the answer of one that was not used for a while."""

LONG: Final = 600.0
"""Seconds after which the server stops a statement, unless it was given more."""

_MARGIN: Final = 2.0
"""Seconds for which the server's own word is awaited before the connection is cut."""


class PostgresConnection:
    """A connection for one thread at a time, made anew when the server closed it.

    Parameters
    ----------
    host, port, database
        Where it goes. User, password and TLS are what libpq finds in the environment.
    """

    def __init__(self, host: str, port: int, database: str) -> None:
        # An empty hostaddr, so that PGHOSTADDR sends nothing to another machine than is named.
        self._place = {"host": host, "hostaddr": "", "port": port, "dbname": database}
        self._connection: Any = None
        self._depth = 0
        self._process = os.getpid()

    def __del__(self) -> None:
        # A forked process shares the socket: closing it there would end the session here.
        if self._connection is not None and self._process == os.getpid():
            self._connection.close()

    @contextmanager
    def used(self, limit: float | None) -> Iterator[Any]:
        """Yield the connection; within another `used`, the same one, in the same transaction.

        Parameters
        ----------
        limit
            Seconds for everything within; then the connection is cut, and the statement fails.
            None sets no limit.
        """
        if self._depth == 0:
            self._connect()
        self._depth += 1
        patient = limit is not None and limit > LONG
        try:
            if patient:
                self._stop_after(limit or LONG)
            with _cut_after(self._connection, limit):
                yield self._connection
        finally:
            self._depth -= 1
            if patient:
                with suppress(psycopg_module().Error):
                    self._stop_after(LONG)

    def _stop_after(self, seconds: float) -> None:
        """Have the server stop each statement after some time."""
        milliseconds = str(int(1000 * seconds))
        self._connection.execute(
            "SELECT set_config('statement_timeout', %s, false)", (milliseconds,)
        )

    def _connect(self) -> None:
        """Connect unless there is a connection that answers."""
        psycopg = psycopg_module()
        if self._connection is not None and not self._connection.closed:
            with (
                suppress(psycopg.OperationalError),
                _cut_after(self._connection, _CONNECTED_WITHIN),
            ):
                self._connection.execute("")
                return
            self._connection.close()
        self._connection = psycopg.connect(
            **self._place,
            autocommit=True,
            prepare_threshold=None,  # a plan for any number of candidates is a bad one for all
            application_name="matcher",
            client_encoding="UTF8",
            connect_timeout=_CONNECTED_WITHIN,
            tcp_user_timeout=1000 * _CONNECTED_WITHIN,
        )
        self._stop_after(LONG)


@contextmanager
def _cut_after(connection: Any, limit: float | None) -> Iterator[None]:
    """Cut a connection when the time is over: a server that hangs says nothing by itself."""
    if limit is None:
        yield
        return
    with socket.socket(fileno=os.dup(connection.fileno())) as copy:
        timer = threading.Timer(limit + _MARGIN, _cut, (copy,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _cut(copy: socket.socket) -> None:
    with suppress(OSError):  # it may have been closed just now
        copy.shutdown(socket.SHUT_RDWR)


def place_of(url: str) -> tuple[str, int, str]:
    """Return host, port and database of an address, or raise InputError."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 5432
    except ValueError:
        parts, host, port = urlsplit(""), "", 0
    database = parts.path.removeprefix("/")
    plain = f"{parts.scheme}://{parts.netloc}/{database}" == url  # nothing after ? or #
    if (
        not plain
        or parts.scheme != "postgresql"
        or "@" in url
        or not re.fullmatch(r"[\w.:-]+", host, re.ASCII)
        or not re.fullmatch(r"[\w.-]+", database, re.ASCII)
    ):
        raise InputError(
            "address of the index server",
            rule="must be postgresql://HOST:PORT/DATABASE, without credentials and settings: those "
            "are read from $PGUSER, $PGPASSWORD or $PGPASSFILE, and $PGSSLMODE",
            got="one with credentials or settings" if set("@?#=") & set(url) else repr(url),
            next_step='Give "postgres:postgresql://127.0.0.1:5432/faces", say.',
        )
    return host, port, database


def psycopg_module() -> Any:
    """Return the package psycopg, or raise MissingExtraError."""
    try:
        return import_module("psycopg")
    except ImportError as error:
        raise MissingExtraError(
            "index on a PostgreSQL server",
            rule="needs psycopg",
            got="no such package",
            next_step='Run: pip install "psycopg[binary]>=3.2,<4".',
        ) from error
