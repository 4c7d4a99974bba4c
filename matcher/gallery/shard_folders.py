"""Folders in which results of a job wait to be committed, beside the store of its shadow.

Workers, on this machine or another, write files into a folder. The job commits the files and
deletes them. A folder's name is random. Only the job makes a folder, while the current edition is
locked for writing. A removal takes the same lock. A removal that deletes all folders therefore ends
every write that began before it, wherever the worker is: vectors of a removed face have no folder
to be written to.
"""

from __future__ import annotations

import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from matcher.gallery.editions import WHAT
from matcher.gallery.files import unwritable_reported
from matcher.private_files import FOLDER_MODE, sync_directory

_PREFIX: Final = "shards-"
_DROPPED: Final = ".dropped-"


def make_shard_folder(edition: Path) -> Path:
    """Make an empty folder for results of an edition. Call it while the current one is locked."""
    folder = edition / f"{_PREFIX}{secrets.token_hex(8)}"
    with unwritable_reported(WHAT, folder):
        folder.mkdir(FOLDER_MODE)
        sync_directory(edition)
    return folder


def shard_folders(edition: Path) -> list[Path]:
    """Return the folders with results of an edition."""
    return sorted(edition.glob(f"{_PREFIX}*"))


def drop_shard_folders(edition: Path) -> None:
    """Delete all folders of results: remove each in one step, then delete its files.

    Call it while the current edition is locked.
    """
    with unwritable_reported(WHAT, edition):
        for folder in shard_folders(edition):
            folder.rename(edition / (_DROPPED + folder.name))
    sweep_shard_folders(edition)


def sweep_shard_folders(edition: Path) -> None:
    """Finish a deletion that an interrupted `drop_shard_folders` left."""
    with unwritable_reported(WHAT, edition):
        for folder in edition.glob(f"{_DROPPED}{_PREFIX}*"):
            with suppress(FileNotFoundError):  # another process is deleting it too
                shutil.rmtree(folder)
