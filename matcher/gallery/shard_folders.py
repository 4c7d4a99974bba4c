"""Folders in which results of a job wait to be committed: beside the store of its shadow, or away.

Workers, on this machine or another, write files into a folder. The job commits the files and
deletes them. A folder's name is random. Only the job makes a folder, while the current edition is
locked for writing. A removal takes the same lock. A removal that deletes all folders therefore ends
every write that began before it, wherever the worker is: vectors of a removed face have no folder
to be written to.

A folder that is away lies where several machines reach it, and not in the gallery. A file beside
the store says where, so that a removal finds it. A removal that cannot reach it is refused, because
nobody could say afterwards whom the folder holds.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from matcher.errors import GalleryDamagedError, GalleryWriteError
from matcher.gallery.editions import WHAT
from matcher.gallery.files import replace_private, unwritable_reported
from matcher.private_files import FOLDER_MODE, make_folder, sync_directory
from matcher.strict_reading import object_of, text_of

PREFIX: Final = "shards-"
AWAY_NAME: Final = "shared.json"
"""Name of the file that says where a folder is that is away."""

_DROPPED: Final = ".dropped-"
_TRIES: Final = 40
_PAUSE: Final = 0.05
"""Seconds between two tries to delete a folder. A worker may be closing its last file in it."""


def make_shard_folder(edition: Path) -> Path:
    """Make an empty folder for results of an edition. Call it while the current one is locked."""
    folder = edition / f"{PREFIX}{secrets.token_hex(8)}"
    with unwritable_reported(WHAT, folder):
        folder.mkdir(FOLDER_MODE)
        sync_directory(edition)
    return folder


def make_away_folder(edition: Path, place: Path) -> Path:
    """Make an empty folder for results of an edition at a place that several machines reach.

    Call it while the current edition is locked, and while no folder of the edition is away.
    """
    folder = place.absolute() / f"{PREFIX}{secrets.token_hex(8)}"
    with unwritable_reported("folder for shares of a job", folder):
        make_folder(folder.parent)
        folder.mkdir(FOLDER_MODE)
        sync_directory(folder.parent)
    with unwritable_reported(WHAT, edition):
        text = json.dumps({"folder": os.fspath(folder)})
        replace_private(edition / AWAY_NAME, text.encode("ascii"))
    return folder


def away_folder(edition: Path) -> Path | None:
    """Return the folder of an edition that is away, whether it can be reached or not.

    Raises
    ------
    GalleryDamagedError
        When the file that says where it is cannot be read.
    """
    return _noted(edition / AWAY_NAME)


def _noted(file: Path) -> Path | None:
    try:
        # Not `read_json`: the name of a folder may hold bytes that are no text.
        return Path(text_of(object_of(json.loads(file.read_bytes()))["folder"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, RecursionError) as error:
        raise GalleryDamagedError(
            "note of the folder that a job shares",
            rule="must be readable, and name the folder",
            got=error,
            next_step="Delete the folder that was shared, and then this file.",
            path=file,
        ) from error


def shard_folders(edition: Path) -> list[Path]:
    """Return the folders with results of an edition that lie beside its store."""
    return sorted(edition.glob(f"{PREFIX}*"))


def drop_shard_folders(edition: Path) -> None:
    """Delete all folders of results: remove each in one step, then delete its files.

    Call it while the current edition is locked.

    Raises
    ------
    GalleryWriteError
        A folder that is away cannot be reached, or one cannot be deleted. Call it again then.
    """
    sweep_shard_folders(edition)
    note = edition / f"{_DROPPED}{AWAY_NAME}"
    if (left := _noted(note)) is not None:
        raise _unreachable(_dropped(left))
    away = away_folder(edition)
    if away is not None:
        with unwritable_reported("folder for shares of a job", away):
            if away.exists():
                away.rename(_dropped(away))
            elif not _dropped(away).exists():
                raise _unreachable(away)
        with unwritable_reported(WHAT, edition):
            (edition / AWAY_NAME).rename(note)
    with unwritable_reported(WHAT, edition):
        for folder in shard_folders(edition):
            folder.rename(_dropped(folder))
    sweep_shard_folders(edition)


def _unreachable(folder: Path) -> GalleryWriteError:
    return GalleryWriteError(
        "folder for shares of a job",
        rule="must be there while shares are out, because it holds vectors",
        got="none",
        next_step="Bring its disk back. If the folder was deleted for good, make an empty one of "
        "the same name. Then do the same again.",
        path=folder,
    )


def sweep_shard_folders(edition: Path) -> None:
    """Finish a deletion that an interrupted `drop_shard_folders` left."""
    note = edition / f"{_DROPPED}{AWAY_NAME}"
    with unwritable_reported(WHAT, edition):
        for folder in edition.glob(f"{_DROPPED}{PREFIX}*"):
            _delete(folder)
        away = _noted(note)
        if away is not None and (dropped := _dropped(away)).exists():
            # A folder that is not there may be on a disk that is not there: so it goes last.
            with suppress(FileNotFoundError):  # another process has deleted it
                for inside in dropped.iterdir():
                    _delete(inside)
            note.unlink(missing_ok=True)
            _delete(dropped)


def _dropped(folder: Path) -> Path:
    return folder.with_name(f"{_DROPPED}{folder.name}")


def _delete(place: Path) -> None:
    """Delete a file, or a folder though a worker that knew it may still finish a file in it."""
    for left in reversed(range(_TRIES)):
        try:
            with suppress(FileNotFoundError):  # another process is deleting it too
                shutil.rmtree(place) if place.is_dir() else place.unlink()
            if not os.path.lexists(place):
                return
        except OSError as error:
            if not left or error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY):
                raise
        time.sleep(_PAUSE)
    raise OSError(errno.ENOTEMPTY, "files are still written to it", os.fspath(place))
