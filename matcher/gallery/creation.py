"""Create a gallery completely or not at all, even if the power fails."""

from __future__ import annotations

import tempfile
from pathlib import Path

from matcher.embedding import ModelIdentity
from matcher.errors import GalleryExistsError, GalleryWriteError
from matcher.gallery.files import sync_directory
from matcher.gallery.store import Store
from matcher.private_files import FOLDER_MODE, make_folder


def create_gallery(path: Path, model: ModelIdentity, index: str) -> None:
    """Write an empty gallery beside its final path, and move it there in one step.

    Raises
    ------
    GalleryExistsError
        When something exists at the path.
    GalleryWriteError
        When it cannot be written. Nothing is left behind.
    """
    try:
        taken = path.is_symlink() or (path.exists() and not _is_empty_directory(path))
        if not taken:
            _write(path, model, index)
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


def _write(path: Path, model: ModelIdentity, index: str) -> None:
    make_folder(path.parent)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as parent:
        draft = Path(parent) / path.name
        draft.mkdir(FOLDER_MODE)
        Store.create(draft, model, index)
        if path.exists():
            path.rmdir()
        sync_directory(draft)
        draft.rename(path)
    sync_directory(path.parent)
