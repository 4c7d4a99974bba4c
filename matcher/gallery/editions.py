"""The editions of a gallery: a directory for each, and a file that names the current one.

An edition is a store with its index, made by one model. The first edition lies in the gallery's own
directory. Later editions lie below `editions/`. The pointer file names the current edition, and the
earlier current editions that are kept. The file is replaced in one step, and only while the current
store is locked for writing. An edition that the file does not name is the shadow that a job is
filling.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import shutil
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, TypeVar

from matcher.errors import (
    GalleryDamagedError,
    GalleryError,
    GalleryFormatError,
)
from matcher.gallery.files import EDITIONS, unwritable_reported
from matcher.gallery.index import INDEX_NAME, RemoteIndex, index_files, open_index
from matcher.gallery.store import STORE_NAME, Store
from matcher.private_files import open_private, sync_directory
from matcher.strict_reading import list_of, object_of, read_json

log = logging.getLogger(__name__)

POINTER_NAME: Final = "current.json"
PART_NAME: Final = "current.json.part"
FOLDER_NAME: Final = EDITIONS
WHAT: Final = "editions of the gallery"
FIRST: Final = "first"
"""Name of the edition in the gallery's own directory."""

T = TypeVar("T")

_BUSY_TIMEOUT: Final = 10.0
_DROPPED: Final = ".dropped-"
_NAME: Final = re.compile(r"\d{4,}-[0-9a-f]{8}")


@dataclass(frozen=True)
class Pointer:
    """Contents of the pointer file.

    Parameters
    ----------
    current
        Name of the edition that is searched.
    kept
        Names of editions that were current earlier and still exist, the latest first.
    """

    current: str = FIRST
    kept: tuple[str, ...] = ()


def directory_of(gallery: Path, name: str) -> Path:
    """Return the directory of an edition."""
    return gallery if name == FIRST else gallery / FOLDER_NAME / name


def names(gallery: Path) -> list[str]:
    """Return all editions that have a store, the oldest first."""
    later = sorted(path.name for path in (gallery / FOLDER_NAME).glob("*"))
    known = [FIRST, *(name for name in later if _NAME.fullmatch(name))]
    return [name for name in known if (directory_of(gallery, name) / STORE_NAME).is_file()]


def read_pointer(gallery: Path) -> Pointer:
    """Return the current and the kept editions. Without a file, the first edition is current.

    Raises
    ------
    GalleryDamagedError
        When the file does not have the form that `write_pointer` writes.
    """
    file = gallery / POINTER_NAME
    try:
        facts = object_of(read_json(file.read_bytes()))
        pointer = Pointer(_checked(facts["current"]), tuple(map(_checked, list_of(facts["kept"]))))
    except (FileNotFoundError, NotADirectoryError):
        return Pointer()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GalleryDamagedError(
            "pointer to the current edition",
            rule="must be readable, and name the current and the kept editions",
            got=error,
            next_step="Restore the file from a backup of the gallery.",
            path=file,
        ) from error
    existing = names(gallery)
    return Pointer(pointer.current, tuple(name for name in pointer.kept if name in existing))


def _checked(name: object) -> str:
    if name != FIRST and not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise ValueError(f"{name!r} is no edition's name")
    return str(name)


def write_pointer(gallery: Path, pointer: Pointer) -> None:
    """Replace the pointer file in one step. Call it only while the current store is locked.

    Raises
    ------
    GalleryWriteError
        When it cannot be written. The old file is then unchanged.
    """
    part = gallery / PART_NAME
    with unwritable_reported(WHAT, part):
        with open_private(part, encoding="ascii") as file:
            json.dump(asdict(pointer), file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(gallery / POINTER_NAME)
        sync_directory(gallery)


def shadow_of(gallery: Path) -> str | None:
    """Return the edition that a job is filling; None if there is none."""
    pointer = read_pointer(gallery)
    others = [name for name in names(gallery) if name not in (pointer.current, *pointer.kept)]
    return others[-1] if others else None


def with_current(gallery: Path, open_edition: Callable[[str], T]) -> T:
    """Open the current edition; try again if the pointer changed while it was being opened."""
    name = read_pointer(gallery).current
    while True:
        try:
            return open_edition(name)
        except GalleryError:
            before, name = name, read_pointer(gallery).current
            if name == before:
                raise


def new_name(gallery: Path) -> str:
    """Return a name that no edition ever had: a number for the order, and a random part."""
    return f"{1 + max(map(number_of, names(gallery)), default=1):04d}-{secrets.token_hex(4)}"


def number_of(name: str) -> int:
    """Return the number of an edition; one that was made later has a higher number."""
    return 1 if name == FIRST else int(name.partition("-")[0])


def drop(gallery: Path, name: str) -> None:
    """Delete an edition that is not current: remove it in one step, then delete its files.

    A process that has the edition open can read it until it closes the object.

    Raises
    ------
    IndexServerError
        When the server that holds its index does not answer. Nothing is deleted.
    """
    directory = directory_of(gallery, name)
    _discard_remote_index(directory)
    with unwritable_reported(WHAT, directory):
        if name == FIRST:
            (gallery / STORE_NAME).unlink(missing_ok=True)
        else:
            directory.rename(directory.with_name(_DROPPED + name))
    sweep(gallery)


def _discard_remote_index(directory: Path) -> None:
    """Delete the part of an edition that a server holds. Its files hold the rest."""
    try:
        with closing(Store(directory, _BUSY_TIMEOUT)) as store:
            index = open_index(directory, store, _BUSY_TIMEOUT)
            if isinstance(index, RemoteIndex):
                index.discard()
    except (GalleryDamagedError, GalleryFormatError) as error:
        log.warning("a server may still hold the index of a damaged edition (%s)", error.code)


def sweep(gallery: Path) -> None:
    """Finish a deletion that an interrupted `drop` left."""
    with unwritable_reported(WHAT, gallery):
        if not (gallery / STORE_NAME).exists():
            indexes = {*index_files(gallery), *gallery.glob(f"{INDEX_NAME}*")}
            for file in (*gallery.glob(f"{STORE_NAME}-*"), *indexes):
                file.unlink(missing_ok=True)
        for directory in (gallery / FOLDER_NAME).glob(f"{_DROPPED}*"):
            with suppress(FileNotFoundError):  # another process is deleting it too
                shutil.rmtree(directory)
