"""Write all faces of a grouping, and all photos without one, as one table for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from matcher.gallery.files import write_private_csv
from matcher.grouping.faces import PhotoFile
from matcher.grouping.result import GroupedFace, Grouping

COLUMNS: Final = (
    "status",
    "group",
    "face",
    "copy_of",
    "photo",
    "same_bytes",
    "number",
    "left",
    "top",
    "right",
    "bottom",
    "taken_on",
    "similarity",
    "corrected",
    "eyes_px",
    "sharpness",
    "code",
    "reason",
    "notes",
    "sha256",
)


def face_rows(found: Grouping) -> Iterator[dict[str, Any]]:
    """Yield a row for each face, each photo without one, and each file that failed.

    `status` is "grouped", "ungrouped", "no face" or "failed". The faces of the groups come first.
    """
    for face in found.every_face():
        yield _row_of_face(face)
    for file in found.without_face:
        yield _row_of_file("no face", file)
    for file in found.failed:
        yield _row_of_file("failed", file)


def write_groups(path: Path, found: Grouping) -> int:
    """Write a CSV file (UTF-8) with the rows of `face_rows`.

    Parameters
    ----------
    path
        File to write. Only its owner can read it. An existing file is replaced.
    found
        The groups.

    Returns
    -------
    int
        Number of texts that would run as a formula in a spreadsheet. Each got an apostrophe.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    return write_private_csv(path, COLUMNS, face_rows(found))


def _row_of_face(face: GroupedFace) -> dict[str, Any]:
    sides = dict(zip(("left", "top", "right", "bottom"), face.box, strict=True))
    return {
        "status": "ungrouped" if face.group is None else "grouped",
        "group": face.group,
        "face": face.face_id,
        "copy_of": face.copy_of,
        "photo": face.files[0] if face.files else None,
        "same_bytes": face.files[1:],
        "number": face.number,
        **{name: round(side, 1) for name, side in sides.items()},
        "taken_on": face.taken_on,
        "similarity": face.similarity,
        "corrected": face.corrected,
        "eyes_px": round(face.quality.inter_eye_distance, 1),
        "sharpness": round(face.quality.sharpness, 3),
        "reason": face.reason,
        "notes": "; ".join(face.notes),
        "sha256": face.sha256,
    }


def _row_of_file(status: str, file: PhotoFile) -> dict[str, Any]:
    return {
        "status": status,
        "photo": file.reference,
        "taken_on": file.taken_on,
        "code": file.code,
        "reason": file.reason,
        "sha256": file.sha256,
    }
