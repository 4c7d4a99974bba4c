"""`matcher group`: the faces of a folder in groups of one person each."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcher.cli.app import app
from matcher.cli.console import Format, progress, say
from matcher.cli.grouping.reporting import CsvFile, SheetFile, enrol_into, report
from matcher.cli.options import (
    DEFAULT_MODEL,
    MEGAPIXELS,
    DatesFromPhotos,
    Device,
    InPrecision,
    MaxMegapixels,
    Model,
    Output,
    Policy,
    Precision,
    QualityPolicyName,
    Salvage,
    extractor_of,
    limits_of,
)
from matcher.cli.places import require_place_for
from matcher.cli.using import context_of_new, open_for_use, with_context
from matcher.errors import InputError

if TYPE_CHECKING:
    from matcher.embedding import ModelIdentity
    from matcher.gallery import Gallery
    from matcher.photos import DecodeLimits


@app.command()
@with_context
def group(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Photos, with those in all its sub-folders.")
    ],
    state: Annotated[
        Path | None,
        typer.Option(
            help="File that keeps faces, vectors, groups and corrections: the next run reads only "
            "what is new."
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=-1,
            max=1,
            help="Similarity from which faces may be of one person. Needed for every model but the "
            "default one.",
        ),
    ] = None,
    model: Model = DEFAULT_MODEL,
    device: Device = "cpu",
    precision: InPrecision = Precision.float32,
    policy: QualityPolicyName = Policy.standard,
    dates: Annotated[
        Path | None,
        typer.Option(help="CSV file with the columns photo and taken_on, as 2019-05-28."),
    ] = None,
    dates_from_photos: DatesFromPhotos = False,
    hidden_of: Annotated[
        Path | None,
        typer.Option(
            metavar="GALLERY",
            help="Leave out faces like those of the hidden subjects of this gallery; of the "
            "gallery of --enrol if not given.",
        ),
    ] = None,
    csv: CsvFile = None,
    sheet: SheetFile = None,
    enrol: Annotated[
        Path | None,
        typer.Option(
            metavar="GALLERY",
            help="Enrol each group as an unknown subject; makes the gallery when there is none. "
            "Needs --state.",
        ),
    ] = None,
    salvage: Salvage = False,
    max_megapixels: MaxMegapixels = MEGAPIXELS,
    output: Output = Format.table,
) -> None:
    """Put all faces of a folder into groups of one person each, for a person to review.

    Every face of a photo counts, near-identical pictures once. Faces in no group stay listed.
    """
    from matcher.enrolment import read_dates
    from matcher.faces import POLICIES
    from matcher.grouping import GroupFile
    from matcher.grouping import group as group_faces

    for option, file in (("--state", state), ("--csv", csv), ("--sheet", sheet)):
        require_place_for(option, file)
    if enrol is not None and state is None:
        raise InputError(
            "--enrol",
            rule="needs --state, which knows which group is which unknown subject",
            got="none",
            next_step="Give --state FILE.",
        )
    if state is None:
        say(
            "Without --state nothing is kept: the next run begins anew, also after an interruption."
        )
    days = _dates_in(folder, limits_of(max_megapixels)) if dates_from_photos else {}
    days |= {} if dates is None else read_dates(dates)
    extractor = extractor_of(
        model, device, precision, limits=limits_of(max_megapixels), salvage=salvage
    )
    if enrol is not None:
        _require_model(enrol, extractor.model)
    hiding = hidden_of if hidden_of is not None or enrol is None or not enrol.exists() else enrol
    with (
        nullcontext() if hiding is None else open_gallery(hiding, extractor.model) as opened,
        extractor.decoding_apart() as apart,
        progress() as hook,
    ):
        found = group_faces(
            folder,
            apart,
            state=state,
            threshold=threshold,
            policy=POLICIES[policy.value],
            dates=days,
            hidden_of=opened,
            on_progress=hook,
        )
    if enrol is not None and state is not None:
        with GroupFile.open(state) as kept, open_gallery(enrol, extractor.model) as gallery:
            enrol_into(kept, gallery)
    raise typer.Exit(report(found, output, csv, sheet, max_megapixels))


def _dates_in(folder: Path, limits: DecodeLimits) -> dict[Path, date]:
    """Return the good dates that the photos of a folder carry; say how many there are."""
    from matcher.photos import find_photos
    from matcher.photos.dates import counted_dates, list_dates

    with progress() as hook:
        found = list_dates(find_photos(folder), limits=limits, on_progress=hook)
    say(counted_dates(found))
    dated = ((one.path, one.found) for one in found)
    return {path: one.day for path, one in dated if one and one.day and one.reliability == "good"}


def open_gallery(path: Path, model: ModelIdentity) -> Gallery:
    """Open a gallery of a model; make it when there is none."""
    from matcher.gallery import Gallery

    if path.exists():
        return open_for_use(path, model=model)
    return Gallery.create(path, model=model, context=context_of_new(path))


def _require_model(path: Path, model: ModelIdentity) -> None:
    """Refuse a gallery of another model before any photo is read."""
    if path.exists():
        open_for_use(path, model=model).close()
