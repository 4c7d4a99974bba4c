"""The text of a table, in the encodings that spreadsheets write."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from fairness.errors import CohortError

_MARKED = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SURROGATES = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_WORD = re.compile(r"\w*[^\x00-\x7f]\w*")
_SHOWN = 3


def read_text(path: Path) -> tuple[str, tuple[str, ...]]:
    """Read a table's text: UTF-8, UTF-16 with a byte order mark, or Windows-1252.

    Excel writes "CSV" in Windows-1252 in western Europe and the Americas. These bytes name no
    encoding. So a text that is read in this way comes with a remark that shows some of its words.

    Returns
    -------
    text, remarks
        The text, and what a person should know about how it was read.

    Raises
    ------
    CohortError
        The file cannot be read, or is no text in one of these encodings.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error.strerror or type(error).__name__) from error
    text, remarks = _decoded(data, path)
    if "\0" in text:
        raise unreadable(path, "NUL characters, as in UTF-16 without a byte order mark")
    return text, remarks


def _decoded(data: bytes, path: Path) -> tuple[str, tuple[str, ...]]:
    try:
        return data.decode("utf-16" if data.startswith(_MARKED) else "utf-8-sig"), ()
    except UnicodeDecodeError as error:
        if data.startswith((*_MARKED, codecs.BOM_UTF8)) or _is_partly_utf_8(data):
            raise unreadable(path, f"{error}, in a text that is Unicode elsewhere") from error
    return _as_windows_1252(data, path)


def _as_windows_1252(data: bytes, path: Path) -> tuple[str, tuple[str, ...]]:
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise unreadable(path, f"neither UTF-8 nor Windows-1252: {error}") from error
    words = ", ".join(list(dict.fromkeys(_WORD.findall(text)))[:_SHOWN])
    return text, (
        f"{path.name} is not in UTF-8. It is read as Windows-1252, as Excel writes it. Check that "
        f"these words are right: {words}.",
    )


def _is_partly_utf_8(data: bytes) -> bool:
    """Tell whether some letters beyond ASCII are UTF-8: another reading would garble these."""
    text = data.decode("utf-8", "surrogateescape")
    return _BEYOND_ASCII.search(_SURROGATES.sub("", text)) is not None


def unreadable(path: Path, got: str) -> CohortError:
    """Return the error for a file that is no table."""
    return CohortError(
        "the table",
        rule="a CSV file in UTF-8, or in UTF-16 with a byte order mark, with a row for each photo",
        got=got,
        next_step='Check the path; or save the table as "CSV UTF-8".',
        path=path,
    )
