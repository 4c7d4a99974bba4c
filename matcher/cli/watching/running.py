"""`matcher watch run|list`."""

from __future__ import annotations

import typer

from matcher.cli.app import Exit
from matcher.cli.console import Format, print_rows, say
from matcher.cli.options import GalleryPath, Output
from matcher.cli.using import with_context
from matcher.cli.watching.group import watch
from matcher.cli.watching.reporting import run_and_report


@watch.command()
@with_context
def run(gallery: GalleryPath, output: Output = Format.table) -> None:
    """Compare what is new with the standing probes, and deliver new leads and those that wait."""
    waiting = run_and_report(gallery, output)
    raise typer.Exit(Exit.ATTENTION if waiting else Exit.DONE)


@watch.command("list")
def list_command(gallery: GalleryPath, output: Output = Format.table) -> None:
    """List the standing probes, each with the numbers of leads that were reported or wait."""
    from matcher.gallery import Gallery
    from matcher.watching import read_watch_list
    from matcher.watching.listing import ROW

    with Gallery.open(gallery) as opened:
        state = read_watch_list(opened)
    say(f"{state.headline()}.")
    print_rows([one.row() for one in state.subjects], output, columns=ROW)
