"""The command as a process that heeds Ctrl-C, even where the tests were started to ignore it."""

from __future__ import annotations

import sys

# A shell that runs the tests in the background has them, and what they start, ignore SIGINT.
COMMAND = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from matcher.cli import main; main()",
]
