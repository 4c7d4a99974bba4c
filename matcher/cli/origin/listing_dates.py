"""`matcher dates`: the date of capture that each photo carries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from matcher.cli.app import Exit, app
from matcher.cli.console import Format, print_rows, progress, say
from matcher.cli.options import Output
from matcher.errors import InputError


@app.command()
def dates(
    photos: Annotated[list[Path], typer.Argument(help="Photos, and folders of photos.")],
    gps: Annotated[
        bool,
        typer.Option("--gps", help="Also print where it was taken. Nothing else reads that."),
    ] = False,
    output: Output = Format.table,
) -> None:
    """List the date that each photo carries, and what speaks against it. Nothing is stored."""
    from matcher.photos import counted_dates, list_dates

    paths = _photos_in(photos)
    with progress() as hook:
        found = list_dates(paths, gps=gps, on_progress=hook)
    print_rows(
        [one.row(gps=gps) for one in found],
        output,
        always=("photo", "day", "reliability", "doubts"),
    )
    for one in found:
        if one.error is not None:
            say(f"Cannot be read: {one.path} {one.error}")
    say(counted_dates(found))
    raise typer.Exit(Exit.ATTENTION if any(one.error for one in found) else Exit.DONE)


def _photos_in(given: Sequence[Path]) -> list[Path]:
    from matcher.photos import find_photos

    paths = [
        photo for place in given for photo in (find_photos(place) if place.is_dir() else [place])
    ]
    if not paths:
        raise InputError(
            "the photos",
            rule="at least one",
            got="a folder without any",
            next_step="Name another folder.",
        )
    return paths
