"""Annotated tones of subjects, read from a table of an evaluation; they are not kept."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fairness.errors import CohortError
from fairness.manifests import TableRow, read_table
from matcher.arguments import path_of
from matcher.errors import ManifestError
from matcher.paths import shown

_COLUMNS: Final = ("subject", "skin_tone_monk")


def read_tones(path: Path | str) -> dict[str, int]:
    """Return annotated steps of Monk's scale, 1 to 10, by subject.

    Parameters
    ----------
    path
        A table with the columns `subject` and `skin_tone_monk`, as for an audit. Other columns are
        ignored. A subject without a tone may be left out or have an empty cell.

    Raises
    ------
    ManifestError
        The file cannot be read, lacks a column, has a tone that is none, or two for one subject.
    """
    file = path_of("path", path)
    try:
        rows = read_table(file, _COLUMNS, required=_COLUMNS).rows
    except CohortError as error:
        raise _refused(file, "must be a readable table", str(error).rstrip(".")) from error
    tones: dict[str, int] = {}
    for row in rows:
        if row.fault:
            raise _refused(file, f"line {row.line} must be readable", row.fault)
        subject, tone = row.cells.get("subject", ""), _tone(file, row)
        if tone is not None and tones.setdefault(subject, tone) != tone:
            raise _refused(file, "has one tone for each subject", f"two, line {row.line}")
    return tones


def _tone(file: Path, row: TableRow) -> int | None:
    text = row.cells.get("skin_tone_monk", "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 10:
        raise _refused(file, "skin_tone_monk is a step from 1 to 10", f"{text!r}, line {row.line}")
    return int(text)


def _refused(file: Path, rule: str, got: str) -> ManifestError:
    return ManifestError(
        f"table of tones {shown(file)}",
        rule=rule,
        got=got,
        next_step="Give a CSV with the columns subject and skin_tone_monk.",
    )
