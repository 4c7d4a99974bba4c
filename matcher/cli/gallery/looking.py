"""`matcher gallery info|list|show|changes`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from matcher.cli.console import Format, print_rows
from matcher.cli.gallery.group import gallery
from matcher.cli.options import GalleryPath, Output

SubjectId = Annotated[str, typer.Argument(metavar="SUBJECT", help="Identifier of the subject.")]


@gallery.command()
def info(path: GalleryPath, output: Output = Format.table) -> None:
    """Print how many subjects, photos and faces there are, the model, and the index."""
    from matcher.gallery import Gallery

    with Gallery.open(path) as opened:
        facts = asdict(opened.info())
    if output is Format.table:
        print_rows([{"fact": key, "value": str(value)} for key, value in facts.items()], output)
    else:
        print_rows([facts], output)


@gallery.command("list")
def list_command(path: GalleryPath, output: Output = Format.table) -> None:
    """List the subjects, each with the number of photos."""
    from matcher.gallery import Gallery

    with Gallery.open(path) as opened:
        photos = opened.photo_counts()
        rows = []
        for subject in opened.subjects():
            record = asdict(subject)
            name = record.pop("subject_id")
            rows.append({"subject_id": name, "photos": photos.get(name, 0), **record})
    print_rows(rows, output)


@gallery.command()
def show(path: GalleryPath, subject: SubjectId, output: Output = Format.table) -> None:
    """Print a subject: the record, the photos, and what was corrected when."""
    from matcher.gallery import Gallery

    with Gallery.open(path) as opened:
        record = asdict(opened.subject(subject))
        photos = [asdict(photo) for photo in opened.photos(subject)]
        changes = [change.row() for change in opened.changes(subject)]
    if output is Format.jsonl:
        whole = {**record, "photos": photos, "changes": changes}
        sys.stdout.write(json.dumps(whole, default=str, ensure_ascii=False) + "\n")
    elif output is Format.csv:
        print_rows([{"subject_id": record["subject_id"], **photo} for photo in photos], output)
    else:
        print_rows([{"field": name, "value": held} for name, held in record.items()], output)
        print_rows(photos, output, title="Photos")
        print_rows(changes, output, title="Corrections")


@gallery.command()
def changes(
    path: GalleryPath,
    subject: Annotated[
        str | None, typer.Argument(metavar="SUBJECT", help="Of this subject; of all if not given.")
    ] = None,
    output: Output = Format.table,
) -> None:
    """List the corrections, the earliest first, with the numbers that `undo` takes."""
    from matcher.gallery import Gallery

    with Gallery.open(path) as opened:
        print_rows([change.row() for change in opened.changes(subject)], output)
