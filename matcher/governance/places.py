"""Where the files of a governed gallery lie: in a folder of its own inside the gallery."""

from __future__ import annotations

from pathlib import Path
from typing import Final

FOLDER_NAME: Final = "casework"
LOG_NAME: Final = "log.jsonl"
LOCK_NAME: Final = "log.lock"
DATABASE_NAME: Final = "casework.sqlite"


def folder_of(gallery: Path) -> Path:
    """Return the folder of a gallery's casework."""
    return gallery / FOLDER_NAME


def log_of(gallery: Path) -> Path:
    """Return the file of a gallery's activity log."""
    return folder_of(gallery) / LOG_NAME


def lock_of(gallery: Path) -> Path:
    """Return the lock of a gallery's activity log."""
    return folder_of(gallery) / LOCK_NAME


def database_of(gallery: Path) -> Path:
    """Return the file of a gallery's tokens and reviews."""
    return folder_of(gallery) / DATABASE_NAME
