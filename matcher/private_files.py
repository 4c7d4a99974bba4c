"""Files that only their owner can read, whatever the umask is.

Vectors, names and paths of photos belong to people. A file of them has the mode 0600, a folder of
such files 0700.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any, Final

log = logging.getLogger(__name__)

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
PUBLIC_FILE_MODE: Final = 0o644
PUBLIC_FOLDER_MODE: Final = 0o755
"""Of weights: they tell nothing of a person, and several users may share them."""


@contextmanager
def open_private(path: Path, mode: str = "w", **options: Any) -> Iterator[IO[Any]]:
    """Open a file for writing. A file that is there is emptied, and loses the rights of others.

    Parameters
    ----------
    path
        The file.
    mode, options
        As for `open`: "w" or "wb"; encoding and newline.
    """
    with open(path, mode, opener=_opener, **options) as file:
        make_private(path)
        yield file


def write_private(path: Path, text: str) -> None:
    """Write a text in UTF-8 to a file, as `open_private` opens it."""
    with open_private(path, encoding="utf-8") as file:
        file.write(text)


def make_folder(path: Path, mode: int = FOLDER_MODE) -> None:
    """Make a folder and those that hold it, each that is missing with the same rights."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(mode, exist_ok=True)


def claim_private(path: Path) -> None:
    """Make an empty file unless one is there, and let only its owner read it.

    A library that opens a file by its name finds it then. SQLite gives the rights of a database to
    the journal and the log beside it.
    """
    if not path.exists():
        os.close(_opener(path, os.O_WRONLY | os.O_CREAT))
    make_private(path)


def make_private(file: Path) -> None:
    """Take all rights on a regular file from everybody but its owner; anything else is left alone.

    Where that cannot be done, on a disk that knows no rights or for a file of another owner, a
    warning is logged and the rights stay.
    """
    if not file.is_file() or file.stat().st_mode & 0o777 == FILE_MODE:
        return
    try:
        file.chmod(FILE_MODE)
    except OSError as error:
        log.warning("a file could not be closed to other users (%s)", error.strerror)


@contextmanager
def held_alone(
    path: Path, wait: float, *, busy: Exception, reported: AbstractContextManager[None]
) -> Iterator[None]:
    """Hold the lock in a file. The system releases it when the process ends, however it ends.

    Parameters
    ----------
    path
        The file; it is made if it is missing, and stays.
    wait
        Seconds to wait for another process.
    busy
        What is raised if another process holds the lock for longer.
    reported
        Turns an `OSError` about the file into an error of the caller. It is left before the block
        begins.
    """
    import filelock  # loads asyncio, which processes that decode photos do without

    lock = filelock.FileLock(path, timeout=wait, mode=FILE_MODE)
    with reported:
        try:
            lock.acquire()
        except filelock.Timeout:  # an OSError as well
            raise busy from None
    try:
        yield
    finally:
        lock.release()


def sync_directory(directory: Path) -> None:
    """Make the names in a directory survive a power cut.

    Windows opens no directory as a file; there the file system itself keeps names in its journal.
    """
    if os.name == "nt":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _opener(path: str | os.PathLike[str], flags: int) -> int:
    return os.open(path, flags, FILE_MODE)
