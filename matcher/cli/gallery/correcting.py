"""`matcher gallery edit|remove-photo|merge|rename|move-photos|undo`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matcher.cli.app import Exit
from matcher.cli.console import say
from matcher.cli.gallery.group import gallery
from matcher.cli.gallery.looking import SubjectId
from matcher.cli.options import DryRun, GalleryPath, RecordedSex
from matcher.cli.using import open_for_use, with_context
from matcher.errors import InputError
from matcher.paths import from_reference, to_reference

if TYPE_CHECKING:
    from datetime import date

    from matcher.gallery import Gallery, PhotoRecord

_OF_SUBJECT = "Of the subject"
_OF_PHOTO = "Of a photo, with --photo"
PhotoName = Annotated[
    str,
    typer.Argument(
        metavar="PHOTO", help="The photo: its reference, its file name, or the start of its hash."
    ),
]


@gallery.command()
@with_context
def edit(
    path: GalleryPath,
    subject: SubjectId,
    date_of_birth: Annotated[
        str | None, typer.Option(help="As 2012-05-28.", rich_help_panel=_OF_SUBJECT)
    ] = None,
    sex: Annotated[
        RecordedSex | None, typer.Option(help="Recorded sex.", rich_help_panel=_OF_SUBJECT)
    ] = None,
    region: Annotated[str | None, typer.Option(rich_help_panel=_OF_SUBJECT)] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(help="Replaces all tags; repeatable.", rich_help_panel=_OF_SUBJECT),
    ] = None,
    case_reference: Annotated[str | None, typer.Option(rich_help_panel=_OF_SUBJECT)] = None,
    note: Annotated[str | None, typer.Option(rich_help_panel=_OF_SUBJECT)] = None,
    source: Annotated[
        str | None, typer.Option(help="Origin of the record, or of the photo with --photo.")
    ] = None,
    photo: Annotated[
        str | None,
        typer.Option(
            help="Edit this photo of the subject: its reference, its file name, or the start of "
            "its hash.",
            rich_help_panel=_OF_PHOTO,
        ),
    ] = None,
    taken_on: Annotated[
        str | None, typer.Option(help="As 2019-05-28.", rich_help_panel=_OF_PHOTO)
    ] = None,
    age: Annotated[
        str | None, typer.Option(help="Age in years at capture.", rich_help_panel=_OF_PHOTO)
    ] = None,
    captured_with: Annotated[str | None, typer.Option(rich_help_panel=_OF_PHOTO)] = None,
) -> None:
    """Correct the record of a subject, or of one photo. An empty text clears a field."""
    tags = None if tag is None else tuple(sorted(set(tag) - {""}))
    of_subject = _given(
        date_of_birth=_day("--date-of-birth", date_of_birth),
        recorded_sex=None if sex is None else sex.value,
        region=region,
        case_reference=case_reference,
        note=note,
    ) | ({} if tags is None else {"tags": tags})
    of_photo = _given(
        taken_on=_day("--taken-on", taken_on),
        age_at_capture=_years(age),
        captured_with=captured_with,
    )
    if "taken_on" in of_photo:
        of_photo["dated_by"] = None  # a person gives the day, and no longer the photo
    (of_subject if photo is None else of_photo).update(_given(source=source))
    _require_of_one(of_subject, of_photo, photo)
    with open_for_use(path) as opened:
        record = opened.subject(subject)
        before = len(opened.changes(subject))
        if photo is None:
            opened.update_subject(replace(record, **of_subject))
        else:
            held = _photo_of(opened, record.subject_id, photo)
            opened.update_photo(record.subject_id, replace(held, **of_photo))
        new = opened.changes(subject)[before:]
    for change in new:
        was, now = (change.row()[key] or "nothing" for key in ("before", "after"))
        say(f"Correction {change.change_id}. Before: {was}. After: {now}.")
    if not new:
        say("The record holds that already.")


@gallery.command("remove-photo")
@with_context
def remove_photo(
    path: GalleryPath,
    subject: SubjectId,
    photo: PhotoName,
    for_good: Annotated[
        bool,
        typer.Option(
            "--for-good", help="Delete record and vectors from the history as well: no undo."
        ),
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Take a photo out of a subject. `undo` brings it back, unless --for-good."""
    from matcher.cli.watching.reporting import report_after_removal

    with open_for_use(path) as opened:
        name = opened.subject(subject).subject_id
        held = _photo_of(opened, name, photo)
        if not dry_run:
            (opened.remove_photo if for_good else opened.take_out_photo)(held.sha256, name)
        left = len(opened.photos(name)) - dry_run
    say(f"{'Would take' if dry_run else 'Took'} {held.reference} out of {name}.")
    if for_good and not dry_run:
        report_after_removal(path)
    if left == 0:
        say(f"No face is enrolled of: {name}")
    raise typer.Exit(Exit.DONE if left else Exit.ATTENTION)


