"""`matcher groups show|merge|split|move|take-out|undo|changes|forget|enrol`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from matcher.cli.console import Format, print_rows, say
from matcher.cli.grouping.folder import open_gallery
from matcher.cli.grouping.reporting import CsvFile, SheetFile, enrol_into, groups, report
from matcher.cli.options import MEGAPIXELS, GalleryPath, MaxMegapixels, Output
from matcher.cli.places import require_place_for
from matcher.cli.using import with_context
from matcher.words import counted

StateFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="The file that `matcher group --state` wrote.")
]
Faces = Annotated[
    list[int], typer.Argument(metavar="FACE...", help="Numbers of faces, as the page shows them.")
]


@groups.command()
def show(
    file: StateFile,
    csv: CsvFile = None,
    sheet: SheetFile = None,
    max_megapixels: MaxMegapixels = MEGAPIXELS,
    output: Output = Format.table,
) -> None:
    """List the groups as they are now, with all corrections."""
    from matcher.grouping import GroupFile

    for option, place in (("--csv", csv), ("--sheet", sheet)):
        require_place_for(option, place)
    with GroupFile.open(file) as opened:
        found = opened.grouping()
    raise typer.Exit(report(found, output, csv, sheet, max_megapixels))


@groups.command()
def merge(
    file: StateFile,
    into: Annotated[int, typer.Argument(metavar="INTO", help="The group that stays.")],
    others: Annotated[
        list[int], typer.Argument(metavar="GROUP...", help="Groups of the same person.")
    ],
) -> None:
    """Make one group of several: they are one person."""
    from matcher.grouping import GroupFile

    with GroupFile.open(file) as opened:
        opened.merge([into, *others])
    say(f"Group {into} has the faces of: {', '.join(map(str, others))}.")


@groups.command()
def split(file: StateFile, faces: Faces) -> None:
    """Make a group of its own of faces that are in one group, or in none."""
    from matcher.grouping import GroupFile

    with GroupFile.open(file) as opened:
        number = opened.split(faces)
    say(f"They are group {number} now.")


@groups.command()
def move(
    file: StateFile,
    to: Annotated[int, typer.Argument(metavar="GROUP", help="The group to which they belong.")],
    faces: Faces,
) -> None:
    """Put faces into another group."""
    from matcher.grouping import GroupFile

    with GroupFile.open(file) as opened:
        opened.move(faces, to)
    say(f"They are in group {to} now.")


@groups.command("take-out")
def take_out(file: StateFile, faces: Faces) -> None:
    """Take faces out of their groups. They stay listed, in no group."""
    from matcher.grouping import GroupFile

    with GroupFile.open(file) as opened:
        opened.take_out(faces)
    say("They are in no group now.")


@groups.command()
def undo(file: StateFile) -> None:
    """Take the latest correction back; again, the one before it."""
    from matcher.grouping import GroupFile

    with GroupFile.open(file) as opened:
        done = opened.undo()
    say(f"Took back correction {done.change_id}: {done.words}.")


@groups.command()
def changes(file: StateFile, output: Output = Format.table) -> None:
    """List all corrections, the earliest first."""
    from matcher.grouping import GroupFile

    with GroupFile.open(file) as opened:
        rows = [one.row() for one in opened.changes()]
    print_rows(rows, output, columns=("change", "at", "what", "taken_back"))


@groups.command()
def forget(
    file: StateFile,
    photos: Annotated[
        list[str],
        typer.Argument(
            metavar="PHOTO...", help="Each by its path, its file name, or the start of its hash."
        ),
    ],
) -> None:
    """Delete photos with all their faces and vectors from the file: no undo."""
    from matcher.grouping import GroupFile

    with GroupFile.open(file) as opened:
        faces = opened.forget(photos)
    say(f"Deleted {counted(len(photos), 'photo')} and {counted(faces, 'face')}.")


@groups.command()
@with_context
def enrol(file: StateFile, gallery: GalleryPath) -> None:
    """Enrol each group as an unknown subject; makes the gallery when there is none."""
    from matcher.grouping import GroupFile

    with (
        GroupFile.open(file) as opened,
        open_gallery(gallery, opened.grouping().model) as into,
    ):
        enrol_into(opened, into)
