"""The command as a process that heeds Ctrl-C, even where the tests were started to ignore it."""

from __future__ import annotations

import sys

# A shell that runs the tests in the background has them, and what they start, ignore SIGINT.
_HEEDING = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
_HOLDING = (
    "import time; from matcher.jobs.shadow import Shadow; "
    "Shadow.commit = lambda *_: time.sleep(600); "
)
_CALLED_BACK = (
    "import os, weakref; from matcher.embedding import Extractor; "
    "held = [type('Held', (), {{}})()]; "
    "watch = weakref.ref(held[0], lambda _: os.kill(os.getpid(), {number})); "
    "batch = Extractor._extract_batch; "
    "Extractor._extract_batch = lambda *words: (held.clear(), batch(*words))[1]; "
)
COMMAND = [sys.executable, "-c", f"{_HEEDING}from matcher.cli import main; main()"]
HELD = [sys.executable, "-c", f"{_HEEDING}{_HOLDING}from matcher.cli import main; main()"]
"""The same, but a job waits in its first batch: it is not done before a signal comes."""


def in_a_callback(number: int) -> str:
    """Return the command whose first batch sends it a signal in the callback of a weak reference.

    Python ignores exceptions there.
    """
    return f"{_HEEDING}{_CALLED_BACK.format(number=number)}from matcher.cli import main; main()"
