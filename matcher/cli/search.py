"""`matcher search`: probes against a gallery."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matcher.cli.app import Exit, app
from matcher.cli.console import Format, print_rows, progress, say
from matcher.cli.options import (
    Device,
    FaceChoice,
    GalleryPath,
    Output,
    Policy,
    QualityPolicyName,
    RecordedSex,
    Salvage,
    WhichFace,
)
from matcher.cli.places import require_place_for
from matcher.names import told_apart

if TYPE_CHECKING:
    from matcher.search import CandidateList
_FILTERS = "Filters"


@app.command()
def search(
    gallery: GalleryPath,
    probes: Annotated[list[Path], typer.Argument(help="One or more photos.")],
    top: Annotated[int, typer.Option(min=1, help="Most subjects for each probe.")] = 20,
    threshold: Annotated[
        float | None, typer.Option(min=-1, max=1, help="Lowest score shown; there is no default.")
    ] = None,
    max_fpir: Annotated[
        float | None,
        typer.Option(
            help="Instead of a threshold: share of searches for somebody who is not there that "
            "may return a lead; needs --calibration."
        ),
    ] = None,
    calibration: Annotated[
        Path | None,
        typer.Option(help="Record of what scores mean by age; adds the expected false leads."),
    ] = None,
    taken_on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day the probes were taken.")
    ] = None,
    age: Annotated[
        float | None, typer.Option(min=0, max=130, help="Age in years on the probes.")
    ] = None,
    sex: Annotated[
        list[RecordedSex] | None,
        typer.Option(help="Recorded sex to search; repeatable.", rich_help_panel=_FILTERS),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(help="Region to search; repeatable.", rich_help_panel=_FILTERS),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(help="Tag a subject must have; repeatable.", rich_help_panel=_FILTERS),
    ] = None,
    subject: Annotated[
        list[str] | None,
        typer.Option(help="Search only these subjects; repeatable.", rich_help_panel=_FILTERS),
    ] = None,
    min_age: Annotated[
        int | None,
        typer.Option(
            help="Youngest age on --age-on, in completed years.", rich_help_panel=_FILTERS
        ),
    ] = None,
    max_age: Annotated[
        int | None,
        typer.Option(help="Oldest age on --age-on, in completed years.", rich_help_panel=_FILTERS),
    ] = None,
    age_on: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Day on which the age counts; today if not given.",
            rich_help_panel=_FILTERS,
        ),
    ] = None,
    exclude_unknown: Annotated[
        bool,
        typer.Option(
            "--exclude-unknown",
            help="Leave out subjects whose value a filter needs is unknown; kept otherwise.",
            rich_help_panel=_FILTERS,
        ),
    ] = False,
    model: Annotated[str | None, typer.Option(help="The gallery's own model if not given.")] = None,
    device: Device = "cpu",
    policy: QualityPolicyName = Policy.standard,
    face: WhichFace = FaceChoice.one,
    salvage: Salvage = False,
    output: Output = Format.table,
    sheet: Annotated[
        Path | None, typer.Option(help="Write probes and leads as one self-contained HTML file.")
    ] = None,
) -> None:
    """Rank the subjects of a gallery by their similarity to each probe, for a person to review."""
    from matcher.embedding import load_extractor
    from matcher.faces import POLICIES
    from matcher.gallery import Filters, Gallery
    from matcher.search import Calibration, Probe, Searcher, write_sheet

    require_place_for("--sheet", sheet)
    wanted = Filters(
        recorded_sex=tuple(choice.value for choice in sex or ()),
        regions=tuple(region or ()),
        all_tags=tuple(tag or ()),
        subject_ids=tuple(subject or ()),
        min_age=min_age,
        max_age=max_age,
        age_on=age_on.date() if age_on else date.today(),
        keep_unknown=not exclude_unknown,
    )
    meaning = None if calibration is None else Calibration.load(calibration)
    with Gallery.open(gallery) as opened, progress() as hook:
        extractor = load_extractor(model or opened.model.name, device=device, salvage=salvage)
        searcher = Searcher(opened, extractor, policy=POLICIES[policy.value], calibration=meaning)
        results = searcher.search_many(
            [Probe(path, taken_on.date() if taken_on else None, age) for path in probes],
            top=top,
            filters=wanted,
            threshold=threshold,
            max_fpir=max_fpir,
            choose=face.value,
            on_progress=hook,
        )
    _print(probes, results, output)
    faults: tuple[str, ...] = ()
    if sheet is not None:
        with progress() as hook:
            faults = write_sheet(
                sheet,
                probes,
                results,
                title=f"Leads from {gallery.name}",
                detector=extractor,
                on_progress=hook,
            )
        for fault in faults:
            say(f"Not on the sheet: {fault}")
        say(f"The sheet is {sheet} ({sheet.stat().st_size / 1e6:.1f} MB).")
    found = not faults and all(result.outcome == "leads" for result in results)
    raise typer.Exit(Exit.DONE if found else Exit.ATTENTION)


def _print(probes: Sequence[Path], results: Sequence[CandidateList], output: Format) -> None:
    if output is Format.jsonl:
        for probe, result in zip(probes, results, strict=True):
            sys.stdout.write(f'{{"probe_path": {json.dumps(str(probe))}, {result.to_json()[1:]}\n')
        return
    rows: list[dict[str, Any]] = []
    names = told_apart(probes)
    for probe, name, result in zip(probes, names, results, strict=True):
        say(f"{probe}: {str(result).splitlines()[0]}")
        for note in (*result.exclusions, *result.cautions()):
            say(f"  {note}")
        rows += [{"probe": name, **row} for row in result.rows()]
    print_rows(rows, output)
