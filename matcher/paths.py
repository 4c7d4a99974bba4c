"""Paths as text: for a person to read, and as a reference that opens the same file later.

A file name on Linux is bytes. Most names are UTF-8. A name in an older encoding, or a damaged one,
is not. Python keeps such bytes as lone surrogates, which no text file and no database takes.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

_URI: Final = "file://"


def shown(path: str | os.PathLike[str]) -> str:
    r"""Return a path as text for a person, with `\xe9` for a byte that is not UTF-8.

    Any text can be passed, also a message in which a path stands. The result can be printed and
    written everywhere, but it does not open the file.
    """
    text = os.fspath(path)
    try:
        return os.fsencode(text).decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # characters that no file of this system has in its name
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


def to_reference(path: Path) -> str:
    """Return a path as text from which `from_reference` makes the same path.

    A path whose bytes are UTF-8 is returned as it is. Any other becomes a URI, such as
    `file:///photos/fot%E9.jpg` (RFC 8089: the bytes that are no ASCII are percent-encoded). No
    ordinary path begins as a URI does, because `Path` never has two slashes after a name.
    """
    try:
        data = os.fsencode(path)
        return data.decode("utf-8")
    except UnicodeEncodeError:  # a text that is no name on this system stays as it is
        return str(path)
    except UnicodeDecodeError:
        return _URI + quote_from_bytes(data)


def starts_of_references(folder: Path) -> tuple[str, str]:
    """Return how references of the files below a folder begin: as a path, and as a URI."""
    whole = folder.absolute()
    as_uri = _URI + quote_from_bytes(os.fsencode(whole))
    return os.path.join(to_reference(whole), ""), f"{as_uri}/"  # noqa: PTH118 - ends in a separator


def from_reference(reference: str) -> Path:
    """Return the path that `to_reference` was given."""
    if reference.startswith(_URI):
        return Path(os.fsdecode(unquote_to_bytes(reference.removeprefix(_URI))))
    try:
        return Path(os.fsdecode(reference.encode("utf-8")))
    except UnicodeError:  # lone surrogates, or a name that this system cannot have
        return Path(reference)
