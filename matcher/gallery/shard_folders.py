"""Folders in which results of a job wait to be committed, beside the store of its shadow.

Workers, on this machine or another, write files into a folder; the job commits and deletes them. A
folder's name is random and only the job makes one, while the current edition is locked for
writing, as a removal locks it. So a removal that deletes all folders ends every write that began
before it, wherever the worker is: what it embedded of a removed face finds no place to lie.
"""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import Final

from matcher.gallery.editions import WHAT
from matcher.gallery.files import sync_directory, unwritable_reported

_PREFIX: Final = "shards-"
_DROPPED: Final = ".dropped-"


def make_shard_folder(edition: Path) -> Path:
    """Make an empty folder for results of an edition; call while the current one is locked."""
    folder = edition / f"{_PREFIX}{secrets.token_hex(8)}"
    with unwritable_reported(WHAT, folder):
        folder.mkdir(mode=0o700)
        sync_directory(edition)
    return folder


def shard_folders(edition: Path) -> list[Path]:
    """Return the folders of results of an edition."""
    return sorted(edition.glob(f"{_PREFIX}*"))


def drop_shard_folders(edition: Path) -> None:
    """Delete all folders of results: each gone in one step, then its files.

    Call while the current edition is locked.
    """
    with unwritable_reported(WHAT, edition):
        for folder in shard_folders(edition):
            folder.rename(edition / (_DROPPED + folder.name))
        for folder in edition.glob(f"{_DROPPED}{_PREFIX}*"):
            shutil.rmtree(folder)
