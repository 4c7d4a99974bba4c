"""Files that only their owner can read, whatever the umask is: they may name photos of people."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700


def write_private(path: Path, content: bytes) -> None:
    """Write a file, or write it anew, that only its owner can read.

    On a disk that knows no rights, or into a file of another owner, it is written all the same, and
    a warning is logged.
    """
    with open(path, "wb", opener=_opener) as file:
        if path.is_file() and path.stat().st_mode & 0o777 != FILE_MODE:
            _close_to_others(path)
        file.write(content)


def make_folder(path: Path, mode: int = FOLDER_MODE) -> None:
    """Make a folder and those that hold it, each that is missing with the same rights."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(mode, exist_ok=True)


def _opener(path: str | os.PathLike[str], flags: int) -> int:
    return os.open(path, flags, FILE_MODE)


def _close_to_others(path: Path) -> None:
    try:
        path.chmod(FILE_MODE)
    except OSError as error:
        log.warning("a file could not be closed to other users (%s)", error.strerror)
