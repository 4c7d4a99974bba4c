"""`matcher adapt`: a model made fit for children by a map of its vectors, without identities."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcher.cli.app import Exit, app
from matcher.cli.audit import (
    Layout,
    VectorCache,
    age_edges,
    faults_reported,
    of_people,
    read_people,
    unless_refused,
)
from matcher.cli.console import progress, say
from matcher.cli.options import Device, DryRun
from matcher.words import counted

if TYPE_CHECKING:
    from matcher.evaluation import AdaptedModel


@app.command()
def adapt(
    model: Annotated[
        str,
        typer.Option("--model", help="Name of a registered model, or an ONNX file's TOML record."),
    ],
    cohort: Annotated[
        Path, typer.Option("--cohort", help="Photos with ages: a manifest, or a folder.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the new model: a new one, or an empty one.")],
    layout: Annotated[
        Layout, typer.Option("--layout", help="How the folder is laid out.")
    ] = Layout.auto,
    name: Annotated[
        str | None, typer.Option(help="Name of the new model; BASE-adapted if unset.")
    ] = None,
    ages: Annotated[
        str, typer.Option(help="Lower edges of the age bands, years; the last one is 18.")
    ] = "0,4,13,18",
    origin: Annotated[
        str | None,
        typer.Option(help="Label of the people's origin; race if unset and there is one."),
    ] = None,
    device: Device = "cpu",
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same folds.")] = 0,
    vector_cache: VectorCache = None,
    dry_run: DryRun = False,
) -> None:
    """Fit a model to children: a map of its vectors, from photos with ages and no identities.

    If people have photos at several ages, takes out what changes in a person over the years.
    Writes a record that works wherever a model is named, and a card that says what was measured.
    Exits with 1 if the new model does worse than the base in something, or rows were refused.
    """
    from matcher.evaluation import adapt as adapt_to
    from matcher.evaluation import plan_adaptation

    with faults_reported():
        people = read_people(cohort, layout)
        edges = age_edges(ages)
        made = plan_adaptation(model, people, out, name=name, age_edges=edges, origin=origin)
        if made.origin is None:
            say("No label of origin: differences between origins are left as they are.")
        if dry_run:
            say(f"Would adapt {made.record.name} to {of_people(people)} into {out}.")
            return
        with progress() as hook:
            result = adapt_to(
                model,
                people,
                out,
                name=name,
                age_edges=edges,
                origin=origin,
                vector_cache=vector_cache,
                device=device,
                seed=seed,
                on_progress=hook,
            )
    raise typer.Exit(_told(result) or unless_refused(people))


def _told(result: AdaptedModel) -> Exit:
    """Say what was left out and what came of it; return the exit code."""
    for reason, count in result.cohort.left_out.items():
        say(f"Left out: {counted(count, 'photo')}: {reason}.")
    for title, one in (("Base", result.before), ("Adapted", result.after)):
        say(
            f"{title}: {100 * one.true_match_rate:.1f} % of poor copies of the young match at a "
            f"false match rate of 0.001; under 18, {one.times_under_18:.2f} times the false "
            "matches of adults."
        )
    if result.ageing is not None:
        done = "taken out" if result.after.fit.ageing else "left in"
        say(f"Ageing is {done}. Pairs of one person years apart that match: {result.ageing}.")
    for loss in result.losses:
        say(f"Worse than the base: {loss}.")
    say(f"The model is {result.record}, its card {result.record.with_name('README.md')}.")
    return Exit.ATTENTION if result.losses else Exit.DONE
