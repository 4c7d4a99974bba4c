"""Make an encrypted copy of a gallery that is not encrypted.

The copy is made beside its place and moved there whole. The gallery itself is not changed: who has
looked at the copy deletes the gallery.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from matcher import sqlite
from matcher.arguments import path_of
from matcher.encryption import (
    KEY_NAME,
    GalleryKey,
    GalleryKeyError,
    GalleryKeys,
    keys_of,
    new_keys,
    seal,
)
from matcher.errors import GalleryExistsError, GalleryNotFoundError, JobError
from matcher.gallery.creation import draft_of
from matcher.gallery.editions import directory_of, read_pointer, shadow_of
from matcher.gallery.files import unwritable_reported
from matcher.gallery.index import INDEX_NAME, check_sealable, is_index_file
from matcher.gallery.store import STORE_NAME, Store
from matcher.gallery.store.sqlite_errors import translated
from matcher.private_files import (
    FOLDER_MODE,
    claim_private,
    make_private,
    open_private,
    sync_directory,
)

PROBES: Final = "probes"
"""Name of folders whose files are bytes of photos; they are sealed."""

PROBE: Final = "probe"
"""The purpose for which the bytes of a photo are sealed."""

_BUSY_TIMEOUT: Final = 10.0
_SQLITE: Final = b"SQLite format 3\0"
_OF_A_MOMENT: Final = ("-wal", "-shm", "-journal", ".lock", ".part")


def encrypt_copy(gallery: Path | str, new: Path | str, key: GalleryKey) -> None:
    """Copy a gallery to another place, encrypted, with all editions and its watch list.

    Writers wait meanwhile. The gallery stays as it is, and so do its plain bytes: delete it when
    the copy is good. What was deleted can often be read from a disk until it is written over.

    Parameters
    ----------
    gallery
        Directory of a gallery that is not encrypted.
    new
        Directory of the copy; it does not exist yet.
    key
        The key of the copy. It stays usable in this process.

    Raises
    ------
    GalleryNotFoundError, GalleryExistsError
        When there is no gallery, or something where the copy is to be.
    GalleryKeyError
        When the gallery is encrypted.
    JobError
        When a job fills an edition of it.
    InputError
        When its index is on a server.
    GalleryBusyError, GalleryWriteError, MissingExtraError
        Nothing is left behind.
    """
    gallery, new = path_of("gallery", gallery), path_of("new", new)
    keys = new_keys(key)
    _check(gallery, new)
    edition = directory_of(gallery, read_pointer(gallery).current)
    with (
        closing(Store(edition, _BUSY_TIMEOUT)) as store,
        store.locked(),
        unwritable_reported("encrypted copy", new),
        draft_of(new) as draft,
    ):
        check_sealable(store.meta("index"), gallery)
        _copy(gallery, draft, keys)
        draft.rename(new)
        sync_directory(new.parent)


def _check(gallery: Path, new: Path) -> None:
    if not any((gallery / name).is_file() for name in (STORE_NAME, "current.json")):
        raise GalleryNotFoundError(
            "gallery",
            rule=f"must be a directory with {STORE_NAME}",
            got="none",
            next_step="Check the path.",
            path=gallery,
        )
    if keys_of(gallery) is not None:
        raise GalleryKeyError(
            "gallery",
            rule="must not be encrypted yet",
            got="one that is",
            next_step="To give it another key: matcher gallery change-key GALLERY FILE.",
            path=gallery,
        )
    if new.exists() or new.is_symlink():
        raise GalleryExistsError(
            "encrypted copy",
            rule="must not be there yet",
            got="a file or a directory",
            next_step="Choose another path.",
            path=new,
        )
    if shadow_of(gallery) is not None:
        raise JobError(
            "gallery",
            rule="must not be re-indexed while it is copied",
            got="a job that is not switched to",
            next_step="Run: matcher reindex switch, or matcher reindex discard.",
            path=gallery,
        )


def _copy(folder: Path, copy: Path, keys: GalleryKeys) -> None:
    """Copy a folder. A gallery inside, such as the watch list, gets keys of its own."""
    copy.mkdir(FOLDER_MODE)
    keys.write_to(copy)
    _copy_into(folder, copy, keys)


def _copy_into(folder: Path, copy: Path, keys: GalleryKeys) -> None:
    for source in _worth_copying(folder):
        place = copy / source.name
        if not source.is_dir():
            _copy_file(source, place, keys)
        elif (source / STORE_NAME).is_file() and folder.name != "editions":
            _copy(source, place, new_keys(keys.key))
        else:
            place.mkdir(FOLDER_MODE)
            _copy_into(source, place, keys)
    sync_directory(copy)


def _worth_copying(folder: Path) -> Iterator[Path]:
    """Yield what lies in a folder, without what belongs to a moment; the index is made anew."""
    for source in sorted(folder.iterdir()):
        name = source.name
        of_a_moment = name.endswith(_OF_A_MOMENT) or name.startswith((".", INDEX_NAME))
        if of_a_moment or is_index_file(name) or name == KEY_NAME or source.is_symlink():
            continue
        yield source


def _copy_file(source: Path, place: Path, keys: GalleryKeys) -> None:
    with source.open("rb") as file:
        is_database = file.read(len(_SQLITE)) == _SQLITE
    if is_database:
        _export(source, place, keys.store)
    elif source.parent.name == PROBES:
        with open_private(place, "wb") as file:
            file.write(seal(source.read_bytes(), keys, PROBE))
    else:
        shutil.copyfile(source, place)
        make_private(place)


def _export(source: Path, place: Path, key: bytes) -> None:
    """Write an encrypted copy of a SQLite file, with the numbers of its head."""
    claim_private(place)
    with translated(place), closing(sqlite.connect(place, key, isolation_level=None)) as copy:
        copy.execute("ATTACH DATABASE ? AS plain KEY ''", (source.resolve().as_uri(),))
        copy.execute("SELECT sqlcipher_export('main', 'plain')")
        for name in ("application_id", "user_version"):
            number = int(copy.execute(f"PRAGMA plain.{name}").fetchone()[0])
            copy.execute(f"PRAGMA main.{name} = {number}")
        copy.execute("DETACH DATABASE plain")
