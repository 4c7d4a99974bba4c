"""Where results are written: looked at before the work, so that none is lost afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matcher.errors import InputError, OutputError


def require_place_for(option: str, file: Path | None) -> None:
    """Refuse a file of results that could not be written.

    Parameters
    ----------
    option
        Name of the option, for the message.
    file
        The file, or None when none is asked for.

    Raises
    ------
    InputError
        If its folder is missing, if it is a folder itself, or if it cannot be written to.
    """
    if file is None:
        return
    folder = file.absolute().parent
    got = None
    if not folder.is_dir():
        got = f"one in {folder}, which is no folder"
    elif file.is_dir():
        got = "a folder"
    elif not os.access(file if file.exists() else folder, os.W_OK):
        got = "one that cannot be written to"
    if got:
        raise InputError(
            f"{option} {file}",
            rule="a file that can be written",
            got=got,
            next_step="Name another file, or make the folder first.",
        )


def require_place_for_folder(option: str, folder: Path) -> None:
    """Refuse a folder of results that could not be made, or replaced.

    Raises
    ------
    InputError
        If the folder that is to hold it is none, or cannot be written to.
    """
    holder = next(parent for parent in folder.absolute().parents if parent.exists())
    if not holder.is_dir() or not os.access(holder, os.W_OK):
        raise InputError(
            f"{option} {folder}",
            rule="a folder that can be made",
            got=f"one in {holder}, which cannot be written to",
            next_step="Name another folder.",
        )


@contextmanager
def writing_to(option: str, file: Path, lost: str) -> Iterator[None]:
    """Turn a failure to write results, such as a full disk, into an `OutputError`.

    Parameters
    ----------
    option, file
        As in `require_place_for`.
    lost
        Where the results are all the same, as a sentence for the message.
    """
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{option} {file}",
            rule="takes the whole file",
            got=error.strerror or type(error).__name__,
            next_step=lost,
        ) from error
