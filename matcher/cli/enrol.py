"""`matcher enrol`: photos into a gallery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcher.cells import write_csv
from matcher.cli.app import Exit, app
from matcher.cli.console import progress, say, say_guarded
from matcher.cli.options import (
    DEFAULT_MODEL,
    MEGAPIXELS,
    DatesFromPhotos,
    Device,
    DryRun,
    FaceChoice,
    GalleryPath,
    Index,
    InPrecision,
    MaxMegapixels,
    Policy,
    Precision,
    QualityPolicyName,
    Salvage,
    SubjectsAt,
    WhichFace,
    WithDetector,
    extractor_of,
    limits_of,
)
from matcher.cli.places import require_place_for, writing_to
from matcher.cli.using import context_of_new, open_for_use, with_context
from matcher.errors import GalleryModelError, InputError, OutputError
from matcher.private_files import open_private
from matcher.words import counted, some_of

if TYPE_CHECKING:
    from matcher.embedding import ModelIdentity, ModelRecord
    from matcher.enrolment import EnrolmentOutcome, Forecast, Manifest, RefusedRow
    from matcher.gallery import Gallery
    from matcher.hashes import HashList

_COLUMNS = (
    "photo",
    "subject",
    "status",
    "code",
    "reason",
    "also_under",
    "face",
    "notes",
    "differs",
    "updated",
    "date_found",
    "date_field",
    "date_reliability",
    "date_doubts",
    "date_use",
    "listed",
)


@dataclass(frozen=True)
class _Lists:
    """The lists of hashes that an enrolment looks photos up in."""

    skip: HashList | None
    flag: HashList | None

    @classmethod
    def read(cls, *files: Path | None) -> _Lists:
        """Read the two lists, and say how they were read."""
        from matcher.hashes import HashList

        lists = [None if file is None else HashList.read(file) for file in files]
        for one in lists:
            for remark in () if one is None else one.remarks():
                say(remark)
        return cls(*lists)


@app.command()
@with_context
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
    precision: InPrecision = Precision.float32,
    detector: WithDetector = None,
    policy: QualityPolicyName = Policy.standard,
    face: WhichFace = FaceChoice.one,
    report: Annotated[
        Path | None,
        typer.Option(help="CSV file for the outcome of every photo, and for what is left out."),
    ] = None,
    salvage: Salvage = False,
    max_megapixels: MaxMegapixels = MEGAPIXELS,
    index: Index = None,
    update: Annotated[
        bool,
        typer.Option("--update", help="Take over what differs from the gallery's records."),
    ] = False,
    subjects_at: SubjectsAt = None,
    skip_hashes: Annotated[
        Path | None,
        typer.Option(help="List of MD5, SHA-1 or SHA-256: photos on it are not enrolled."),
    ] = None,
    flag_hashes: Annotated[
        Path | None,
        typer.Option(help="Such a list, too: photos on it are enrolled, and named."),
    ] = None,
    dry_run: DryRun = False,
    dates_from_photos: DatesFromPhotos = False,
    governed: Annotated[
        bool,
        typer.Option(
            "--governed",
            help="Make the new gallery governed: each use needs a case, and is recorded. For ever.",
            rich_help_panel="Use of a governed gallery",
        ),
    ] = False,
) -> None:
    """Enrol the photos of a folder or manifest; makes the gallery when there is none.

    Running it again skips photos that are there, and says what differs from their records. The
    outcome of every photo is in the report, and so is everything in a folder that is left out. If
    the gallery has a watch list, it runs at the end.
    """
    from matcher.cli.watching.reporting import report_after_enrolment
    from matcher.enrolment import enrol, hidden_among, without_a_face
    from matcher.faces import POLICIES

    require_place_for("--report", report)
    _check_new(gallery, index, governed=governed)
    lists = _Lists.read(skip_hashes, flag_hashes)
    manifest = _read(source, subjects_at)
    for remark in manifest.remarks:
        say(remark)
    if dry_run:
        if dates_from_photos:
            say("Dates in photos are read only in the run; `matcher dates` lists them.")
        raise typer.Exit(_foretell(gallery, manifest, model, index, lists))
    extractor = extractor_of(
        model or _model_of(gallery),
        device,
        precision,
        detector=detector,
        gallery=gallery,
        limits=limits_of(max_megapixels),
        salvage=salvage,
    )
    with (
        _opened(gallery, extractor.model, index, governed=governed) as opened,
        extractor.decoding_apart() as apart,
        progress() as hook,
    ):
        outcomes = enrol(
            opened,
            apart,
            manifest.photos,
            choose=face.value,
            policy=POLICIES[policy.value],
            update=update,
            skip=lists.skip,
            flag=lists.flag,
            dates_from_photos=dates_from_photos,
            on_progress=hook,
        )
        lost = without_a_face(opened, _named(manifest))
        new = (one.photo.subject.subject_id for one in outcomes if one.status == "enrolled")
        hidden = hidden_among(opened, new)
    rows = [outcome.row() for outcome in outcomes]
    rows += [_row_of(row) for row in manifest.refused]
    rows += manifest.rows_left_out()
    if report is None:
        _say_faults(rows)
    else:
        _write(report, rows)
    to_look_at = _sum_up(outcomes, rows, lost, hidden)
    waiting = report_after_enrolment(gallery)
    raise typer.Exit(Exit.ATTENTION if to_look_at or waiting else Exit.DONE)


def _sum_up(
    outcomes: Sequence[EnrolmentOutcome],
    rows: Sequence[dict[str, str]],
    lost: Sequence[str],
    hidden: Sequence[str],
) -> bool:
    """Say what came of it all; return whether somebody should look at it."""
    from matcher.enrolment import date_remarks

    counts = Counter(row["status"] for row in rows)
    for name in lost:
        say(f"No face is enrolled of: {name}")
    if hidden:
        say(f"Enrolled for hidden subjects, who are in no list of leads: {some_of(hidden)}.")
    differing = _say_differences(outcomes)
    for remark in date_remarks(outcome.dating for outcome in outcomes):
        say(remark)
    listed = _say_listed(outcomes)
    total = "; ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    chosen = sum(row["status"] == "enrolled" and bool(row.get("face")) for row in rows)
    picked = f"; photos with several faces, one chosen: {chosen}" if chosen else ""
    people = f"; {counted(len(lost), 'person', 'people')} without any face" if lost else ""
    say((total or "no photos") + picked + people)
    if differing:
        photos = counted(differing, "photo differs", "photos differ")
        say(f"{photos} from the gallery's records. Take over what differs with --update.")
    return bool(counts["failed"] or lost or differing or listed)


def _foretell(
    gallery: Path, manifest: Manifest, model: str | None, index: str | None, lists: _Lists
) -> Exit:
    """Say what the run would do, as far as files tell; return its exit code."""
    from matcher.enrolment import forecast, without_a_face

    with ExitStack() as stack:
        opened = stack.enter_context(open_for_use(gallery)) if gallery.exists() else None
        _check_choices(opened, model, index)
        hook = stack.enter_context(progress())
        found = forecast(
            manifest.photos, opened, skip=lists.skip, flag=lists.flag, on_progress=hook
        )
        new = [one.photo.subject.subject_id for one in found if one.status == "new"]
        lost = set(_named(manifest)) - set(new)
        if opened is not None:
            lost = set(without_a_face(opened, lost))
    for one in found:
        if one.error is not None:
            say(f"Would fail: {one.photo.path} {one.error}")
    for row in manifest.refused:
        say(f"Would be refused: {row.photo} {row.error}")
    for name in sorted(lost):
        say(f"No photo could be enrolled of: {name}")
    listed = _say_listed(found)
    counts = Counter(one.status for one in found)
    skipped = f"{counts['skipped']} skipped; " if lists.skip is not None else ""
    photos, subjects = counted(counts["new"], "photo"), counted(len(set(new)), "subject")
    say(
        f"Would enrol {photos} of {subjects}; {counts['already there']} already there; {skipped}"
        f"{counts['failed']} would fail; {counted(len(manifest.refused), 'row')} refused. "
        "Faces are looked for only in the run."
    )
    needs_a_look = counts["failed"] or manifest.refused or lost or listed
    return Exit.ATTENTION if needs_a_look else Exit.DONE


def _check_choices(gallery: Gallery | None, model: str | None, index: str | None) -> None:
    """Refuse, without loading a model, what the run would refuse."""
    from matcher.embedding import get_record, name_for
    from matcher.gallery.index import check_kind

    check_kind(index or "auto")
    record = get_record(model or (DEFAULT_MODEL if gallery is None else name_for(gallery.model)))
    if model is not None and gallery is not None and not _made(record, gallery.model):
        raise GalleryModelError(
            "gallery",
            rule=f"was made by {gallery.model}",
            got=f"the model {record.name} {record.version}",
            next_step="Leave --model out, or re-index the gallery with the new one.",
            path=gallery.path,
        )


def _made(record: ModelRecord, model: ModelIdentity) -> bool:
    return (record.name, record.version) == (model.name, model.version)


def _named(manifest: Manifest) -> list[str]:
    """Return everybody who is to be enrolled, those of refused rows included."""
    named = [photo.subject.subject_id for photo in manifest.photos]
    named += [row.subject for row in manifest.refused if row.subject]
    return [*named, *manifest.without_photos]


def _opened(path: Path, model: ModelIdentity, index: str | None, *, governed: bool) -> Gallery:
    """Open a gallery; make it when there is none."""
    from matcher.gallery import Gallery

    if path.exists():
        return open_for_use(path, model=model)
    context = context_of_new(path, governed=governed)
    return Gallery.create(
        path, model=model, index=index or "auto", governed=governed, context=context
    )


def _check_new(gallery: Path, index: str | None, *, governed: bool) -> None:
    if governed and gallery.exists():
        raise InputError(
            "--governed",
            rule="is for a new gallery",
            got="one that is there",
            next_step="Use `matcher gallery govern` to make it governed.",
        )
    if index is not None and gallery.exists():
        raise InputError(
            "--index",
            rule="is for a new gallery",
            got="one that is there",
            next_step="Use `matcher gallery rebuild --index` to have its index elsewhere.",
        )


def _model_of(path: Path) -> str:
    from matcher.embedding import name_for

    if not path.exists():
        return DEFAULT_MODEL
    with open_for_use(path) as gallery:
        return name_for(gallery.model)


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
    }


def _say_differences(outcomes: Sequence[EnrolmentOutcome]) -> int:
    """Say what differs from the gallery's records; return in how many photos it still does."""
    for outcome in outcomes:
        for difference in outcome.differences:
            verb = "Updated" if outcome.updated else "Differs"
            say(f"{verb}: {outcome.photo.subject.subject_id}, {difference}")
    return sum(bool(one.differences) and not one.updated for one in outcomes)


