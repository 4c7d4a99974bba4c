"""`matcher synth`: a cohort of rendered faces, none of them a person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from matcher.cli.app import app
from matcher.cli.console import progress, say
from matcher.cli.options import DryRun
from matcher.words import counted


@app.command()
def synth(
    out: Annotated[Path, typer.Option(help="Folder for the photos and manifest.csv.")],
    subjects: Annotated[int, typer.Option(min=1, help="Number of people.")] = 200,
    ages: Annotated[str, typer.Option(help="Ages in years, separated by commas.")] = "4,8,12,16",
    shots: Annotated[int, typer.Option(min=1, help="Photos at each age.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 0,
    size: Annotated[int, typer.Option(min=64, help="Side of the photos in pixels.")] = 256,
    family_size: Annotated[int, typer.Option(min=1, help="Members of a family.")] = 1,
    equalise: Annotated[
        bool, typer.Option("--equalise", help="Expose every face to the same mean luminance.")
    ] = False,
    fixed_colour: Annotated[
        bool, typer.Option("--fixed-colour", help="The same skin, hair and eyes for everybody.")
    ] = False,
    degradation: Annotated[
        str, typer.Option(help='Steps such as "downsample:0.5;jpeg:0.3", or none.')
    ] = "none",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; all cores if unset.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Write rendered faces and the manifest that enrolment and audit read."""
    from matcher.synthetic import CohortSpec, write_cohort

    spec = CohortSpec(
        subjects=subjects,
        ages=_numbers(ages),
        shots=shots,
        seed=seed,
        size=size,
        family_size=family_size,
        exposure="equalised" if equalise else "physical",
        colour="fixed" if fixed_colour else "natural",
        degradation=degradation,
    )
    if dry_run:
        say(f"Would render {counted(len(list(spec.keys())), 'photo')} into {out}.")
        return
    with progress() as hook:
        manifest = write_cohort(spec, out, workers=workers, on_progress=hook)
    say(f"Rendered, not photographed: {manifest}")


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter("ages are numbers separated by commas, such as 4,8,12") from error
