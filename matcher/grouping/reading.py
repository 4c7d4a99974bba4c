"""Read the photos of a folder into a file of groups: every file is one recorded outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import imagehash
from PIL import Image

from matcher.embedding import EmbeddedFace, Extractor, PhotoExtraction
from matcher.errors import MatcherError, PhotoChangedError
from matcher.grouping.faces import PhotoFile, ReadFace, ReadPhoto
from matcher.grouping.storage import Rows
from matcher.paths import from_reference, to_reference
from matcher.photos import DecodeLimits, FolderListing, Photo, Reason, sha256_of
from matcher.progress import ProgressHook

_Read = tuple[ReadPhoto, list[ReadFace]]

_CLOSED: Final = Reason("folder that may not be listed", "folders that may not be listed")
_NO_PHOTO: Final = Reason("date of a photo not in the folder", "dates of photos not in the folder")

_BATCH: Final = 32  # photos in one transaction; an interruption loses at most one batch


def read_photos(
    rows: Rows,
    extractor: Extractor,
    listing: FolderListing,
    dates: Mapping[Path, date],
    on_progress: ProgressHook,
) -> None:
    """Read every photo that the file does not have yet; note every file.

    A photo is known by its bytes. One that failed in an earlier run is tried again.
    """
    days = {path.resolve(): day for path, day in dates.items()}
    total = len(listing.photos)
    on_progress("photos", 0, total)
    for start in range(0, total, _BATCH):
        batch = listing.photos[start : start + _BATCH]
        files = [
            _dated(_hashed(path, extractor.limits), days.get(path.resolve()) if days else None)
            for path in batch
        ]
        read = _read(extractor, _new(rows, files))
        with rows.writing():
            for photo, faces in (one for one in read.values() if isinstance(one, tuple)):
                rows.add_photo(photo, faces)
            for file in files:
                rows.set_file(_outcome(file, read.get(file.sha256)))
        on_progress("photos", start + len(batch), total)


def counts_left_out(listing: FolderListing, dates: Mapping[Path, date]) -> dict[str, int]:
    """Return how much of a folder, and of the dates, is not used, by the reason in words."""
    here = {path.resolve() for path in listing.photos} if dates else set()
    counts = Counter(one.reason for one in listing.left_out)
    counts[_CLOSED] = len(listing.unreadable)
    counts[_NO_PHOTO] = sum(path.resolve() not in here for path in dates)
    return {why.one if n == 1 else why.many: n for why, n in counts.items() if n}


def _hashed(path: Path, limits: DecodeLimits) -> PhotoFile:
    try:
        return PhotoFile(reference_of(path), sha256_of(path, limits=limits))
    except MatcherError as error:
        return PhotoFile(reference_of(path), "", error.code, str(error))


def reference_of(path: Path) -> str:
    """Return the absolute path of a photo as the file of groups holds it."""
    return to_reference(path.absolute())


def _new(rows: Rows, files: Iterable[PhotoFile]) -> list[PhotoFile]:
    """Return those files that have to be read, one for each photo."""
    first = {file.sha256: file for file in reversed([*files]) if file.sha256}
    return [file for sha256, file in first.items() if not rows.knows_photo(sha256)]


def _read(extractor: Extractor, files: Sequence[PhotoFile]) -> dict[str, _Read | MatcherError]:
    """Return what was read of each photo, or its error, by the hash of its bytes."""
    paths = [from_reference(file.reference) for file in files]
    # Taken one by one, so that few decoded photos are held at a time.
    found = map(_made, files, extractor.extract_many(paths, choose="all"))
    return {file.sha256: one for file, one in zip(files, found, strict=True)}


def _made(file: PhotoFile, extraction: PhotoExtraction) -> _Read | MatcherError:
    photo = extraction.photo
    if extraction.error is not None:
        return extraction.error
    if photo is None or photo.sha256 != file.sha256:
        return PhotoChangedError(
            "the photo",
            rule="must stay as it is while it is read",
            got="other bytes than a moment before",
            next_step="Run again when nobody writes to the folder.",
            path=from_reference(file.reference),
        )
    read = ReadPhoto(photo.sha256, looks_of(photo), photo.size, photo.notes)
    return read, [_face(number, one) for number, one in enumerate(extraction.faces, start=1)]


def _outcome(file: PhotoFile, read: _Read | MatcherError | None) -> PhotoFile:
    if isinstance(read, MatcherError):
        return replace(file, code=read.code, reason=str(read))
    return file


def _dated(file: PhotoFile, day: date | None) -> PhotoFile:
    """Return the file with its day of capture, where one is known: the only place that sets it."""
    return replace(file, taken_on=day)


def looks_of(photo: Photo) -> int:
    """Return the perceptual hash of a photo, 64 bits: see `imagehash.phash`."""
    return int(str(imagehash.phash(Image.fromarray(photo.pixels))), 16)


def _face(number: int, found: EmbeddedFace) -> ReadFace:
    face = found.face
    left, top, right, bottom = face.box.tolist()
    return ReadFace(
        face.photo.sha256,
        number,
        (left, top, right, bottom),
        face.landmarks,
        face.probability,
        face.quality,
        found.vectors,
    )