@gallery.command()
@with_context
def rename(
    path: GalleryPath,
    subject: SubjectId,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The new identifier.")],
) -> None:
    """Give a subject another identifier."""
    with open_for_use(path) as opened:
        opened.rename_subject(subject, new)
    say(f"{subject} is {new} now.")


@gallery.command()
@with_context
def merge(
    path: GalleryPath,
    subject: SubjectId,
    into: Annotated[
        str, typer.Argument(metavar="INTO", help="The subject who stays; the same person.")
    ],
) -> None:
    """Put all photos of a subject under another one, who is the same person."""
    with open_for_use(path) as opened:
        both = opened.subject(subject), opened.subject(into)
        whole = opened.merge_subjects(subject, into)
        photos = len(opened.photos(into))
    say(f"{subject} is part of {into} now. Photos of {into}: {photos}.")
    if whole.hidden_because is not None:
        say(f"{into} is hidden, as both were, because: {whole.hidden_because}")
    elif hidden := [one for one in both if one.hidden_because is not None]:
        (one,) = hidden
        say(f"{into} is in lists now: only {one.subject_id} was hidden ({one.hidden_because}).")


@gallery.command("move-photos")
@with_context
def move_photos(
    path: GalleryPath,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the photos were.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Where they are now.")],
) -> None:
    """Record that the photos below a folder lie below another one now."""
    with open_for_use(path) as opened:
        faces = opened.move_photos(folder, new)
    say(f"Faces whose photo is looked for below {new.absolute()} now: {faces}.")


@gallery.command()
@with_context
def undo(
    path: GalleryPath,
    change: Annotated[
        int | None,
        typer.Argument(metavar="CHANGE", help="Its number; the latest if not given."),
    ] = None,
) -> None:
    """Take a correction back. `matcher gallery changes` lists them."""
    with open_for_use(path) as opened:
        done = opened.undo(change)
    about = "" if done.subject_id is None else f" of {done.subject_id}"
    say(f"Took back correction {done.change_id}{about}: {done.kind}.")


def _given(**values: Any) -> dict[str, Any]:
    """Return the fields that were given; an empty text clears one."""
    return {
        name: None if value == "" else value for name, value in values.items() if value is not None
    }


def _day(option: str, text: str | None) -> date | str | None:
    from datetime import date

    try:
        return date.fromisoformat(text) if text else text
    except ValueError as error:
        raise _wrong(option, "a date such as 2019-05-28", text) from error


def _years(text: str | None) -> float | str | None:
    try:
        return float(text) if text else text
    except ValueError as error:
        raise _wrong("--age", "a number of years", text) from error


def _wrong(option: str, rule: str, got: object) -> InputError:
    return InputError(
        option, rule=f"must be {rule}", got=repr(got), next_step='"" clears the field.'
    )


def _require_of_one(
    of_subject: Mapping[str, Any], of_photo: Mapping[str, Any], photo: str | None
) -> None:
    strange, wanted = (of_photo, of_subject) if photo is None else (of_subject, of_photo)
    if strange or not wanted:
        raise InputError(
            "fields to correct",
            rule="must be of the subject, or of one photo with --photo",
            got=", ".join(strange) or "none",
            next_step="Correct the two one after the other; --help lists the fields of each.",
        )


def _photo_of(opened: Gallery, subject: str, named: str) -> PhotoRecord:
    """Return the one photo of a subject that a person means."""
    photos = opened.photos(subject)
    whole = to_reference(Path(named).absolute())
    meant = [one for one in photos if one.reference in (named, whole)] or [
        one
        for one in photos
        if from_reference(one.reference).name == named
        or (len(named) > 5 and one.sha256.startswith(named))
    ]
    if len(meant) != 1:
        raise InputError(
            "photo",
            rule=f"must be one photo of the subject {subject!r}",
            got=f"{named!r}, which names {len(meant)} of {len(photos)}",
            next_step="`matcher gallery show` lists references and hashes.",
        )
    return meant[0]
