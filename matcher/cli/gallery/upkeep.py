"""`matcher gallery verify|rebuild|compact|migrate|govern|remove`."""

from __future__ import annotations

from typing import Annotated

import typer

from matcher.cli.app import Exit
from matcher.cli.console import say
from matcher.cli.gallery.group import gallery
from matcher.cli.options import DryRun, GalleryPath, Index
from matcher.cli.using import context_of_new, open_for_use, with_context
from matcher.errors import InputError
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
def compact(path: GalleryPath, dry_run: DryRun = False) -> None:
    """Write the files anew without what removals left empty. Show first what that frees."""
    from matcher.gallery import Gallery

    with Gallery.open(path) as opened:
        gain = opened.compaction()
        say(
            f"Empty: {gain.store_bytes / 1e6:,.1f} MB of the store, "
            f"{gain.index_bytes / 1e6:,.1f} MB of the index. "
            f"The work needs {gain.needed_bytes / 1e6:,.1f} MB of free room for a while."
        )
        if dry_run:
            return
        opened.compact()
        info = opened.info()
        say(
            f"The files were written anew: store {info.store_bytes / 1e6:,.1f} MB, "
            f"index {info.index_bytes / 1e6:,.1f} MB."
        )


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
@with_context
def govern(path: GalleryPath) -> None:
    """Make a gallery governed: each use needs a case, and is recorded. There is no way back.

    A watch list of the gallery becomes governed with it.
    """
    from matcher.gallery import Gallery
    from matcher.watching import has_watch_list, open_watch_list

    context = context_of_new(path, governed=True)
    if context is None:
        raise InputError(
            "--operator and --purpose",
            rule="must say who makes the gallery governed",
            got="neither",
            next_step="Give both; the purpose is maintenance, for example.",
        )
    with Gallery.open(path) as opened:
        new = opened.govern(context)
        if has_watch_list(path):
            with open_watch_list(opened) as probes:
                probes.govern(context)
    say("The gallery is governed from now on." if new else "The gallery was governed already.")


@gallery.command()
@with_context
def remove(
    path: GalleryPath,
    subjects: Annotated[list[str], typer.Argument(metavar="SUBJECT", help="Subject identifiers.")],
    dry_run: DryRun = False,
) -> None:
    """Remove subjects with photo references, vectors and history. This cannot be undone."""
    from matcher.cli.watching.reporting import report_after_removal

    wanted = list(dict.fromkeys(map(shown, subjects)))
    with open_for_use(path) as opened:
        photos = sum(len(opened.photos(opened.subject(name).subject_id)) for name in wanted)
        if not dry_run:
            opened.remove_subjects(wanted)
    verb = "Would remove" if dry_run else "Removed"
    say(f"{verb} {counted(len(wanted), 'subject')} with {counted(photos, 'photo')}.")
    if not dry_run:
        report_after_removal(path)
