"""Anchors: what the log's last record was at a time, kept where nobody can change it.

A chain shows that nothing inside it was changed. It does not show that its end is missing, or that
all of it was written anew. An anchor that is kept elsewhere does.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from matcher.arguments import path_of
from matcher.errors import ActivityLogError, GalleryWriteError
from matcher.governance.record import time_text
from matcher.private_files import FILE_MODE, sync_directory
from matcher.strict_reading import object_of, read_json, text_of, whole_of

ANCHORS_VARIABLE: Final = "MATCHER_LOG_ANCHORS"
"""Environment variable: a folder in which each new record leaves an anchor."""

_SUFFIX: Final = ".anchor"


@dataclass(frozen=True)
class Anchor:
    """The last record of a log at a time.

    Parameters
    ----------
    gallery
        Random identifier of the gallery.
    number, hash
        Number of the record, and SHA-256 of its line as hex digits.
    time
        When the anchor was made, in UTC, ISO 8601.
    """

    gallery: str
    number: int
    hash: str
    time: str

    @classmethod
    def of(cls, line: str | bytes) -> Anchor:
        """Return the anchor of a line; raise ValueError for a line that is none."""
        found = object_of(read_json(line))
        if set(found) != {"gallery", "number", "hash", "time"}:
            raise ValueError("other names than those of an anchor")
        if not re.fullmatch(r"[0-9a-f]{64}", text_of(found["hash"])):
            raise ValueError("a hash that is none")
        if datetime.fromisoformat(text_of(found["time"])).tzinfo is None:
            raise ValueError("a time without its zone")
        return cls(
            text_of(found["gallery"]),
            whole_of(found["number"], 1),
            found["hash"],
            found["time"],
        )


def append_anchor(path: Path | str, anchor: Anchor) -> None:
    """Append an anchor to a file, which is made if it is missing, and wait for the disk.

    Raises
    ------
    GalleryWriteError
        When it cannot be written.
    """
    path = path_of("path", path)
    line = json.dumps(asdict(anchor), sort_keys=True, separators=(",", ":")) + "\n"
    try:
        new = not path.exists()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE)
        try:
            os.write(descriptor, line.encode("ascii"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new:
            sync_directory(path.parent)
    except OSError as error:
        raise GalleryWriteError(
            "anchor of the activity log",
            rule="must be writable, with room on the disk",
            got=error,
            next_step=f"Correct the place, or that of {ANCHORS_VARIABLE}, then try again.",
            path=path,
        ) from error


def append_configured_anchor(gallery: str, number: int, digest: str, ended: datetime) -> None:
    """Append an anchor to the folder that `MATCHER_LOG_ANCHORS` names, if it names one."""
    folder = os.environ.get(ANCHORS_VARIABLE)
    if folder:
        anchor = Anchor(gallery, number, digest, time_text(ended))
        append_anchor(Path(folder) / f"{gallery}{_SUFFIX}", anchor)


def read_anchors(path: Path | str) -> tuple[Anchor, ...]:
    """Return the anchors of a file, in their order. A last line that is cut off is left out.

    Raises
    ------
    ActivityLogError
        When it cannot be read, or has a line that is no anchor.
    """
    path = path_of("path", path)
    try:
        *lines, rest = path.read_bytes().split(b"\n")
        anchors = tuple(map(Anchor.of, lines))
    except (OSError, ValueError) as error:
        raise _no_anchors(path, error) from error
    if not anchors:
        raise _no_anchors(path, "half a line" if rest else "an empty file")
    return anchors


def _no_anchors(path: Path, got: object) -> ActivityLogError:
    return ActivityLogError(
        "anchors of the activity log",
        rule="must be a file with one anchor on each line",
        got=got,
        next_step="Give a file that `matcher log anchor` wrote.",
        path=path,
    )
