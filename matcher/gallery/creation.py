"""Create a gallery completely or not at all, even if the power fails."""

from __future__ import annotations

import re
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
from matcher.gallery.files import sync_directory
from matcher.gallery.index import check_sealable
from matcher.gallery.store import STORE_NAME, Store
from matcher.private_files import FILE_MODE, FOLDER_MODE, make_folder

LOCK_NAME: Final = "draft.lock"


def create_gallery(
    path: Path,
    model: ModelIdentity,
    index: str,
    keys: GalleryKeys | None = None,
    *,
    is_edition: bool = False,
) -> None:
    """Write an empty gallery beside its final path, and move it there in one step.

    With keys it is encrypted. An edition has no key file of its own.

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
                _fill(draft, model, index, keys, is_edition)
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
    draft: Path, model: ModelIdentity, index: str, keys: GalleryKeys | None, is_edition: bool
) -> None:
    draft.mkdir(FOLDER_MODE)
    if keys is not None and not is_edition:
        keys.write_to(draft)
    Store.create(draft, model, index, keys)


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
    """Return whether a folder holds nothing but a store and the lock."""
    if draft.is_symlink() or not draft.is_dir():
        return False
    name = draft.name[1:].rpartition(".")[0]
    inside = draft / name
    ours = {LOCK_NAME, name} >= {entry.name for entry in draft.iterdir()}
    return ours and all(
        file.name.startswith((STORE_NAME, KEY_NAME))
        for file in (inside.iterdir() if inside.is_dir() else ())
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
