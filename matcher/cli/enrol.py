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
    Device,
    DryRun,
    FaceChoice,
    GalleryPath,
    Index,
    Policy,
    QualityPolicyName,
    Salvage,
    SubjectsAt,
    WhichFace,
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
        typer.Argument(
            help="A CSV manifest, or a folder with one sub-folder of photos for each subject. "
            "The content tells what is a photo, not the name of the file."
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(help=f"The gallery's own model if not given; {DEFAULT_MODEL} for a new one."),
    ] = None,
    device: Device = "cpu",
    policy: QualityPolicyName = Policy.standard,
    face: WhichFace = FaceChoice.one,
    report: Annotated[
        Path | None,
        typer.Option(help="CSV file for the outcome of every photo, and for what is left out."),
    ] = None,
    salvage: Salvage = False,
    index: Index = None,
    subjects_at: SubjectsAt = None,
    dry_run: DryRun = False,
) -> None:
    """Enrol the photos of a folder or manifest; makes the gallery when there is none.

    Running it again skips what is there. The outcome of every photo is in the report, and so is
    everything in a folder that is left out.
    """
    from matcher.embedding import load_extractor
    from matcher.enrolment import enrol, without_a_face
    from matcher.faces import POLICIES
    from matcher.gallery import Gallery

    require_place_for("--report", report)
    _check_new(gallery, index)
    manifest = _read(source, subjects_at)
    for remark in manifest.remarks:
        say(remark)
    if dry_run:
        subjects = {photo.subject.subject_id for photo in manifest.photos}
        say(f"Would enrol {len(manifest.photos)} photos of {len(subjects)} subjects.")
        for row in manifest.refused:
            say(f"Would skip: {row.photo} {row.error}")
        return
    extractor = load_extractor(model or _model_of(gallery), device=device, salvage=salvage)
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
        named += manifest.without_photos
        lost = without_a_face(opened, named)
    rows = [outcome.row() for outcome in outcomes]
    rows += [_row_of(row) for row in manifest.refused]
    rows += manifest.rows_left_out()
    if report is None:
        _say_faults(rows)
    else:
        _write(report, rows)
    counts = Counter(row["status"] for row in rows)
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


def _read(source: Path, subjects_at: int | None) -> Manifest:
    from matcher.enrolment import read_folder, read_manifest

    if source.is_dir():
        return read_folder(source, subjects_at=subjects_at)
    if subjects_at is not None:
        raise InputError(
            "--subjects-at",
            rule="is for a folder",
            got="something that is none",
            next_step="Leave it away: a manifest names its subjects.",
        )
    return read_manifest(source)


def _row_of(row: RefusedRow) -> dict[str, str]:
    return {
        "photo": row.photo,
        "subject": row.subject,
        "status": "failed",
        "code": row.error.code,
        "reason": str(row.error),
        "also_under": "",
    }


def _say_faults(rows: Sequence[dict[str, str]]) -> None:
    for row in rows:
        if row["status"] == "failed":
            say(f"Failed: {row['photo']} {row['reason']}")
        elif row["also_under"]:
            say(f"The same photo is also under {row['also_under']}: {row['photo']}")


def _write(report: Path, rows: Sequence[dict[str, str]]) -> None:
    with report.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(
            file, ("photo", "subject", "status", "code", "reason", "also_under")
        )
        writer.writeheader()
        writer.writerows(rows)
    say(f"The outcome of every photo is in {report}.")
