"""Options that several sub-commands share, and what they stand for."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matcher.cli.console import Format, say

if TYPE_CHECKING:
    from matcher.embedding import Extractor
    from matcher.faces import DetectorName
    from matcher.photos import DecodeLimits

# The registry's own, which takes long to import; a test holds the two together.
DEFAULT_MODEL = "youth-resnet"

GalleryPath = Annotated[Path, typer.Argument(metavar="GALLERY", help="The gallery's directory.")]
Model = Annotated[
    str,
    typer.Option("--model", help="Name of a registered model, or a TOML record of an ONNX file."),
]
Device = Annotated[str, typer.Option("--device", help="cpu or cuda; never replaced silently.")]


class Precision(enum.StrEnum):
    """Precisions in which a model may compute."""

    auto = "auto"
    float32 = "float32"
    bfloat16 = "bfloat16"


InPrecision = Annotated[
    Precision,
    typer.Option(
        "--precision", help="auto: bfloat16 on a CPU that has instructions for it, else float32."
    ),
]


class Finder(enum.StrEnum):
    """Detectors, the names of `matcher.embedding.DETECTORS`; a test holds the two together."""

    mtcnn = "mtcnn"
    yunet = "yunet"


WithDetector = Annotated[
    Finder | None,
    typer.Option(
        "--detector",
        help="What finds the faces; the gallery's own if not given, or mtcnn. yunet is fetched: "
        "matcher models fetch yunet.",
    ),
]
Output = Annotated[Format, typer.Option("--format", help="How results are printed on stdout.")]
IncludeHidden = Annotated[
    bool,
    typer.Option("--include-hidden", help="Show hidden subjects too, and say why they are hidden."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, change nothing.")]
Index = Annotated[
    str | None,
    typer.Option(
        "--index",
        help="auto, or the name of a kind (a wrong name lists them); or a server: "
        "milvus:http://HOST:PORT, postgres:postgresql://HOST:PORT/DATABASE.",
    ),
]
Salvage = Annotated[
    bool, typer.Option("--salvage", help="Decode what is left of truncated photos.")
]

MaxMegapixels = Annotated[
    int,
    typer.Option(
        "--max-megapixels",
        min=1,
        max=1000,
        help="Largest photo that is decoded, in millions of pixels. Raise it for trusted files.",
    ),
]
MEGAPIXELS = 128
"""The library's own limit; a test holds the two together."""
DatesFromPhotos = Annotated[
    bool,
    typer.Option(
        "--dates-from-photos",
        help="Take the day of capture from a photo whose date is good, where none is given.",
    ),
]
SubjectsAt = Annotated[
    int | None,
    typer.Option(
        "--subjects-at",
        min=1,
        help="Level of the subjects' folders: 1 in FOLDER/SUBJECT (as if unset, where the folder "
        "looks so), 2 in FOLDER/YEAR/SUBJECT.",
    ),
]


class Policy(enum.StrEnum):
    """Quality policies."""

    off = "off"
    standard = "standard"
    strict = "strict"


class PoorCamera(enum.StrEnum):
    """Poor cameras, the names of `matcher.degradation.CAMERAS`; a test holds the two together."""

    px48_q40 = "48px-q40"
    px32_q30 = "32px-q30"
    px24_q30 = "24px-q30"
    px24_x4_q75 = "24px-x4-q75"
    px16_x4_q75 = "16px-x4-q75"


class FaceChoice(enum.StrEnum):
    """Which face of a photo is meant."""

    one = "one"
    largest = "largest"


class RecordedSex(enum.StrEnum):
    """Values of the recorded sex."""

    female = "female"
    male = "male"
    other = "other"
    unknown = "unknown"


QualityPolicyName = Annotated[
    Policy, typer.Option("--policy", help="Quality below which a face is refused; off overrides.")
]
_ONE_FACE = "one: the only face, or one much larger than the others; largest"
WhichFace = Annotated[FaceChoice, typer.Option("--face", help=f"{_ONE_FACE}.")]


def _probe_faces(given: str) -> str | int:
    if given in ("one", "largest", "all"):
        return given
    if given.isascii() and given.isdigit() and int(given) > 0:
        return int(given)
    raise typer.BadParameter(f"{given!r} is not one of 'one', 'largest', 'all', or a number from 1")


WhichProbeFaces = Annotated[
    Any,
    typer.Option(
        "--face",
        parser=_probe_faces,
        metavar="one|largest|all|N",
        help=f"{_ONE_FACE}; all: a list for each face; N: the N-th largest face.",
    ),
]


def extractor_of(
    model: str,
    device: str,
    precision: Precision,
    *,
    detector: Finder | None = None,
    gallery: Path | None = None,
    limits: DecodeLimits | None = None,
    salvage: bool = False,
) -> Extractor:
    """Load the model and the detector that the options name, or those that suit a gallery.

    Says in which precision the model computes, and what finds the faces if it is not what found
    those of the gallery.
    """
    from matcher.embedding import differing_detectors, load_extractor

    chosen = chosen_detector(detector, gallery)
    made = load_extractor(
        model,
        detector=chosen,
        device=device,
        precision=precision.value,
        limits=limits,
        salvage=salvage,
    )
    say(f"{made.model.name} computes in {made.precision}.")
    if differs := differing_detectors(_detectors_of(gallery), chosen):
        say(differs)
    return made


def chosen_detector(detector: Finder | None, gallery: Path | None) -> DetectorName:
    """Return the detector of an option; without it, the one that suits the gallery."""
    from matcher.embedding import usual_detector

    return usual_detector(_detectors_of(gallery)) if detector is None else detector.value


def _detectors_of(gallery: Path | None) -> tuple[str, ...]:
    """Return the names of the detectors that found the faces of a gallery, if it is there."""
    from matcher.gallery import Gallery

    if gallery is None or not gallery.exists():
        return ()
    with Gallery.open(gallery) as opened:
        return opened.detectors


def limits_of(max_megapixels: int) -> DecodeLimits:
    """Return the limits for photos that a command decodes."""
    from matcher.photos import DecodeLimits

    return DecodeLimits(max_pixels=max_megapixels * 1_000_000)
