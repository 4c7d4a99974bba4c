"""`matcher watch add|remove|set`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from matcher.cli.console import say
from matcher.cli.enrol import enrol
from matcher.cli.options import (
    MEGAPIXELS,
    Device,
    DryRun,
    FaceChoice,
    Finder,
    GalleryPath,
    InPrecision,
    MaxMegapixels,
    Policy,
    Precision,
    QualityPolicyName,
    Salvage,
    SubjectsAt,
    WhichFace,
    WithDetector,
    chosen_detector,
)
from matcher.cli.places import require_place_for
from matcher.cli.using import open_for_use, with_context
from matcher.cli.watching.group import (
    CalibrationFile,
    LeadsFile,
    MaxFpir,
    PrintOnly,
    Program,
    Seconds,
    Threshold,
    Words,
    receiver_of,
    watch,
)
from matcher.paths import shown
from matcher.words import counted


@watch.command()
@with_context
def add(
    gallery: GalleryPath,
    source: Annotated[
        Path,
        typer.Argument(
            help="A CSV manifest, or a folder with one sub-folder of photos for each standing "
            "probe, as for `matcher enrol`."
        ),
    ],
    threshold: Threshold = None,
    max_fpir: MaxFpir = None,
    calibration: CalibrationFile = None,
    file: LeadsFile = None,
    command: Program = None,
    argument: Words = None,
    seconds: Seconds = None,
    print_only: PrintOnly = False,
    model: Annotated[str | None, typer.Option(help="The gallery's own model if not given.")] = None,
    device: Device = "cpu",
    precision: InPrecision = Precision.float32,
    detector: WithDetector = None,
    policy: QualityPolicyName = Policy.standard,
    face: WhichFace = FaceChoice.one,
    report: Annotated[
        Path | None, typer.Option(help="CSV file for the outcome of every photo.")
    ] = None,
    salvage: Salvage = False,
    max_megapixels: MaxMegapixels = MEGAPIXELS,
    update: Annotated[
        bool,
        typer.Option("--update", help="Take over what differs from the records of the list."),
    ] = False,
    subjects_at: SubjectsAt = None,
    dry_run: DryRun = False,
) -> None:
    """Add standing probes to the watch list of a gallery; the first time it needs a rule.

    The photos are enrolled as `matcher enrol` does it, in a gallery of their own inside GALLERY.
    """
    from matcher.embedding import name_for
    from matcher.watching import set_watch_list
    from matcher.watching.files import folder_of

    require_place_for("--report", report)
    receiver = receiver_of(file, command, argument, seconds, print_only=print_only)
    with open_for_use(gallery) as opened:
        made_by = name_for(opened.model)
        if not dry_run:
            set_watch_list(
                opened,
                threshold=threshold,
                max_fpir=max_fpir,
                calibration=calibration,
                receiver=receiver,
            )
    try:
        enrol(
            folder_of(gallery),
            source,
            model=model or made_by,
            device=device,
            precision=precision,
            detector=Finder(chosen_detector(detector, gallery)),
            policy=policy,
            face=face,
            report=report,
            salvage=salvage,
            max_megapixels=max_megapixels,
            update=update,
            subjects_at=subjects_at,
            dry_run=dry_run,
        )
    except typer.Exit:  # so it ends, with its exit code
        if not dry_run:
            say("New ones are compared at the next enrolment, or now with `matcher watch run`.")
        raise


@watch.command("set")
@with_context
def set_command(
    gallery: GalleryPath,
    threshold: Threshold = None,
    max_fpir: MaxFpir = None,
    calibration: CalibrationFile = None,
    file: LeadsFile = None,
    command: Program = None,
    argument: Words = None,
    seconds: Seconds = None,
    print_only: PrintOnly = False,
) -> None:
    """Set the rule or the receiver of a watch list; what is not given stays as it is."""
    from matcher.watching import read_watch_list, set_watch_list

    receiver = receiver_of(file, command, argument, seconds, print_only=print_only)
    with open_for_use(gallery) as opened:
        set_watch_list(
            opened,
            threshold=threshold,
            max_fpir=max_fpir,
            calibration=calibration,
            receiver=receiver,
        )
        say(f"{read_watch_list(opened).headline()}.")


@watch.command()
@with_context
def remove(
    gallery: GalleryPath,
    subjects: Annotated[
        list[str], typer.Argument(metavar="SUBJECT", help="Identifiers of standing probes.")
    ],
    dry_run: DryRun = False,
) -> None:
    """Remove standing probes with their photo references, vectors, and leads that wait."""
    from matcher.watching import forget_removed, open_watch_list

    wanted = list(dict.fromkeys(map(shown, subjects)))
    with open_for_use(gallery) as opened:
        with open_watch_list(opened) as probes:
            photos = sum(len(probes.photos(probes.subject(name).subject_id)) for name in wanted)
            if not dry_run:
                probes.remove_subjects(wanted)
        dropped = 0 if dry_run else forget_removed(opened)
    verb = "Would remove" if dry_run else "Removed"
    standing = counted(len(wanted), "standing probe")
    say(f"{verb} {standing} with {counted(photos, 'photo')}.")
    if dropped:
        say(f"Dropped with them: {counted(dropped, 'lead')} that waited.")
