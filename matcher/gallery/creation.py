"""Create a gallery completely or not at all, even if the power fails."""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import filelock

from matcher.embedding import ModelIdentity
from matcher.encryption import KEY_NAME, GalleryKeys
from matcher.errors import GalleryExistsError, GalleryWriteError
from matcher.gallery.index import check_sealable
from matcher.gallery.store import STORE_NAME, Store
from matcher.governance import ActivityLog, Entry
from matcher.governance.places import FOLDER_NAME
from matcher.private_files import FILE_MODE, FOLDER_MODE, make_folder, sync_directory

LOCK_NAME: Final = "draft.lock"


def create_gallery(
    path: Path,
    model: ModelIdentity,
    index: str,
    *,
    keys: GalleryKeys | None = None,
    governed: str = "",
    first: Entry | None = None,
    is_edition: bool = False,
) -> None:
    """Write an empty gallery beside its final path, and move it there in one step.

    Parameters
    ----------
    path, model, index
        As in `Gallery.create`.
    keys
        The keys of an encrypted gallery; None for any other.
    governed
        Identifier of the governed gallery of which this is an edition; empty for any other.
    first
        First entry of the log of a governed gallery; None for any other, and for an edition.
    is_edition
        Whether it is an edition of a gallery that is there, which has the key file.

    Raises
    ------
    GalleryExistsError
        When something exists at the path.
    GalleryWriteError
        When it cannot be written. Nothing is left behind.
    InputError
        With keys, for an index on a server.
    """
    if keys is not None:
        check_sealable(index, path)
    try:
        taken = path.is_symlink() or (path.exists() and not _is_empty_directory(path))
        if not taken:
            with draft_of(path) as draft:
                draft.mkdir(FOLDER_MODE)
                if keys is not None and not is_edition:
                    keys.write_to(draft)
                _fill(draft, model, index, keys, governed, first)
                _move(draft, path)
    except OSError as error:
        raise GalleryWriteError(
            "gallery",
            rule="must be in a writable directory",
            got=error,
            next_step="Choose another place, or correct the rights.",
            path=path,
        ) from error
    if taken:
        raise GalleryExistsError(
            "gallery",
            rule="must not be there yet, or be an empty directory",
            got="a file or a directory with files",
            next_step="Open it, or choose another path.",
            path=path,
        )


def _is_empty_directory(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _fill(
    draft: Path,
    model: ModelIdentity,
    index: str,
    keys: GalleryKeys | None,
    governed: str,
    first: Entry | None,
) -> None:
    gallery_id = governed if first is None else secrets.token_hex(16)
    Store.create(draft, model, index, governed=gallery_id, keys=keys)
    if first is not None:
        ActivityLog.begin(draft, gallery_id, first)


def _move(draft: Path, path: Path) -> None:
    if path.exists():
        path.rmdir()
    sync_directory(draft)
    draft.rename(path)
    sync_directory(path.parent)


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """Yield the place of a gallery that is being made, in a folder that is deleted afterwards.

    Its lock is held meanwhile, so that nobody takes the folder for one that a dead process left.
    """
    make_folder(path.parent)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        lock = filelock.FileLock(folder / LOCK_NAME, timeout=0, mode=FILE_MODE)
        try:
            lock.acquire()
        except (filelock.Timeout, FileNotFoundError):
            continue  # it was taken for a dead one just now, and is being deleted
        except BaseException:
            shutil.rmtree(folder)
            raise
        break
    try:
        yield folder / path.name
    finally:
        lock.release()
        with suppress(FileNotFoundError):  # it was taken for a dead one, and is being deleted too
            shutil.rmtree(folder)


def clear_drafts(folder: Path, name: str) -> None:
    """Delete what processes left in a folder that died while they made a gallery.

    A draft whose process lives is left alone, and so is any folder that holds something else.

    Parameters
    ----------
    folder
        The folder in which galleries are made.
    name
        A pattern for the names of the galleries, as `fnmatch` reads it.
    """
    with suppress(OSError):
        for draft in folder.glob(f".{name}.*"):
            if re.fullmatch(r"[a-z0-9_]{8}", draft.name.rpartition(".")[2]) and _is_draft(draft):
                _clear(draft)


def _is_draft(draft: Path) -> bool:
    """Return whether a folder holds nothing but a store, its casework, and the lock."""
    if draft.is_symlink() or not draft.is_dir():
        return False
    name = draft.name[1:].rpartition(".")[0]
    inside = draft / name
    ours = {LOCK_NAME, name} >= {entry.name for entry in draft.iterdir()}
    files = inside.iterdir() if inside.is_dir() else ()
    return ours and all(
        file.name.startswith((STORE_NAME, KEY_NAME)) or file.name == FOLDER_NAME for file in files
    )


def _clear(draft: Path) -> None:
    lock = filelock.FileLock(draft / LOCK_NAME, timeout=0, mode=FILE_MODE)
    try:
        lock.acquire()
    except filelock.Timeout:
        return  # its process lives
    shutil.rmtree(draft, ignore_errors=True)
    lock.release()
    shutil.rmtree(draft, ignore_errors=True)  # Windows deletes no file that is open
