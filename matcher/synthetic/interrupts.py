"""Hold back the signals that end a process while it does what may not stop half-way."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

_ENDING: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


@contextmanager
def interrupts_held_back() -> Iterator[None]:
    """Deliver a signal that would end the process after the block.

    A process that the block starts gets the Ctrl-C of a terminal too. It inherits that Ctrl-C is
    held back, until it ignores it or asks for it; on Windows, where nothing is inherited, it does
    not.
    """
    with ExitStack() as stack:
        if threading.current_thread() is threading.main_thread():
            for name in _ENDING:
                stack.enter_context(_delivered_afterwards(getattr(signal, name, None)))
        if sys.platform != "win32":
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            stack.callback(signal.pthread_sigmask, signal.SIG_SETMASK, before)
        yield


@contextmanager
def _delivered_afterwards(number: signal.Signals | None) -> Iterator[None]:
    """Note a signal that a function of Python handles, and raise it again after the block."""
    handler = None if number is None else signal.getsignal(number)
    if number is None or not callable(handler):
        yield
        return
    came: list[int] = []
    signal.signal(number, lambda given, _frame: came.append(given))
    try:
        yield
    finally:
        signal.signal(number, handler)
        if came:
            signal.raise_signal(number)
