"""Write lists of leads as one table that a spreadsheet opens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matcher.gallery.files import write_private_csv
from matcher.paths import shown
from matcher.photos import Photo
from matcher.search.candidates import COLUMNS, CandidateList


def lead_rows(
    probes: Sequence[Path | Photo], results: Sequence[CandidateList]
) -> list[dict[str, Any]]:
    """Return a row for each lead, and one for each probe without any; they begin with `probe`."""
    return [
        {"probe": _named(probe)} | row
        for probe, result in zip(probes, results, strict=True)
        for row in result.report_rows()
    ]


def write_leads(
    path: Path, probes: Sequence[Path | Photo], results: Sequence[CandidateList]
) -> int:
    """Write a CSV file (UTF-8) with a row for each lead, and one for each probe without any.

    Parameters
    ----------
    path
        File to write. Only its owner can read it. An existing file is replaced.
    probes, results
        The photos that were searched for, and their lists in the same order.

    Returns
    -------
    int
        Number of texts that would run as a formula in a spreadsheet. Each got an apostrophe.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    return write_private_csv(path, ("probe", *COLUMNS), lead_rows(probes, results))


def _named(probe: Path | Photo) -> str:
    path = probe.path if isinstance(probe, Photo) else probe
    return "" if path is None else shown(path)
