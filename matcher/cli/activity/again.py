"""`matcher log replay|report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from matcher.cli.activity.group import log
from matcher.cli.app import Exit
from matcher.cli.console import Format, print_json, print_rows, say
from matcher.cli.leads.group import casework_of
from matcher.cli.options import (
    Device,
    GalleryPath,
    InPrecision,
    Output,
    Precision,
    extractor_of,
)
from matcher.cli.using import open_for_use, with_context


@log.command()
@with_context
def replay(
    gallery: GalleryPath,
    number: Annotated[
        int, typer.Argument(metavar="NUMBER", min=1, help="Number of the record of the search.")
    ],
    probe: Annotated[
        list[Path],
        typer.Option(help="The photo that was searched for; repeatable for a search with several."),
    ],
    calibration: Annotated[
        Path | None, typer.Option(help="The calibration of the search, if it had one.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="The gallery's own model if not given.")] = None,
    device: Device = "cpu",
    precision: InPrecision = Precision.float32,
) -> None:
    """Run a recorded search again; say whether the list is the same, or why it is not."""
    from matcher.casework import replay as replayed
    from matcher.embedding import name_for
    from matcher.search import Calibration

    meaning = None if calibration is None else Calibration.load(calibration)
    with open_for_use(gallery) as opened:
        extractor = extractor_of(model or name_for(opened.model), device, precision)
        given = probe[0] if len(probe) == 1 else probe
        found = replayed(opened, extractor, number, given, calibration=meaning)
    for line in str(found).splitlines():
        say(line)
    raise typer.Exit(Exit.DONE if found.same else Exit.ATTENTION)


@log.command()
@with_context
def report(
    gallery: GalleryPath,
    year: Annotated[int, typer.Option(min=2000, max=9999, help="The year, in UTC.")],
    output: Output = Format.table,
) -> None:
    """Count a year: searches, leads, what came of them, refusals, and what to look at."""
    with casework_of(gallery) as casework:
        found = casework.report(year)
    if output is Format.jsonl:
        print_json(found.to_json())
        return
    print_rows(
        found.rows(),
        output,
        columns=("counts", "group", "number"),
        under=("counts",),
        always=("group", "number"),
    )