def _say_listed(outcomes: Sequence[EnrolmentOutcome] | Sequence[Forecast]) -> int:
    """Name the photos that stand on a list and are or come into the gallery; return how many."""
    listed = [one for one in outcomes if one.on_list.flag or one.status != "skipped"]
    listed = [one for one in listed if str(one.on_list)]
    for one in listed:
        say(f"Listed {one.on_list}: {one.photo.path} ({one.status})")
    return len(listed)


def _say_faults(rows: Sequence[dict[str, str]]) -> None:
    for row in rows:
        if row["status"] == "failed":
            say(f"Failed: {row['photo']} {row['reason']}")
        elif row.get("also_under"):
            say(f"The same photo is also under {row['also_under']}: {row['photo']}")
        if row.get("face"):
            say(f"Chosen: {row['face']}, of {row['photo']}")
    if noted := sum(bool(row.get("notes")) for row in rows):
        say(f"Photos with notes on how they were read: {noted}. With --report they are listed.")


def _write(report: Path, rows: Sequence[dict[str, str]]) -> None:
    kept = "The photos are enrolled, and the failed ones are named above."
    try:
        with (
            writing_to("--report", report, kept),
            open_private(report, newline="", encoding="utf-8") as file,
        ):
            guarded = write_csv(file, _COLUMNS, rows)
    except OutputError:
        _say_faults(rows)
        raise
    say(f"The outcome of every photo is in {report}.")
    say_guarded(guarded)
