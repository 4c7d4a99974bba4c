"""Where results are written: looked at before the work, so that none is lost afterwards."""

from __future__ import annotations

import os
from pathlib import Path

from matcher.errors import InputError


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
