"""`matcher gallery info|list|show|changes`."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Annotated

import typer

from matcher.cli.console import Format, print_facts, print_json, print_rows
from matcher.cli.gallery.group import gallery
from matcher.cli.options import GalleryPath, Output

SubjectId = Annotated[str, typer.Argument(metavar="SUBJECT", help="Identifier of the subject.")]


@gallery.command()
def info(path: GalleryPath, output: Output = Format.table) -> None:
    """Print how many subjects, photos and faces there are, the model, and the index."""
    from matcher.gallery import Gallery

    with Gallery.open(path) as opened:
        facts = asdict(opened.info())
    print_facts(facts, output)


@gallery.command("list")
def list_command(path: GalleryPath, output: Output = Format.table) -> None:
    """List the subjects, each with the number of photos."""
    from matcher.gallery import Gallery, Subject

    with Gallery.open(path) as opened:
        photos = opened.photo_counts()
        rows = [
            asdict(subject) | {"photos": photos.get(subject.subject_id, 0)}
            for subject in opened.subjects()
        ]
    columns = ("subject_id", "photos", *(field.name for field in fields(Subject)[1:]))
    print_rows(rows, output, columns=columns)


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
        print_json(json.dumps(whole, default=str, ensure_ascii=False))
    elif output is Format.csv:
        print_rows([{"subject_id": record["subject_id"], **photo} for photo in photos], output)
    else:
        print_facts(record, output)
        print_rows(photos, output, title="Photos", always=("reference",))
        print_rows(changes, output, title="Corrections", always=("change", "kind"))


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
        rows = [change.row() for change in opened.changes(subject)]
    print_rows(rows, output, always=("change", "kind", "subject"))
