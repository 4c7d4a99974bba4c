"""`matcher enrol`: photos into a gallery."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcher.cli.app import Exit, app
from matcher.cli.console import progress, say
from matcher.cli.options import (
    DEFAULT_MODEL,
    MEGAPIXELS,
    Device,
    DryRun,
    FaceChoice,
    GalleryPath,
    Index,
    MaxMegapixels,
    Policy,
    QualityPolicyName,
    Salvage,
    WhichFace,
    limits_of,
)
from matcher.cli.places import require_place_for
from matcher.errors import InputError

if TYPE_CHECKING:
    from matcher.enrolment import Manifest, RefusedRow


@app.command()
def enrol(
    gallery: GalleryPath,
    source: Annotated[
        Path,
        typer.Argument(help="A CSV manifest, or a folder with one sub-folder for each subject."),
    ],
    model: Annotated[
        str | None,
        typer.Option(help=f"The gallery's own model if not given; {DEFAULT_MODEL} for a new one."),
    ] = None,
    device: Device = "cpu",
    policy: QualityPolicyName = Policy.standard,
    face: WhichFace = FaceChoice.one,
    report: Annotated[
        Path | None, typer.Option(help="CSV file for the outcome of every photo.")
    ] = None,
    salvage: Salvage = False,
    max_megapixels: MaxMegapixels = MEGAPIXELS,
    index: Index = None,
    dry_run: DryRun = False,
) -> None:
    """Enrol the photos of a folder or manifest; makes the gallery when there is none.

    Running it again skips what is there. The outcome of every photo is in the report.
    """
    from matcher.embedding import load_extractor
    from matcher.enrolment import enrol, read_folder, read_manifest, without_a_face
    from matcher.faces import POLICIES
    from matcher.gallery import Gallery

    require_place_for("--report", report)
    _check_new(gallery, index)
    manifest = read_folder(source) if source.is_dir() else read_manifest(source)
    if dry_run:
        subjects = {photo.subject.subject_id for photo in manifest.photos}
        say(f"Would enrol {len(manifest.photos)} photos of {len(subjects)} subjects.")
        for error in manifest.errors:
            say(f"Would skip: {error}")
        _say_unknown(manifest)
        return
    extractor = load_extractor(
        model or _model_of(gallery),
        device=device,
        limits=limits_of(max_megapixels),
        salvage=salvage,
    )
    create = Gallery.open if gallery.exists() else partial(Gallery.create, index=index or "auto")
    with create(gallery, model=extractor.model) as opened, progress() as hook:
        outcomes = enrol(
            opened,
            extractor,
            manifest.photos,
            choose=face.value,
            policy=POLICIES[policy.value],
            on_progress=hook,
        )
        named = [photo.subject.subject_id for photo in manifest.photos]
        named += [row.subject for row in manifest.refused if row.subject]
        lost = without_a_face(opened, named)
    rows = [outcome.row() for outcome in outcomes]
    rows += [_row_of(row) for row in manifest.refused]
    if report is None:
        _say_faults(rows)
    else:
        _write(report, rows)
    counts = Counter(row["status"] for row in rows)
    _say_unknown(manifest)
    for name in lost:
        say(f"No face is enrolled of: {name}")
    total = "; ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    people = f"; {len(lost)} people without any face" if lost else ""
    say((total or "no photos") + people)
    raise typer.Exit(Exit.ATTENTION if counts["failed"] or lost else Exit.DONE)


def _check_new(gallery: Path, index: str | None) -> None:
    if index is not None and gallery.exists():
        raise InputError(
            "--index",
            rule="is for a new gallery",
            got="one that is there",
            next_step="Use `matcher gallery rebuild --index` to have its index elsewhere.",
        )


def _model_of(path: Path) -> str:
    from matcher.gallery import Gallery

    if not path.exists():
        return DEFAULT_MODEL
    with Gallery.open(path) as gallery:
        return gallery.model.name


def _row_of(row: RefusedRow) -> dict[str, str]:
    return {
        "photo": row.photo,
        "subject": row.subject,
        "status": "failed",
        "code": row.error.code,
        "reason": str(row.error),
        "also_under": "",
        "notes": "",
    }


def _say_unknown(manifest: Manifest) -> None:
    if manifest.unknown_columns:
        say(f"Columns that are not read: {', '.join(manifest.unknown_columns)}.")


def _say_faults(rows: Sequence[dict[str, str]]) -> None:
    for row in rows:
        if row["status"] == "failed":
            say(f"Failed: {row['photo']} {row['reason']}")
        elif row["also_under"]:
            say(f"The same photo is also under {row['also_under']}: {row['photo']}")
    if noted := sum(bool(row["notes"]) for row in rows):
        say(f"Photos with notes on how they were read: {noted}. With --report they are listed.")


def _write(report: Path, rows: Sequence[dict[str, str]]) -> None:
    with report.open("w", newline="", encoding="utf-8") as file:
        columns = ("photo", "subject", "status", "code", "reason", "also_under", "notes")
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    say(f"The outcome of every photo is in {report}.")
