"""What the command sets for its own process, before it imports anything that is large."""

from __future__ import annotations

import _thread
import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

from matcher.paths import shown
from matcher.words import visible

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_WAITING: Final = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
_WAITING_ELSEWHERE: Final = (*_WAITING, "KMP_BLOCKTIME")
_ENDING: Final = ("SIGTERM", "SIGHUP", "SIGBREAK")
_ASKED_AGAIN_AFTER: Final = 0.05  # seconds


class Ended(KeyboardInterrupt):
    """The process was asked to end by a signal other than Ctrl-C; `number` says which."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def exit_code_of(interrupt: KeyboardInterrupt) -> int:
    """Return 128 and the number of the signal, as shells do."""
    return 128 + (interrupt.number if isinstance(interrupt, Ended) else signal.SIGINT)


def prepare() -> None:
    """Set streams, signals and threads of this process. Call it once, at its start."""
    _lose_no_character()
    _log_what_can_be_seen()
    _end_as_on_interrupt()
    _lose_no_interrupt()
    _wait_without_work()


def _lose_no_character() -> None:
    r"""Print a character that a stream cannot encode as an escape, such as `\u0142`.

    Results have the same line ends on every system.
    """
    for stream, choices in ((sys.stdout, {"newline": ""}), (sys.stderr, {})):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace", **choices)


class _Seen(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(visible(shown(line)) for line in super().format(record).split("\n"))


def _log_what_can_be_seen() -> None:
    """Write warnings to stderr, without anything that a terminal would obey or hide."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Seen())
    logging.basicConfig(handlers=[handler])
    logging.captureWarnings(capture=True)


def _end_as_on_interrupt() -> None:
    """Have the signals that end a process raise `Ended`, unless somebody chose otherwise."""
    for name in _ENDING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _raise_ended)


def _raise_ended(number: int, _frame: Any) -> None:
    signal.signal(number, signal.SIG_DFL)  # a second one ends the process at once
    raise Ended(number)


def _lose_no_interrupt() -> None:
    """Repeat an interrupt that came where Python ignores exceptions.

    Python ignores what is raised in the callback of a weak reference or in a destructor. Such a
    callback runs at each import. An interrupt in it would be lost, and the command would go on.
    """
    otherwise = sys.unraisablehook

    def ignored(fact: UnraisableHookArgs) -> None:
        lost = fact.exc_value
        if not isinstance(lost, KeyboardInterrupt):
            otherwise(fact)
            return
        number = lost.number if isinstance(lost, Ended) else signal.SIGINT
        if isinstance(lost, Ended):
            signal.signal(number, _raise_ended)
        again = threading.Timer(_ASKED_AGAIN_AFTER, _thread.interrupt_main, [number])
        again.daemon = True
        again.start()

    sys.unraisablehook = ignored


def _wait_without_work() -> None:
    """Have idle threads of OpenMP sleep. The user's choice stays.

    docs/evidence/index-and-sizing.md has the figures.

    Idle threads that wait actively take the cores from other processes. OpenMP reads the variable
    when it is loaded, so it must be set before PyTorch is imported. PyTorch's builds for Linux have
    GNU's OpenMP, which does not read KMP_BLOCKTIME: there it is no choice of how PyTorch waits.
    """
    choices = _WAITING if sys.platform.startswith("linux") else _WAITING_ELSEWHERE
    if not any(name in os.environ for name in choices):
        os.environ["OMP_WAIT_POLICY"] = "passive"
