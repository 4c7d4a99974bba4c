"""The group of sub-commands of `matcher groups`, and what they share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcher.cli.app import Exit, Group, app
from matcher.cli.console import (
    Format,
    print_json,
    print_rows,
    progress,
    say,
    say_guarded,
    say_sheet,
)
from matcher.cli.options import limits_of
from matcher.cli.places import writing_to
from matcher.words import counted

if TYPE_CHECKING:
    from matcher.gallery import Gallery
    from matcher.grouping import GroupFile, Grouping

groups = typer.Typer(
    cls=Group, no_args_is_help=True, help="Look at the groups of faces in a file, correct them."
)
app.add_typer(groups, name="groups")

CsvFile = Annotated[
    Path | None,
    typer.Option("--csv", help="Write every face, and every photo without one, as one CSV file."),
]
SheetFile = Annotated[
    Path | None, typer.Option("--sheet", help="Write the groups as one self-contained HTML file.")
]

_KEPT = "The groups are on standard output."


def report(
    found: Grouping, output: Format, csv: Path | None, sheet: Path | None, max_megapixels: int
) -> Exit:
    """Print groups, and write the files that are asked for; return the exit code."""
    faults: tuple[str, ...] = ()
    try:
        _print(found, output)
    finally:  # the files are written also when nobody reads the list
        if csv is not None:
            _write_csv(csv, found)
        if sheet is not None:
            faults = _write_sheet(sheet, found, max_megapixels)
    return Exit.ATTENTION if faults or found.failed else Exit.DONE


def enrol_into(file: GroupFile, gallery: Gallery) -> None:
    """Enrol the groups of a file; say what became of them."""
    from matcher.grouping import enrol_groups

    with progress() as hook:
        enrolled = enrol_groups(file, gallery, on_progress=hook)
    for one in enrolled:
        if one.also_under:
            names = ", ".join(one.also_under)
            say(f"Photos of group {one.group} ({one.subject_id}) are also under: {names}")
        if one.taken_out:
            photos = counted(one.taken_out, "photo")
            say(f"Took {photos} out of {one.subject_id}: the faces are not in that group any more.")
    added, there = sum(one.added for one in enrolled), sum(one.already_there for one in enrolled)
    what = f"{counted(added, 'face')} enrolled; {there} already there"
    say(f"{counted(len(enrolled), 'group')}: {what}.")


def _print(found: Grouping, output: Format) -> None:
    say(found.headline())
    for caution in found.cautions():
        say(f"  {caution}")
    if output is Format.jsonl:
        print_json(found.to_json())
        return
    if found.groups or output is Format.csv:
        from matcher.grouping.result import COLUMNS

        print_rows(found.rows(), output, columns=COLUMNS, always=("group", "faces", "face"))


def _write_csv(csv: Path, found: Grouping) -> None:
    from matcher.grouping import write_groups

    with writing_to("--csv", csv, _KEPT):
        say_guarded(write_groups(csv, found))
    say(f"All faces are in {csv}.")


def _write_sheet(sheet: Path, found: Grouping, max_megapixels: int) -> tuple[str, ...]:
    from matcher.grouping import write_group_sheet

    with writing_to("--sheet", sheet, _KEPT), progress() as hook:
        faults = write_group_sheet(
            sheet,
            found,
            title="Groups of faces",
            limits=limits_of(max_megapixels),
            on_progress=hook,
        )
    say_sheet(sheet, faults)
    return faults
