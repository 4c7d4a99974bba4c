"""Serve for a moment: ask a server of this process to end as soon as it listens."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from waiting import wait_until


def free_port() -> int:
    """Return a port on which nobody listens now."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def listens(port: int) -> bool:
    """Return whether somebody listens on a port of this machine."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def ended_when_it_listens() -> Iterator[int]:
    """Give a port; who serves on it in the main thread gets Ctrl-C once it listens."""
    port = free_port()
    given_up = threading.Event()

    def end() -> None:
        wait_until(lambda: given_up.is_set() or listens(port))
        if not given_up.is_set():
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=end)
    thread.start()
    try:
        yield port
    finally:
        given_up.set()
        thread.join()
