"""Write the hashes of a gallery's photos, for other agencies to compare with theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matcher.arguments import expect, listed, path_of
from matcher.errors import InputError
from matcher.gallery import Gallery, PhotoRecord
from matcher.gallery.files import replace_private, write_private_csv

HASHES: Final = ("md5", "sha1", "sha256")
COLUMNS: Final = (*HASHES, "subject", "reference")
"""Columns that an export can have. The last two can name a child."""


@dataclass(frozen=True)
class ExportedHashes:
    """What an export wrote.

    Parameters
    ----------
    lines
        Photos in the file.
    lacking
        By column of a hash, the photos whose hash of this kind the gallery does not have.
    dropped
        Photos that have none of the hashes asked for, and are not in the file.
    guarded
        Texts that would run as a formula in a spreadsheet. Each got an apostrophe.
    """

    lines: int
    lacking: Mapping[str, int]
    dropped: int = 0
    guarded: int = 0


def export_hashes(
    gallery: Gallery,
    path: Path | str,
    *,
    columns: Sequence[str] = HASHES,
    plain: bool = False,
) -> ExportedHashes:
    """Write the hashes of every photo of a gallery, in the order of their SHA-256.

    Parameters
    ----------
    gallery
        The gallery.
    path
        File to write. Only its owner can read it. An existing file is replaced.
    columns
        Some of `COLUMNS`. Without subject and reference a photo of two subjects stands once.
    plain
        Write a text with one hash a line, instead of CSV with a header; `columns` is then one hash.

    Raises
    ------
    InputError
        A column is unknown or stands twice, there is no column of a hash, or a plain list is asked
        for with more than one column.
    OSError
        The file cannot be written.
    NotAuthorisedError
        The gallery is governed, and was opened without a context.
    """
    expect("gallery", gallery, Gallery, rule="must be a Gallery", next_step="Open one first.")
    path = path_of("path", path)
    columns = _checked(columns, plain)
    named = not set(columns) <= set(HASHES)
    with gallery.recorded("export", of="hashes", names=named) as end:
        export = _written(gallery, path, columns, plain)
        end["lines"] = export.lines
    return export


def _written(gallery: Gallery, path: Path, columns: Sequence[str], plain: bool) -> ExportedHashes:
    export = _Export(columns)
    if plain:
        (column,) = columns
        text = "".join(f"{row[column]}\n" for row in export.rows(gallery))
        replace_private(path, text.encode("ascii"))
        guarded = 0
    else:
        guarded = write_private_csv(path, columns, export.rows(gallery))
    return ExportedHashes(export.lines, export.lacking, export.dropped, guarded)


class _Export:
    """Makes the rows, and counts what cannot be in them."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._hashes = [name for name in columns if name in HASHES]
        self._once = set(columns) <= set(HASHES)
        self.lines = self.dropped = 0
        self.lacking = Counter(dict.fromkeys(self._hashes, 0))

    def rows(self, gallery: Gallery) -> Iterator[dict[str, str | None]]:
        """Yield a row for each photo that has one of the hashes."""
        last = ""
        for subject, photo in gallery.photo_records():
            if self._once and photo.sha256 == last:
                continue
            last = photo.sha256
            row = _row(subject, photo)
            absent = [name for name in self._hashes if row[name] is None]
            self.lacking.update(absent)
            if len(absent) == len(self._hashes):
                self.dropped += 1
                continue
            self.lines += 1
            yield {name: row[name] for name in self._columns}


def _row(subject: str, photo: PhotoRecord) -> dict[str, str | None]:
    return {
        "md5": photo.md5,
        "sha1": photo.sha1,
        "sha256": photo.sha256,
        "subject": subject,
        "reference": photo.reference,
    }


def _checked(columns: object, plain: bool) -> tuple[str, ...]:
    step = f"Choose some of {', '.join(COLUMNS)}; at least one hash."
    names = tuple(listed("columns", columns, str, rule="must be names of columns", next_step=step))
    wrong = [name for name in names if name not in COLUMNS]
    if wrong or len(set(names)) < len(names) or not set(names) & set(HASHES):
        rule = "must be known, each once, with at least one hash"
        raise InputError("columns", rule=rule, got=", ".join(names) or "none", next_step=step)
    if plain and len(names) > 1:
        raise InputError(
            "columns",
            rule="must be one hash for a plain list",
            got=", ".join(names),
            next_step="Choose one of md5, sha1 and sha256, or write CSV.",
        )
    return names
