"""`matcher cross`: everybody of one gallery against everybody of another, or of the same one."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcher.cli.app import Exit, app
from matcher.cli.console import (
    Format,
    print_json,
    print_rows,
    progress,
    say,
    say_guarded,
    say_sheet,
)
from matcher.cli.options import (
    MEGAPIXELS,
    IncludeHidden,
    MaxMegapixels,
    Output,
    limits_of,
)
from matcher.cli.places import require_place_for, writing_to
from matcher.cli.using import open_for_use, say_if_ungoverned, with_context
from matcher.paths import shown

if TYPE_CHECKING:
    from matcher.crossing import CrossList

_KEPT = "The leads are on standard output."


@app.command()
@with_context
def cross(
    first: Annotated[Path, typer.Argument(metavar="FIRST", help="A gallery's directory.")],
    second: Annotated[
        Path | None,
        typer.Argument(
            metavar="[SECOND]", help="Another gallery. Without it FIRST is compared within itself."
        ),
    ] = None,
    max_fpir: Annotated[
        float | None,
        typer.Option(
            help="Share of subjects without a mate for whom there may be a lead; needs "
            "--calibration."
        ),
    ] = None,
    calibration: Annotated[
        Path | None, typer.Option(help="Record of what scores mean by age.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(min=-1, max=1, help="Lowest score, instead of --max-fpir.")
    ] = None,
    top: Annotated[
        int,
        typer.Option(min=1, help="A pair is listed if it is among the so many closest of either."),
    ] = 4,
    pairs: Annotated[
        Path | None,
        typer.Option(help="File that lets the next run compare only what is new. Holds no vector."),
    ] = None,
    new: Annotated[
        bool,
        typer.Option("--new", help="List only what no run with --new and these --pairs listed."),
    ] = False,
    include_hidden: IncludeHidden = False,
    csv: Annotated[Path | None, typer.Option(help="Write the leads as one CSV file.")] = None,
    sheet: Annotated[
        Path | None, typer.Option(help="Write the leads as one self-contained HTML file.")
    ] = None,
    max_megapixels: MaxMegapixels = MEGAPIXELS,
    output: Output = Format.table,
) -> None:
    """List the closest subjects of two galleries, for a person to review."""
    from matcher.crossing import cross_match, write_cross_leads
    from matcher.search import Calibration

    for option, file in (("--pairs", pairs), ("--csv", csv), ("--sheet", sheet)):
        require_place_for(option, file)
    meaning = None if calibration is None else Calibration.load(calibration)
    with ExitStack() as opened:
        sides = [opened.enter_context(open_for_use(path)) for path in (first, second) if path]
        for side in sides:
            say_if_ungoverned(side)
        with progress() as hook:
            found = cross_match(
                *sides,
                top=top,
                threshold=threshold,
                max_fpir=max_fpir,
                calibration=meaning,
                pairs=pairs,
                only_new=new,
                include_hidden=include_hidden,
                on_progress=hook,
            )
    faults: tuple[str, ...] = ()
    try:
        _print(found, output)
    finally:  # the files are written also when nobody reads the list
        if csv is not None:
            with writing_to("--csv", csv, _KEPT):
                say_guarded(write_cross_leads(csv, found))
            say(f"The leads are in {csv}.")
        if sheet is not None:
            faults = _write_sheet(sheet, found, max_megapixels)
    if new and pairs is not None:  # only now: a list that did not get there is listed again
        _mark_reported(first, second, found, pairs)
    raise typer.Exit(Exit.ATTENTION if faults else Exit.DONE)


def _mark_reported(first: Path, second: Path | None, found: CrossList, pairs: Path) -> None:
    from matcher.crossing import mark_reported

    with ExitStack() as opened:
        sides = [opened.enter_context(open_for_use(path)) for path in (first, second) if path]
        mark_reported(sides[0], sides[1] if second else None, found, pairs)


def _print(found: CrossList, output: Format) -> None:
    say(found.headline())
    for caution in found.cautions():
        say(f"  {caution}")
    if output is Format.jsonl:
        print_json(found.to_json())
        return
    if found.leads or output is Format.csv:
        from matcher.crossing.leads import COLUMNS

        print_rows(
            found.rows(),
            output,
            columns=COLUMNS,
            always=("first", "rank", "second", "score"),
        )


def _write_sheet(sheet: Path, found: CrossList, max_megapixels: int) -> tuple[str, ...]:
    from matcher.crossing import write_cross_sheet
    from matcher.faces import load_detector

    title = f"Leads from {shown(found.first.path.name)}"
    if not found.is_within:
        title = f"{title} and {shown(found.second.path.name)}"
    with writing_to("--sheet", sheet, _KEPT), progress() as hook:
        faults = write_cross_sheet(
            sheet,
            found,
            title=title,
            detector=load_detector(),
            limits=limits_of(max_megapixels),
            on_progress=hook,
        )
    say_sheet(sheet, faults)
    return faults
