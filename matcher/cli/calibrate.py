"""`matcher calibrate`: what a score means, measured on a cohort, for searches to use."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcher.cli.app import app
from matcher.cli.audit import (
    CohortLayout,
    CohortPath,
    Layout,
    Memory,
    VectorCache,
    age_edges,
    faults_reported,
    of_people,
    read_people,
    unless_refused,
)
from matcher.cli.console import progress, say
from matcher.cli.options import (
    DEFAULT_MODEL,
    Device,
    DryRun,
    InPrecision,
    Model,
    Policy,
    Precision,
    WithDetector,
    extractor_of,
)
from matcher.cli.places import require_place_for
from matcher.private_files import make_folder

if TYPE_CHECKING:
    from fairness import Cohort


@app.command()
def calibrate(
    cohort: CohortPath,
    out: Annotated[Path, typer.Option(help="JSON file of the record.")],
    layout: CohortLayout = Layout.auto,
    model: Model = DEFAULT_MODEL,
    device: Device = "cpu",
    precision: InPrecision = Precision.float32,
    detector: WithDetector = None,
    policy: Annotated[Policy, typer.Option(help="Faces below it take no part.")] = Policy.standard,
    ages: Annotated[
        str | None, typer.Option(help="Lower edges of the age bands, years, as 0,4,13,18.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same people.")] = 0,
    vector_cache: VectorCache = None,
    memory: Memory = None,
    dry_run: DryRun = False,
) -> None:
    """Measure how often children of one age and sex are taken for each other at every score.

    The record lets `matcher search` choose a threshold by `--max-fpir` and say how many false
    leads to expect.
    """
    from fairness import calibrate as measure
    from fairness.calibration import require_people
    from matcher.evaluation import embed_cohort
    from matcher.faces import POLICIES

    with faults_reported():
        people = read_people(cohort, layout)
        edges = age_edges(ages)
        if dry_run:
            say(f"Would calibrate on {of_people(people)}.")
            _foretell(people, edges)
            return
        require_people(people, age_edges=edges)
        make_folder(out.absolute().parent)
        require_place_for("--out", out)
        extractor = extractor_of(model, device, precision, detector=detector)
        cache = vector_cache or memory or out.absolute().with_name(out.name + ".vectors.sqlite")
        with extractor.decoding_apart() as apart, progress() as hook:
            made = embed_cohort(people, apart, cache, POLICIES[policy.value], hook)
        record = measure(
            made.cohort,
            made.vectors,
            made.acquisition,
            model={name: str(value) for name, value in extractor.model.facts().items()},
            made_on=datetime.now(UTC).date(),
            age_edges=edges,
            seed=seed,
        )
        record.write(out)
    say(f"The record is {out}.")
    raise typer.Exit(unless_refused(people))


def _foretell(people: Cohort, edges: tuple[float, ...]) -> None:
    """Say whether the cohort is too small."""
    from fairness import CalibrationError
    from fairness.calibration import require_people

    try:
        require_people(people, age_edges=edges)
    except CalibrationError as error:
        say(f"It would end without a record: {error}")
