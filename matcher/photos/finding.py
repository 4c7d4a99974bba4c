"""Find the photos of a folder by their content, and say what was left out and why."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matcher.errors import PhotoError, PhotoFormatError, PhotoNotFoundError
from matcher.photos.formats import format_of
from matcher.photos.litter import is_litter
from matcher.photos.source import PHOTO_SUFFIXES

_HEAD: Final = 16
_BRANDS_NOT_READ: Final = (b"avif", b"avis", b"crx ")
_STARTS_NOT_READ: Final = (
    b"\x00\x00\x00\x0cJXL ",
    b"\xff\x0a",
    b"\x00\x00\x00\x0cjP  ",
    b"8BPS",
    b"FUJIFILMCCD-RAW",
    b"IIRO",
    b"IIU\x00",
)
"""Pictures that `load_photo` may refuse: AVIF and Canon's raw; JPEG XL twice, JPEG 2000, Photoshop,
and the raw files of Fujifilm, Olympus and Panasonic. Most other raw files begin as TIFF."""


@dataclass(frozen=True)
class Reason:
    """Why something in a folder is no photo to read, for one of them and for several.

    Parameters
    ----------
    one, many
        What it is, in the singular and the plural.
    by_name
        Whether a list of names tells a reader more than their number.
    """

    one: str
    many: str
    by_name: bool = False


NO_PICTURE: Final = Reason("file that is no picture", "files that are no picture")
NO_FILE: Final = Reason("entry that is no file", "entries that are no files")
LINK_OUT: Final = Reason("link to a file outside the folder", "links to files outside the folder")
DEAD_LINK: Final = Reason("link that leads nowhere", "links that lead nowhere")
LINKED_FOLDER: Final = Reason("linked folder", "linked folders", by_name=True)
SYSTEM_FILE: Final = Reason("file of the system", "files of the system", by_name=True)
SYSTEM_FOLDER: Final = Reason("folder of the system", "folders of the system", by_name=True)
HIDDEN_FILE: Final = Reason("hidden file", "hidden files", by_name=True)
HIDDEN_FOLDER: Final = Reason("hidden folder", "hidden folders", by_name=True)


@dataclass(frozen=True)
class LeftOut:
    """A file or folder that is not read, and why. Nothing in such a folder is read or listed."""

    path: Path
    reason: Reason


@dataclass(frozen=True)
class FolderListing:
    """What a folder and its sub-folders hold. All paths start with the folder, and are sorted.

    Parameters
    ----------
    photos
        Files that are pictures by their content, or are named as such.
    folders
        The sub-folders that were looked into, at any depth.
    left_out
        Everything else.
    unreadable
        Sub-folders that could not be listed.
    links
        Those photos that are links to other files in the folder.
    """

    photos: tuple[Path, ...]
    folders: tuple[Path, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    unreadable: tuple[Path, ...] = ()
    links: tuple[Path, ...] = ()


def find_photos(folder: str | os.PathLike[str]) -> list[Path]:
    """List the photos of a folder and its sub-folders, see `list_folder`.

    Returns
    -------
    list of Path
        Sorted by their path within the folder, each starting with `folder`.

    Raises
    ------
    PhotoNotFoundError
        If the folder does not exist or is not a folder.
    PhotoError
        If a sub-folder cannot be listed: photos in it would be lost without a word.
    """
    listing = list_folder(folder)
    for path in listing.unreadable:
        raise PhotoError(
            "the folder of photos",
            rule="must be readable with all its sub-folders",
            got="a sub-folder that cannot be listed",
            next_step="Check the rights on it and the health of the drive.",
            path=path,
        )
    return list(listing.photos)


def list_folder(folder: str | os.PathLike[str]) -> FolderListing:
    """List the photos of a folder and its sub-folders, and everything that is left out.

    The content tells a photo, see `looks_like_a_photo`. A file that has one of `PHOTO_SUFFIXES` and
    no such content is listed too, so that its fault is found when it is read. Links to folders are
    not followed. A link to a file counts if its target lies in the folder. Hidden files and folders
    are left out, and so is what systems and network drives put beside photos.

    Raises
    ------
    PhotoNotFoundError
        If the folder does not exist or is not a folder.
    """
    root = Path(folder)
    if not os.path.isdir(root):  # noqa: PTH112 - unlike Path.is_dir, never raises
        raise PhotoNotFoundError(
            "the folder of photos",
            rule="must be an existing folder",
            got="no folder at this path",
            next_step="Check the spelling, and that the drive is connected.",
            path=root,
        )
    real_root = root.resolve()
    folders: list[Path] = []
    files: list[Path] = []
    left_out: list[LeftOut] = []
    unreadable: list[Path] = []
    for parent, names, file_names in os.walk(
        root, onerror=lambda error: unreadable.append(Path(error.filename))
    ):
        reasons = {name: _reason_of_folder(Path(parent, name)) for name in names}
        names[:] = [name for name, reason in reasons.items() if reason is None]
        folders += [Path(parent, name) for name in names]
        left_out += [LeftOut(Path(parent, name), why) for name, why in reasons.items() if why]
        for path in (Path(parent, name) for name in file_names):
            reason = _reason_of_file(path, real_root)
            files += [path] if reason is None else []
            left_out += [] if reason is None else [LeftOut(path, reason)]
    photos = _sorted(files, root)
    return FolderListing(
        photos,
        _sorted((path for path in folders if path not in unreadable), root),
        tuple(sorted(left_out, key=lambda item: item.path.relative_to(root).as_posix())),
        _sorted(unreadable, root),
        tuple(path for path in photos if path.is_symlink()),
    )


def looks_like_a_photo(path: Path) -> bool:
    """Tell by the first bytes of a file whether it is a picture, of whatever name.

    Also true of some pictures that `load_photo` cannot read, such as raw files of cameras, and of a
    file that cannot be opened: their refusal is an outcome, so that none is lost without a word.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return True
    brand = head[8:12] if head[4:8] == b"ftyp" else b""
    if head.startswith(_STARTS_NOT_READ) or brand in _BRANDS_NOT_READ:
        return True
    try:
        format_of(head, path)
    except PhotoFormatError:
        return False
    return True


def _reason_of_folder(path: Path) -> Reason | None:
    """Return why a folder is left out, if it is."""
    if is_litter(path.name):
        return SYSTEM_FOLDER
    if path.name.startswith("."):
        return HIDDEN_FOLDER
    return LINKED_FOLDER if os.path.islink(path) else None  # noqa: PTH114 - never raises


def _reason_of_file(path: Path, root: Path) -> Reason | None:
    """Return why a file is left out, if it is. No file but a regular one is ever opened."""
    if is_litter(path.name):
        return SYSTEM_FILE
    if path.name.startswith("."):
        return HIDDEN_FILE
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return NO_FILE
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            return LINK_OUT
    except (OSError, RuntimeError):  # a link to nothing, or one that leads back to itself
        return DEAD_LINK if os.path.islink(path) else None  # noqa: PTH114 - never raises
    is_named_like_one = path.suffix.lower() in PHOTO_SUFFIXES
    return None if is_named_like_one or looks_like_a_photo(path) else NO_PICTURE


def _sorted(paths: Iterator[Path] | list[Path], root: Path) -> tuple[Path, ...]:
    return tuple(sorted(paths, key=lambda path: path.relative_to(root).as_posix()))
