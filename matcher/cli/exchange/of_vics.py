"""`matcher vics export|import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from matcher.cli.app import Exit, Group, app
from matcher.cli.console import progress, say, say_guarded
from matcher.cli.options import GalleryPath
from matcher.cli.places import require_place_for, writing_to
from matcher.cli.using import open_for_use, with_context
from matcher.words import counted

vics = typer.Typer(
    cls=Group, no_args_is_help=True, help="VICS 2.0, the JSON in which Project VIC names photos."
)
app.add_typer(vics, name="vics")

_AGAIN = "Make room, and run the same command again."


@vics.command()
@with_context
def export(
    gallery: GalleryPath,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The VICS file to write.")],
    subjects: Annotated[
        bool, typer.Option("--subjects", help="Write subject identifiers, as Comments.")
    ] = False,
    paths: Annotated[
        bool, typer.Option("--paths", help="Write names and paths of files, as MediaFiles.")
    ] = False,
) -> None:
    """Write the photos of a gallery as VICS: their hashes, and no name unless asked for."""
    from matcher.exchange import export_vics

    require_place_for("FILE", file)
    with open_for_use(gallery) as opened, writing_to("FILE", file, _AGAIN):
        found = export_vics(opened, file, subjects=subjects, paths=paths)
    say(f"{counted(found.entries, 'entry', 'entries')} in {file}.")
    if found.without_hash:
        photos = counted(found.without_hash, "photo")
        say(f"Left out, without MD5 and SHA-1: {photos}. See `matcher hashes fill`.")
    raise typer.Exit(Exit.ATTENTION if found.without_hash else Exit.DONE)


@vics.command("import")
def read_in(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A VICS file.")],
    photos: Annotated[Path, typer.Option(help="Folder with the photos; each is hashed.")],
    out: Annotated[Path, typer.Option(help="Manifest to write, for `matcher enrol`.")],
    subject_from: Annotated[
        str | None,
        typer.Option(
            metavar="FIELD",
            help="Field with the subject's identifier: Comments, Series or Tags. Otherwise each "
            "entry is a subject of its own.",
        ),
    ] = None,
) -> None:
    """Write a manifest of the photos that a VICS file names, found by their hashes."""
    from matcher.exchange import import_vics

    require_place_for("--out", out)
    with progress() as hook, writing_to("--out", out, _AGAIN):
        found = import_vics(file, photos, out, subject_from=subject_from, on_progress=hook)
    for remark in found.remarks():
        say(remark)
    say_guarded(found.guarded, "A subject is enrolled with it.")
    entries = counted(found.entries, "entry", "entries")
    say(f"{entries}; {counted(found.rows, 'row')} in {out}. Enrol them with `matcher enrol`.")
    whole = found.is_whole and not found.failed
    raise typer.Exit(Exit.DONE if whole else Exit.ATTENTION)
