"""Options of the sub-commands of `matcher reindex`."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer

from matcher.cli.audit import Layout


class Where(enum.StrEnum):
    """Where photos are embedded."""

    local = "local"
    ray = "ray"


NewModel = Annotated[
    str, typer.Option("--model", help="The new model: a name, or a TOML record of an ONNX file.")
]
NewModelIfNeeded = Annotated[
    str | None,
    typer.Option("--model", help="The new model, if photos were enrolled since or for --gate."),
]
OldModelIfNeeded = Annotated[
    str | None,
    typer.Option("--model", help="The model to go back to, if photos were enrolled since."),
]
Photos = Annotated[
    list[str] | None,
    typer.Option("--photos", metavar="OLD=NEW", help="A folder of photos that moved; repeatable."),
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes that decode photos; with ray, of each actor.")
]
Executor = Annotated[Where, typer.Option(help="Where photos are embedded.")]
Address = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help="Head of the Ray cluster, for ray.")
]
Actors = Annotated[
    int | None, typer.Option(min=1, help="Processes with the model, for ray; one for each CPU.")
]
Stall = Annotated[
    float, typer.Option(min=1, help="Most seconds in which a cluster finishes nothing, for ray.")
]
Batch = Annotated[int, typer.Option(min=1, help="Photos in one transaction.")]
Timeout = Annotated[float, typer.Option(min=0.1, help="Most seconds to decode one photo.")]
TakeChanged = Annotated[
    bool,
    typer.Option(
        "--take-changed",
        help="Embed photos whose bytes changed since they were enrolled, as they are now. They may "
        "show somebody else: look at them first.",
    ),
]
Retry = Annotated[bool, typer.Option("--retry", help="Try photos again that failed before.")]
Report = Annotated[Path | None, typer.Option(help="CSV file for the outcome of every photo.")]
Probes = Annotated[Path | None, typer.Option(help="Manifest of probes for the drift report.")]
Gate = Annotated[Path | None, typer.Option(help="TOML file of bounds for the new model.")]
CohortOfGate = Annotated[Path | None, typer.Option(help="Cohort on which --gate is judged.")]
CohortLayout = Annotated[Layout, typer.Option(help="How the cohort is laid out.")]
MayLose = Annotated[int, typer.Option(min=0, help="Faces that a switch may leave behind.")]
Keep = Annotated[
    int,
    typer.Option(min=0, help="Editions to keep besides the new one; `rollback` goes back to one."),
]
Shard = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Do one share of a job, 3/16 for the third of 16, by the files that `share` wrote: "
        "the first argument is then the folder of the shares.",
    ),
]
SharesPath = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER", help="A folder outside the gallery, which all machines reach."
    ),
]
Of = Annotated[int, typer.Option("--of", min=1, max=9999, help="Number of shares.")]
GalleryOrShares = Annotated[
    Path,
    typer.Argument(
        metavar="GALLERY", help="The gallery's directory; with --shard, the folder of the shares."
    ),
]
