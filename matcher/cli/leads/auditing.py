"""`matcher leads audit|verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from matcher.cli.app import Exit
from matcher.cli.console import Format, print_rows, say
from matcher.cli.leads.group import casework_of, leads
from matcher.cli.options import GalleryPath, Output
from matcher.cli.using import with_context
from matcher.words import counted


@leads.command()
@with_context
def audit(
    gallery: GalleryPath,
    tones: Annotated[
        Path | None,
        typer.Option(help="CSV with the columns subject and skin_tone_monk, of an evaluation."),
    ] = None,
    output: Output = Format.table,
) -> None:
    """Print how often reviewers confirm leads: of all, by reviewer, and by age, sex and tone."""
    from matcher.casework.counting.reviewer_audit import COLUMNS
    from matcher.casework.counting.tone_file import read_tones

    known = {} if tones is None else read_tones(tones)
    with casework_of(gallery) as casework:
        found = casework.audit(tones=known)
    print_rows(
        found.rows(), output, columns=COLUMNS, under=("of",), always=("factor", "group", "status")
    )
    for caveat in found.caveats:
        say(caveat)


@leads.command()
@with_context
def verify(gallery: GalleryPath) -> None:
    """Compare the reviews with the log: one that was changed or taken out is found."""
    with casework_of(gallery) as casework:
        faults = casework.faults()
    for fault in faults:
        say(f"Fault: {fault}")
    say(f"Reviews compared with the log: {counted(len(faults), 'fault')}.")
    raise typer.Exit(Exit.ATTENTION if faults else Exit.DONE)
