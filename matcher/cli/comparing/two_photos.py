"""`matcher compare`: how alike the faces of two photos are to the model."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from matcher.cli.app import app
from matcher.cli.console import Format, print_rows, say
from matcher.cli.options import (
    DEFAULT_MODEL,
    MEGAPIXELS,
    Device,
    FaceChoice,
    InPrecision,
    MaxMegapixels,
    Model,
    Output,
    Precision,
    Salvage,
    WhichFace,
    WithDetector,
    extractor_of,
    limits_of,
)


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="A photo.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another photo.")],
    model: Model = DEFAULT_MODEL,
    device: Device = "cpu",
    precision: InPrecision = Precision.float32,
    detector: WithDetector = None,
    face: WhichFace = FaceChoice.one,
    salvage: Salvage = False,
    max_megapixels: MaxMegapixels = MEGAPIXELS,
    page: Annotated[
        int | None, typer.Option(help="Picture of A's file, from 1, if it holds several.")
    ] = None,
    output: Output = Format.table,
) -> None:
    """Print the score of two photos and the quality of each face. Draws no conclusion."""
    from matcher.faces import POLICIES, note_of_several, refusals
    from matcher.photos import load_photo

    limits = limits_of(max_megapixels)
    photos = [
        load_photo(path, page=wanted, limits=limits, salvage=salvage)
        for path, wanted in ((first, page), (second, None))
    ]
    extractor = extractor_of(model, device, precision, detector=detector)
    faces = [extractor.extract(photo, choose=face.value, purpose="pairs")[0] for photo in photos]
    score = float(faces[0].vector @ faces[1].vector)
    rows = [
        {"photo": path, "score": score, **asdict(found.face.quality)}
        for path, found in zip((first, second), faces, strict=True)
    ]
    print_rows(rows, output, always=("photo", "score"))
    for path, found in zip((first, second), faces, strict=True):
        if several := note_of_several(found.face.number):
            say(f"{path.name}: {several}")
        for note in found.face.photo.notes:
            say(f"{path.name}: {note}")
        for reason in refusals(found.face.quality, POLICIES["standard"]):
            say(f"{path}: {reason}")
    say("The score is a similarity, not a probability; look at both photos.")
