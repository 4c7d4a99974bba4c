"""A command whose results go to a terminal of a given width, and its talk to a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    """What a person saw, and what was said besides."""

    lines: list[str]
    talk: str
    code: int


def shown(width: int, *words: object) -> Shown:
    """Run `matcher` with its stdout on a terminal that has so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    running = subprocess.Popen(
        [sys.executable, "-m", "matcher", *map(str, words)],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env=environment | {"TERM": "xterm"},
    )
    os.close(theirs)
    printed = bytearray()
    try:
        while block := os.read(ours, 1 << 16):
            printed += block
    except OSError:  # Linux says so when nobody has the other end open any more
        pass
    finally:
        os.close(ours)
    assert running.stderr is not None
    talk = running.stderr.read().decode()
    running.stderr.close()
    return Shown(printed.decode().splitlines(), talk, running.wait())
