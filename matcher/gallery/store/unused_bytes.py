"""Overwrite the bytes of a store that no row uses any more, where they are.

SQLite's `secure_delete` overwrites a deleted row. It is not enough: when SQLite splits or joins
pages, it leaves copies of rows between the cell pointers and the cells of a page
(https://www.sqlite.org/fileformat2.html, "B-tree Pages"), and these copies outlive the row. This
module reads all pages and writes zeros over such bytes. It writes only pages that hold any. SQLite
never reads these bytes, so that neither a reader nor a power cut can see a half-written page.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

MOST_PAGES: Final = 1 << 25
"""Up to this number of pages, no page that is not part of a tree begins like one that is: all
others begin with zeros, with the number of a page in four bytes, or with the file's header."""

_READ_AT_ONCE: Final = 1 << 24
_FILE_HEADER: Final = 100
_INTERIOR: Final = (2, 5)
_LEAF: Final = (10, 13)

Pages = NDArray[np.uint8]
_Inode = tuple[int, int]


class UnusedBytesError(Exception):
    """The file is none whose unused bytes can be told from the others."""


def clear_unused_bytes(file: int) -> int:
    """Write zeros over the unused bytes of an SQLite file; return how many bytes were written.

    Call it while nobody writes to the file and its write-ahead log is empty.

    Parameters
    ----------
    file
        Descriptor of the file, for reading and writing.

    Raises
    ------
    UnusedBytesError
        It is no SQLite file, has parts that SQLite reserved for others, or more than `MOST_PAGES`.
    OSError
        It cannot be read or written.
    """
    size, pages = _shape(file)
    written = 0
    step = max(1, _READ_AT_ONCE // size)
    for first in range(0, pages, step):
        data = os.pread(file, min(step, pages - first) * size, first * size)
        table = np.frombuffer(data, dtype=np.uint8)[: len(data) // size * size].reshape(-1, size)
        for start, end in _unused(table, data, first == 0):
            if data[start:end] != bytes(end - start):
                os.pwrite(file, bytes(end - start), first * size + start)
                written += end - start
    if written:
        os.fsync(file)
    return written


def _shape(file: int) -> tuple[int, int]:
    """Return the size of a page in bytes, and the number of pages."""
    header = os.pread(file, _FILE_HEADER, 0)
    if len(header) < _FILE_HEADER or not header.startswith(b"SQLite format 3\0") or header[20]:
        raise UnusedBytesError("no SQLite file with whole pages")
    size = int.from_bytes(header[16:18], "big")
    size = 1 << 16 if size == 1 else size
    pages = os.fstat(file).st_size // size
    if pages >= MOST_PAGES:
        raise UnusedBytesError(f"{pages} pages")
    return size, pages


def _unused(table: Pages, data: bytes, with_header: bool) -> Iterator[tuple[int, int]]:
    """Yield the places in `data` that no cell of these pages uses."""
    size = table.shape[1]
    starts = np.zeros(len(table), dtype=np.int64)
    if with_header:
        starts[0] = _FILE_HEADER
    rows = np.arange(len(table))
    kind = table[rows, starts]
    interior = np.isin(kind, _INTERIOR)
    in_a_tree = interior | np.isin(kind, _LEAF)
    cells = _number(table, rows, starts + 3)
    content = _number(table, rows, starts + 5)
    content[content == 0] = 1 << 16
    gap = starts + np.where(interior, 12, 8) + 2 * cells
    fits = in_a_tree & (gap <= content) & (content <= size)
    for page in np.flatnonzero(fits & (gap < content)):
        yield page * size + int(gap[page]), page * size + int(content[page])
    block = np.where(fits, _number(table, rows, starts + 1), 0)
    for page in np.flatnonzero(block):
        yield from _free_blocks(data, int(page) * size, int(block[page]), size)


def _number(table: Pages, rows: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of two bytes at a place of each page."""
    return (table[rows, places].astype(np.int64) << 8) | table[rows, places + 1]


def _free_blocks(data: bytes, page: int, block: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the content of the free blocks of a page; each begins with the next one's place."""
    while 0 < block <= size - 4:
        following, length = (
            int.from_bytes(data[page + block + at : page + block + at + 2], "big") for at in (0, 2)
        )
        yield page + block + 4, page + min(block + length, size)
        if following <= block:
            return
        block = following


class StoreFile:
    """The file of a store, opened beside SQLite when it is first needed.

    SQLite's locks belong to the process. The system drops them as soon as the process closes any
    descriptor of the file (https://www.sqlite.org/howtocorrupt.html, section 2.2). So the
    descriptor is shared, and closed when the last store of the process leaves the file.

    Parameters
    ----------
    path
        The file.
    """

    _users: ClassVar[Counter[_Inode]] = Counter()
    _descriptors: ClassVar[dict[_Inode, int]] = {}
    _changing: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode: _Inode | None = None

    def enter(self) -> None:
        """Take part in the file, at the first connection to it."""
        with self._changing:
            if self._inode is None and self._path.exists():
                facts = self._path.stat()
                self._inode = (facts.st_dev, facts.st_ino)
                self._users[self._inode] += 1

    def leave(self) -> None:
        """Leave the file, after the last connection to it was closed."""
        with self._changing:
            if self._inode is None:
                return
            self._users[self._inode] -= 1
            if self._users[self._inode] <= 0:
                del self._users[self._inode]
                if (descriptor := self._descriptors.pop(self._inode, None)) is not None:
                    os.close(descriptor)
            self._inode = None

    def clear_unused_bytes(self) -> int:
        """Call `clear_unused_bytes` on the file, which this object has entered."""
        return clear_unused_bytes(self._descriptor())

    def _descriptor(self) -> int:
        with self._changing:
            if self._inode is None:
                raise UnusedBytesError("a file that is not open")
            if self._inode not in self._descriptors:
                self._descriptors[self._inode] = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
            descriptor = self._descriptors[self._inode]
            there = os.fstat(descriptor)
            if (there.st_dev, there.st_ino) != self._inode:
                raise UnusedBytesError("another file in its place")
            return descriptor
