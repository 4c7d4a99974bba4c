"""Look for the photos of a gallery or a folder in a list of hashes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from matcher.arguments import expect, expect_hook, path_of
from matcher.errors import MatcherError
from matcher.gallery import Gallery, PhotoRecord
from matcher.hashes import Algorithm, HashList
from matcher.paths import shown
from matcher.photos import DecodeLimits, file_hashes, list_folder
from matcher.progress import ProgressHook, silent

_REPORTED = 100  # photos between two reports of progress


@dataclass(frozen=True)
class ListedPhoto:
    """A photo that stands on the list.

    Parameters
    ----------
    photo
        Its reference in the gallery, or its path in the folder, as text.
    by
        The strongest hash that is on the list.
    sha256
        Its SHA-256.
    subject
        Its subject in the gallery; None in a folder.
    """

    photo: str
    by: Algorithm
    sha256: str
    subject: str | None = None

    def row(self) -> dict[str, str | None]:
        """Return it as one flat row for a report."""
        return {
            "photo": self.photo,
            "subject": self.subject,
            "by": self.by,
            "sha256": self.sha256,
        }


@dataclass(frozen=True)
class HashCheck:
    """What a check found.

    Parameters
    ----------
    listed
        The photos that are on the list.
    checked
        How many photos were looked for.
    lacking
        Photos of a gallery that may be on the list unseen: the gallery does not have the MD5 or the
        SHA-1 that the list goes by. See `fill_hashes`.
    failed
        Files of a folder that could not be read.
    left_out
        How many things in the folder are no photos, or may not be listed.
    """

    listed: tuple[ListedPhoto, ...]
    checked: int
    lacking: int = 0
    failed: tuple[MatcherError, ...] = ()
    left_out: int = 0


def check_gallery(gallery: Gallery, hashes: HashList) -> HashCheck:
    """Look for every photo of a gallery in a list. No file is read.

    A photo of two subjects is looked for once for each.
    """
    expect("gallery", gallery, Gallery, rule="must be a Gallery", next_step="Open one first.")
    _expect_list(hashes)
    found: list[ListedPhoto] = []
    checked = lacking = 0
    for subject, photo in gallery.photo_records():
        checked += 1
        if by := hashes.match(photo):
            found.append(ListedPhoto(photo.reference, by, photo.sha256, subject))
        else:
            lacking += _may_be_there(photo, hashes)
    return HashCheck(tuple(found), checked, lacking)


def check_folder(
    folder: Path | str,
    hashes: HashList,
    *,
    limits: DecodeLimits = DecodeLimits(),  # noqa: B008 - frozen, so one instance serves all calls
    on_progress: ProgressHook = silent,
) -> HashCheck:
    """Look for every photo of a folder and its sub-folders in a list.

    Parameters
    ----------
    folder
        The folder. The content of a file tells whether it is a photo.
    hashes
        The list.
    limits
        A larger file is one of `HashCheck.failed`.
    on_progress
        Called after some photos.

    Raises
    ------
    PhotoNotFoundError
        There is no such folder.
    """
    _expect_list(hashes)
    expect_hook("on_progress", on_progress)
    listing = list_folder(path_of("folder", folder))
    found: list[ListedPhoto] = []
    failed: list[MatcherError] = []
    for number, path in enumerate(listing.photos, start=1):
        try:
            of_file = file_hashes(path, limits=limits)
        except MatcherError as error:
            failed.append(error)
        else:
            if by := hashes.match(of_file):
                found.append(ListedPhoto(shown(path), by, of_file.sha256))
        if number % _REPORTED == 0 or number == len(listing.photos):
            on_progress("hash photos", number, len(listing.photos))
    left_out = len(listing.left_out) + len(listing.unreadable)
    return HashCheck(tuple(found), len(listing.photos), failed=tuple(failed), left_out=left_out)


def _may_be_there(photo: PhotoRecord, hashes: HashList) -> bool:
    return any(
        getattr(photo, name) is None and len(digests) > 0
        for name, digests in hashes.digests.items()
    )


def _expect_list(hashes: object) -> None:
    expect(
        "hashes",
        hashes,
        HashList,
        rule="must be a HashList",
        next_step="Give HashList.read(path).",
    )
