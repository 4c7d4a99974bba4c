"""Write the photos of a gallery as a VICS file."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from matcher._version import __version__
from matcher.arguments import expect, path_of
from matcher.gallery import Gallery, PhotoRecord
from matcher.gallery.files import replace_private
from matcher.paths import shown

_CONTEXT: Final = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Cases"


@dataclass(frozen=True)
class VicsExport:
    """What an export wrote.

    Parameters
    ----------
    entries
        Entries of the file.
    without_hash
        Photos that are not in it: the gallery has neither their MD5 nor their SHA-1. See
        `fill_hashes`.
    """

    entries: int
    without_hash: int


def export_vics(
    gallery: Gallery, path: Path | str, *, subjects: bool = False, paths: bool = False
) -> VicsExport:
    """Write an entry with `MediaID`, `MD5` and `SHA1` for each photo of a gallery.

    `Category` is null: it is for a person to set. Nothing in the file names a subject or a file
    unless that is asked for.

    Parameters
    ----------
    gallery
        The gallery.
    path
        File to write. Only its owner can read it. An existing file is replaced.
    subjects
        Write the identifier of the subject as `Comments`. A photo of two subjects then has two
        entries.
    paths
        Write name and path of the file as `MediaFiles`.

    Raises
    ------
    OSError
        The file cannot be written.
    NotAuthorisedError
        The gallery is governed, and was opened without a context.
    """
    expect("gallery", gallery, Gallery, rule="must be a Gallery", next_step="Open one first.")
    path = path_of("path", path)
    with gallery.recorded("export", of="vics", names=bool(subjects or paths)) as end:
        made = _written(gallery, path, subjects=subjects, paths=paths)
        end["entries"] = made.entries
    return made


def _written(gallery: Gallery, path: Path, *, subjects: bool, paths: bool) -> VicsExport:
    entries: list[dict[str, Any]] = []
    without_hash, last = 0, ""
    for subject, photo in gallery.photo_records():
        if photo.sha256 == last and not subjects:
            continue
        last = photo.sha256
        if photo.md5 is None and photo.sha1 is None:
            without_hash += 1
            continue
        entry = _entry(len(entries) + 1, photo)
        entry |= {"Comments": subject} if subjects else {}
        entry |= {"MediaFiles": [_file(photo)]} if paths else {}
        entries.append(entry)
    case = {
        "CaseID": str(uuid.uuid4()),
        "SourceApplicationName": "matcher",
        "SourceApplicationVersion": __version__,
        "Media": entries,
    }
    text = json.dumps({"@odata.context": _CONTEXT, "value": [case]}, indent=1)
    replace_private(path, text.encode("ascii"))
    return VicsExport(len(entries), without_hash)


def _entry(number: int, photo: PhotoRecord) -> dict[str, Any]:
    hashes = {"MD5": photo.md5, "SHA1": photo.sha1}
    known = {name: digits.upper() for name, digits in hashes.items() if digits is not None}
    return {"MediaID": number, "Category": None, **known}


def _file(photo: PhotoRecord) -> dict[str, str]:
    return {"FileName": shown(photo.path.name), "FilePath": photo.reference}
