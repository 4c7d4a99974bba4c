"""The end of a log file: its last whole line, and what a write that died left behind it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

_BLOCK: Final = 1 << 16
LONGEST_LINE: Final = 1 << 24
"""No record is longer; a longer line is damage."""


@dataclass(frozen=True)
class Tail:
    """The end of a log file.

    Parameters
    ----------
    line
        The last whole line without its end; empty if there is none.
    end
        Number of bytes up to the end of that line.
    rest
        Number of bytes behind it: half of a record.
    """

    line: bytes
    end: int
    rest: int


def read_tail(descriptor: int) -> Tail:
    """Return the end of an open file, reading no more of it than its last lines.

    Raises
    ------
    OSError
        When it cannot be read.
    ValueError
        When the last line is longer than any record.
    """
    size = os.fstat(descriptor).st_size
    start, content = size, b""
    while start > 0 and content.count(b"\n") < 2:
        if len(content) > LONGEST_LINE:
            raise ValueError("a line that is longer than any record")
        before = max(0, start - _BLOCK)
        os.lseek(descriptor, before, os.SEEK_SET)
        content = _read(descriptor, start - before) + content
        start = before
    whole, newline, rest = content.rpartition(b"\n")
    if not newline:
        return Tail(b"", 0, size)
    return Tail(whole.rpartition(b"\n")[2], size - len(rest), len(rest))


def _read(descriptor: int, count: int) -> bytes:
    parts = []
    while count > 0:
        part = os.read(descriptor, count)
        if not part:
            raise OSError("the file became shorter while it was read")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def write_whole(descriptor: int, content: bytes, end: int) -> None:
    """Write at the end of an open file and wait for the disk; on failure, cut the file to `end`.

    Raises
    ------
    OSError
        When not all of it could be written. The file is then as long as before.
    """
    try:
        if os.write(descriptor, content) != len(content):
            raise OSError("only a part was written; is the disk full?")
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, end)
        raise
