"""`matcher compare`: how alike the faces of two photos are to the model."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from matcher.cli.app import app
from matcher.cli.console import Format, print_rows, say
from matcher.cli.options import DEFAULT_MODEL, Device, FaceChoice, Model, Output, Salvage, WhichFace


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="A photo.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another photo.")],
    model: Model = DEFAULT_MODEL,
    device: Device = "cpu",
    face: WhichFace = FaceChoice.one,
    salvage: Salvage = False,
    output: Output = Format.table,
) -> None:
    """Print the score of two photos and the quality of each face. Draws no conclusion."""
    from matcher.embedding import load_extractor
    from matcher.faces import POLICIES, note_of_several, refusals

    extractor = load_extractor(model, device=device, salvage=salvage)
    faces = [
        extractor.extract(path, choose=face.value, for_gallery=False)[0] for path in (first, second)
    ]
    score = float(faces[0].vector @ faces[1].vector)
    rows = [
        {"photo": path, "score": score, **asdict(found.face.quality)}
        for path, found in zip((first, second), faces, strict=True)
    ]
    print_rows(rows, output, always=("photo", "score"))
    for path, found in zip((first, second), faces, strict=True):
        if several := note_of_several(found.face.number):
            say(f"{path.name}: {several}")
        for reason in refusals(found.face.quality, POLICIES["standard"]):
            say(f"{path}: {reason}")
    say("The score is a similarity, not a probability; look at both photos.")
