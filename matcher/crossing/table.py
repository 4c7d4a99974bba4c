"""Write the leads of a cross-match as one table that a spreadsheet opens."""

from __future__ import annotations

from pathlib import Path

from matcher.crossing.leads import COLUMNS, CrossList
from matcher.gallery.files import write_private_csv


def write_cross_leads(path: Path, found: CrossList) -> int:
    """Write a CSV file (UTF-8) with a row for each lead.

    Parameters
    ----------
    path
        File to write. Only its owner can read it. An existing file is replaced.
    found
        The leads.

    Returns
    -------
    int
        Number of texts that would run as a formula in a spreadsheet. Each got an apostrophe.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    return write_private_csv(path, COLUMNS, found.rows())
