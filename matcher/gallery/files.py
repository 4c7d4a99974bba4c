"""Files: written whole, and errors for failed writes."""

from __future__ import annotations

import io
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from matcher.cells import write_csv
from matcher.encryption import KEY_NAME
from matcher.errors import GalleryWriteError
from matcher.private_files import sync_directory

EDITIONS: Final = "editions"
"""Name of the folder of a gallery that holds its later editions."""

PART: Final = ".part-"
"""Beginning of the name of a file that is being written."""


def home_of(edition: Path) -> Path:
    """Return the directory of the gallery to which the directory of an edition belongs."""
    is_later = edition.parent.name == EDITIONS and not (edition / KEY_NAME).exists()
    return edition.parent.parent if is_later else edition


@contextmanager
def unwritable_reported(what: str, path: Path) -> Iterator[None]:
    """Turn an `OSError` into a `GalleryWriteError` about `what`, a part of the gallery."""
    try:
        yield
    except OSError as error:
        raise GalleryWriteError(
            what,
            rule="must be writable, with room on the disk",
            got=error,
            next_step="Free space or correct the rights, then try again.",
            path=path,
        ) from error


def replace_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read. An interruption leaves no half file in its place.

    The file is written beside its place and then renamed. An existing file is replaced, and a link
    leads to the same file as before. A device or a pipe is written to, and never replaced. What a
    killed process left of the same file is deleted. If two processes write one file, the one that
    began first fails.

    Raises
    ------
    OSError
        The folder is missing, cannot be written to, or is full. A file in place is as it was.
    """
    place = path.resolve()
    if place.exists() and not place.is_file():
        place.write_bytes(content)
        return
    prefix = f"{PART}{zlib.crc32(os.fsencode(place.name)):08x}-"
    for left in place.parent.glob(f"{prefix}*"):
        left.unlink(missing_ok=True)
    descriptor, part = tempfile.mkstemp(prefix=prefix, dir=place.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(part).replace(place)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    sync_directory(place.parent)


def write_private_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> int:
    """Write a CSV file as `replace_private` does; return how many cells got an apostrophe.

    The cells are those of `matcher.cells.write_csv`, in UTF-8. Bytes of a name that are no text are
    written as numbers.

    Raises
    ------
    OSError
        As for `replace_private`.
    """
    text = io.StringIO(newline="")
    guarded = write_csv(text, columns, rows)
    replace_private(path, text.getvalue().encode("utf-8", "backslashreplace"))
    return guarded
