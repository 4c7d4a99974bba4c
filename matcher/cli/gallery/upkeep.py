"""`matcher gallery verify|rebuild|migrate|remove`."""

from __future__ import annotations

from typing import Annotated

import typer

from matcher.cli.app import Exit
from matcher.cli.console import say
from matcher.cli.gallery.group import gallery
from matcher.cli.options import DryRun, GalleryPath, Index
from matcher.paths import shown
from matcher.words import counted


@gallery.command()
def verify(path: GalleryPath) -> None:
    """Check the store against itself and the index against the store."""
    from matcher.gallery import Gallery

    with Gallery.open(path) as opened:
        report = opened.verify()
    for fault in report.faults:
        say(f"Fault: {fault}")
    for note in report.notes:
        say(f"Note: {note}")
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
    """Remove subjects with photo references, vectors and history. This cannot be undone."""
    from matcher.cli.watching.reporting import report_after_removal
    from matcher.gallery import Gallery

    wanted = list(dict.fromkeys(map(shown, subjects)))
    with Gallery.open(path) as opened:
        photos = sum(len(opened.photos(opened.subject(name).subject_id)) for name in wanted)
        if not dry_run:
            opened.remove_subjects(wanted)
    verb = "Would remove" if dry_run else "Removed"
    say(f"{verb} {counted(len(wanted), 'subject')} with {counted(photos, 'photo')}.")
    if not dry_run:
        report_after_removal(path)
