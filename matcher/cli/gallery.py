"""`matcher gallery`: look at, check, rebuild and prune a gallery."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Annotated

import typer

from matcher.cli.app import Exit, Group, app
from matcher.cli.console import Format, print_facts, print_rows, say
from matcher.cli.options import DryRun, GalleryPath, Index, Output
from matcher.words import counted

gallery = typer.Typer(cls=Group, no_args_is_help=True, help="Look at and look after a gallery.")
app.add_typer(gallery, name="gallery")


@gallery.command()
def info(path: GalleryPath, output: Output = Format.table) -> None:
    """Print how many subjects, photos and faces there are, the model, and the index."""
    from matcher.gallery import Gallery

    with Gallery.open(path) as opened:
        facts = asdict(opened.info())
    print_facts(facts, output)


@gallery.command("list")
def list_command(path: GalleryPath, output: Output = Format.table) -> None:
    """List the subjects."""
    from matcher.gallery import Gallery, Subject

    with Gallery.open(path) as opened:
        rows = [asdict(subject) for subject in opened.subjects()]
    print_rows(rows, output, columns=[field.name for field in fields(Subject)])


@gallery.command()
def verify(path: GalleryPath) -> None:
    """Check the store against itself and the index against the store."""
    from matcher.gallery import Gallery

    with Gallery.open(path) as opened:
        report = opened.verify()
    for fault in report.faults:
        say(f"Fault: {fault}")
    faults = counted(len(report.faults), "fault")
    say(f"{counted(report.faces, 'face')} checked, {faults}.")
    raise typer.Exit(Exit.ATTENTION if report.faults else Exit.DONE)


@gallery.command()
def rebuild(path: GalleryPath, index: Index = None) -> None:
    """Make the index anew from the store; with --index of another kind, or on a server."""
    from matcher.gallery import Gallery

    with Gallery.open(path) as opened:
        opened.rebuild(index)
        say(f"The index was made anew from {counted(len(opened), 'face')}.")


@gallery.command()
def migrate(path: GalleryPath) -> None:
    """Bring an older gallery to the format of this version, as its first write does too."""
    from matcher.gallery import Gallery

    with Gallery.open(path) as opened:
        before = opened.info().format_version
        opened.migrate()
        after = opened.info().format_version
    say(f"The gallery is of format {after}{'' if before == after else f', before of {before}'}.")


@gallery.command()
def remove(
    path: GalleryPath,
    subjects: Annotated[list[str], typer.Argument(metavar="SUBJECT", help="Subject identifiers.")],
    dry_run: DryRun = False,
) -> None:
    """Remove subjects with their photo references and vectors. This cannot be undone."""
    from matcher.gallery import Gallery

    wanted = list(dict.fromkeys(subjects))
    with Gallery.open(path) as opened:
        photos = sum(len(opened.photos(opened.subject(name).subject_id)) for name in wanted)
        if not dry_run:
            opened.remove_subjects(wanted)
    say(f"{'Would remove' if dry_run else 'Removed'} {len(wanted)} subjects with {photos} photos.")
