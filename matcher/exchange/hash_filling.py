"""Complete the hashes of photos that were enrolled before galleries kept MD5 and SHA-1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Literal

from matcher.arguments import expect, expect_hook
from matcher.errors import PhotoError, PhotoNotFoundError
from matcher.gallery import Gallery
from matcher.hashes import FileHashes
from matcher.photos import file_hashes
from matcher.progress import ProgressHook, silent

_BATCH = 200  # photos in one transaction; an interruption loses at most one batch

Fault = Literal["missing", "changed", "unreadable"]


@dataclass(frozen=True)
class FilledHashes:
    """What became of the photos that lacked a hash.

    Parameters
    ----------
    filled
        Photos whose file is the one that was enrolled. They have all hashes now.
    missing
        Photos without a file at their place.
    changed
        Photos with a file of other bytes at their place.
    unreadable
        Photos whose file cannot be read.
    """

    filled: int = 0
    missing: int = 0
    changed: int = 0
    unreadable: int = 0

    @property
    def lacking(self) -> int:
        """Photos that still lack a hash."""
        return self.missing + self.changed + self.unreadable


def fill_hashes(gallery: Gallery, *, on_progress: ProgressHook = silent) -> FilledHashes:
    """Compute MD5 and SHA-1 of the photos that lack them, where SHA-256 still agrees.

    An interrupted run can simply be started again.

    Parameters
    ----------
    gallery
        The gallery. It is written to, in each edition.
    on_progress
        Called after each batch.

    Raises
    ------
    GalleryBusyError, GalleryWriteError
        The gallery cannot be written. Earlier batches are stored.
    """
    expect("gallery", gallery, Gallery, rule="must be a Gallery", next_step="Open one first.")
    expect_hook("on_progress", on_progress)
    found: Counter[str] = Counter()
    lacking = _lacking(gallery)
    while batch := list(islice(lacking, _BATCH)):
        looked = [_hashed(sha256, places) for sha256, places in batch]
        hashes = [one for one in looked if isinstance(one, FileHashes)]
        if hashes:
            gallery.fill_hashes(hashes)
        found.update("filled" if isinstance(one, FileHashes) else one for one in looked)
        on_progress("fill hashes", found.total(), None)
    return FilledHashes(**found)


def _lacking(gallery: Gallery) -> Iterator[tuple[str, list[Path]]]:
    """Yield the SHA-256 of each photo that lacks a hash, and where its file may be."""
    for sha256, group in groupby(gallery.photo_records(), key=lambda pair: pair[1].sha256):
        photos = [photo for _, photo in group]
        if any(photo.md5 is None or photo.sha1 is None for photo in photos):
            yield sha256, list(dict.fromkeys(photo.path for photo in photos))


def _hashed(sha256: str, places: Iterable[Path]) -> FileHashes | Fault:
    """Return the hashes of the file that was enrolled, or the worst that was found instead."""
    fault: Fault = "missing"
    for place in places:
        try:
            hashes = file_hashes(place)
        except PhotoNotFoundError:
            continue
        except PhotoError:
            fault = "unreadable" if fault == "missing" else fault
            continue
        if hashes.sha256 == sha256:
            return hashes
        fault = "changed"
    return fault
